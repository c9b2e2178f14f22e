package dev.mettle.junit;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.core.evaluation.EvaluationListeners;
import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.defenses.Defended;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Attacks before the body of the test, gives it what it asks for, and judges after it.
 *
 * <p>The attacks run in a callback, not when the parameters are resolved, so that their errors surface as they are. The
 * verdict is thrown in a callback too: where the body has thrown already, JUnit keeps that and attaches the verdict to it.
 */
final class RobustnessInvocationExtension
        implements BeforeTestExecutionCallback,
                AfterTestExecutionCallback,
                TestExecutionExceptionHandler,
                ParameterResolver {

    private final RobustnessTestPlan plan;
    private final Invocation invocation;
    private final Subject subject;
    private final TestEvaluation evaluation;
    private final InvocationParameters parameters;
    private @Nullable RobustnessReport report;
    private @Nullable LabelModel model;
    private Optional<BaselineComparison> comparison = Optional.empty();
    private Optional<CorpusReplay> replay = Optional.empty();
    private Optional<Defended<?>> defended = Optional.empty();
    private Optional<Reported.Defense> bought = Optional.empty();

    RobustnessInvocationExtension(
            RobustnessTestPlan plan,
            Invocation invocation,
            Subject subject,
            TestEvaluation evaluation,
            InvocationParameters parameters) {
        this.plan = plan;
        this.invocation = invocation;
        this.subject = subject;
        this.evaluation = evaluation;
        this.parameters = parameters;
    }

    @Override
    public void beforeTestExecution(ExtensionContext context) {
        LabelModel given = subject.model(context);
        Optional<Defended<?>> defense = subject.defend(given, context);
        LabelModel attacked = defense.<LabelModel>map(Defended::model).orElse(given);
        InvocationParameters.requireModel(context.getRequiredTestMethod(), attacked);
        LabeledData data = subject.data(context);
        Constraints constraints = subject.constraints(context);
        defense.ifPresent(evaluation::begin);
        RobustnessReport known = evaluation.report(invocation, attacked, data, constraints);
        model = attacked;
        report = known;
        try {
            defended = defense.map(pair -> judged(pair, known, data, constraints));
            comparison = evaluation.compare(known);
            replay = evaluation.replay(invocation, known, attacked);
        } finally { // what is known is shown, even if there is no baseline, say
            EvaluationListeners.reported(
                    new Reported(known, plan.expectation().verdict(), plan.reproduce(), bought, comparison, replay));
        }
    }

    /** Attack the model without the defense, too, and let the same attacks judge whatever else a test compares with. */
    private Defended<?> judged(Defended<?> pair, RobustnessReport known, LabeledData data, Constraints constraints) {
        RobustnessReport before = evaluation.undefended(invocation, pair.original(), data, constraints);
        Improvement improvement = new Improvement(before, known);
        evaluation.tell(improvement);
        bought = Optional.of(
                new Reported.Defense(improvement, pair.defense(), pair.log(), pair.seconds(), pair.cpuSeconds()));
        return pair.judgedBy(other -> other == pair.model()
                ? known
                : other == pair.original() ? before : evaluation.compared(invocation, other, data, constraints));
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        // not those of the constructor or of @BeforeEach methods, which run before the attacks
        return context.getTestMethod().stream().anyMatch(parameter.getDeclaringExecutable()::equals)
                && InvocationParameters.supports(parameter.getParameter().getType());
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return parameters.resolve(
                parameter.getParameter().getType(),
                invocation,
                Objects.requireNonNull(report, "the attacks run before the parameters are resolved"),
                Objects.requireNonNull(model, "the attacks run before the parameters are resolved"),
                defended);
    }

    /** Tell how to reproduce what an assertion in the body found. */
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw thrown instanceof RobustnessAssertionError error
                ? error.withLine(FailureText.reproduce(plan.reproduce()))
                : thrown;
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        RobustnessReport known = report;
        if (known != null) { // else the attacks themselves failed, which JUnit reports
            String lastLine = FailureText.reproduce(plan.reproduce());
            boolean failed = known.verdict().outcome() == Outcome.FAIL;
            if (!failed) { // too few samples for a threshold may be enough to show that the model became worse
                requireNoWorse(known, lastLine);
            }
            plan.expectation().require(known, lastLine, UnaryOperator.identity());
            if (failed) {
                requireNoWorse(known, lastLine);
            }
        }
    }

    private void requireNoWorse(RobustnessReport known, String lastLine) {
        plan.corpus().ifPresent(check -> replay.ifPresent(again -> check.require(known, again, lastLine)));
        plan.baseline().ifPresent(check -> comparison.ifPresent(changed -> check.require(known, changed, lastLine)));
    }
}
