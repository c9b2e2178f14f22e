package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.threat.Norm;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The fast gradient sign method: one step to the point of the ball where the linearized loss is largest.
 *
 * <p>In L∞ that is {@code x' = clip(x + ε · sign(∇ₓ CE(x, y)))}. In L2, L1 and L0 it is the fast gradient method: the exact
 * maximum of {@code ∇ₓ CE · x'} over ball and box, which for L2 inside the box is {@code x + ε · g/‖g‖₂}.
 *
 * <p>Use it as a quick first look and to remove easy samples before a stronger attack. A model that withstands FGSM alone is
 * not robust. Cost per sample: 2 forward passes, 1 backward pass.
 *
 * <p>Goodfellow, Shlens, Szegedy: Explaining and Harnessing Adversarial Examples, ICLR 2015,
 * <a href="https://arxiv.org/abs/1412.6572">arXiv:1412.6572</a>.
 */
public record Fgsm() implements RecordAttack {

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new Fgsm().within(Norm.LINF, epsilon);
    }

    /** Return the attack within an L2 ball. */
    public static BudgetedAttack l2(double epsilon) {
        return new Fgsm().within(Norm.L2, epsilon);
    }

    @Override
    public String name() {
        return "FGSM";
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1, Norm.L0);
    }

    @Override
    public boolean isBaseline() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(2, 1);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        INDArray gradient = batch.gradient(batch.inputs(), new CrossEntropy()).gradient();
        batch.propose(batch.perturbations().maximizeLinear(gradient));
    }
}
