package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The targeted version of {@link Fab}, FAB-T: one run towards each of the classes most likely at the clean sample.
 *
 * <p>Each run linearizes {@code z_t − z_y} for its target t only, so that a step costs one backward pass however many classes there
 * are. Unless the evaluation itself is targeted, every misclassification counts, not only as t.
 *
 * <p>Use it as a part of AutoAttack, or for distances on models with several classes, where it comes nearer than {@link Fab}. Cost per
 * sample and restart: one forward pass, and per target and step two forward passes and one backward pass.
 *
 * <p>Croce, Hein: Minimally distorted Adversarial Examples with a Fast Adaptive Boundary Attack, ICML 2020,
 * <a href="https://arxiv.org/abs/1907.02044">arXiv:1907.02044</a>; the targeted version in: Reliable Evaluation of Adversarial
 * Robustness with an Ensemble of Diverse Parameter-free Attacks, ICML 2020, <a
 * href="https://arxiv.org/abs/2003.01690">arXiv:2003.01690</a>.
 *
 * @param steps the number of steps per target, at least 1
 * @param targets how many classes to aim at, at least 1; fewer if the model has fewer
 * @param restarts how often to start, at first at the clean sample, at least 1
 * @param eta the overshoot η, at least 1
 * @param beta the backward step β, between 0 and 1
 * @param alphaMax the largest weight α of the clean sample, between 0 and 1
 */
public record FabTargeted(int steps, int targets, int restarts, double eta, double beta, double alphaMax)
        implements RecordAttack {

    /** Create the attack with 100 steps towards each of 9 classes from the clean sample, η = 1.05, β = 0.9, α at most 0.1. */
    public FabTargeted() {
        this(100, 9, 1, 1.05, 0.9, 0.1);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public FabTargeted {
        AttackOptions.requireAtLeast("FAB-T", "steps", steps, 1);
        AttackOptions.requireAtLeast("FAB-T", "targets", targets, 1);
        AttackOptions.requireAtLeast("FAB-T", "restarts", restarts, 1);
        AttackOptions.requireAtLeast("FAB-T", "eta", eta, 1);
        MinimumNormOptions.requireFraction("FAB-T", "beta", beta);
        MinimumNormOptions.requireFraction("FAB-T", "alpha-max", alphaMax);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new FabTargeted().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps. */
    public FabTargeted withSteps(int number) {
        return new FabTargeted(number, targets, restarts, eta, beta, alphaMax);
    }

    /** Return the attack with another number of classes to aim at. */
    public FabTargeted withTargets(int number) {
        return new FabTargeted(steps, number, restarts, eta, beta, alphaMax);
    }

    /** Return the attack with another number of restarts. */
    public FabTargeted withRestarts(int number) {
        return new FabTargeted(steps, targets, number, eta, beta, alphaMax);
    }

    @Override
    public String name() {
        return "FAB-T";
    }

    @Override
    public String label() {
        return "FAB-T-" + steps + "×" + targets + (restarts > 1 ? "×" + restarts : "");
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
        long aimed = Math.min(targets, classes - 1);
        return new Passes(2 * aimed * steps + 1, aimed * steps).times(restarts);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch all = context.samples();
        if (all.isEmpty()) {
            return;
        }
        Norm norm = context.threatModel().norm();
        double[][] logits = Rows.toRows(all.logits(all.inputs()));
        Aim[] aims = all.aims();
        Aim[][] ranked = new Aim[aims.length][];
        Arrays.setAll(ranked, i -> DecisionBoundary.rivals(aims[i], logits[i], targets));
        for (int rank = 0; rank < ranked[0].length; rank++) {
            int[] standing = all.standing();
            if (standing.length == 0) {
                return;
            }
            SampleBatch batch = all.select(standing);
            double[] best = batch.bestDistances();
            List<PerturbedSample> samples = PerturbedSample.of(batch);
            List<FabWalk> walks = new ArrayList<>();
            for (int i = 0; i < standing.length; i++) {
                PerturbedSample sample = samples.get(i);
                FabWalk walk = new FabWalk(sample, norm, new Aim[] {ranked[standing[i]][rank]});
                if (context.restart() > 0) {
                    walk.startAtRandom(batch.random(i), FabWalk.startRadius(context, best[i], sample));
                }
                walks.add(walk);
            }
            FabWalk.run(batch, walks, norm, steps, eta, beta, alphaMax);
        }
    }
}
