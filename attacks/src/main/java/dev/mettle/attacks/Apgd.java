package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Norm;
import java.util.Optional;
import java.util.Set;

/**
 * Auto-PGD: projected gradient ascent with momentum that chooses its own step size.
 *
 * <p>{@code z = Π(xₖ + η · s(∇ₓL(xₖ)))} and {@code xₖ₊₁ = Π(xₖ + ¾ (z − xₖ) + ¼ (xₖ − xₖ₋₁))}, from a random point of the ball's
 * surface, with {@code η = 2ε} at first. At checkpoints (with 100 steps: after 22, 41, 57, 70, 80, 87, 93 and 99) a sample whose
 * loss rose on less than {@code rho} of the steps, or has no new maximum since, halves its η and starts again from its best
 * point. In L1 each step goes to the features with the largest gradients, as many as the best point suggests, with an exact
 * projection on ball and box.
 *
 * <p>Use it where you would use {@link Pgd}: it needs no step size, and is the stronger the more steps it gets; with fewer than 50
 * it is no longer itself. The difference of logits ratio ({@link Loss#DLR}) finds what cross-entropy misses where a model is very
 * sure of itself, and needs three classes. Cost per robust sample and restart: {@code steps + 1} forward and backward passes.
 *
 * <p>Croce and Hein: Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, ICML 2020,
 * <a href="https://arxiv.org/abs/2003.01690">arXiv:2003.01690</a>; for L1: Mind the Box: l1-APGD for Sparse Adversarial Attacks on
 * Image Classifiers, ICML 2021, <a href="https://arxiv.org/abs/2103.01208">arXiv:2103.01208</a>.
 *
 * @param loss the loss to ascend
 * @param steps the number of steps, at least 1
 * @param restarts how often to start anew on samples still standing, at least 1
 * @param rho the share of steps on which the loss must rise to keep the step size, between 0 and 1
 * @param largeEpsilons whether to spend 30 % of the steps within 3ε and 30 % within 2ε before the rest within ε; in L1 only, for two
 *     passes more. A stronger attack: AutoAttack does so
 */
public record Apgd(Loss loss, int steps, int restarts, double rho, boolean largeEpsilons) implements RecordAttack {

    /** Create the attack on the cross-entropy, with 100 steps from one random start. */
    public Apgd() {
        this(Loss.CROSS_ENTROPY);
    }

    /** Create the attack on another loss, with 100 steps from one random start. */
    public Apgd(Loss loss) {
        this(loss, 100, 1, 0.75, false);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Apgd {
        AttackOptions.requireAtLeast("APGD", "steps", steps, 1);
        AttackOptions.requireAtLeast("APGD", "restarts", restarts, 1);
        AttackOptions.requireBetween("APGD", "rho", rho, 0, 1);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new Apgd().within(Norm.LINF, epsilon);
    }

    /** Return the attack within an L2 ball. */
    public static BudgetedAttack l2(double epsilon) {
        return new Apgd().within(Norm.L2, epsilon);
    }

    /** Return the attack within an L1 ball, which it reaches through larger ones. */
    public static BudgetedAttack l1(double epsilon) {
        return new Apgd().withLargeEpsilons().within(Norm.L1, epsilon);
    }

    /** Return the attack on another loss. */
    public Apgd withLoss(Loss ascended) {
        return new Apgd(ascended, steps, restarts, rho, largeEpsilons);
    }

    /** Return the attack with another number of steps. */
    public Apgd withSteps(int number) {
        return new Apgd(loss, number, restarts, rho, largeEpsilons);
    }

    /** Return the attack with another number of restarts. */
    public Apgd withRestarts(int number) {
        return new Apgd(loss, steps, number, rho, largeEpsilons);
    }

    /** Return the attack that goes through larger balls first, in L1. */
    public Apgd withLargeEpsilons() {
        return new Apgd(loss, steps, restarts, rho, true);
    }

    @Override
    public String name() {
        return "APGD-" + loss.symbol();
    }

    @Override
    public String label() {
        return name() + "-" + steps + (restarts > 1 ? "×" + restarts : "");
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public Optional<Attack> longer() {
        return Optional.of(withSteps(2 * steps));
    }

    @Override
    public Passes passes(int classes) {
        int passes = steps + (largeEpsilons ? 3 : 1);
        return new Passes(passes, passes).times(restarts);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Norm norm = context.threatModel().norm();
        ApgdRun run = new ApgdRun(batch, batch.aims(), norm, loss.logitLoss(), steps, rho);
        if (largeEpsilons && norm == Norm.L1) {
            run.fromNoiseThroughLargeEpsilons();
        } else {
            run.fromNoise();
        }
    }
}
