package dev.mettle.core.verdict;

/**
 * The robust accuracy that is required at one epsilon.
 *
 * @param epsilon the size of the perturbation, in input units of the model
 * @param minRobustAccuracy the required robust accuracy, a fraction in (0, 1]
 */
public record Threshold(double epsilon, double minRobustAccuracy) {

    /**
     * Create the threshold.
     *
     * @throws dev.mettle.core.ConfigurationException if the epsilon is no size, or the accuracy no fraction
     */
    public Threshold {
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new dev.mettle.core.ConfigurationException("a robust accuracy is required at the epsilon "
                    + VerdictPolicy.number(epsilon) + ": give a finite size of at least 0");
        }
        VerdictPolicy.requireFraction("the required robust accuracy", minRobustAccuracy);
    }
}
