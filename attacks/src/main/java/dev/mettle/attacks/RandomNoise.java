package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.threat.Norm;
import java.util.Set;

/**
 * Random noise: points drawn uniformly from the ball, clipped to the box. A baseline that every attack has to beat.
 *
 * <p>It needs labels only. A sample that noise breaks but a gradient attack doesn't is a sign of masked gradients (Carlini et
 * al.: On Evaluating Adversarial Robustness, 2019, <a href="https://arxiv.org/abs/1902.06705">arXiv:1902.06705</a>). A model
 * that withstands noise alone is not robust. Cost per robust sample: {@code draws} forward passes.
 *
 * @param draws how many points to try per sample, at least 1
 */
public record RandomNoise(int draws) implements RecordAttack {

    /** Create the attack with 100 draws. */
    public RandomNoise() {
        this(100);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if there is no draw
     */
    public RandomNoise {
        AttackOptions.requireAtLeast("random noise", "draws", draws, 1);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new RandomNoise().within(Norm.LINF, epsilon);
    }

    @Override
    public String name() {
        return "Noise";
    }

    @Override
    public String label() {
        return "Noise-" + draws;
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1, Norm.L0);
    }

    @Override
    public boolean isBaseline() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(draws, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        for (int draw = 0; draw < draws && !batch.isEmpty(); draw++) {
            batch.propose(batch.randomStart());
            batch = batch.select(batch.standing());
        }
    }
}
