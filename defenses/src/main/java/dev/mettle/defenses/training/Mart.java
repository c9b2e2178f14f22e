package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * MART: adversarial training that pays most heed to samples that the network gets wrong already.
 *
 * <p>{@code BCE(p(x'), y) + λ · KL(p(x) ‖ p(x')) · (1 − p_y(x))} with {@code BCE = −log p_y(x') − log(1 − max over k ≠ y of p_k(x'))}
 * and {@code x'} of PGD from a random start.
 *
 * <p>Clean and perturbed samples are one batch of training; batch normalization sees both.
 *
 * <p>Wang, Zou, Yi, Bailey, Ma, Gu: Improving Adversarial Robustness Requires Revisiting Misclassified Examples, ICLR 2020,
 * <a href="https://openreview.net/forum?id=rklOg6EFwS">openreview.net</a>.
 *
 * @param lambda the weight of the divergence, at least 0; the paper takes 5
 * @param steps the steps of PGD, at least 1
 * @param step their absolute size, in input units; where empty, {@code 2.5 · ε / steps}
 */
public record Mart(double lambda, int steps, OptionalDouble step) implements TrainingMethod {

    /** Create the method with λ = 5 and 10 steps of {@code 2.5 · ε / 10}. */
    public Mart() {
        this(5, 10, OptionalDouble.empty());
    }

    /**
     * Create the method.
     *
     * @throws ConfigurationException if a parameter is out of its range
     */
    public Mart {
        PairLoss.requireWeight("MART", lambda);
        new Pgd(steps, step, 1, true); // checks them
    }

    /** Return the method with another weight λ. */
    public Mart withLambda(double weight) {
        return new Mart(weight, steps, step);
    }

    /** Return the method with another number of steps. */
    public Mart withSteps(int number) {
        return new Mart(lambda, number, step);
    }

    /** Return the method with an absolute step size, in input units. */
    public Mart withStep(double size) {
        return new Mart(lambda, steps, OptionalDouble.of(size));
    }

    @Override
    public String name() {
        return "MART";
    }

    @Override
    public String label() {
        return "MART-" + steps + " training";
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public boolean needsPairs() {
        return true;
    }

    @Override
    public void learn(Minibatch batch) {
        batch.fit(batch.inputs(), batch.perturb(new Pgd(steps, step, 1, true)), new MartLoss(lambda));
    }
}
