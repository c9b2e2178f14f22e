package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Norm;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Projected gradient descent: steps of steepest ascent on a loss, each projected back on ball and box.
 *
 * <p>{@code x₀} is uniform in the ball; {@code xₜ₊₁ = Π(xₜ + α · s(∇ₓ CE(xₜ, y)))} with {@code s} the sign in L∞ and
 * {@code g/‖g‖₂} in L2. In L1 the step goes to the features with the largest gradients, each as far as the box lets it move, with
 * an exact projection (Croce and Hein, ICML 2021). Every iterate is judged, the last one too; a sample leaves as soon as it is
 * broken; restarts run on the samples still standing.
 *
 * <p>The cross-entropy of the paper can be exchanged for another {@link Loss}, and the plain step for another {@link Optimizer}.
 *
 * <p>Use it as the standard white-box check. It can be fooled by masked gradients and is weaker than an AutoAttack-class suite.
 * Cost per robust sample and restart: {@code steps + 1} forward and {@code steps} backward passes.
 *
 * <p>Madry, Makelov, Schmidt, Tsipras, Vladu: Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR 2018,
 * <a href="https://arxiv.org/abs/1706.06083">arXiv:1706.06083</a>.
 *
 * @param steps the number of steps, at least 1
 * @param step the absolute step size α, in input units of the model; where empty, {@code 2.5 · ε / steps}
 * @param restarts how often to start anew on samples still standing, at least 1
 * @param randomStart whether to start at a random point of the ball instead of the clean sample
 * @param loss the loss to ascend; the paper's is the cross-entropy
 * @param optimizer how steps are made out of gradients; the paper's are plain
 */
public record Pgd(int steps, OptionalDouble step, int restarts, boolean randomStart, Loss loss, Optimizer optimizer)
        implements RecordAttack {

    /** Create the attack with 40 steps of {@code 2.5 · ε / 40} from one random start. */
    public Pgd() {
        this(40, OptionalDouble.empty(), 1, true);
    }

    /** Create the attack of the paper, on the cross-entropy and with plain steps. */
    public Pgd(int steps, OptionalDouble step, int restarts, boolean randomStart) {
        this(steps, step, restarts, randomStart, Loss.CROSS_ENTROPY, Optimizer.PLAIN);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Pgd {
        AttackOptions.requireAtLeast("PGD", "steps", steps, 1);
        AttackOptions.requireAtLeast("PGD", "restarts", restarts, 1);
        AttackOptions.requirePositive("PGD", "step", step);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new Pgd().within(Norm.LINF, epsilon);
    }

    /** Return the attack within an L2 ball. */
    public static BudgetedAttack l2(double epsilon) {
        return new Pgd().within(Norm.L2, epsilon);
    }

    /** Return the attack within an L1 ball. */
    public static BudgetedAttack l1(double epsilon) {
        return new Pgd().within(Norm.L1, epsilon);
    }

    /** Return the attack with another number of steps. */
    public Pgd withSteps(int number) {
        return new Pgd(number, step, restarts, randomStart, loss, optimizer);
    }

    /** Return the attack with an absolute step size, in input units of the model. */
    public Pgd withStep(double size) {
        return new Pgd(steps, OptionalDouble.of(size), restarts, randomStart, loss, optimizer);
    }

    /** Return the attack with another number of restarts. */
    public Pgd withRestarts(int number) {
        return new Pgd(steps, step, number, randomStart, loss, optimizer);
    }

    /** Return the attack started at the clean sample. */
    public Pgd withoutRandomStart() {
        return new Pgd(steps, step, restarts, false, loss, optimizer);
    }

    /** Return the attack on another loss. */
    public Pgd withLoss(Loss ascended) {
        return new Pgd(steps, step, restarts, randomStart, ascended, optimizer);
    }

    /** Return the attack with another way to make steps out of gradients. */
    public Pgd withOptimizer(Optimizer other) {
        return new Pgd(steps, step, restarts, randomStart, loss, other);
    }

    @Override
    public String name() {
        return "PGD";
    }

    @Override
    public String label() {
        return "PGD-" + steps
                + (restarts > 1 ? "×" + restarts : "")
                + (loss == Loss.CROSS_ENTROPY ? "" : " " + loss.symbol())
                + (optimizer == Optimizer.PLAIN ? "" : " " + optimizer.name().toLowerCase(Locale.ROOT));
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
    public Optional<Attack> longer() {
        return Optional.of(withSteps(2 * steps));
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(steps + 1L, steps).times(restarts);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        INDArray start = randomStart ? batch.randomStart() : batch.inputs().dup('c');
        double alpha = step.orElse(2.5 * context.threatModel().epsilon() / steps);
        StepRule rule = StepRule.of(optimizer, context.threatModel().norm());
        ProjectedAscent.run(batch, start, steps, alpha, loss.logitLoss(), rule);
    }
}
