package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.attacks.Pgd;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Adversarial training of Madry et al.: every minibatch is replaced by what PGD from a random start makes of it, and the network is
 * fitted to that with its own loss.
 *
 * <p>{@code min over θ of E[max over δ of L(θ, x + δ, y)]}; the inner maximum is the last iterate, whether or not it fools the
 * network. The standard, and what to compare everything else with. Cost per minibatch: {@code steps} input gradients and one step of
 * training.
 *
 * <p>Madry, Makelov, Schmidt, Tsipras, Vladu: Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR 2018,
 * <a href="https://arxiv.org/abs/1706.06083">arXiv:1706.06083</a>.
 *
 * @param steps the steps of PGD, at least 1; the paper takes 7 to 40
 * @param step the absolute step size, in input units; where empty, {@code 2.5 · ε / steps}
 */
public record PgdTraining(int steps, OptionalDouble step) implements TrainingMethod {

    /** Create the method with 10 steps of {@code 2.5 · ε / 10}. */
    public PgdTraining() {
        this(10, OptionalDouble.empty());
    }

    /**
     * Create the method.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public PgdTraining {
        new Pgd(steps, step, 1, true); // checks them
    }

    /** Return the method with another number of steps. */
    public PgdTraining withSteps(int number) {
        return new PgdTraining(number, step);
    }

    /** Return the method with an absolute step size, in input units. */
    public PgdTraining withStep(double size) {
        return new PgdTraining(steps, OptionalDouble.of(size));
    }

    @Override
    public String name() {
        return "PGD training";
    }

    @Override
    public String label() {
        return "PGD-" + steps + " training";
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public void learn(Minibatch batch) {
        batch.fit(batch.perturb(new Pgd(steps, step, 1, true)));
    }
}
