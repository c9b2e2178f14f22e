package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;

/** A loss of the logits of a clean sample and of the same sample perturbed, with its gradients in closed form. */
public interface PairLoss {

    /** Return the name of the loss. */
    String name();

    /**
     * Compute the loss of one sample.
     *
     * @param clean the logits {@code z} of the clean sample
     * @param adversarial the logits {@code z'} of the perturbed sample
     * @param label the true label
     * @param cleanGradient takes dLoss/dz
     * @param adversarialGradient takes dLoss/dz'
     * @return the loss
     */
    double compute(
            double[] clean, double[] adversarial, int label, double[] cleanGradient, double[] adversarialGradient);

    /** Refuse a weight that is no number of at least 0. */
    static void requireWeight(String method, double weight) {
        if (!(weight >= 0) || Double.isInfinite(weight)) {
            throw new ConfigurationException(
                    method + ": the weight of the divergence is " + weight + ": give a finite number of at least 0");
        }
    }
}
