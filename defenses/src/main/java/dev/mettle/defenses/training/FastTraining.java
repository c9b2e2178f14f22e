package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Fast adversarial training: one FGSM step from a random start instead of many of PGD.
 *
 * <p>{@code δ₀} uniform in the ball, {@code δ = Π(δ₀ + α · sign ∇L)} with {@code α = 1.25 · ε}. About as good as PGD training at a
 * fraction of its cost, until it collapses: from one epoch to the next the network may withstand single steps only, and PGD
 * breaks all of it (catastrophic overfitting). So it is trained under an {@link OverfittingGuard}.
 *
 * <p>Wong, Rice, Kolter: Fast is better than free: Revisiting adversarial training, ICLR 2020,
 * <a href="https://arxiv.org/abs/2001.03994">arXiv:2001.03994</a>.
 *
 * @param stepFactor the step size α in units of epsilon, above 0; steps of 2 and more collapse soon
 */
public record FastTraining(double stepFactor) implements TrainingMethod {

    /** Create the method with the step of the paper, 1.25 · ε. */
    public FastTraining() {
        this(1.25);
    }

    /**
     * Create the method.
     *
     * @throws ConfigurationException if the step is not positive
     */
    public FastTraining {
        if (!(stepFactor > 0) || Double.isInfinite(stepFactor)) {
            throw new ConfigurationException(
                    "fast training: the step is " + stepFactor + " · epsilon: give a finite number above 0");
        }
    }

    @Override
    public String name() {
        return "fast training";
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public void learn(Minibatch batch) {
        double epsilon = batch.threatModel().epsilon();
        batch.fit(
                epsilon == 0
                        ? batch.inputs()
                        : batch.perturb(new Pgd(1, OptionalDouble.of(stepFactor * epsilon), 1, true)));
    }
}
