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
 * The attack of Carlini and Wagner in L2: search the nearest adversarial example.
 *
 * <p>Minimize {@code ‖x' − x‖₂² + c · max(z_y − max_{j≠y} zⱼ + κ, 0)} with Adam over {@code w}, where
 * {@code x' = mid + half · tanh(w)} keeps {@code x'} inside the box; a binary search per sample finds the smallest weight
 * {@code c} that succeeds. The nearest example of all iterations and all weights is kept. A sample whose loss no longer falls
 * is left alone until the next weight, whatever its neighbors in the batch do.
 *
 * <p>Use it to measure how far a model's decisions are from its inputs; one run answers every epsilon. Cost per sample: up to
 * {@code searchSteps · steps} forward and backward passes.
 *
 * <p>The defaults are sized for tests. {@link #paper()} has those of the authors' implementation, at eighteen times the cost.
 *
 * <p>Carlini, Wagner: Towards Evaluating the Robustness of Neural Networks, IEEE S&amp;P 2017,
 * <a href="https://arxiv.org/abs/1608.04644">arXiv:1608.04644</a>.
 *
 * @param searchSteps how many weights c to try per sample, at least 1
 * @param steps how many steps of Adam per weight, at least 1
 * @param learningRate the learning rate of Adam, in tanh space
 * @param initialConst the first weight c
 * @param confidence the logit margin κ that an adversarial example must reach, at least 0
 * @param abortEarly whether to leave a sample whose loss fell by less than 0.01 % within a tenth of the steps
 */
public record CarliniWagner(
        int searchSteps, int steps, double learningRate, double initialConst, double confidence, boolean abortEarly)
        implements RecordAttack {

    /** Create the attack with 5 weights from c = 0.01, each with 200 steps at learning rate 0.05. */
    public CarliniWagner() {
        this(5, 200, 0.05, 0.01, 0, true);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public CarliniWagner {
        AttackOptions.requireAtLeast("C&W", "search-steps", searchSteps, 1);
        AttackOptions.requireAtLeast("C&W", "steps", steps, 1);
        AttackOptions.requirePositive("C&W", "learning-rate", learningRate);
        AttackOptions.requirePositive("C&W", "initial-const", initialConst);
        AttackOptions.requireAtLeast("C&W", "confidence", confidence, 0);
    }

    /** Return the attack with the defaults of the authors' implementation: 9 weights from 0.001, 10,000 steps at 0.01. */
    public static CarliniWagner paper() {
        return new CarliniWagner(9, 10_000, 0.01, 0.001, 0, true);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded() {
        return new CarliniWagner().within(Norm.L2, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of weights c. */
    public CarliniWagner withSearchSteps(int number) {
        return new CarliniWagner(number, steps, learningRate, initialConst, confidence, abortEarly);
    }

    /** Return the attack with another number of steps per weight. */
    public CarliniWagner withSteps(int number) {
        return new CarliniWagner(searchSteps, number, learningRate, initialConst, confidence, abortEarly);
    }

    /** Return the attack with another logit margin κ. */
    public CarliniWagner withConfidence(double kappa) {
        return new CarliniWagner(searchSteps, steps, learningRate, initialConst, kappa, abortEarly);
    }

    @Override
    public String name() {
        return "CW";
    }

    @Override
    public String label() {
        return "C&W " + searchSteps + "×" + steps;
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
    public Passes passes(int classes) {
        return new Passes((long) searchSteps * steps, (long) searchSteps * steps);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        WeightSearch search = new WeightSearch(batch.size(), initialConst);
        for (int searchStep = 0; searchStep < searchSteps; searchStep++) {
            if (searchSteps >= 10 && searchStep == searchSteps - 1) {
                search.useUpperBounds(); // as the authors' code does with its last weight
            }
            boolean[] succeeded = new TanhDescent(this, batch, search.weights()).run();
            search.update(succeeded);
        }
    }
}
