package dev.mettle.core.evaluation;

import dev.mettle.core.verdict.Interval;
import dev.mettle.core.verdict.Tally;

/**
 * The robust accuracy on the samples of one class.
 *
 * @param label the class
 * @param tally its samples
 * @param interval the two-sided interval of its robust accuracy, at 95 % for all classes at once, so that it holds for the worst too
 */
public record ClassAccuracy(int label, Tally tally, Interval interval) {

    /** Return the share of its samples evaluated that are robust; NaN if none was evaluated. */
    public double robustAccuracy() {
        return tally.rate();
    }
}
