package dev.mettle.core.verdict;

import org.apache.commons.statistics.distribution.BetaDistribution;

/**
 * Exact confidence bounds of a binomial rate (Clopper and Pearson 1934): {@code k} successes in {@code n} trials.
 *
 * <p>They hold their confidence for every true rate, unlike Wald's or Wilson's, which is what a verdict needs.
 */
public final class ClopperPearson {

    private ClopperPearson() {}

    /**
     * Return the one-sided lower bound: with the given confidence the true rate is at least this.
     *
     * @param successes k, from 0 to n
     * @param trials n, at least 1
     * @param confidence in (0, 1), such as 0.95
     */
    public static double lowerBound(int successes, int trials, double confidence) {
        require(successes, trials, confidence);
        return successes == 0
                ? 0
                : BetaDistribution.of(successes, trials - successes + 1.0).inverseCumulativeProbability(1 - confidence);
    }

    /** Return the one-sided upper bound: with the given confidence the true rate is at most this. */
    public static double upperBound(int successes, int trials, double confidence) {
        require(successes, trials, confidence);
        return successes == trials
                ? 1
                : BetaDistribution.of(successes + 1.0, trials - successes).inverseCumulativeProbability(confidence);
    }

    /** Return the two-sided interval: with the given confidence it holds the true rate. */
    public static Interval interval(int successes, int trials, double confidence) {
        double oneSided = (1 + confidence) / 2;
        return new Interval(lowerBound(successes, trials, oneSided), upperBound(successes, trials, oneSided));
    }

    private static void require(int successes, int trials, double confidence) {
        if (trials < 1 || successes < 0 || successes > trials || !(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException(
                    successes + " successes in " + trials + " trials at confidence " + confidence + " make no sense");
        }
    }
}
