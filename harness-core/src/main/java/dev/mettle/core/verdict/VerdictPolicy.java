package dev.mettle.core.verdict;

import dev.mettle.core.ConfigurationException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.SortedMap;

/**
 * How facts become a verdict.
 *
 * @param minRobustAccuracy the required robust accuracy, a fraction in (0, 1]; empty to measure only
 * @param confidence the confidence of the one-sided bounds, in [0.5, 1), 0.95 by default
 * @param decision which bounds, and whether to stop when they decide
 * @param minRobustAccuracyPerClass the robust accuracy that is required of every class, a fraction in (0, 1]; empty for none
 * @param thresholds instead of one required robust accuracy, one for each of some epsilons; epsilons ascending
 */
public record VerdictPolicy(
        OptionalDouble minRobustAccuracy,
        double confidence,
        Decision decision,
        OptionalDouble minRobustAccuracyPerClass,
        List<Threshold> thresholds) {

    /** The usual confidence. */
    public static final double DEFAULT_CONFIDENCE = 0.95;

    private static final int MOST_SAMPLES = 1_000_000;
    private static final String ROBUST = "a robust accuracy";
    private static final String ALL_ROBUST = "all withstood every attack";

    /**
     * Create a policy.
     *
     * @throws ConfigurationException if a threshold or the confidence is no fraction, or two thresholds contradict each other
     */
    public VerdictPolicy {
        minRobustAccuracy.ifPresent(required -> requireFraction("the required robust accuracy", required));
        minRobustAccuracyPerClass.ifPresent(
                required -> requireFraction("the required robust accuracy per class", required));
        if (!(confidence >= 0.5 && confidence < 1)) {
            throw new ConfigurationException(
                    "the confidence is " + number(confidence) + ": give a fraction from 0.5 to below 1, such as 0.95");
        }
        thresholds = thresholds.stream()
                .sorted(java.util.Comparator.comparingDouble(Threshold::epsilon))
                .toList();
        for (int i = 1; i < thresholds.size(); i++) {
            if (thresholds.get(i).epsilon() == thresholds.get(i - 1).epsilon()) {
                throw new ConfigurationException("two robust accuracies are required at the epsilon "
                        + number(thresholds.get(i).epsilon()) + ": give one");
            }
        }
        if (!thresholds.isEmpty() && minRobustAccuracy.isPresent()) {
            throw new ConfigurationException("a robust accuracy of " + number(minRobustAccuracy.getAsDouble())
                    + " is required at all epsilons, and others at some: give one accuracy, or one for each epsilon");
        }
    }

    /** Create a policy that judges once, by all samples, with one threshold at most. */
    public VerdictPolicy(OptionalDouble minRobustAccuracy, double confidence) {
        this(minRobustAccuracy, confidence, Decision.FIXED, OptionalDouble.empty(), List.of());
    }

    /** Measure only. */
    public static VerdictPolicy measureOnly() {
        return new VerdictPolicy(OptionalDouble.empty(), DEFAULT_CONFIDENCE);
    }

    /** Require a robust accuracy, with 95 % confidence. */
    public static VerdictPolicy atLeast(double robustAccuracy) {
        return measureOnly().withMinRobustAccuracy(robustAccuracy);
    }

    /** Require a robust accuracy for each of some epsilons, with 95 % confidence. */
    public static VerdictPolicy atLeast(Threshold... thresholds) {
        return measureOnly().withThresholds(Arrays.asList(thresholds));
    }

    /** Return the same policy with a required robust accuracy. */
    public VerdictPolicy withMinRobustAccuracy(double required) {
        return new VerdictPolicy(
                OptionalDouble.of(required), confidence, decision, minRobustAccuracyPerClass, thresholds);
    }

    /** Return the same policy at another confidence. */
    public VerdictPolicy withConfidence(double other) {
        return new VerdictPolicy(minRobustAccuracy, other, decision, minRobustAccuracyPerClass, thresholds);
    }

    /** Return the same policy with other bounds. */
    public VerdictPolicy withDecision(Decision other) {
        return new VerdictPolicy(minRobustAccuracy, confidence, other, minRobustAccuracyPerClass, thresholds);
    }

    /** Return the same policy with a robust accuracy required of every class, at every epsilon. */
    public VerdictPolicy withMinRobustAccuracyPerClass(double required) {
        return new VerdictPolicy(minRobustAccuracy, confidence, decision, OptionalDouble.of(required), thresholds);
    }

    /** Return the same policy with a robust accuracy for each of some epsilons. */
    public VerdictPolicy withThresholds(List<Threshold> others) {
        return new VerdictPolicy(minRobustAccuracy, confidence, decision, minRobustAccuracyPerClass, others);
    }

    /** Return the policy that applies at one epsilon: its threshold, if it has one of its own, else the common one, if there is one. */
    public VerdictPolicy at(double epsilon) {
        if (thresholds.isEmpty()) {
            return this;
        }
        OptionalDouble own = thresholds.stream()
                .filter(threshold -> threshold.epsilon() == epsilon)
                .mapToDouble(Threshold::minRobustAccuracy)
                .findFirst();
        return new VerdictPolicy(own, confidence, decision, minRobustAccuracyPerClass, List.of());
    }

    /** Say whether anything is required at all, so that there is something to decide. */
    public boolean isRequiring() {
        return minRobustAccuracy.isPresent() || minRobustAccuracyPerClass.isPresent() || !thresholds.isEmpty();
    }

    /**
     * Refuse thresholds that so few samples could never show, even if all of them withstood every attack.
     *
     * @throws ConfigurationException if {@code samples} samples can never pass
     */
    public void requireDecidable(int samples) {
        minRobustAccuracy.ifPresent(required -> requireDecidable(samples, required, ROBUST, ALL_ROBUST));
        thresholds.forEach(threshold -> requireDecidable(samples, threshold.minRobustAccuracy(), ROBUST, ALL_ROBUST));
    }

    /**
     * Refuse a threshold of some rate that so few samples could never show.
     *
     * @param samples how many samples there are
     * @param threshold the required rate, a fraction in (0, 1]
     * @param rate the name of the rate with its article, such as {@code a robust accuracy}
     * @param best the best that can become of the samples, such as {@code all withstood every attack}
     * @throws ConfigurationException if {@code samples} samples can never pass
     */
    public void requireDecidable(int samples, double threshold, String rate, String best) {
        double bound = best(samples);
        if (bound < threshold) {
            throw new ConfigurationException(String.format(
                    Locale.ROOT,
                    "%d samples can never show %s of %.1f%%: even if %s, the %s%% lower confidence bound would be %.1f%%; %s",
                    samples,
                    rate,
                    100 * threshold,
                    best,
                    number(100 * confidence),
                    100 * bound,
                    mend(threshold)));
        }
    }

    /**
     * Refuse a threshold per class that a class has too few samples for.
     *
     * @param samples how many samples each class has, by label; 0 for a class without any
     * @throws ConfigurationException if a class can never pass
     */
    public void requireDecidablePerClass(SortedMap<Integer, Integer> samples) {
        if (minRobustAccuracyPerClass.isEmpty()) {
            return;
        }
        double threshold = minRobustAccuracyPerClass.getAsDouble();
        samples.forEach((label, count) -> {
            if (count == 0) {
                throw new ConfigurationException(String.format(
                        Locale.ROOT,
                        "there is no sample of class %d, so nothing can show its robust accuracy of %.1f%%: add samples of it, or"
                                + " leave the threshold per class out",
                        label,
                        100 * threshold));
            }
            double best = best(count);
            if (best < threshold) {
                throw new ConfigurationException(String.format(
                        Locale.ROOT,
                        "%s of class %d can never show a robust accuracy of %.1f%% per class: even if all withstood every attack,"
                                + " the %s%% lower confidence bound would be %.1f%%; %s",
                        count == 1 ? "1 sample" : count + " samples",
                        label,
                        100 * threshold,
                        number(100 * confidence),
                        100 * best,
                        mend(threshold) + (threshold < 1 ? " of each class" : "")));
            }
        });
    }

    private double best(int samples) {
        return decision.lowerBound(List.of(Tally.of(samples, samples, 0)), confidence);
    }

    /** Bounds of an all-robust sample rise with their number, so the smallest that is enough can be bisected. */
    private String mend(double threshold) {
        if (best(MOST_SAMPLES) < threshold) {
            return "no number of samples shows " + number(100 * threshold) + "%: lower the threshold";
        }
        int tooFew = 0;
        int enough = MOST_SAMPLES;
        while (enough - tooFew > 1) {
            int middle = (tooFew + enough) >>> 1;
            if (best(middle) < threshold) {
                tooFew = middle;
            } else {
                enough = middle;
            }
        }
        return "evaluate at least " + enough + " samples";
    }

    /**
     * Refuse what is no fraction.
     *
     * @param name what the value is, for the message
     * @throws ConfigurationException unless the value is above 0 and up to 1
     */
    public static void requireFraction(String name, double fraction) {
        if (!(fraction > 0 && fraction <= 1)) {
            String hint = fraction > 1 && fraction <= 100
                    ? " (" + number(fraction) + "% is " + number(fraction / 100) + ")"
                    : "";
            throw new ConfigurationException(
                    name + " is " + number(fraction) + ": give a fraction above 0 and up to 1" + hint);
        }
    }

    static String number(double value) {
        return Double.isFinite(value)
                ? new java.math.BigDecimal(value)
                        .round(new java.math.MathContext(6))
                        .stripTrailingZeros()
                        .toPlainString()
                : String.valueOf(value);
    }
}
