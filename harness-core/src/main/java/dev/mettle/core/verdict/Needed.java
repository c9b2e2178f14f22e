package dev.mettle.core.verdict;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.OptionalInt;

/** How many samples would decide where too few were evaluated, if the observed rate held. */
final class Needed {

    /** More samples than this are not worth naming. */
    private static final int MOST_SAMPLES = 1_000_000;

    private Needed() {}

    /** Find the smallest number of samples that decides if the observed rate stays as it is. */
    static OptionalInt samples(Tally tally, double threshold, VerdictPolicy policy) {
        if (!policy.decision().generalizes()) {
            return OptionalInt.of(tally.samples());
        }
        double rate = tally.rate();
        int enough = tally.evaluated();
        while (!decides(enough, rate, threshold, policy)) {
            if (enough >= MOST_SAMPLES) {
                return OptionalInt.empty();
            }
            enough *= 2;
        }
        int low = enough / 2; // does not decide, up to rounding of the count
        while (enough - low > 1) {
            int middle = (low + enough) >>> 1;
            if (decides(middle, rate, threshold, policy)) {
                enough = middle;
            } else {
                low = middle;
            }
        }
        return OptionalInt.of(enough);
    }

    private static boolean decides(int samples, double rate, double threshold, VerdictPolicy policy) {
        List<Tally> looks = List.of(Tally.of(samples, (int) Math.round(rate * samples), 0));
        return policy.decision().shows(looks, threshold, policy.confidence())
                || policy.decision().refutes(looks, threshold, policy.confidence());
    }

    /** Compute the expected number of samples of a sequential test at the observed rate, from the first sample on. */
    static OptionalInt expected(Tally tally, double threshold, VerdictPolicy policy) {
        if (!policy.decision().generalizes()) {
            return OptionalInt.empty();
        }
        return SequentialSamples.expected(
                tally.rate(),
                policy.withDecision(Decision.SEQUENTIAL).withMinRobustAccuracy(threshold),
                SequentialSamples.STEP);
    }

    /** Rounds up to two digits: the number rests on an observed rate, and more digits would pretend to more. */
    static String rounded(int needed) {
        return BigDecimal.valueOf(needed)
                .round(new MathContext(2, RoundingMode.CEILING))
                .toPlainString();
    }
}
