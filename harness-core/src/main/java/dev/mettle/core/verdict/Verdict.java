package dev.mettle.core.verdict;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * What the facts of an evaluation say about a required robust accuracy: a pure function of counts and policy.
 *
 * <p>Attack success is proof; attack failure is only evidence. So a sample that an attack left undecided counts as broken
 * where robustness is to be shown, and as robust where a lack of it is to be shown.
 *
 * @param outcome pass, fail, or why neither
 * @param lowerBound the one-sided lower confidence bound of robust accuracy
 * @param upperBound the one-sided upper confidence bound of robust accuracy
 * @param policy the policy that was applied
 * @param samplesNeeded how many samples would decide if the observed rate held; only where inconclusive
 * @param reason one sentence that explains the outcome
 */
public record Verdict(
        Outcome outcome,
        double lowerBound,
        double upperBound,
        VerdictPolicy policy,
        OptionalInt samplesNeeded,
        String reason) {

    /** More samples than this are not worth naming. */
    private static final int MOST_SAMPLES = 1_000_000;

    /**
     * Decide.
     *
     * @param samples n, all samples including those that the model gets wrong without any attack
     * @param robust how many samples are correct and withstood every attack
     * @param undecided how many samples no attack could decide
     * @param doubts reasons why the evaluation can't show robustness, as sentences without a full stop; empty if there are none
     * @param policy the threshold and the confidence
     */
    public static Verdict decide(int samples, int robust, int undecided, List<String> doubts, VerdictPolicy policy) {
        double lower = ClopperPearson.lowerBound(robust, samples, policy.confidence());
        double upper = ClopperPearson.upperBound(robust + undecided, samples, policy.confidence());
        if (policy.minRobustAccuracy().isEmpty()) {
            return doubts.isEmpty()
                    ? new Verdict(
                            Outcome.MEASURED,
                            lower,
                            upper,
                            policy,
                            OptionalInt.empty(),
                            "no robust accuracy was required")
                    : untrusted(lower, upper, doubts, policy);
        }
        double threshold = policy.minRobustAccuracy().getAsDouble();
        String required = percent(threshold);
        if (upper < threshold) {
            return new Verdict(
                    Outcome.FAIL,
                    lower,
                    upper,
                    policy,
                    OptionalInt.empty(),
                    "the " + confidence(policy) + " upper bound of robust accuracy, " + percent(upper)
                            + ", is below the required " + required);
        }
        if (!doubts.isEmpty()) {
            return untrusted(lower, upper, doubts, policy);
        }
        if (lower >= threshold) {
            return new Verdict(
                    Outcome.PASS,
                    lower,
                    upper,
                    policy,
                    OptionalInt.empty(),
                    "the " + confidence(policy) + " lower bound of robust accuracy, " + percent(lower)
                            + ", reaches the required " + required);
        }
        if (undecided > 0 && ClopperPearson.lowerBound(robust + undecided, samples, policy.confidence()) >= threshold) {
            return new Verdict(
                    Outcome.UNTRUSTED,
                    lower,
                    upper,
                    policy,
                    OptionalInt.empty(),
                    "the attacks could not decide " + undecided + " of " + samples
                            + " samples (zero or invalid gradients, or a failed search), and the verdict hangs on them");
        }
        return new Verdict(
                Outcome.INCONCLUSIVE,
                lower,
                upper,
                policy,
                samplesNeeded(samples, robust, threshold, policy.confidence()),
                "the " + confidence(policy) + " bounds of robust accuracy, " + percent(lower) + " to " + percent(upper)
                        + ", enclose the required " + required);
    }

    private static Verdict untrusted(double lower, double upper, List<String> doubts, VerdictPolicy policy) {
        return new Verdict(Outcome.UNTRUSTED, lower, upper, policy, OptionalInt.empty(), String.join("; ", doubts));
    }

    /** Find the smallest number of samples that decides if the observed rate stays as it is. */
    private static OptionalInt samplesNeeded(int samples, int robust, double threshold, double confidence) {
        double rate = (double) robust / samples;
        int enough = samples;
        while (!decides(enough, rate, threshold, confidence)) {
            if (enough >= MOST_SAMPLES) {
                return OptionalInt.empty();
            }
            enough *= 2;
        }
        int low = enough / 2; // does not decide, up to rounding of the count
        while (enough - low > 1) {
            int middle = (low + enough) >>> 1;
            if (decides(middle, rate, threshold, confidence)) {
                enough = middle;
            } else {
                low = middle;
            }
        }
        return OptionalInt.of(enough);
    }

    private static boolean decides(int samples, double rate, double threshold, double confidence) {
        int robust = (int) Math.round(rate * samples);
        return ClopperPearson.lowerBound(robust, samples, confidence) >= threshold
                || ClopperPearson.upperBound(robust, samples, confidence) < threshold;
    }

    private static String confidence(VerdictPolicy policy) {
        return String.format(Locale.ROOT, "%.4g%%", 100 * policy.confidence()).replaceFirst("\\.?0+%$", "%");
    }

    private static String percent(double rate) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * rate);
    }
}
