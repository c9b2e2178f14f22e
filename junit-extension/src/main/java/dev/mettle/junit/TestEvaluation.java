package dev.mettle.junit;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.core.evaluation.EvaluationPlan;
import dev.mettle.core.evaluation.Evaluator;
import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.KnownExamples;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.evaluation.Progress;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.defenses.Defended;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The evaluation that all runs of one test method share. Each attack runs when the first of them needs it. */
final class TestEvaluation {

    private final RobustnessTestPlan plan;
    private final Console console;
    private final Progress progress;
    private @Nullable Evaluator evaluator;
    private @Nullable Evaluator undefended;

    TestEvaluation(RobustnessTestPlan plan, Console console) {
        this.plan = plan;
        this.console = console;
        this.progress = new Progress(console::running, System::nanoTime);
    }

    /** Attack, unless that has been done, and report on one run of the test. */
    synchronized RobustnessReport report(
            Invocation invocation, LabelModel model, LabeledData data, Constraints constraints) {
        Evaluator running = evaluator(model, data, constraints);
        judgeCurve(running, invocation);
        RobustnessReport report =
                running.report(invocation.attacks(), invocation.threat().epsilon());
        console.finished(invocation, report, plan.expectation().verdict());
        return report;
    }

    /** Tell what was done to the model, before it is attacked for the first time. */
    synchronized void begin(Defended<?> pair) {
        if (evaluator == null) {
            console.defended(pair);
        }
    }

    /** Tell what a defense bought and cost. */
    synchronized void tell(Improvement improvement) {
        console.about("without the defense: clean "
                + ReportText.percent(improvement.before().cleanAccuracy()) + ", robust "
                + ReportText.percent(improvement.before().robustAccuracy()));
        console.about("robust accuracy " + improvement.robustAccuracy());
        console.about("clean accuracy " + improvement.cleanAccuracy());
    }

    /** Attack the model without its defense, just as the one with it; nothing is required of it. */
    synchronized RobustnessReport undefended(
            Invocation invocation, LabelModel model, LabeledData data, Constraints constraints) {
        Evaluator existing = undefended;
        if (existing == null) {
            existing = comparing(model, data, constraints);
            undefended = existing;
        }
        return existing.report(invocation.attacks(), invocation.threat().epsilon());
    }

    /** Attack some other model in the same way. */
    synchronized RobustnessReport compared(
            Invocation invocation, LabelModel model, LabeledData data, Constraints constraints) {
        return comparing(model, data, constraints)
                .report(invocation.attacks(), invocation.threat().epsilon());
    }

    private Evaluator comparing(LabelModel model, LabeledData data, Constraints constraints) {
        EvaluationPlan measured = plan.measuring().on(model, data.first(plan.samples()), constraints);
        return new Evaluator(measured, progress, plan.store(), KnownExamples.NONE);
    }

    /** Judge all epsilons of an invocation first, so that the curve knows the doubts at each. */
    private static void judgeCurve(Evaluator running, Invocation invocation) {
        List<PlannedAttack> attacks = invocation.attacks();
        attacks.get(0).epsilons().stream()
                .filter(epsilon ->
                        attacks.stream().allMatch(attack -> attack.epsilons().contains(epsilon)))
                .forEach(epsilon -> running.report(attacks, epsilon));
    }

    /** Compare a report with its baseline, if the test has any. */
    synchronized Optional<BaselineComparison> compare(RobustnessReport report) {
        return plan.baseline().flatMap(check -> check.check(report, console::about));
    }

    /** Try the known examples of the test again under the threat of a run, if it has any, and the run is about all attacks. */
    synchronized Optional<CorpusReplay> replay(Invocation invocation, RobustnessReport report, LabelModel model) {
        boolean all =
                plan.attacks().stream().filter(invocation.threat()::includes).count()
                        == invocation.attacks().size();
        return all ? plan.corpus().flatMap(check -> check.check(report, model, console::about)) : Optional.empty();
    }

    private Evaluator evaluator(LabelModel model, LabeledData data, Constraints constraints) {
        Evaluator existing = evaluator;
        if (existing != null) {
            return existing;
        }
        KnownExamples known = plan.corpus()
                .map(check -> check.open(plan.on(model, data, constraints), console::running))
                .orElse(KnownExamples.NONE);
        Evaluator created =
                new Evaluator(plan.on(model, data.first(plan.samples()), constraints), progress, plan.store(), known);
        Backend.introduce(console::backend, console::advice);
        console.started(created.evaluation());
        evaluator = created;
        return created;
    }
}
