package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The attack of Carlini and Wagner in L0: search the adversarial example that changes the fewest features.
 *
 * <p>Find an adversarial example with the L2 attack, {@code min c · max(z_y − max_{j≠y} zⱼ + κ, 0) + ‖δ‖₂²} with Adam in tanh
 * space; freeze the features whose change does least for it, those with the smallest {@code |δᵢ · ∂f/∂xᵢ|}; go on from there with
 * the others, until the rest no longer suffices. A problem that stays unsolved for some steps is tried again with a larger
 * weight {@code c}.
 *
 * <p>Use it as a check on σ-zero. Cost per sample: mostly a few forward and backward passes per frozen feature; at most
 * {@code mostSteps}.
 *
 * <p>The defaults are sized for tests. {@link #paper()} has those of the authors' implementation. Each stage freezes the
 * features that have not changed at all and, as there, 0.3 times the square root of the number of changed ones, fewer if they
 * did more than a hundredth of the whole. Features count one by one, not by pixels. Changes below 1/10,000 of the width of the box
 * count as none, and the model is not shown them.
 *
 * <p>Carlini, Wagner: Towards Evaluating the Robustness of Neural Networks, IEEE S&amp;P 2017,
 * <a href="https://arxiv.org/abs/1608.04644">arXiv:1608.04644</a>.
 *
 * @param steps how many steps of Adam to try per stage and weight, at least 1
 * @param learningRate the learning rate of Adam, in tanh space
 * @param initialConst the first weight c
 * @param constFactor by how much c grows, above 1
 * @param largestConst the weight c at which to give up
 * @param confidence the logit margin κ that an adversarial example must reach, at least 0
 * @param mostSteps how many steps to spend per sample altogether, at least 1
 */
public record CarliniWagnerL0(
        int steps,
        double learningRate,
        double initialConst,
        double constFactor,
        double largestConst,
        double confidence,
        int mostSteps)
        implements RecordAttack {

    private static final double UNCHANGED = 1e-4;
    private static final double AT_ONCE = 0.3;
    private static final double NEGLIGIBLE = 0.01;

    /** Create the attack with 50 steps at learning rate 0.1 per stage, and weights from 0.1 by tens to 1,000,000; 2,000 steps at most. */
    public CarliniWagnerL0() {
        this(50, 0.1, 0.1, 10, 2e6, 0, 2000);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public CarliniWagnerL0 {
        AttackOptions.requireAtLeast("C&W L0", "steps", steps, 1);
        AttackOptions.requirePositive("C&W L0", "learning-rate", learningRate);
        AttackOptions.requirePositive("C&W L0", "initial-const", initialConst);
        AttackOptions.requireAtLeast("C&W L0", "const-factor", constFactor, Math.nextUp(1));
        AttackOptions.requireAtLeast("C&W L0", "largest-const", largestConst, Math.nextUp(initialConst));
        AttackOptions.requireAtLeast("C&W L0", "confidence", confidence, 0);
        AttackOptions.requireAtLeast("C&W L0", "most-steps", mostSteps, 1);
    }

    /** Return the attack with the defaults of the authors' implementation: 1,000 steps at 0.01, c from 0.001 by twos. */
    public static CarliniWagnerL0 paper() {
        return new CarliniWagnerL0(1000, 0.01, 0.001, 2, 2e6, 0.01, 1_000_000);
    }

    /** Return the attack without a bound, for the number of features it takes. */
    public static BudgetedAttack unbounded() {
        return new CarliniWagnerL0().within(Norm.L0, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps per stage and weight. */
    public CarliniWagnerL0 withSteps(int number) {
        return new CarliniWagnerL0(
                number, learningRate, initialConst, constFactor, largestConst, confidence, mostSteps);
    }

    /** Return the attack with another learning rate. */
    public CarliniWagnerL0 withLearningRate(double rate) {
        return new CarliniWagnerL0(steps, rate, initialConst, constFactor, largestConst, confidence, mostSteps);
    }

    @Override
    public String name() {
        return "CW-L0";
    }

    @Override
    public String label() {
        return "C&W L0 " + steps;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L0);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(mostSteps, mostSteps);
    }

    private StagedDescent.Schedule schedule() {
        return new StagedDescent.Schedule(
                steps, learningRate, initialConst, constFactor, largestConst, confidence, mostSteps);
    }

    @Override
    public void run(AttackContext context) {
        new Descent(context.samples()).run();
    }

    private final class Descent extends StagedDescent {

        private final double unchanged;

        Descent(SampleBatch batch) {
            super(schedule(), batch);
            unchanged = UNCHANGED * batch.perturbations().box().width();
        }

        @Override
        void prepare(double[] delta) {
            for (int j = 0; j < delta.length; j++) {
                delta[j] = Math.abs(delta[j]) < unchanged ? 0 : delta[j];
            }
        }

        @Override
        boolean solves(int sample, double[] delta, double weight) {
            return true; // whatever is adversarial
        }

        /** Freeze the features that did nothing, and some that did little. */
        @Override
        boolean next(int sample, double[] delta, double[] marginGradient) {
            double[] use = new double[delta.length];
            double total = 0;
            for (int j = 0; j < use.length; j++) {
                use[j] = Math.abs(delta[j] * marginGradient[j]);
                total += use[j];
                if (delta[j] == 0) {
                    freeze(sample, j);
                }
            }
            int[] changed = IntStream.range(0, delta.length)
                    .filter(j -> delta[j] != 0)
                    .boxed()
                    .sorted(Comparator.comparingDouble(j -> use[j]))
                    .mapToInt(j -> j)
                    .toArray();
            double most = Math.max(1, AT_ONCE * Math.sqrt(changed.length));
            for (int n = 0; n < changed.length && n < most; n++) {
                freeze(sample, changed[n]);
                if (use[changed[n]] > NEGLIGIBLE * total) {
                    break;
                }
            }
            return changed.length > 1;
        }

        @Override
        double pull(int sample, double delta) {
            return 2 * delta;
        }

        @Override
        void select(int[] going) {}
    }
}
