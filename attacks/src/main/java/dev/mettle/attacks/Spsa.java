package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * SPSA: gradient ascent with Adam on the margin, the gradient estimated by simultaneous perturbation of all features.
 *
 * <p>A step draws directions {@code v} of {@code ±1}, estimates {@code g = mean (m(x + δv) − m(x − δv)) · v / 2δ}, moves by Adam and
 * projects back on ball and box. Every sample draws its own directions, and every query, the ones around {@code x} too, may be the
 * adversarial example.
 *
 * <p>Use it against models whose gradients are masked: it looks at a neighborhood of size {@code δ} instead of a point. Cost per
 * robust sample: {@code queries} forward passes, {@code 2 · samples + 1} a step.
 *
 * <p>Uesato, O'Donoghue, van den Oord, Kohli: Adversarial Risk and the Dangers of Evaluating Against Weak Attacks, ICML 2018,
 * <a href="https://arxiv.org/abs/1802.05666">arXiv:1802.05666</a>; SPSA: Spall, IEEE Transactions on Automatic Control 1992.
 *
 * @param queries the forward passes per sample, at least 3
 * @param samples the directions per step, at least 1
 * @param learningRate the learning rate of Adam, in input units of the model
 * @param delta the size δ of the perturbations, in input units of the model
 */
public record Spsa(int queries, int samples, double learningRate, double delta) implements RecordAttack {

    /** Create the attack with 100 steps of 128 directions: 25,700 queries, learning rate 0.01, δ = 0.01. */
    public Spsa() {
        this(100 * (2 * 128 + 1), 128, 0.01, 0.01);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Spsa {
        AttackOptions.requireAtLeast("SPSA", "queries", queries, 3);
        AttackOptions.requireAtLeast("SPSA", "samples", samples, 1);
        AttackOptions.requirePositive("SPSA", "learning-rate", learningRate);
        AttackOptions.requirePositive("SPSA", "delta", delta);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new Spsa().within(Norm.LINF, epsilon);
    }

    /** Return the attack with another number of queries. */
    public Spsa withQueries(int number) {
        return new Spsa(number, samples, learningRate, delta);
    }

    /** Return the attack with another number of directions per step. */
    public Spsa withSamples(int number) {
        return new Spsa(queries, number, learningRate, delta);
    }

    /** Return the attack with another learning rate. */
    public Spsa withLearningRate(double rate) {
        return new Spsa(queries, samples, rate, delta);
    }

    /** Return the attack with perturbations of another size. */
    public Spsa withDelta(double size) {
        return new Spsa(queries, samples, learningRate, size);
    }

    @Override
    public String name() {
        return "SPSA";
    }

    @Override
    public String label() {
        return "SPSA-" + queries;
    }

    @Override
    public Access access() {
        return Access.LOGITS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(queries, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Ball[] balls = Ball.around(context);
        List<ScoreSearch> searches = new ArrayList<>();
        for (int i = 0; i < balls.length; i++) {
            searches.add(new Search(this, balls[i], batch.random(i)));
        }
        ScoreSearch.run(batch, new Margin(), searches);
    }

    /** The search of one sample. */
    private static final class Search extends DifferenceSearch {

        private static final double BETA1 = 0.9;
        private static final double BETA2 = 0.999;
        private static final double EPSILON = 1e-8;

        private final double learningRate;
        private final SampleRandom random;
        private final double[] mean;
        private final double[] variance;
        private int step;

        Search(Spsa attack, Ball ball, SampleRandom random) {
            super(attack.queries, attack.samples, attack.delta, ball);
            this.learningRate = attack.learningRate;
            this.random = random;
            this.mean = new double[x.length];
            this.variance = new double[x.length];
        }

        @Override
        double draw() {
            return random.sign();
        }

        /** A step of Adam (Kingma and Ba 2015), uphill. */
        @Override
        void move(double[] gradient, double loss) {
            step++;
            double rate = learningRate / (1 - Math.pow(BETA1, step));
            double correction = 1 / Math.sqrt(1 - Math.pow(BETA2, step));
            for (int i = 0; i < x.length; i++) {
                mean[i] = BETA1 * mean[i] + (1 - BETA1) * gradient[i];
                variance[i] = BETA2 * variance[i] + (1 - BETA2) * gradient[i] * gradient[i];
                x[i] += rate * mean[i] / (Math.sqrt(variance[i]) * correction + EPSILON);
            }
            ball.project(x);
        }
    }
}
