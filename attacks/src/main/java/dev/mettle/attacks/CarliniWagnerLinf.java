package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.Set;

/**
 * The attack of Carlini and Wagner in L∞: search the nearest adversarial example.
 *
 * <p>The largest change alone is a poor thing to descend on: its gradient sees one feature. So all changes beyond a threshold τ
 * are penalized: minimize {@code c · max(z_y − max_{j≠y} zⱼ + κ, 0) + Σᵢ max(|δᵢ| − τ, 0)} with Adam over {@code w}, where
 * {@code x' = mid + half · tanh(w)} keeps {@code x'} inside the box. Once solved, τ shrinks to nine tenths of the largest change
 * and the descent goes on from there. A problem that stays unsolved for some steps is tried again with a larger weight
 * {@code c}, until c is too large. Each sample has its own τ and c.
 *
 * <p>Use it as a check on PGD and FMN in L∞: it shares no machinery with them. It is far slower. Cost per sample: at most
 * {@code steps} forward and backward passes per threshold and per weight, mostly a small part of that.
 *
 * <p>The defaults are sized for tests. {@link #paper()} has those of the authors' implementation. Changes and thresholds count in
 * widths of the box.
 *
 * <p>Carlini, Wagner: Towards Evaluating the Robustness of Neural Networks, IEEE S&amp;P 2017,
 * <a href="https://arxiv.org/abs/1608.04644">arXiv:1608.04644</a>.
 *
 * @param steps how many steps of Adam to try per threshold and weight, at least 1
 * @param learningRate the learning rate of Adam, in tanh space
 * @param initialConst the first weight c
 * @param constFactor by how much c grows, above 1
 * @param largestConst the weight c at which to give up
 * @param shrink by how much the threshold shrinks, above 0 and below 1
 * @param finest the threshold, as a fraction of the width of the box, below which nothing nearer is sought, below 1
 * @param confidence the logit margin κ that an adversarial example must reach, at least 0
 */
public record CarliniWagnerLinf(
        int steps,
        double learningRate,
        double initialConst,
        double constFactor,
        double largestConst,
        double shrink,
        double finest,
        double confidence)
        implements RecordAttack {

    /** How much the changes may exceed the threshold altogether, over c, as in the authors' code. */
    private static final double SLACK = 1e-4;

    /** Create the attack with 50 steps at learning rate 0.05 per threshold, and weights from 0.01 by twos. */
    public CarliniWagnerLinf() {
        this(50, 0.05, 0.01, 2, 20, 0.9, 1 / 256.0, 0);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public CarliniWagnerLinf {
        AttackOptions.requireAtLeast("C&W L∞", "steps", steps, 1);
        AttackOptions.requirePositive("C&W L∞", "learning-rate", learningRate);
        AttackOptions.requirePositive("C&W L∞", "initial-const", initialConst);
        AttackOptions.requireAtLeast("C&W L∞", "const-factor", constFactor, Math.nextUp(1));
        AttackOptions.requireAtLeast("C&W L∞", "largest-const", largestConst, Math.nextUp(initialConst));
        MinimumNormOptions.requireFraction("C&W L∞", "shrink", shrink);
        MinimumNormOptions.requireFraction("C&W L∞", "finest", finest);
        AttackOptions.requireAtLeast("C&W L∞", "confidence", confidence, 0);
    }

    /** Return the attack with the defaults of the authors' implementation: 1,000 steps at 0.005, c from 0.00001 by twos. */
    public static CarliniWagnerLinf paper() {
        return new CarliniWagnerLinf(1000, 0.005, 1e-5, 2, 20, 0.9, 1 / 256.0, 0);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded() {
        return new CarliniWagnerLinf().within(Norm.LINF, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps per threshold and weight. */
    public CarliniWagnerLinf withSteps(int number) {
        return new CarliniWagnerLinf(
                number, learningRate, initialConst, constFactor, largestConst, shrink, finest, confidence);
    }

    /** Return the attack with another learning rate. */
    public CarliniWagnerLinf withLearningRate(double rate) {
        return new CarliniWagnerLinf(steps, rate, initialConst, constFactor, largestConst, shrink, finest, confidence);
    }

    /** Return the attack with thresholds down to another fraction of the width of the box, each so many times the one before. */
    public CarliniWagnerLinf withThresholds(double factor, double smallest) {
        return new CarliniWagnerLinf(
                steps, learningRate, initialConst, constFactor, largestConst, factor, smallest, confidence);
    }

    @Override
    public String name() {
        return "CW-Linf";
    }

    @Override
    public String label() {
        return "C&W L∞ " + steps;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        int most = schedule().mostSteps();
        return new Passes(most, most);
    }

    private StagedDescent.Schedule schedule() {
        int attempts = 0;
        for (double c = initialConst; c < largestConst; c *= constFactor) {
            attempts++;
        }
        for (double tau = 1; tau > finest; tau *= shrink) {
            attempts++;
        }
        return new StagedDescent.Schedule(
                steps, learningRate, initialConst, constFactor, largestConst, confidence, attempts * steps);
    }

    @Override
    public void run(AttackContext context) {
        new Descent(context.samples()).run();
    }

    private final class Descent extends StagedDescent {

        private final double width;
        private double[] thresholds;

        Descent(SampleBatch batch) {
            super(schedule(), batch);
            width = batch.perturbations().box().width();
            thresholds = new double[batch.size()];
            Arrays.fill(thresholds, 1);
        }

        @Override
        boolean solves(int sample, double[] delta, double weight) {
            double excess = 0;
            for (double change : delta) {
                excess += Math.max(Math.abs(change) / width - thresholds[sample], 0);
            }
            return excess < SLACK * weight;
        }

        @Override
        boolean next(int sample, double[] delta, double[] marginGradient) {
            double largest = 0;
            for (double change : delta) {
                largest = Math.max(largest, Math.abs(change) / width);
            }
            thresholds[sample] = shrink * Math.min(largest, thresholds[sample]);
            return thresholds[sample] > finest;
        }

        @Override
        double pull(int sample, double delta) {
            return Math.abs(delta) / width > thresholds[sample] ? Math.signum(delta) / width : 0;
        }

        @Override
        void select(int[] going) {
            thresholds = Chosen.of(thresholds, going);
        }
    }
}
