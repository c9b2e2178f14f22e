package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * NES: projected ascent along the sign of a gradient that natural evolution strategies estimate from scores.
 *
 * <p>A step draws normal directions {@code u} in antithetic pairs, estimates {@code g = mean (f(x + σu) − f(x − σu)) · u / 2σ} of the
 * cross-entropy, adds it to a momentum, {@code m = μ m + (1 − μ) g}, and moves by {@code η · sign(m)}, projected on ball and box. The
 * step size η is halved, down to a least one, where the loss has fallen over a plateau of steps. Each sample has its own estimate and
 * its own step size.
 *
 * <p>Use it as the standard estimate-and-descend attack of limited-query papers; {@link SquareAttack} needs no
 * estimate. Cost per robust sample: {@code queries} forward passes, {@code samples + 1} a step.
 *
 * <p>Ilyas, Engstrom, Athalye, Lin: Black-box Adversarial Attacks with Limited Queries and Information, ICML 2018,
 * <a href="https://arxiv.org/abs/1804.08598">arXiv:1804.08598</a>. The authors' code halves the step size of an untargeted attack
 * when its loss rises, which is when it succeeds; here it is halved when the loss falls.
 *
 * @param queries the forward passes per sample, at least 3
 * @param samples the points per estimate, an even number of at least 2
 * @param sigma the standard deviation σ of the points, in input units of the model
 * @param momentum the momentum μ, at least 0 and below 1
 * @param maxStep the first step size η, in input units of the model
 * @param minStep the least step size, at most the first one
 * @param plateau the number of steps over which the loss must not fall, at least 2
 */
public record Nes(int queries, int samples, double sigma, double momentum, double maxStep, double minStep, int plateau)
        implements RecordAttack {

    /** Create the attack with the authors' defaults: 10,000 queries, 50 points per estimate, σ = 0.001, μ = 0.9, η from 0.01 to 0.00005. */
    public Nes() {
        this(10_000, 50, 0.001, 0.9, 0.01, 5e-5, 5);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Nes {
        AttackOptions.requireAtLeast("NES", "queries", queries, 3);
        AttackOptions.requireAtLeast("NES", "samples", samples, 2);
        if (samples % 2 != 0) {
            throw new ConfigurationException("NES: samples is " + samples + ": give an even number, they go in pairs");
        }
        AttackOptions.requirePositive("NES", "sigma", sigma);
        AttackOptions.requireAtLeast("NES", "momentum", momentum, 0);
        AttackOptions.requireBelow("NES", "momentum", momentum, 1);
        AttackOptions.requirePositive("NES", "max-step", maxStep);
        AttackOptions.requirePositive("NES", "min-step", minStep);
        AttackOptions.requireAtMost("NES", "min-step", minStep, maxStep);
        AttackOptions.requireAtLeast("NES", "plateau", plateau, 2);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new Nes().within(Norm.LINF, epsilon);
    }

    /** Return the attack with another number of queries. */
    public Nes withQueries(int number) {
        return new Nes(number, samples, sigma, momentum, maxStep, minStep, plateau);
    }

    /** Return the attack with another number of points per estimate. */
    public Nes withSamples(int number) {
        return new Nes(queries, number, sigma, momentum, maxStep, minStep, plateau);
    }

    /** Return the attack with points of another standard deviation. */
    public Nes withSigma(double deviation) {
        return new Nes(queries, samples, deviation, momentum, maxStep, minStep, plateau);
    }

    /** Return the attack with other step sizes, from the first to the least one. */
    public Nes withSteps(double first, double least) {
        return new Nes(queries, samples, sigma, momentum, first, least, plateau);
    }

    @Override
    public String name() {
        return "NES";
    }

    @Override
    public String label() {
        return "NES-" + queries;
    }

    @Override
    public Access access() {
        return Access.LOGITS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF);
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
        ScoreSearch.run(batch, new CrossEntropy(), searches);
    }

    /** The search of one sample. */
    private static final class Search extends DifferenceSearch {

        private final Nes attack;
        private final SampleRandom random;
        private final double[] velocity;
        private final Deque<Double> losses = new ArrayDeque<>();
        private double step;

        Search(Nes attack, Ball ball, SampleRandom random) {
            super(attack.queries, attack.samples / 2, attack.sigma, ball);
            this.attack = attack;
            this.random = random;
            this.velocity = new double[x.length];
            this.step = attack.maxStep;
        }

        @Override
        double draw() {
            return random.gaussian();
        }

        @Override
        void move(double[] gradient, double loss) {
            anneal(loss);
            for (int i = 0; i < x.length; i++) {
                velocity[i] = attack.momentum * velocity[i] + (1 - attack.momentum) * gradient[i];
                x[i] += step * Math.signum(velocity[i]);
            }
            ball.project(x);
        }

        /** Halve the step where the loss is lower than it was a plateau ago. */
        private void anneal(double loss) {
            losses.addLast(loss);
            if (losses.size() > attack.plateau) {
                losses.removeFirst();
            }
            if (losses.size() == attack.plateau && loss < losses.getFirst()) {
                step = Math.max(step / 2, attack.minStep);
                losses.clear();
            }
        }
    }
}
