package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The decoupled direction and norm attack: a search for the nearest adversarial example in L2.
 *
 * <p>Each step follows the normalized gradient of the cross-entropy, {@code δ ← δ + α · g/‖g‖₂}, and then puts δ on the sphere
 * of radius ε: {@code ε ← (1 − γ) ε} after an adversarial point, {@code ε ← (1 + γ) ε} after any other, never beyond the farthest
 * corner of the box. So the norm is never part of the loss, and no weight has to be searched. α falls along a cosine from 1 to
 * 0.01. Where the gradient is zero or not finite, the step goes in a random direction.
 *
 * <p>Use it first for distances in L2: as near as {@link CarliniWagner} within a few per cent, at a fraction of its cost. The direction
 * of the cross-entropy is computed so that it doesn't underflow where the model is sure. Among several classes with logits close to
 * each other the cross-entropy pulls towards all of them, and {@link FabTargeted} comes nearer. Cost per
 * sample: {@code steps} forward and {@code steps − 1} backward passes; the first forward pass is that of the clean sample.
 *
 * <p>Rony, Hafemann, Oliveira, Ben Ayed, Sabourin, Granger: Decoupling Direction and Norm for Efficient Gradient-Based L2
 * Adversarial Attacks and Defenses, CVPR 2019, <a href="https://arxiv.org/abs/1811.09600">arXiv:1811.09600</a>.
 *
 * @param steps how many points to query per sample, at least 2
 * @param gamma by which factor γ the norm changes per step, between 0 and 1
 * @param initialNorm the first ε, for inputs from 0 to 1; wider boxes stretch it, and α, by their width
 * @param levels to how many evenly spaced values per feature to round every point, such as 256 for images of 8 bits; 0 for none
 */
public record Ddn(int steps, double gamma, double initialNorm, int levels) implements RecordAttack {

    /** Create the attack with 100 steps, γ = 0.05, from ε = 1, without rounding. */
    public Ddn() {
        this(100, 0.05, 1, 0);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Ddn {
        AttackOptions.requireAtLeast("DDN", "steps", steps, 2);
        MinimumNormOptions.requireFraction("DDN", "gamma", gamma);
        AttackOptions.requirePositive("DDN", "initial-norm", initialNorm);
        MinimumNormOptions.requireLevels("DDN", levels);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded() {
        return new Ddn().within(Norm.L2, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps. */
    public Ddn withSteps(int number) {
        return new Ddn(number, gamma, initialNorm, levels);
    }

    /** Return the attack with every point rounded to so many values per feature; 0 for no rounding. */
    public Ddn withLevels(int number) {
        return new Ddn(steps, gamma, initialNorm, number);
    }

    @Override
    public String name() {
        return "DDN";
    }

    @Override
    public String label() {
        return "DDN-" + steps;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2);
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
        List<DdnWalk> walks = new ArrayList<>();
        for (PerturbedSample sample : PerturbedSample.of(batch)) {
            walks.add(new DdnWalk(this, sample, batch.random(walks.size())));
        }
        BoundarySearch.run(batch, walks, steps, new CrossEntropy());
    }
}
