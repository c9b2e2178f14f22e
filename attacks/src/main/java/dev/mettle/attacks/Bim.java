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
 * The basic iterative method: FGSM in small steps from the clean sample, each projected back on ball and box.
 *
 * <p>{@code x₀ = x, xₜ₊₁ = Π(xₜ + α · sign(∇ₓ CE(xₜ, y)))}; in L2 and L1 with the steepest step of that norm. Deterministic.
 *
 * <p>Use {@link Pgd} unless you want to compare with published BIM results. Cost per robust sample: {@code steps + 1} forward
 * and {@code steps} backward passes.
 *
 * <p>Kurakin, Goodfellow, Bengio: Adversarial Examples in the Physical World, ICLR Workshop 2017,
 * <a href="https://arxiv.org/abs/1607.02533">arXiv:1607.02533</a>.
 *
 * @param steps the number of steps, at least 1
 * @param step the absolute step size α, in input units of the model; where empty, {@code 2 · ε / steps}
 */
public record Bim(int steps, OptionalDouble step) implements RecordAttack {

    /** Create the attack with 10 steps of {@code 2 · ε / 10}. */
    public Bim() {
        this(10, OptionalDouble.empty());
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Bim {
        AttackOptions.requireAtLeast("BIM", "steps", steps, 1);
        AttackOptions.requirePositive("BIM", "step", step);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new Bim().within(Norm.LINF, epsilon);
    }

    /** Return the attack with another number of steps. */
    public Bim withSteps(int number) {
        return new Bim(number, step);
    }

    /** Return the attack with an absolute step size, in input units of the model. */
    public Bim withStep(double size) {
        return new Bim(steps, OptionalDouble.of(size));
    }

    @Override
    public String name() {
        return "BIM";
    }

    @Override
    public String label() {
        return "BIM-" + steps;
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
        double alpha = step.orElse(2 * context.threatModel().epsilon() / steps);
        ProjectedAscent.run(batch, batch.inputs().dup('c'), steps, alpha, new CrossEntropy(), new StepRule.Plain());
    }
}
