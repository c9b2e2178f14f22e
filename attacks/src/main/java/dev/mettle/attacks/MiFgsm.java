package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.threat.Norm;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The momentum iterative fast gradient sign method: {@link Bim} along the sum of all gradients so far.
 *
 * <p>{@code m ← μ · m + g/‖g‖₁} with {@code g = ∇ₓ CE(x, y)}, then {@code x ← Π(x + α · sign(m))}, from the clean sample; in L2
 * and L1 with the steepest step of that norm along {@code m}. Deterministic.
 *
 * <p>Use it to make adversarial examples that transfer to other models. Against the model itself {@link Pgd} is as strong. Cost
 * per robust sample: {@code steps + 1} forward and {@code steps} backward passes.
 *
 * <p>Dong, Liao, Pang, Su, Zhu, Hu, Li: Boosting Adversarial Attacks with Momentum, CVPR 2018,
 * <a href="https://arxiv.org/abs/1710.06081">arXiv:1710.06081</a>.
 *
 * @param steps the number of steps, at least 1
 * @param step the absolute step size α, in input units of the model; where empty, {@code ε / steps}
 * @param decay the weight μ of the gradients before; at least 0, and 0 makes it {@link Bim}
 */
public record MiFgsm(int steps, OptionalDouble step, double decay) implements RecordAttack {

    /** Create the attack with 10 steps of {@code ε / 10} and {@code μ = 1}. */
    public MiFgsm() {
        this(10, OptionalDouble.empty(), 1);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public MiFgsm {
        AttackOptions.requireAtLeast("MI-FGSM", "steps", steps, 1);
        AttackOptions.requirePositive("MI-FGSM", "step", step);
        AttackOptions.requireAtLeast("MI-FGSM", "decay", decay, 0);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new MiFgsm().within(Norm.LINF, epsilon);
    }

    /** Return the attack with another number of steps. */
    public MiFgsm withSteps(int number) {
        return new MiFgsm(number, step, decay);
    }

    /** Return the attack with an absolute step size, in input units of the model. */
    public MiFgsm withStep(double size) {
        return new MiFgsm(steps, OptionalDouble.of(size), decay);
    }

    /** Return the attack with another weight of the gradients before. */
    public MiFgsm withDecay(double weight) {
        return new MiFgsm(steps, step, weight);
    }

    @Override
    public String name() {
        return "MI-FGSM";
    }

    @Override
    public String label() {
        return "MI-FGSM-" + steps;
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
        return new Passes(steps + 1L, steps);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        double alpha = step.orElse(context.threatModel().epsilon() / steps);
        StepRule rule = new StepRule.Momentum(decay);
        ProjectedAscent.run(batch, batch.inputs().dup('c'), steps, alpha, new CrossEntropy(), rule);
    }
}
