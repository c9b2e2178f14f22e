package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationPlan;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertifiedCurve;
import dev.mettle.core.certification.RobustnessCertification;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.Progress;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Backend;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Certifies before the body of the test, gives it what it asks for, and judges after it; see {@link RobustnessInvocationExtension}. */
final class CertifiedInvocationExtension
        implements BeforeTestExecutionCallback,
                AfterTestExecutionCallback,
                TestExecutionExceptionHandler,
                ParameterResolver {

    private static final Set<Class<?>> FACTS = Set.of(
            Certification.class, CertificationReport.class, CertifiedCurve.class, Sandwich.class, LabeledData.class);

    private final CertifiedTestPlan plan;
    private final Subject subject;
    private final CertificationConsole console;
    private @Nullable CertificationReport report;
    private @Nullable CertificationPlan bound;

    CertifiedInvocationExtension(CertifiedTestPlan plan, Subject subject, CertificationConsole console) {
        this.plan = plan;
        this.subject = subject;
        this.console = console;
    }

    @Override
    public void beforeTestExecution(ExtensionContext context) {
        LabelModel model = subject.model(context);
        InvocationParameters.requireModel(context.getRequiredTestMethod(), model);
        if (plan.attacks().isEmpty()
                && Arrays.asList(context.getRequiredTestMethod().getParameterTypes())
                        .contains(Sandwich.class)) {
            throw new ConfigurationException(context.getRequiredTestMethod().getName()
                    + " takes a Sandwich, but the test has no attacks to compare the certificates with: name some");
        }
        CertificationPlan certified = plan.on(model, subject.data(context));
        Backend.introduce(console::about, console::about);
        console.started(certified);
        Progress progress = new Progress(console::about, System::nanoTime, "certified");
        progress.begin(plan.certifier().label());
        CertificationReport known = certified.run(progress::beat);
        bound = certified;
        report = known;
        console.finished(known);
        RobustnessCertification.certified(known, plan.run().reproduce());
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        // not those of the constructor or of @BeforeEach methods, which run before the certification
        Class<?> type = parameter.getParameter().getType();
        return context.getTestMethod().stream().anyMatch(parameter.getDeclaringExecutable()::equals)
                && (FACTS.contains(type) || LabelModel.class.isAssignableFrom(type));
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        CertificationReport known =
                Objects.requireNonNull(report, "the certification runs before the parameters are resolved");
        CertificationPlan certified =
                Objects.requireNonNull(bound, "the certification runs before the parameters are resolved");
        Class<?> type = parameter.getParameter().getType();
        if (type == Certification.class) {
            return known.certification();
        }
        if (type == CertificationReport.class) {
            return known;
        }
        if (type == CertifiedCurve.class) {
            return known.certification().curve();
        }
        if (type == Sandwich.class) {
            return known.sandwich().orElseThrow();
        }
        return type == LabeledData.class ? certified.data() : certified.model();
    }

    /** Tell how to reproduce what an assertion in the body found. */
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw thrown instanceof RobustnessAssertionError error ? error.withLine(lastLine()) : thrown;
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        CertificationReport known = report;
        if (known != null) { // else the certification itself failed, which JUnit reports
            CertifiedExpectation.require(known, plan.test().onInconclusive(), lastLine(), UnaryOperator.identity());
        }
    }

    private String lastLine() {
        return FailureText.reproduce(plan.run().reproduce());
    }
}
