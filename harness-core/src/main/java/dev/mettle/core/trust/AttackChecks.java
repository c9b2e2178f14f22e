package dev.mettle.core.trust;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustAttacks.Role;
import dev.mettle.core.verdict.ClopperPearson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Attacks samples that withstood in other ways: do these find what the attacks missed? */
final class AttackChecks {

    private static final String NOTHING_STANDS = "no sample withstood";

    /** The loss may rise by this part of its whole rise in the last steps (Pintor et al. 2022). */
    private static final double STILL_RISING = 0.05;

    private static final int LAST_STEPS = 10;
    private static final double LARGER = 1.5;
    private static final int FEWEST_BROKEN = 4;
    private static final double UNBOUNDED_CONFIDENCE = 0.99;

    private final TrustSubject subject;
    private final ThreatModel threat;
    private final List<AttackedSamples> runs;
    private final int[] standing;
    private final int[] broken;
    private final Optional<TrustAttacks> lent;
    private final Probes probes;
    private final Budget budget;
    private final Meter meter;
    private final List<TrustFinding> findings = new ArrayList<>();
    private final List<FoundExample> found = new ArrayList<>();

    private AttackChecks(
            TrustSubject subject,
            ThreatModel threat,
            List<AttackedSamples> runs,
            int[] standing,
            int[] broken,
            Optional<TrustAttacks> lent,
            Probes probes,
            Budget budget,
            Meter meter) {
        this.subject = subject;
        this.threat = threat;
        this.runs = runs;
        this.standing = standing;
        this.broken = broken;
        this.lent = lent;
        this.probes = probes;
        this.budget = budget;
        this.meter = meter;
    }

    /**
     * What the checks found.
     *
     * @param findings one finding per check
     * @param found the adversarial examples within the threat model
     */
    record Result(List<TrustFinding> findings, List<FoundExample> found) {

        Result {
            findings = List.copyOf(findings);
            found = List.copyOf(found);
        }
    }

    /** Run the checks on samples that withstood, and on some that broke, each in the order in which they are drawn. */
    static Result of(
            TrustSubject subject,
            ThreatModel threat,
            List<AttackedSamples> runs,
            int[] standing,
            int[] broken,
            Optional<TrustAttacks> lent,
            Probes probes,
            Budget budget,
            Meter meter) {
        AttackChecks checks = new AttackChecks(subject, threat, runs, standing, broken, lent, probes, budget, meter);
        checks.transfers();
        Optional<String> obstacle = checks.obstacle();
        if (obstacle.isPresent()) {
            for (TrustCheck check : List.of(
                    TrustCheck.CONVERGED,
                    TrustCheck.UNBOUNDED_SUCCEEDS,
                    TrustCheck.BEATS_NOISE,
                    TrustCheck.BEATS_SINGLE_STEP,
                    TrustCheck.BEATS_BLACK_BOX,
                    TrustCheck.BEATS_OTHER_LOSS,
                    TrustCheck.GROWS_WITH_EPSILON,
                    TrustCheck.ENOUGH_RESTARTS,
                    TrustCheck.ENOUGH_STEPS)) {
                checks.findings.add(TrustFinding.notRun(check, obstacle.get()));
            }
            return new Result(checks.findings, List.of());
        }
        // the most telling per pass come first: where passes are few, the others may find nothing left
        checks.beats(TrustCheck.BEATS_SINGLE_STEP, Budget.SINGLE_STEP);
        checks.unbounded();
        checks.grows();
        checks.beats(TrustCheck.BEATS_OTHER_LOSS, Budget.OTHER_LOSS);
        checks.beats(TrustCheck.BEATS_NOISE, Budget.NOISE);
        checks.blackBox();
        checks.again();
        checks.longer();
        return new Result(checks.findings, checks.found);
    }

    private Optional<String> obstacle() {
        if (!threat.transformation().isEmpty()) {
            return Optional.of("the attacker is bound by a transformation, not by a norm");
        }
        if (!threat.bounded()) {
            return Optional.of("there is no epsilon");
        }
        if (runs.stream().allMatch(run -> run.attack().universal())) {
            return Optional.of("the attacker makes one perturbation for all samples");
        }
        return standing.length == 0 ? Optional.of(NOTHING_STANDS) : Optional.empty();
    }

    /** The attack to question: the first one that follows gradients and is more than a baseline, or else the first. */
    private Attack questioned() {
        return questioned(runs).orElseThrow();
    }

    private static Optional<Attack> questioned(List<AttackedSamples> runs) {
        return runs.stream()
                .map(AttackedSamples::attack)
                .filter(attack -> !attack.universal())
                .min((a, b) -> Integer.compare(rank(a), rank(b)));
    }

    private static int rank(Attack attack) {
        return attack.isBaseline() ? 3 : attack.access() != Access.GRADIENTS ? 2 : attack.minimizesNorm() ? 1 : 0;
    }

    private boolean followsGradients() {
        return runs.stream()
                .map(AttackedSamples::attack)
                .anyMatch(attack -> attack.access() == Access.GRADIENTS && !attack.isBaseline());
    }

    private long cost(Attack attack) {
        return attack.passes(subject.model().info().classes()).total();
    }

    private int[] first(int[] positions, int count) {
        return Arrays.copyOf(positions, Math.min(count, positions.length));
    }

    private void transfers() {
        // the worst of the attacks, for others that are not led astray say nothing about it
        AttackedSamples worst = runs.stream()
                .max(Comparator.comparingDouble(run -> refused(run).lowerBound()))
                .orElseThrow();
        Share share = refused(worst);
        String evidence = "the original model refused the adversarial examples of " + share + " samples that "
                + worst.attack().label() + " attacked";
        findings.add(
                share.count() == 0
                        ? TrustFinding.passed(TrustCheck.TRANSFERS, evidence)
                        : new TrustFinding(
                                TrustCheck.TRANSFERS,
                                share.level(),
                                evidence,
                                "gradients and labels seem to come from different models; attack the original by Square or"
                                        + " HopSkipJump"));
    }

    private static Share refused(AttackedSamples run) {
        int attacked = (int) run.outcomes().stream()
                .filter(outcome -> outcome.status().attacked())
                .count();
        return new Share(Math.min(run.unconfirmed(), attacked), attacked);
    }

    private void beats(TrustCheck check, Budget.Plan plan) {
        if (check == TrustCheck.BEATS_SINGLE_STEP && !followsGradients()) {
            findings.add(TrustFinding.notRun(check, "no attack makes many steps along gradients"));
            return;
        }
        Optional<Attack> probe = probe(check, subject, threat, runs, lent, budget);
        if (probe.isEmpty()) {
            findings.add(TrustFinding.notRun(check, missing()));
            return;
        }
        beats(check, probe.get(), first(standing, budget.samples(plan, cost(probe.get()))));
    }

    private void beats(TrustCheck check, Attack probe, int[] positions) {
        List<SampleOutcome> outcomes = attack(probe, threat, positions);
        if (outcomes.isEmpty()) {
            findings.add(TrustFinding.notRun(check, Budget.TOO_FEW_PASSES));
            return;
        }
        outcomes.forEach(outcome -> keep(check, probe, outcome));
        Share share = Probes.broken(outcomes);
        String evidence = probe.label() + " breaks " + share + " samples that withstood";
        findings.add(
                share.count() == 0
                        ? TrustFinding.passed(check, evidence)
                        : new TrustFinding(check, level(check, share), evidence, advice(check)));
    }

    /**
     * Attack the samples, in their order, as far as the budget goes. Most cost less than they may, so that there is often more to spend
     * than was set aside for those before.
     */
    private List<SampleOutcome> attack(Attack probe, ThreatModel within, int[] positions) {
        List<SampleOutcome> outcomes = new ArrayList<>();
        int more = Math.min(positions.length, budget.affordable(cost(probe)));
        while (more > 0) {
            int[] next = Arrays.copyOfRange(positions, outcomes.size(), outcomes.size() + more);
            List<SampleOutcome> added = probes.attack(probe, within, next, subject.seed(), meter);
            budget.charge(Meter.passes(added));
            outcomes.addAll(added);
            more = Math.min(positions.length - outcomes.size(), budget.affordable(cost(probe)));
        }
        return outcomes;
    }

    private void keep(TrustCheck check, Attack probe, SampleOutcome outcome) {
        if (outcome.status() == SampleStatus.BROKEN) {
            found.add(new FoundExample(check, probe, outcome, false));
        }
    }

    /** Noise and single steps find so little where gradients lead anywhere that two samples are too many. */
    private static TrustLevel level(TrustCheck check, Share share) {
        boolean weak = check == TrustCheck.BEATS_NOISE || check == TrustCheck.BEATS_SINGLE_STEP;
        return weak && share.count() >= 2 ? TrustLevel.DOUBT : share.level();
    }

    private String advice(TrustCheck check) {
        List<Attack> ran = runs.stream().map(AttackedSamples::attack).toList();
        List<Attack> next = lent.map(attacks -> attacks.next(check, threat.norm())).orElse(List.of()).stream()
                .filter(attack -> !ran.contains(attack))
                .toList();
        String names = String.join(" and ", next.stream().map(Attack::label).toList());
        String try_ = names.isEmpty() ? "" : "; next try " + names;
        return switch (check) {
            case BEATS_NOISE, BEATS_SINGLE_STEP, BEATS_BLACK_BOX -> "gradients lead astray" + try_;
            case BEATS_OTHER_LOSS -> "the loss of the attack hides the way" + try_;
            case ENOUGH_STEPS, ENOUGH_RESTARTS, CONVERGED -> "give the attack more steps or restarts" + try_;
            case UNBOUNDED_SUCCEEDS -> "the attack fails where nothing limits it" + try_;
            case GROWS_WITH_EPSILON -> "the attack loses its way" + try_;
            default -> names.isEmpty() ? "" : "next try " + names;
        };
    }

    /** Return the attack that a check runs within the threat model; empty if it runs none, or there is none for it. */
    static Optional<Attack> probe(
            TrustCheck check,
            TrustSubject subject,
            ThreatModel threat,
            List<AttackedSamples> runs,
            Optional<TrustAttacks> lent,
            Budget budget) {
        return switch (check) {
            case BEATS_NOISE -> lent(Role.NOISE, Budget.NOISE, subject, threat, lent, budget);
            case BEATS_SINGLE_STEP -> lent(Role.SINGLE_STEP, Budget.SINGLE_STEP, subject, threat, lent, budget);
            case BEATS_BLACK_BOX -> lent(Role.BLACK_BOX, Budget.BLACK_BOX, subject, threat, lent, budget);
            case BEATS_OTHER_LOSS -> lent(Role.OTHER_LOSS, Budget.OTHER_LOSS, subject, threat, lent, budget);
            case ENOUGH_RESTARTS -> questioned(runs);
            case ENOUGH_STEPS -> questioned(runs).flatMap(Attack::longer);
            default -> Optional.empty();
        };
    }

    private static Optional<Attack> lent(
            Role role,
            Budget.Plan plan,
            TrustSubject subject,
            ThreatModel threat,
            Optional<TrustAttacks> lent,
            Budget budget) {
        return lent.flatMap(attacks -> attacks.attack(role, threat.norm(), budget.effort(plan)))
                .filter(attack -> attack.access().offeredBy(subject.model()));
    }

    private String missing() {
        return lent.isEmpty()
                ? "there are no attacks on the class path to compare with"
                : "there is no attack to compare with in " + threat.norm().symbol()
                        + " that the model offers enough for";
    }

    private void unbounded() {
        if (!threat.constraints().isNone()) {
            findings.add(TrustFinding.notRun(
                    TrustCheck.UNBOUNDED_SUCCEEDS, "constraints may keep even an unbounded attack from succeeding"));
            return;
        }
        Attack attack = questioned();
        int[] positions = first(standing, budget.samples(Budget.UNBOUNDED, cost(attack)));
        ThreatModel whole = threat.withEpsilon(
                threat.largestEpsilon(Rows.features(subject.data().inputs())));
        Share share = Probes.broken(attack(attack, whole, positions));
        if (share.of() == 0) {
            findings.add(TrustFinding.notRun(TrustCheck.UNBOUNDED_SUCCEEDS, Budget.TOO_FEW_PASSES));
            return;
        }
        int survivors = share.of() - share.count();
        // a model that has nothing to go by still keeps one label in so many by chance
        double chance = 1.0 / subject.model().info().classes();
        boolean tooMany = survivors > 0
                && (ClopperPearson.lowerBound(survivors, share.of(), UNBOUNDED_CONFIDENCE) > chance
                        || 2 * survivors >= share.of());
        String evidence = attack.label() + " over the whole input range breaks " + share + " samples that withstood";
        findings.add(
                survivors == 0
                        ? TrustFinding.passed(TrustCheck.UNBOUNDED_SUCCEEDS, evidence)
                        : new TrustFinding(
                                TrustCheck.UNBOUNDED_SUCCEEDS,
                                tooMany ? TrustLevel.DOUBT : TrustLevel.WARNING,
                                evidence,
                                advice(TrustCheck.UNBOUNDED_SUCCEEDS)));
    }

    /** What black boxes of the evaluation itself broke beyond the white boxes counts too. */
    private void blackBox() {
        // on whole numbers and categories gradients lead astray in every model
        if (!followsGradients() || threat.constraints().hasLattice()) {
            beats(TrustCheck.BEATS_BLACK_BOX, Budget.BLACK_BOX);
            return;
        }
        int withstoodGradients = 0;
        int brokenWithout = 0;
        for (int i = 0; i < subject.data().size(); i++) {
            boolean attacked = false;
            boolean white = false;
            boolean black = false;
            for (AttackedSamples run : runs) {
                SampleOutcome outcome = run.outcomes().get(i);
                boolean isBroken = outcome.status() == SampleStatus.BROKEN;
                boolean gradients = run.attack().access() == Access.GRADIENTS;
                attacked |= gradients
                        && !run.attack().isBaseline()
                        && outcome.status().attacked();
                white |= gradients && isBroken;
                black |= !gradients && isBroken;
            }
            withstoodGradients += attacked && !white ? 1 : 0;
            brokenWithout += attacked && !white && black ? 1 : 0;
        }
        Share own = new Share(brokenWithout, withstoodGradients);
        if (own.level() == TrustLevel.DOUBT) {
            findings.add(new TrustFinding(
                    TrustCheck.BEATS_BLACK_BOX,
                    TrustLevel.DOUBT,
                    "attacks without gradients break " + own + " samples that withstood those with gradients",
                    advice(TrustCheck.BEATS_BLACK_BOX)));
            return;
        }
        beats(TrustCheck.BEATS_BLACK_BOX, Budget.BLACK_BOX);
    }

    private void grows() {
        Attack attack = questioned();
        double larger = Math.min(
                LARGER * threat.epsilon(),
                threat.largestEpsilon(Rows.features(subject.data().inputs())));
        if (broken.length < FEWEST_BROKEN || larger <= threat.epsilon()) {
            findings.add(TrustFinding.notRun(
                    TrustCheck.GROWS_WITH_EPSILON,
                    larger <= threat.epsilon() ? "there is no larger epsilon" : "too few samples broke"));
            return;
        }
        int[] own = Arrays.stream(broken)
                .filter(position -> runs.stream()
                        .anyMatch(run -> run.attack().equals(attack)
                                && run.outcomes().get(position).status() == SampleStatus.BROKEN))
                .toArray();
        int[] positions = first(own, budget.samples(Budget.GROWTH, cost(attack)));
        if (positions.length < FEWEST_BROKEN) {
            findings.add(TrustFinding.notRun(TrustCheck.GROWS_WITH_EPSILON, "too few samples broke"));
            return;
        }
        Share again = Probes.broken(attack(attack, threat.withEpsilon(larger), positions));
        Share lost = new Share(again.of() - again.count(), again.of());
        if (lost.of() < FEWEST_BROKEN && lost.count() == 0) {
            findings.add(TrustFinding.notRun(TrustCheck.GROWS_WITH_EPSILON, Budget.TOO_FEW_PASSES));
            return;
        }
        String evidence = String.format(
                Locale.ROOT,
                "%s with %.1f times the epsilon, from anew, leaves %s samples standing that it broke before",
                attack.label(),
                LARGER,
                lost);
        findings.add(
                lost.count() == 0
                        ? TrustFinding.passed(TrustCheck.GROWS_WITH_EPSILON, evidence)
                        : new TrustFinding(
                                TrustCheck.GROWS_WITH_EPSILON,
                                lost.level(),
                                evidence,
                                advice(TrustCheck.GROWS_WITH_EPSILON)));
    }

    /** One more restart of the attack, with a look at the loss on the way. */
    private void again() {
        Attack attack = questioned();
        int[] positions = first(standing, budget.samples(Budget.RESTART, cost(attack) / attack.restarts()));
        int tried = 0;
        int rising = 0;
        int traced = 0;
        int broken = 0;
        // one pass more for another look at what broke
        int more = Math.min(positions.length, budget.affordable(cost(attack) + 1));
        while (more > 0) {
            int[] next = Arrays.copyOfRange(positions, tried, tried + more);
            List<List<Double>> leads = new ArrayList<>();
            Aim[] aims = new Aim[more];
            for (int i = 0; i < more; i++) {
                leads.add(new ArrayList<>());
                aims[i] = subject.model().against(Aim.awayFrom(subject.data().label(next[i])));
            }
            long before = meter.passes();
            List<SampleOutcome> outcomes = probes.watch(
                    attack,
                    threat,
                    next,
                    restartSeed(subject.seed()),
                    (sample, logits) -> leads.get(sample).add(aims[sample].lead(logits)));
            meter.attack(outcomes);
            for (int i = 0; i < more; i++) {
                // another seed may stand for another random target
                Optional<SampleOutcome> confirmed = probes.confirmed(outcomes.get(i), threat, next[i], meter);
                confirmed.ifPresent(outcome -> keep(TrustCheck.ENOUGH_RESTARTS, attack, outcome));
                broken += confirmed.isPresent() ? 1 : 0;
                if (confirmed.isEmpty() && leads.get(i).size() > LAST_STEPS) {
                    traced++;
                    rising += stillRising(leads.get(i)) ? 1 : 0;
                }
            }
            budget.charge(meter.passes() - before);
            tried += more;
            more = Math.min(positions.length - tried, budget.affordable(cost(attack) + 1));
        }
        if (tried == 0) {
            findings.add(TrustFinding.notRun(TrustCheck.ENOUGH_RESTARTS, Budget.TOO_FEW_PASSES));
            findings.add(TrustFinding.notRun(TrustCheck.CONVERGED, Budget.TOO_FEW_PASSES));
            return;
        }
        beats(TrustCheck.ENOUGH_RESTARTS, "another start of " + attack.label(), new Share(broken, tried));
        String evidence = "the margin still rises in the last " + LAST_STEPS + " of the steps of " + attack.label()
                + " at " + rising + " of " + traced + " samples that withstand";
        findings.add(
                traced == 0
                        ? TrustFinding.notRun(TrustCheck.CONVERGED, attack.label() + " follows no gradients for long")
                        : rising == 0
                                ? TrustFinding.passed(TrustCheck.CONVERGED, evidence)
                                : new TrustFinding(
                                        TrustCheck.CONVERGED,
                                        TrustLevel.WARNING,
                                        evidence,
                                        advice(TrustCheck.CONVERGED)));
    }

    private void beats(TrustCheck check, String what, Share share) {
        String evidence = what + " breaks " + share + " samples that withstood";
        findings.add(
                share.count() == 0
                        ? TrustFinding.passed(check, evidence)
                        : new TrustFinding(check, share.level(), evidence, advice(check)));
    }

    /** I4: the running maximum, scaled to [0, 1] over the whole run, rises by more than so much in the last steps. */
    private static boolean stillRising(List<Double> leads) {
        double low = leads.stream().mapToDouble(lead -> lead).min().orElse(0);
        double[] best = new double[leads.size()];
        double running = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < best.length; i++) {
            running = Math.max(running, leads.get(i));
            best[i] = running;
        }
        double high = best[best.length - 1];
        return high > low && (high - best[best.length - LAST_STEPS]) / (high - low) > STILL_RISING;
    }

    /** Return the seed with which an attack starts elsewhere. */
    static long restartSeed(long seed) {
        return seed + 1;
    }

    private void longer() {
        Optional<Attack> longer = questioned().longer();
        if (longer.isEmpty()) {
            findings.add(TrustFinding.notRun(
                    TrustCheck.ENOUGH_STEPS, "there is no " + questioned().label() + " with more steps"));
            return;
        }
        beats(
                TrustCheck.ENOUGH_STEPS,
                longer.get(),
                first(standing, budget.samples(Budget.LONGER, cost(longer.get()))));
    }
}
