package dev.mettle.core.verdict;

import org.apache.commons.statistics.distribution.BetaDistribution;

/**
 * Tests the rate of a coin while it is being tossed: an e-value from a beta-binomial mixture, valid at every stopping time.
 *
 * <p>After {@code k} successes in {@code n} trials, the evidence that the rate is above a threshold {@code t} is the likelihood ratio
 * against {@code t}, averaged over all rates above {@code t} with equal weight (the prior Beta(1, 1), cut off at {@code t}):
 *
 * <pre>
 * E(t) = ∫ₜ¹ qᵏ (1−q)ⁿ⁻ᵏ dq / ((1−t) tᵏ (1−t)ⁿ⁻ᵏ)
 * </pre>
 *
 * <p>For every rate up to {@code t} it is a supermartingale that starts at 1, so the probability that it <em>ever</em> reaches 1/α is
 * at most α (Ville's inequality): one may look after every trial and stop as soon as it does. Weighing only the rates on the side
 * that is to be shown makes it larger by up to 1/(1−t) than the mixture over all rates (Robbins 1970), and both sides hold α each.
 *
 * <p>E falls in {@code t} up to the observed rate and is below 1 beyond, because ln E ≥ 1 − 1/E; so the thresholds that it rejects form
 * an interval, and their ends are confidence bounds that hold at all times at once (a confidence sequence; Howard et al. 2021,
 * Waudby-Smith and Ramdas 2024).
 */
public final class BetaBinomialTest {

    private static final int BISECTIONS = 60;

    private BetaBinomialTest() {}

    /**
     * Return the natural logarithm of the e-value against "the rate is at most the threshold".
     *
     * @param successes k, from 0 to n
     * @param trials n, at least 0
     * @param threshold in (0, 1]
     */
    public static double logEvidenceAbove(int successes, int trials, double threshold) {
        require(successes, trials);
        if (threshold >= 1) {
            return Double.NEGATIVE_INFINITY;
        }
        if (threshold <= 0) {
            return successes > 0 ? Double.POSITIVE_INFINITY : -Math.log1p(trials);
        }
        // with the density f and the survival function S of Beta(k+1, n−k+1), E is S(t) / ((1−t) f(t))
        BetaDistribution posterior = BetaDistribution.of(successes + 1.0, trials - successes + 1.0);
        return Math.log(posterior.survivalProbability(threshold))
                - posterior.logDensity(threshold)
                - Math.log1p(-threshold);
    }

    /** Return the natural logarithm of the e-value against "the rate is at least the threshold". */
    public static double logEvidenceBelow(int successes, int trials, double threshold) {
        return logEvidenceAbove(trials - successes, trials, 1 - threshold);
    }

    /**
     * Return the one-sided lower bound: with the given confidence the true rate is at least this, at all times at once.
     *
     * @param confidence in (0, 1), such as 0.95
     */
    public static double lowerBound(int successes, int trials, double confidence) {
        require(successes, trials);
        if (successes == 0) {
            return 0;
        }
        double needed = -Math.log1p(-confidence);
        double rejected = 0;
        double kept = (double) successes / trials;
        for (int i = 0; i < BISECTIONS; i++) {
            double middle = (rejected + kept) / 2;
            if (logEvidenceAbove(successes, trials, middle) >= needed) {
                rejected = middle;
            } else {
                kept = middle;
            }
        }
        return rejected;
    }

    /** Return the one-sided upper bound: with the given confidence the true rate is at most this, at all times at once. */
    public static double upperBound(int successes, int trials, double confidence) {
        return 1 - lowerBound(trials - successes, trials, confidence);
    }

    private static void require(int successes, int trials) {
        if (successes < 0 || successes > trials) {
            throw new IllegalArgumentException(successes + " successes in " + trials + " trials make no sense");
        }
    }
}
