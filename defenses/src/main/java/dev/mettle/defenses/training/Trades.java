package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.core.ConfigurationException;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * TRADES: learn to be right on the clean sample, and to say the same of everything near it.
 *
 * <p>{@code min over θ of CE(f(x), y) + β · max over x' of KL(f(x) ‖ f(x'))}. The inner maximum starts at {@code x + 0.001 · N(0, 1)}
 * and ascends the divergence itself. {@code β} trades accuracy for robustness.
 *
 * <p>Clean and perturbed samples are one batch of training; batch normalization sees both.
 *
 * <p>Zhang, Yu, Jiao, Xing, El Ghaoui, Jordan: Theoretically Principled Trade-off between Robustness and Accuracy, ICML 2019,
 * <a href="https://arxiv.org/abs/1901.08573">arXiv:1901.08573</a>.
 *
 * @param beta the weight of the divergence, at least 0; the paper takes 1 to 6
 * @param steps the steps of the inner maximization, at least 1
 * @param step their absolute size, in input units; where empty, {@code 2.5 · ε / steps}
 */
public record Trades(double beta, int steps, OptionalDouble step) implements TrainingMethod {

    /** Create the method with β = 6 and 10 steps of {@code 2.5 · ε / 10}. */
    public Trades() {
        this(6, 10, OptionalDouble.empty());
    }

    /**
     * Create the method.
     *
     * @throws ConfigurationException if a parameter is out of its range
     */
    public Trades {
        PairLoss.requireWeight("TRADES", beta);
        new DivergenceAscent(steps, step); // checks them
    }

    /** Return the method with another weight β. */
    public Trades withBeta(double weight) {
        return new Trades(weight, steps, step);
    }

    /** Return the method with another number of steps. */
    public Trades withSteps(int number) {
        return new Trades(beta, number, step);
    }

    /** Return the method with an absolute step size, in input units. */
    public Trades withStep(double size) {
        return new Trades(beta, steps, OptionalDouble.of(size));
    }

    @Override
    public String name() {
        return "TRADES";
    }

    @Override
    public String label() {
        return "TRADES-" + steps + " training";
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
        batch.fit(batch.inputs(), batch.perturb(new DivergenceAscent(steps, step)), new TradesLoss(beta));
    }
}
