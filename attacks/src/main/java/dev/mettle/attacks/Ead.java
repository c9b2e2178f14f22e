package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Set;

/**
 * The elastic-net attack (EAD): search the nearest adversarial example in L1.
 *
 * <p>Minimize {@code c · max(z_y − max_{j≠y} zⱼ + κ, 0) + ‖x' − x‖₂² + β · ‖x' − x‖₁} by iterative shrinkage-thresholding
 * (FISTA, Beck and Teboulle 2009) on the features themselves: a gradient step on the first two terms, then every change shrinks
 * by β, and one smaller than β vanishes. So most features stay as they are. A binary search per sample finds the smallest
 * weight {@code c} that succeeds. Of all iterates the nearest adversarial one is kept, in the norm of the threat model: the L1
 * decision rule in L1, that of C&amp;W in L2.
 *
 * <p>Use it for distances in L1, which few other attacks measure well, or, with a much smaller β, in L2 as a second opinion on
 * C&amp;W that doesn't stall at the edges of the box. Cost per sample: up to {@code searchSteps · steps} forward
 * and backward passes.
 *
 * <p>The defaults are sized for tests. {@link #paper()} has those of the authors' implementation. As there, the change shrinks
 * by β itself and not by β times the learning rate, so that β weighs more and more as the learning rate decays with the square
 * root of the steps left. β counts in widths of the box. Where the authors spend a second forward pass to judge the iterate
 * before its momentum step, here the point at which the gradient is taken is judged.
 *
 * <p>Chen, Sharma, Zhang, Yi, Hsieh: EAD: Elastic-Net Attacks to Deep Neural Networks via Adversarial Examples, AAAI 2018,
 * <a href="https://arxiv.org/abs/1709.04114">arXiv:1709.04114</a>.
 *
 * @param searchSteps how many weights c to try per sample, at least 1
 * @param steps how many steps per weight, at least 1
 * @param learningRate the first learning rate
 * @param initialConst the first weight c, for a box of width 1
 * @param beta the L1 shrinkage β per step, as a fraction of the width of the box
 * @param confidence the logit margin κ that an adversarial example must reach, at least 0
 * @param abortEarly whether to leave a sample that the weight has not broken and whose loss fell by less than 0.01 % within a
 *     tenth of the steps; the authors' code leaves broken ones, too, before β has done its work
 */
public record Ead(
        int searchSteps,
        int steps,
        double learningRate,
        double initialConst,
        double beta,
        double confidence,
        boolean abortEarly)
        implements RecordAttack {

    /** Create the attack with 6 weights from c = 0.01, each with 100 steps from learning rate 0.01, and β = 0.05. */
    public Ead() {
        this(6, 100, 0.01, 0.01, 0.05, 0, true);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Ead {
        AttackOptions.requireAtLeast("EAD", "search-steps", searchSteps, 1);
        AttackOptions.requireAtLeast("EAD", "steps", steps, 1);
        AttackOptions.requirePositive("EAD", "learning-rate", learningRate);
        AttackOptions.requirePositive("EAD", "initial-const", initialConst);
        AttackOptions.requirePositive("EAD", "beta", beta);
        AttackOptions.requireAtLeast("EAD", "confidence", confidence, 0);
    }

    /** Return the attack with the defaults of the authors' implementation: 9 weights from 0.001, 10,000 steps at 0.01. */
    public static Ead paper() {
        return new Ead(9, 10_000, 0.01, 0.001, 0.001, 0, true);
    }

    /** Return the attack without a bound, for distances in L1. */
    public static BudgetedAttack unbounded() {
        return new Ead().within(Norm.L1, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of weights c. */
    public Ead withSearchSteps(int number) {
        return new Ead(number, steps, learningRate, initialConst, beta, confidence, abortEarly);
    }

    /** Return the attack with another number of steps per weight. */
    public Ead withSteps(int number) {
        return new Ead(searchSteps, number, learningRate, initialConst, beta, confidence, abortEarly);
    }

    /** Return the attack with another first learning rate. */
    public Ead withLearningRate(double rate) {
        return new Ead(searchSteps, steps, rate, initialConst, beta, confidence, abortEarly);
    }

    /** Return the attack with another shrinkage β. */
    public Ead withBeta(double shrinkage) {
        return new Ead(searchSteps, steps, learningRate, initialConst, shrinkage, confidence, abortEarly);
    }

    /** Return the attack with another logit margin κ. */
    public Ead withConfidence(double kappa) {
        return new Ead(searchSteps, steps, learningRate, initialConst, beta, kappa, abortEarly);
    }

    @Override
    public String name() {
        return "EAD";
    }

    @Override
    public String label() {
        return "EAD " + searchSteps + "×" + steps;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L1, Norm.L2);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes((long) searchSteps * steps, (long) searchSteps * steps);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        double width = batch.perturbations().box().width();
        WeightSearch search = new WeightSearch(batch.size(), initialConst * width * width);
        for (int searchStep = 0; searchStep < searchSteps; searchStep++) {
            if (searchSteps >= 10 && searchStep == searchSteps - 1) {
                search.useUpperBounds(); // as the authors' code does with its last weight
            }
            search.update(new ShrinkageDescent(this, batch, search.weights()).run());
        }
    }
}
