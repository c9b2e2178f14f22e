package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The fast minimum-norm attack: a search for the nearest adversarial example in L0, L1, L2 or L∞.
 *
 * <p>Each step follows the gradient of the logit margin, {@code δ ← Π(δ + α · g/‖g‖₂)}, projected on the ball of radius ε and the
 * box. After an adversarial point ε shrinks by {@code 1 − γ}, but at least to the best norm so far; after any other it grows by
 * {@code 1 + γ}, or, until a sample is broken for the first time, goes to where a linear margin would reach zero,
 * {@code ‖δ‖ + |margin| / ‖g‖*}. In L0, ε changes by at least one feature. α and γ fall along a cosine.
 *
 * <p>As published, the attack stalls on data with many features at the edge of the box, such as digits: ε trusts gradient entries that
 * can't move. So here, in L0, L1 and L2, gradient entries that point out of the box are set to zero, and until a sample is broken, ε
 * grows by {@code 1 + γ} at least. Without both, 97 of 100 MNIST digits stay unbroken in L2; with them none. L∞ is as published, but
 * for samples that come to rest before the boundary, for which ε then grows in the same way. All projections are exact for ball and
 * box together.
 *
 * <p>Use it for distances in L∞, L1 and L0; in L2, {@link Ddn} comes somewhat nearer. L0 is a heuristic that may change a feature
 * more than needed; a first step of 10 or 30, which takes features straight to the edge of the box, often helps there. Cost per sample: {@code steps} forward and
 * {@code steps − 1} backward passes; the first forward pass is that of the clean sample.
 *
 * <p>Pintor, Roli, Brendel, Biggio: Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints, NeurIPS 2021,
 * <a href="https://arxiv.org/abs/2102.12827">arXiv:2102.12827</a>.
 *
 * @param steps how many points to query per sample, at least 2
 * @param initialStep the first α, for inputs from 0 to 1; wider boxes stretch it by their width
 * @param finalStep the last α, at most the first
 * @param initialGamma by which factor γ the norm changes at first, between 0 and 1
 * @param finalGamma by which factor it changes at last, at most the first
 */
public record Fmn(int steps, double initialStep, double finalStep, double initialGamma, double finalGamma)
        implements RecordAttack {

    /** Create the attack with 100 steps, α from 1 to 0.01, γ from 0.05 to 0.001. */
    public Fmn() {
        this(100, 1, 0.01, 0.05, 0.001);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Fmn {
        AttackOptions.requireAtLeast("FMN", "steps", steps, 2);
        AttackOptions.requirePositive("FMN", "initial-step", initialStep);
        MinimumNormOptions.requireAtMost("FMN", "final-step", finalStep, "initial-step", initialStep);
        MinimumNormOptions.requireFraction("FMN", "initial-gamma", initialGamma);
        MinimumNormOptions.requireAtMost("FMN", "final-gamma", finalGamma, "initial-gamma", initialGamma);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new Fmn().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps. */
    public Fmn withSteps(int number) {
        return new Fmn(number, initialStep, finalStep, initialGamma, finalGamma);
    }

    /** Return the attack with another first step size; the last is a hundredth of it. */
    public Fmn withInitialStep(double size) {
        return new Fmn(steps, size, size / 100, initialGamma, finalGamma);
    }

    @Override
    public String name() {
        return "FMN";
    }

    @Override
    public String label() {
        return "FMN-" + steps;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L0, Norm.L1, Norm.L2, Norm.LINF);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Optional<Attack> longer() {
        return Optional.of(withSteps(2 * steps));
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(steps, steps - 1);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Norm norm = context.threatModel().norm();
        List<FmnWalk> walks = PerturbedSample.of(batch).stream()
                .map(sample -> new FmnWalk(this, norm, sample))
                .toList();
        BoundarySearch.run(batch, walks, steps, new Margin());
    }
}
