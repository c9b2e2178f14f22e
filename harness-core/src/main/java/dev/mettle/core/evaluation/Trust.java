package dev.mettle.core.evaluation;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.AttackedSamples;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustChecker;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.trust.TrustReport;
import dev.mettle.core.trust.TrustSubject;
import dev.mettle.core.verdict.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Asks once per set of attacks whether their failure is evidence, and lets further attacks run where it isn't and the plan says so. */
final class Trust {

    /** Runs an attack on the samples at some positions. */
    @FunctionalInterface
    interface Runner {
        AttackRun run(PlannedAttack attack, ThreatModel threat, int[] positions);
    }

    private static final String ESCALATION = "escalation";

    private record Judged(ThreatModel threat, List<Attack> attacks) {}

    private final EvaluationPlan plan;
    private final LabeledData data;
    private final Recall recall;
    private final Runner runner;
    private final TrustChecker checker;
    /** On how many samples each set of attacks was checked: more may follow. */
    private final Map<Judged, Integer> evaluated = new HashMap<>();

    private final Map<Judged, TrustReport> reports = new LinkedHashMap<>();
    private final Map<Judged, List<AttackResult>> added = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    Trust(EvaluationPlan plan, LabeledData data, Optional<GradientCheck> gradientCheck, Recall recall, Runner runner) {
        this.plan = plan;
        this.data = data;
        this.recall = recall;
        this.runner = runner;
        this.checker =
                new TrustChecker(new TrustSubject(plan.model(), data, gradientCheck, plan.seed(), plan.batchSize()));
    }

    List<TrustReport> reports() {
        return List.copyOf(reports.values());
    }

    /** The results of attacks that trust called for. */
    List<AttackResult> added() {
        return added.values().stream().flatMap(List::stream).toList();
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Check some results under one threat model, and return them with those of the attacks that this called for. */
    List<AttackResult> judge(Supplier<Evaluation> facts, List<AttackResult> wanted) {
        check(facts, wanted, plan.weakness());
        if (plan.trust() != TrustPolicy.ESCALATE) {
            return wanted;
        }
        List<AttackResult> more = added.get(key(wanted));
        if (more == null) {
            RobustnessReport doubtful = RobustnessReport.of(facts.get(), wanted, plan.policy());
            more = doubtful.verdict().outcome() == Outcome.UNTRUSTED ? escalate(doubtful) : List.of();
            added.put(key(wanted), more);
        }
        if (more.isEmpty()) {
            return wanted;
        }
        List<AttackResult> all = new ArrayList<>(wanted);
        all.addAll(more);
        check(facts, all, Optional.empty());
        return List.copyOf(all);
    }

    private static Judged key(List<AttackResult> results) {
        return new Judged(
                results.get(0).threatModel(),
                results.stream().map(AttackResult::attack).toList());
    }

    private void check(Supplier<Evaluation> facts, List<AttackResult> wanted, Optional<String> weakness) {
        Judged key = key(wanted);
        List<AttackedSamples> runs = wanted.stream()
                .map(result -> new AttackedSamples(result.attack(), result.outcomes(), result.unconfirmed()))
                .toList();
        RobustnessReport report = RobustnessReport.of(facts.get(), wanted, plan.policy());
        Integer before = evaluated.put(key, report.evaluatedCount());
        if (before != null && before == report.evaluatedCount()) {
            return;
        }
        reports.remove(key);
        added.remove(key);
        report = RobustnessReport.of(facts.get(), wanted, plan.policy());
        TrustReport found;
        if (plan.trust() == TrustPolicy.OFF) {
            found = TrustChecker.skipped(key.threat(), runs, "they are switched off");
        } else if (report.verdict().outcome() == Outcome.FAIL) {
            found = TrustChecker.skipped(
                    key.threat(), runs, "the verdict is FAIL without them, for what attacks broke is proof");
        } else {
            List<SampleOutcome> worst = report.outcomes();
            found = recall.check(
                    key.threat(),
                    runs,
                    checker.version(),
                    List.of(weakness.toString()),
                    () -> checker.check(key.threat(), runs, worst, weakness));
        }
        reports.put(key, found);
    }

    /** Run the attacks that the doubts call for on the samples still standing. */
    private List<AttackResult> escalate(RobustnessReport doubtful) {
        ThreatModel threat = doubtful.threatModel();
        TrustReport findings = doubtful.trust().orElseThrow();
        if (!threat.bounded() || !threat.transformation().isEmpty()) {
            return List.of();
        }
        List<AttackResult> results = new ArrayList<>();
        List<SampleOutcome> worst = new ArrayList<>(doubtful.outcomes());
        for (Attack attack : checker.next(findings)) {
            int[] standing = IntStream.range(0, worst.size())
                    .filter(i -> worst.get(i).status() == SampleStatus.ROBUST
                            || worst.get(i).status().undecided())
                    .toArray();
            PlannedAttack planned = new PlannedAttack(attack, threat.norm(), List.of(threat.epsilon()), ESCALATION);
            AttackRun run = runner.run(planned, threat, standing);
            List<SampleOutcome> outcomes = new ArrayList<>();
            for (int i = 0; i < worst.size(); i++) {
                SampleStatus known = worst.get(i).status();
                SampleStatus status = known == SampleStatus.BROKEN ? SampleStatus.BROKEN_BEFORE : known;
                outcomes.add(SampleOutcome.unbroken(data.id(i), data.label(i), status, 0, 0));
            }
            for (int i = 0; i < standing.length; i++) {
                SampleOutcome outcome = run.outcomes().get(i);
                outcomes.set(standing[i], outcome);
                if (outcome.status() == SampleStatus.BROKEN) {
                    worst.set(standing[i], outcome);
                }
            }
            results.add(new AttackResult(
                    attack, threat, outcomes, run.unconfirmed(), run.seconds(), run.cpuSeconds(), ESCALATION));
        }
        if (!results.isEmpty()) {
            notes.add("escalated (" + threat.label() + "): added "
                    + results.stream().map(result -> result.attack().label()).collect(Collectors.joining(", "))
                    + " because of "
                    + findings.findings(TrustLevel.DOUBT).stream()
                            .map(TrustFinding::check)
                            .map(TrustCheck::id)
                            .collect(Collectors.joining(", ")));
        }
        return List.copyOf(results);
    }
}
