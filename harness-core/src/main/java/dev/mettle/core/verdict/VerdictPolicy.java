package dev.mettle.core.verdict;

import dev.mettle.core.ConfigurationException;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * How facts become a verdict.
 *
 * @param minRobustAccuracy the required robust accuracy, a fraction in (0, 1]; empty to measure only
 * @param confidence the confidence of the one-sided bounds, in [0.5, 1), 0.95 by default
 */
public record VerdictPolicy(OptionalDouble minRobustAccuracy, double confidence) {

    /** The usual confidence. */
    public static final double DEFAULT_CONFIDENCE = 0.95;

    /**
     * Create a policy.
     *
     * @throws ConfigurationException if the threshold or the confidence is no fraction
     */
    public VerdictPolicy {
        if (minRobustAccuracy.isPresent()) {
            double threshold = minRobustAccuracy.getAsDouble();
            if (!(threshold > 0 && threshold <= 1)) {
                String hint = threshold > 1 && threshold <= 100
                        ? " (" + number(threshold) + "% is " + number(threshold / 100) + ")"
                        : "";
                throw new ConfigurationException("the required robust accuracy is " + number(threshold)
                        + ": give a fraction above 0 and up to 1" + hint);
            }
        }
        if (!(confidence >= 0.5 && confidence < 1)) {
            throw new ConfigurationException(
                    "the confidence is " + number(confidence) + ": give a fraction from 0.5 to below 1, such as 0.95");
        }
    }

    /** Measure only. */
    public static VerdictPolicy measureOnly() {
        return new VerdictPolicy(OptionalDouble.empty(), DEFAULT_CONFIDENCE);
    }

    /** Require a robust accuracy, with 95 % confidence. */
    public static VerdictPolicy atLeast(double robustAccuracy) {
        return new VerdictPolicy(OptionalDouble.of(robustAccuracy), DEFAULT_CONFIDENCE);
    }

    /** Return the same policy at another confidence. */
    public VerdictPolicy withConfidence(double other) {
        return new VerdictPolicy(minRobustAccuracy, other);
    }

    /**
     * Refuse a threshold that so few samples could never show, even if all of them withstood every attack.
     *
     * @throws ConfigurationException if {@code samples} samples can never pass
     */
    public void requireDecidable(int samples) {
        if (minRobustAccuracy.isEmpty()) {
            return;
        }
        double threshold = minRobustAccuracy.getAsDouble();
        double best = ClopperPearson.lowerBound(samples, samples, confidence);
        if (best < threshold) {
            String mend = threshold == 1
                    ? "no number of samples shows 100%: lower the threshold"
                    : "evaluate at least " + (int) Math.ceil(Math.log(1 - confidence) / Math.log(threshold))
                            + " samples";
            throw new ConfigurationException(String.format(
                    Locale.ROOT,
                    "%d samples can never show a robust accuracy of %.1f%%: even if all withstood every attack, the %s%% lower"
                            + " confidence bound would be %.1f%%; %s",
                    samples,
                    100 * threshold,
                    number(100 * confidence),
                    100 * best,
                    mend));
        }
    }

    private static String number(double value) {
        return new java.math.BigDecimal(value)
                .round(new java.math.MathContext(6))
                .stripTrailingZeros()
                .toPlainString();
    }
}
