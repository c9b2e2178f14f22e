package dev.mettle.junit;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.core.evaluation.Evaluator;
import dev.mettle.core.evaluation.KnownExamples;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.evaluation.Progress;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.verdict.BaselineComparison;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The evaluation that all runs of one test method share. Each attack runs when the first of them needs it. */
final class TestEvaluation {

    private final RobustnessTestPlan plan;
    private final Console console;
    private final Progress progress;
    private @Nullable Evaluator evaluator;

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
