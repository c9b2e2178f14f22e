package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The fast adaptive boundary attack: a search for the nearest adversarial example that stays near the decision boundary.
 *
 * <p>Each step linearizes {@code zⱼ − z_y} for every other class j, takes the class with the nearest linear boundary, and projects
 * the present point x and the clean sample x₀ on it, inside the box and in the norm of the attack:
 * {@code x ← (1 − α)(x + η d(x)) + α (x₀ + η d(x₀))}, where α is the share of ‖d(x)‖ in both distances, at most {@code alphaMax}. From
 * an adversarial point it goes back towards the clean sample, {@code x ← x₀ + β (x − x₀)}. Restarts begin at a random point at half of
 * epsilon, or of the best norm so far if that is less.
 *
 * <p>Use it for distances that don't depend on any step size, where there are few classes; with more, {@link FabTargeted} costs less
 * per step. Gradients that are masked fool it like all white-box attacks. Cost per sample, restart and step: two forward passes, and
 * one backward pass per class but the label.
 *
 * <p>Croce, Hein: Minimally distorted Adversarial Examples with a Fast Adaptive Boundary Attack, ICML 2020,
 * <a href="https://arxiv.org/abs/1907.02044">arXiv:1907.02044</a>.
 *
 * @param steps the number of steps, at least 1
 * @param restarts how often to start, at first at the clean sample, at least 1
 * @param eta the overshoot η, at least 1
 * @param beta the backward step β, between 0 and 1
 * @param alphaMax the largest weight α of the clean sample, between 0 and 1
 */
public record Fab(int steps, int restarts, double eta, double beta, double alphaMax) implements RecordAttack {

    /** Create the attack with 100 steps from the clean sample, η = 1.05, β = 0.9, α at most 0.1. */
    public Fab() {
        this(100, 1, 1.05, 0.9, 0.1);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Fab {
        AttackOptions.requireAtLeast("FAB", "steps", steps, 1);
        AttackOptions.requireAtLeast("FAB", "restarts", restarts, 1);
        AttackOptions.requireAtLeast("FAB", "eta", eta, 1);
        MinimumNormOptions.requireFraction("FAB", "beta", beta);
        MinimumNormOptions.requireFraction("FAB", "alpha-max", alphaMax);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new Fab().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps. */
    public Fab withSteps(int number) {
        return new Fab(number, restarts, eta, beta, alphaMax);
    }

    /** Return the attack with another number of restarts. */
    public Fab withRestarts(int number) {
        return new Fab(steps, number, eta, beta, alphaMax);
    }

    @Override
    public String name() {
        return "FAB";
    }

    @Override
    public String label() {
        return "FAB-" + steps + (restarts > 1 ? "×" + restarts : "");
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
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(2L * steps, (classes - 1L) * steps).times(restarts);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Norm norm = context.threatModel().norm();
        Aim[] aims = batch.aims();
        double[] anyOrder = new double[batch.classes()];
        List<FabWalk> walks = new ArrayList<>();
        for (PerturbedSample sample : PerturbedSample.of(batch)) {
            int i = walks.size();
            FabWalk walk = new FabWalk(sample, norm, DecisionBoundary.rivals(aims[i], anyOrder, anyOrder.length));
            if (context.restart() > 0) {
                walk.startAtRandom(batch.random(i), FabWalk.startRadius(context, batch.bestDistances()[i], sample));
            }
            walks.add(walk);
        }
        FabWalk.run(batch, walks, norm, steps, eta, beta, alphaMax);
    }
}
