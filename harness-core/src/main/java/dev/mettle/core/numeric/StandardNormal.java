package dev.mettle.core.numeric;

import org.apache.commons.statistics.distribution.NormalDistribution;

/** The standard normal distribution, mean 0 and variance 1. */
public final class StandardNormal {

    private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

    private StandardNormal() {}

    /** Return Φ(x), the probability of at most x. */
    public static double probability(double x) {
        return NORMAL.cumulativeProbability(x);
    }

    /**
     * Return Φ⁻¹(p), the value that is not exceeded with probability p.
     *
     * @param p in [0, 1]; the result is infinite at its ends
     */
    public static double quantile(double p) {
        return NORMAL.inverseCumulativeProbability(p);
    }
}
