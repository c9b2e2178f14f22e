package dev.mettle.core.trust;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.numeric.CodeVersion;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.IntStream;

/**
 * Runs the trust checks of an evaluation, on samples drawn by its seed, at a fifth of its passes at most; below some hundred passes
 * less would see nothing. What is known of the model from an earlier run, and what a probe did to a sample, is not asked again. What
 * only warns comes last.
 */
public final class TrustChecker {

    private static final int FEWEST_STANDING = 4;

    private final TrustSubject subject;
    private final Optional<TrustAttacks> lent;
    private final Probes probes;
    private final int[] order;
    /** What is known of the model itself, by the number of samples looked at. */
    private final Map<Integer, OfModel> ofModel = new HashMap<>();

    private record OfModel(List<TrustFinding> findings, long passes) {}

    /** Create a checker that borrows attacks from the class path. */
    public TrustChecker(TrustSubject subject) {
        this(subject, ServiceLoader.load(TrustAttacks.class).findFirst());
    }

    TrustChecker(TrustSubject subject, Optional<TrustAttacks> lent) {
        this.subject = subject;
        this.lent = lent;
        this.probes = new Probes(subject);
        double[] draws = new double[subject.data().size()];
        Arrays.setAll(
                draws,
                i -> SampleRandom.of(subject.seed(), "trust", 0, subject.data().id(i))
                        .uniform(0, 1));
        this.order = IntStream.range(0, draws.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> draws[i]))
                .mapToInt(i -> i)
                .toArray();
    }

    /** Return a text that tells builds of the checks and of the attacks that they borrow apart. */
    public String version() {
        return CodeVersion.of(TrustChecker.class)
                + lent.map(attacks -> CodeVersion.of(attacks.getClass())).orElse("");
    }

    /**
     * Return the attacks to try next where checks raised doubts, each once. Those that follow gradients come first, so that what others
     * find is what gradients miss.
     */
    public List<Attack> next(TrustReport report) {
        return report.findings(TrustLevel.DOUBT).stream()
                .flatMap(finding -> lent.stream()
                        .flatMap(attacks -> attacks
                                .next(finding.check(), report.threatModel().norm())
                                .stream()))
                .distinct()
                .filter(attack -> attack.access().offeredBy(subject.model()))
                .filter(attack -> !report.attacks().contains(attack))
                .sorted(Comparator.comparing(attack -> attack.access() != Access.GRADIENTS))
                .toList();
    }

    /** Return the attack that a check runs within a threat model on what some attacks left standing; empty if it runs none. */
    public Optional<Attack> probe(TrustCheck check, ThreatModel threat, List<AttackedSamples> runs) {
        return AttackChecks.probe(check, subject, threat, runs, lent, new Budget(runs));
    }

    /** Return the seed with which a check runs its attack in an evaluation with this seed. */
    public static long seed(TrustCheck check, long seed) {
        return check == TrustCheck.ENOUGH_RESTARTS ? AttackChecks.restartSeed(seed) : seed;
    }

    /** Report that the checks are not needed, or not wanted. */
    public static TrustReport skipped(ThreatModel threat, List<AttackedSamples> runs, String reason) {
        return new TrustReport(
                threat,
                runs.stream().map(AttackedSamples::attack).toList(),
                Arrays.stream(TrustCheck.values())
                        .map(check -> TrustFinding.notRun(check, reason))
                        .toList(),
                0,
                TrustReport.passes(runs),
                reason);
    }

    /**
     * Run the checks.
     *
     * @param threat the threat model
     * @param runs what the attacks did under it
     * @param worst the per-sample worst case of the attacks
     * @param weakness what the plan lacks, as a sentence, if it does
     */
    public TrustReport check(
            ThreatModel threat, List<AttackedSamples> runs, List<SampleOutcome> worst, Optional<String> weakness) {
        Meter meter = new Meter();
        int[] attacked = drawn(worst, SampleStatus::attacked);
        int[] standing = drawn(worst, status -> status == SampleStatus.ROBUST);
        int[] broken = drawn(worst, status -> status == SampleStatus.BROKEN);
        List<TrustFinding> findings = new ArrayList<>();
        findings.add(strength(weakness));
        findings.add(validity(runs));
        findings.add(TrustFinding.passed(
                TrustCheck.NO_SILENT_SUCCESS, "every point that an attack asks the model about is judged and kept"));
        List<FoundExample> found = new ArrayList<>();
        Budget budget = new Budget(runs);
        if (attacked.length == 0) {
            for (TrustCheck check : TrustCheck.values()) {
                if (findings.stream().noneMatch(finding -> finding.check() == check)) {
                    findings.add(TrustFinding.notRun(check, "no sample was attacked"));
                }
            }
        } else {
            int few = Math.min(budget.looks(), attacked.length);
            findings.addAll(ofModel(Arrays.copyOf(attacked, few), budget, meter));
            if (subject.model().randomized()) {
                findings.add(ModelChecks.averaged(runs));
            }
            int[] from = standing.length >= FEWEST_STANDING ? standing : attacked;
            LocalChecks local = new LocalChecks(
                    subject, threat, Arrays.copyOf(from, Math.min(few, from.length)), runs, budget, meter);
            local.look();
            AttackChecks.Result result =
                    AttackChecks.of(subject, threat, runs, standing, broken, lent, probes, budget, meter);
            local.shake();
            findings.addAll(local.findings());
            findings.addAll(result.findings());
            found.addAll(result.found());
        }
        findings.sort(Comparator.comparing(TrustFinding::check));
        return TrustReport.of(threat, runs, findings, meter.passes(), found);
    }

    private List<TrustFinding> ofModel(int[] positions, Budget budget, Meter meter) {
        OfModel known = ofModel.get(positions.length);
        if (known == null) {
            Meter own = new Meter();
            List<TrustFinding> findings = ModelChecks.of(
                    subject.model(), subject.seed(), Rows.select(subject.data().inputs(), positions), own);
            known = new OfModel(findings, own.passes());
            ofModel.put(positions.length, known);
            meter.forward(own.passes());
        }
        budget.charge(known.passes());
        return known.findings();
    }

    private int[] drawn(List<SampleOutcome> worst, java.util.function.Predicate<SampleStatus> wanted) {
        return Arrays.stream(order)
                .filter(position -> wanted.test(worst.get(position).status()))
                .toArray();
    }

    private static TrustFinding strength(Optional<String> weakness) {
        return weakness.map(sentence -> new TrustFinding(TrustCheck.STRONG_ATTACK, TrustLevel.DOUBT, sentence, ""))
                .orElse(TrustFinding.passed(TrustCheck.STRONG_ATTACK, "the attacks are more than baselines"));
    }

    private TrustFinding validity(List<AttackedSamples> runs) {
        if (runs.stream().noneMatch(run -> run.attack().access() == Access.GRADIENTS)) {
            return TrustFinding.notRun(TrustCheck.VALID_GRADIENTS, "no attack follows gradients");
        }
        int invalid = (int) runs.stream()
                .flatMap(run -> run.outcomes().stream())
                .filter(outcome -> outcome.status() == SampleStatus.GRADIENT_INVALID)
                .count();
        Optional<GradientCheck> failed = subject.gradientCheck().filter(check -> !check.passed());
        if (failed.isPresent()) {
            return new TrustFinding(
                    TrustCheck.VALID_GRADIENTS,
                    TrustLevel.DOUBT,
                    failed.get().message(),
                    "mend the gradient of the model, or attack by Square or HopSkipJump");
        }
        if (invalid > 0) {
            return new TrustFinding(
                    TrustCheck.VALID_GRADIENTS,
                    TrustLevel.WARNING,
                    (invalid == 1 ? "1 sample" : invalid + " samples") + " met gradients that are NaN or infinite",
                    "what is left undecided shows nothing; attack it by Square or HopSkipJump");
        }
        return subject.gradientCheck()
                .map(check -> TrustFinding.passed(TrustCheck.VALID_GRADIENTS, check.message()))
                .orElse(TrustFinding.notRun(TrustCheck.VALID_GRADIENTS, "the gradients were not compared"));
    }
}
