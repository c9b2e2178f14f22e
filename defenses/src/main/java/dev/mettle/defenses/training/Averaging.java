package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.threat.Epsilons;

/**
 * Averages of the weights that training passed through: what is validated, and what comes out of it. Batch normalization's running
 * statistics are averaged along.
 *
 * <p>Izmailov, Podoprikhin, Garipov, Vetrov, Wilson: Averaging Weights Leads to Wider Optima and Better Generalization, UAI 2018,
 * <a href="https://arxiv.org/abs/1803.05407">arXiv:1803.05407</a>; for adversarial training: Gowal, Qin, Uesato, Mann, Kohli:
 * Uncovering the Limits of Adversarial Training, 2020, <a href="https://arxiv.org/abs/2010.03593">arXiv:2010.03593</a>.
 *
 * @param decay how much of the average stays with every step, below 1; 0 for the plain mean
 * @param fromEpoch the first epoch that counts, from 1
 */
public record Averaging(double decay, int fromEpoch) {

    /**
     * Create the average.
     *
     * @throws ConfigurationException if the decay is not in [0, 1), or the epoch not at least 1
     */
    public Averaging {
        if (!(decay >= 0 && decay < 1)) {
            throw new ConfigurationException(
                    "the decay of the weight average is " + decay + ": give a number of at least 0 and below 1");
        }
        if (fromEpoch < 1) {
            throw new ConfigurationException(
                    "weights are averaged from epoch " + fromEpoch + ": epochs are counted from 1");
        }
    }

    /** Average exponentially from the beginning: {@code a ← decay · a + (1 − decay) · w} after every step (EMA). */
    public static Averaging exponential(double decay) {
        return new Averaging(decay, 1);
    }

    /** Take the plain mean of the weights after every step from some epoch on (SWA). */
    public static Averaging meanFrom(int epoch) {
        return new Averaging(0, epoch);
    }

    /**
     * Return the share of the newest weights in the average.
     *
     * @param steps how many steps were averaged before
     */
    double newest(long steps) {
        // an exponential average forgets where it began as fast as it can, so it starts as a mean
        return Math.max(1.0 / (steps + 1), decay == 0 ? 0 : 1 - decay);
    }

    @Override
    public String toString() {
        return decay == 0 ? "mean of weights from epoch " + fromEpoch : "weights averaged by " + Epsilons.format(decay);
    }
}
