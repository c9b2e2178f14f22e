package dev.mettle.core.evaluation;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.attack.WorstCase;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.trust.TrustReport;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Evidence;
import dev.mettle.core.verdict.Interval;
import dev.mettle.core.verdict.Verdict;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The facts and the verdict under one threat model: of one attack, or of the per-sample worst case over several.
 *
 * <p>Rates are fractions of <em>all</em> samples: one that the model gets wrong without any attack is not robust. Only those that the
 * evaluation didn't come to, because its verdict was certain before, are left out of robust rates and distances.
 */
public final class RobustnessReport {

    private static final double CONFIDENCE = 0.95;

    private final Evaluation evaluation;
    private final ThreatModel threatModel;
    private final List<AttackResult> results;
    private final List<SampleOutcome> outcomes;
    private final VerdictPolicy policy;
    private final Evidence evidence;
    private final Optional<CloseUp> closeUp;
    private @Nullable Verdict verdict;

    private RobustnessReport(
            Evaluation evaluation,
            ThreatModel threatModel,
            List<AttackResult> results,
            VerdictPolicy policy,
            Optional<LabelModel> model) {
        this.evaluation = evaluation;
        this.threatModel = threatModel;
        this.results = results;
        this.policy = policy.at(threatModel.epsilon());
        this.outcomes = worstCase(results, threatModel);
        this.evidence = Counting.of(
                evaluation, outcomes, policy.decision(), attacks().stream().anyMatch(Attack::universal));
        this.closeUp = model.map(present -> new CloseUp(present, this));
    }

    /** Report on one attack under one threat model. */
    public static RobustnessReport of(Evaluation evaluation, AttackResult result, VerdictPolicy policy) {
        return of(evaluation, List.of(result), policy);
    }

    /** Report on the per-sample worst case over some attacks under one threat model, at least one. */
    public static RobustnessReport of(Evaluation evaluation, List<AttackResult> results, VerdictPolicy policy) {
        return new RobustnessReport(evaluation, results.get(0).threatModel(), results, policy, Optional.empty());
    }

    /** Report as {@link #of(Evaluation, List, VerdictPolicy)} does, with the model at hand. */
    static RobustnessReport of(
            Evaluation evaluation, List<AttackResult> results, VerdictPolicy policy, LabelModel model) {
        return new RobustnessReport(evaluation, results.get(0).threatModel(), results, policy, Optional.of(model));
    }

    /** Report on the per-sample worst case over all attacks that ran under a threat model. */
    public static RobustnessReport worstCase(Evaluation evaluation, ThreatModel threat, VerdictPolicy policy) {
        return new RobustnessReport(evaluation, threat, evaluation.resultsUnder(threat), policy, Optional.empty());
    }

    private static List<SampleOutcome> worstCase(List<AttackResult> results, ThreatModel threat) {
        List<SampleOutcome> worst = new ArrayList<>(results.get(0).outcomes());
        for (AttackResult result : results.subList(1, results.size())) {
            for (int i = 0; i < worst.size(); i++) {
                worst.set(i, WorstCase.of(worst.get(i), result.outcomes().get(i), threat.norm()));
            }
        }
        return List.copyOf(worst);
    }

    /**
     * Return the reasons why the attacks of this report can't show robustness, as sentences, the gravest first: doubts about model and
     * gradients before those that only ask for stronger attacks. Empty if there are none. Where robustness is to be shown, too little
     * effort and missing trust checks are such reasons too.
     */
    public List<String> doubts() {
        List<String> doubts = new ArrayList<>();
        boolean gradients = attacks().stream().anyMatch(attack -> attack.access() == Access.GRADIENTS);
        evaluation
                .gradientCheck()
                .filter(check -> gradients && !check.passed())
                .ifPresent(check -> doubts.add(check.message()));
        boolean toBeShown = policy.isRequiring();
        trust().stream()
                .flatMap(report -> report.findings(TrustLevel.DOUBT).stream())
                .filter(finding -> finding.check() != TrustCheck.VALID_GRADIENTS)
                .filter(finding -> toBeShown || !finding.check().isOfEffort())
                .sorted(Comparator.comparing(finding -> finding.check().isOfEffort()))
                .map(TrustFinding::sentence)
                .forEach(doubts::add);
        if (toBeShown && trust().isEmpty()) {
            doubts.add("no trust checks ran on these attacks: ask the evaluator for the report");
        } else if (toBeShown && !trust().orElseThrow().ran()) {
            doubts.add("the trust checks did not run: " + trust().orElseThrow().skipped());
        }
        return List.copyOf(doubts);
    }

    /** Return what the trust checks found about the attacks of this report; empty if they were not asked. */
    public Optional<TrustReport> trust() {
        return evaluation.trust(threatModel, attacks());
    }

    /** Return all facts of the evaluation. */
    public Evaluation evaluation() {
        return evaluation;
    }

    /** Return the threat model. */
    public ThreatModel threatModel() {
        return threatModel;
    }

    /** Return the results of the attacks, one by one; last what trust checks broke, one result per check. */
    public List<AttackResult> results() {
        return results;
    }

    /** Return the attacks, without those that trust checks ran on a few samples. */
    public List<Attack> attacks() {
        return judged().map(AttackResult::attack).toList();
    }

    /** Return the results of the attacks, without what trust checks broke. */
    Stream<AttackResult> judged() {
        return results.stream().filter(result -> result.trustCheck().isEmpty());
    }

    /** Return what trust checks broke, one result per check and attack; empty if they broke nothing. */
    public List<AttackResult> foundByChecks() {
        return results.stream()
                .filter(result -> result.trustCheck().isPresent())
                .toList();
    }

    /** Return how many samples one of these results broke, and no attack of this report. */
    int brokenBeyondAttacks(AttackResult found) {
        return (int) IntStream.range(0, samples())
                .filter(i -> found.outcomes().get(i).status() == SampleStatus.BROKEN
                        && judged().noneMatch(result -> result.outcomes().get(i).status() == SampleStatus.BROKEN))
                .count();
    }

    /** Say whether trust checks broke a sample that all attacks of this report left standing. */
    boolean isLoweredByChecks() {
        return foundByChecks().stream().anyMatch(found -> brokenBeyondAttacks(found) > 0);
    }

    /** Return the results of the attacks that doubts called for; empty if there were none. */
    public List<AttackResult> escalated() {
        return results.stream()
                .filter(result -> result.suite().equals(Trust.ESCALATION))
                .toList();
    }

    /** Return what was doubted before the attacks ran that doubts called for; empty if none were called for. */
    public List<String> doubtsBefore() {
        List<AttackResult> planned = judged().filter(result -> !result.suite().equals(Trust.ESCALATION))
                .toList();
        return planned.isEmpty() || planned.size() == attacks().size()
                ? List.of()
                : of(evaluation, planned, policy).doubts();
    }

    /** Say whether this is the worst case over several attacks. */
    public boolean isWorstCase() {
        return judged().count() > 1;
    }

    /** Say whether an attack of this report searched the nearest adversarial example, however far. */
    public boolean searchesNearest() {
        return results.stream()
                .anyMatch(result ->
                        result.attack().minimizesNorm() && result.suite().isEmpty());
    }

    /**
     * Return the name of the attack, such as {@code PGD-40}, or {@code worst case of FGSM, PGD-40}, or that of the suite, such as
     * {@code AutoAttack standard 1}.
     */
    public String title() {
        String suite = results.get(0).suite();
        if (!suite.isEmpty() && judged().allMatch(result -> result.suite().equals(suite))) {
            return suite;
        }
        String names = attacks().stream().map(Attack::label).collect(Collectors.joining(", "));
        return isWorstCase() ? "worst case of " + names : names;
    }

    /** Return one outcome per sample, in the order of the data. */
    public List<SampleOutcome> outcomes() {
        return outcomes;
    }

    /** Return the number of samples, those not evaluated included. */
    public int samples() {
        return outcomes.size();
    }

    /** Return how many samples were evaluated before the verdict was certain. */
    public int evaluatedCount() {
        return samples() - count(SampleStatus.NOT_EVALUATED);
    }

    /** Say whether the evaluation stopped before all samples were evaluated. */
    public boolean isStoppedEarly() {
        return evaluatedCount() < samples();
    }

    /** Return how many of all clean samples the model gets right. */
    public int cleanCount() {
        return evaluation.cleanCount();
    }

    /** Return on how many of all clean samples the model abstains. None of them counts as right. */
    public int abstainedCount() {
        return evaluation.abstainedCount();
    }

    /** Return how many samples the model gets right and no attack broke. */
    public int robustCount() {
        return count(SampleStatus.ROBUST);
    }

    /** Return how many samples an attack broke. */
    public int brokenCount() {
        return count(SampleStatus.BROKEN);
    }

    /** Return how many samples the attacks could not decide. */
    public int undecidedCount() {
        return (int) outcomes.stream()
                .filter(outcome -> outcome.status().undecided())
                .count();
    }

    private int count(SampleStatus status) {
        return (int)
                outcomes.stream().filter(outcome -> outcome.status() == status).count();
    }

    /** Return the share of samples that the model gets right without any attack. */
    public double cleanAccuracy() {
        return (double) cleanCount() / samples();
    }

    /** Return the share of the samples evaluated that the model gets right and no attack broke. Undecided samples don't count. */
    public double robustAccuracy() {
        return (double) robustCount() / evaluatedCount();
    }

    /** Return the two-sided 95 % Clopper-Pearson interval of the clean accuracy. */
    public Interval cleanInterval() {
        return ClopperPearson.interval(cleanCount(), samples(), CONFIDENCE);
    }

    /**
     * Return the two-sided 95 % interval of the robust accuracy: of Clopper and Pearson, or, in a sequential test, one that holds wherever
     * it stops. Where the samples are the population, what the samples left can still make of it.
     */
    public Interval robustInterval() {
        return policy.decision().interval(evidence.looks(), CONFIDENCE);
    }

    /** Return the robust accuracy on every class that has samples, by label. */
    public List<ClassAccuracy> classes() {
        double forAll = 1 - (1 - CONFIDENCE) / evidence.classes().size();
        return evidence.classes().entrySet().stream()
                .map(entry -> new ClassAccuracy(
                        entry.getKey(),
                        entry.getValue().get(entry.getValue().size() - 1),
                        policy.decision().interval(entry.getValue(), forAll)))
                .toList();
    }

    /** Return the class with the smallest share of robust samples; empty if there is only one class. */
    public Optional<ClassAccuracy> worstClass() {
        List<ClassAccuracy> evaluated =
                classes().stream().filter(each -> each.tally().evaluated() > 0).toList();
        return evaluated.size() < 2
                ? Optional.empty()
                : evaluated.stream()
                        .min(Comparator.comparingDouble(ClassAccuracy::robustAccuracy)
                                .thenComparing(each -> each.interval().upper())
                                .thenComparing(ClassAccuracy::label));
    }

    /**
     * Return the median distance, in the norm of the threat model, at which a correctly classified sample breaks. A sample that
     * withstood the attacks counts as infinitely far, one that they left undecided as 0. NaN if no sample is classified
     * correctly.
     */
    public double medianDistance() {
        double[] distances = outcomes.stream()
                .filter(outcome -> !outcome.status().wrongWhenClean() && outcome.status() != SampleStatus.NOT_EVALUATED)
                .mapToDouble(outcome -> outcome.breakingDistance(threatModel.norm()))
                .sorted()
                .toArray();
        if (distances.length == 0) {
            return Double.NaN;
        }
        return (distances[(distances.length - 1) / 2] + distances[distances.length / 2]) / 2;
    }

    /** Return the broken samples, those broken by the smallest perturbation first. */
    public List<SampleOutcome> brokenSamples() {
        return outcomes.stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .sorted(Comparator.comparingDouble(outcome -> outcome.breakingDistance(threatModel.norm())))
                .toList();
    }

    /** Return robust accuracy against all epsilons that were evaluated in this norm with the attacks of this report. */
    public RobustnessCurve curve() {
        List<RobustnessCurve.Point> points = new ArrayList<>();
        points.add(new RobustnessCurve.Point(
                0, evaluatedCount() - count(SampleStatus.CLEAN_WRONG) - count(SampleStatus.ABSTAINED)));
        boolean lowered = isLoweredByChecks();
        for (ThreatModel threat : evaluation.threatModels()) {
            List<AttackResult> same = evaluation.resultsUnder(threat).stream()
                    .filter(result -> result.trustCheck().isEmpty() && attacks().contains(result.attack()))
                    .toList();
            if (threat.norm() == threatModel.norm()
                    && threat.bounded()
                    && threat.epsilon() > 0
                    && same.size() == attacks().size()) {
                List<AttackResult> all = new ArrayList<>(same);
                all.addAll(FoundByChecks.beyond(evaluation.trust(), same));
                int robust = (int) worstCase(all, threat).stream()
                        .filter(outcome -> outcome.status() == SampleStatus.ROBUST)
                        .count();
                // an assertion on the curve wants robustness shown, whatever the policy of the evaluation
                RobustnessReport shown = of(evaluation, all, VerdictPolicy.atLeast(1));
                lowered |= shown.isLoweredByChecks();
                points.add(new RobustnessCurve.Point(threat.epsilon(), robust, shown.doubts()));
            }
        }
        String title = title() + (lowered ? ReportText.AND_CHECKS : "");
        return new RobustnessCurve(title, threatModel.norm(), evaluatedCount(), points, policy.decision(), samples());
    }

    /**
     * Return what shows single samples closely, at the cost of some passes of the model when asked; empty if the model is not at hand,
     * because the report was made from facts alone.
     */
    public Optional<CloseUp> closeUp() {
        return closeUp;
    }

    /** Return the policy that the verdict applies. */
    public VerdictPolicy policy() {
        return policy;
    }

    /** Return the verdict. */
    public Verdict verdict() {
        Verdict known = verdict;
        if (known == null) {
            known = Verdict.decide(evidence, doubts(), policy);
            verdict = known;
        }
        return known;
    }

    /** Return the counts on which the verdict rests. */
    public Evidence evidence() {
        return evidence;
    }

    /** Say whether the verdict is FAIL whatever further attacks and samples may show. */
    boolean isSureToFail() {
        return Verdict.isFail(evidence, policy);
    }

    /** Say whether the samples left, if there are any, can't change the verdict. */
    public boolean isCertain() {
        return Verdict.isCertain(evidence, policy);
    }

    /** Return how many outcomes of samples under single attacks were known from an earlier run, and only confirmed. */
    public int recalled() {
        return results.stream().mapToInt(AttackResult::recalled).sum();
    }

    /** Return the wall-clock seconds that the attacks took. */
    public double seconds() {
        return results.stream().mapToDouble(AttackResult::seconds).sum();
    }

    @Override
    public String toString() {
        return title() + ", " + threatModel.label();
    }
}
