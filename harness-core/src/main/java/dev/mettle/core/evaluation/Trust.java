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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /** The suite of the attacks that doubts called for. */
    static final String ESCALATION = "escalation";

    private record Judged(ThreatModel threat, List<Attack> attacks) {}

    private record Call(ThreatModel threat, Attack attack) {}

    private final EvaluationPlan plan;
    private final LabeledData data;
    private final Recall recall;
    private final Runner runner;
    private final TrustChecker checker;
    /** On how many samples each set of attacks was checked: more may follow. */
    private final Map<Judged, Integer> evaluated = new HashMap<>();

    private final Map<Judged, TrustReport> reports = new LinkedHashMap<>();
    private final Map<Judged, List<AttackResult>> added = new LinkedHashMap<>();
    /** What attacks that were called for did to single samples, so that none attacks a sample twice. */
    private final Map<Call, Map<Integer, SampleOutcome>> known = new LinkedHashMap<>();

    private final Map<Judged, String> notes = new LinkedHashMap<>();

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
        return List.copyOf(notes.values());
    }

    /** Return some results under one threat model with what checks found beyond them so far. */
    List<AttackResult> withFound(List<AttackResult> results) {
        List<AttackResult> all = new ArrayList<>(results);
        if (!results.isEmpty()) {
            all.addAll(FoundByChecks.beyond(reports(), results));
        }
        return List.copyOf(all);
    }

    /**
     * Check some results under one threat model, and return them with those of the attacks that this called for, and with what the
     * checks found beyond all of them.
     */
    List<AttackResult> judge(Supplier<Evaluation> facts, List<AttackResult> wanted) {
        return withFound(judged(facts, wanted));
    }

    private List<AttackResult> judged(Supplier<Evaluation> facts, List<AttackResult> wanted) {
        Judged key = key(wanted);
        check(facts, wanted, plan.weakness(key.threat(), List.of()), Optional.empty());
        if (plan.trust() != TrustPolicy.ESCALATE) {
            return wanted;
        }
        List<AttackResult> more = added.get(key);
        if (more == null) {
            more = escalate(key, wanted, RobustnessReport.of(facts.get(), withFound(wanted), plan.policy()));
            added.put(key, more);
        }
        if (more.isEmpty()) {
            return wanted;
        }
        List<AttackResult> all = new ArrayList<>(wanted);
        all.addAll(more);
        List<Attack> further = more.stream().map(AttackResult::attack).toList();
        check(facts, all, plan.weakness(key.threat(), further), Optional.ofNullable(reports.get(key)));
        return List.copyOf(all);
    }

    private static Judged key(List<AttackResult> results) {
        return new Judged(
                results.get(0).threatModel(),
                results.stream().map(AttackResult::attack).toList());
    }

    private void check(
            Supplier<Evaluation> facts,
            List<AttackResult> wanted,
            Optional<String> weakness,
            Optional<TrustReport> before) {
        Judged key = key(wanted);
        List<AttackedSamples> runs = wanted.stream()
                .map(result ->
                        new AttackedSamples(result.attack(), result.outcomes(), result.unconfirmed(), epsilons(result)))
                .toList();
        RobustnessReport report = RobustnessReport.of(facts.get(), withFound(wanted), plan.policy());
        Integer seen = evaluated.put(key, report.evaluatedCount());
        if (seen != null && seen == report.evaluatedCount()) {
            return;
        }
        added.remove(key);
        TrustReport found;
        if (plan.trust() == TrustPolicy.OFF) {
            found = TrustChecker.skipped(key.threat(), runs, "they are switched off");
        } else if (report.isSureToFail()) {
            found = TrustChecker.skipped(
                    key.threat(), runs, "the verdict is FAIL without them, for what attacks broke is proof");
        } else {
            // what the checks ask is why these attacks failed, whoever broke the sample then
            List<SampleOutcome> worst =
                    RobustnessReport.of(facts.get(), wanted, plan.policy()).outcomes();
            found = recall.check(
                    key.threat(),
                    runs,
                    checker.version(),
                    List.of(weakness.toString()),
                    check -> checker.probe(check, key.threat(), runs),
                    () -> checker.check(key.threat(), runs, worst, weakness));
        }
        TrustReport complete = before.map(found::keepingDoubtsAboutTheModel).orElse(found);
        TrustReport earlier = reports.get(key);
        reports.put(key, earlier == null ? complete : complete.keepingExamples(earlier));
    }

    /** At how many epsilons a run is judged: a search for the nearest example is at all of them, without a further pass. */
    private int epsilons(AttackResult result) {
        return plan.attacks().stream()
                .filter(planned -> planned.attack().equals(result.attack())
                        && planned.attack().minimizesNorm()
                        && !planned.inSuite()
                        && result.suite().isEmpty())
                .mapToInt(planned -> planned.epsilons().size())
                .max()
                .orElse(1);
    }

    /**
     * Run the attacks that doubts call for, here or before, on the samples that the attacks in question left standing: those that a
     * check broke show what further attacks are worth.
     */
    private List<AttackResult> escalate(Judged key, List<AttackResult> wanted, RobustnessReport judged) {
        notes.remove(key);
        if (judged.verdict().outcome() == Outcome.FAIL) {
            return List.of();
        }
        TrustReport findings = judged.trust().orElseThrow();
        boolean doubtful = judged.verdict().outcome() == Outcome.UNTRUSTED;
        boolean bounded =
                key.threat().bounded() && key.threat().transformation().isEmpty();
        Set<Attack> called = new LinkedHashSet<>();
        if (bounded) {
            called.addAll(calledBefore(key));
            called.addAll(doubtful ? checker.next(findings) : List.of());
        }
        if (called.isEmpty()) {
            String checks = ids(findings);
            if (doubtful && !checks.isEmpty()) {
                notes.put(
                        key,
                        "not escalated (" + key.threat().label() + "): "
                                + (bounded ? "no attack is left to try" : "there is no epsilon to attack within")
                                + " because of " + checks);
            }
            return List.of();
        }
        List<AttackResult> results = new ArrayList<>();
        List<SampleOutcome> worst = new ArrayList<>(
                RobustnessReport.of(judged.evaluation(), wanted, plan.policy()).outcomes());
        for (Attack attack : called) {
            results.add(run(attack, key.threat(), worst));
        }
        notes.put(
                key,
                "escalated (" + key.threat().label() + ") because of "
                        + (doubtful ? ids(findings) : "what was doubted before") + ": "
                        + ReportText.escalation(results));
        return List.copyOf(results);
    }

    private static String ids(TrustReport findings) {
        return findings.findings(TrustLevel.DOUBT).stream()
                .map(TrustFinding::check)
                .map(TrustCheck::id)
                .collect(Collectors.joining(", "));
    }

    /**
     * The attacks that doubts about a part of these attacks, or about these at a smaller epsilon, called for: what they broke is broken
     * here, too.
     */
    private List<Attack> calledBefore(Judged key) {
        Set<Attack> own = new HashSet<>(key.attacks());
        return added.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(key)
                        && FoundByChecks.isWithin(entry.getKey().threat(), key.threat())
                        && own.containsAll(entry.getKey().attacks()))
                .flatMap(entry -> entry.getValue().stream())
                .map(AttackResult::attack)
                .filter(attack -> !own.contains(attack))
                .distinct()
                .toList();
    }

    /** Run an attack on the samples that stand, except where it has done so, and enter in the worst case what it breaks. */
    private AttackResult run(Attack attack, ThreatModel threat, List<SampleOutcome> worst) {
        int[] standing = IntStream.range(0, worst.size())
                .filter(i -> worst.get(i).status() == SampleStatus.ROBUST
                        || worst.get(i).status().undecided())
                .toArray();
        int[] fresh = IntStream.of(standing)
                .filter(i -> known(attack, threat, i).isEmpty())
                .toArray();
        PlannedAttack planned = new PlannedAttack(attack, threat.norm(), List.of(threat.epsilon()), ESCALATION);
        AttackRun run = runner.run(planned, threat, fresh);
        List<SampleOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < worst.size(); i++) {
            SampleStatus status = worst.get(i).status();
            outcomes.add(SampleOutcome.unbroken(
                    data.id(i),
                    data.label(i),
                    status == SampleStatus.BROKEN ? SampleStatus.BROKEN_BEFORE : status,
                    0,
                    0));
        }
        for (int i : standing) {
            known(attack, threat, i).ifPresent(outcome -> outcomes.set(i, outcome.withoutCost()));
        }
        Map<Integer, SampleOutcome> own = known.computeIfAbsent(new Call(threat, attack), call -> new HashMap<>());
        for (int i = 0; i < fresh.length; i++) {
            outcomes.set(fresh[i], run.outcomes().get(i));
            own.put(fresh[i], run.outcomes().get(i));
        }
        for (int i : standing) {
            if (outcomes.get(i).status() == SampleStatus.BROKEN) {
                worst.set(i, outcomes.get(i));
            }
        }
        return new AttackResult(
                attack, threat, outcomes, run.unconfirmed(), run.seconds(), run.cpuSeconds(), ESCALATION);
    }

    /** What the attack did to a sample under the same threat model; or under a smaller epsilon, if that broke it. */
    private Optional<SampleOutcome> known(Attack attack, ThreatModel threat, int position) {
        return known.entrySet().stream()
                .filter(entry -> entry.getKey().attack().equals(attack)
                        && FoundByChecks.isWithin(entry.getKey().threat(), threat))
                .flatMap(entry -> Optional.ofNullable(entry.getValue().get(position))
                        .filter(outcome ->
                                entry.getKey().threat().equals(threat) || outcome.status() == SampleStatus.BROKEN)
                        .stream())
                .findFirst();
    }
}
