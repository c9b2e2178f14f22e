package dev.mettle.reports;

import dev.mettle.core.threat.Box;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** How much stronger than they are differences have to be drawn to be seen. */
final class Amplification {

    private static final int[] FACTORS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

    /** A single feature that changed far more than all others would make these invisible. */
    private static final double SHARE_CUT_OFF = 0.01;

    private Amplification() {}

    /**
     * Return the largest round factor that cuts off at most one in a hundred of the changes of all samples, when no change
     * is drawn in the middle between black and white.
     */
    static int of(List<BrokenSample> samples, Box box) {
        double[] changes = samples.stream()
                .flatMapToDouble(sample -> changes(sample, box))
                .filter(change -> change > 0)
                .sorted()
                .toArray();
        if (changes.length == 0) {
            return 1;
        }
        double largest = changes[(int) Math.floor((changes.length - 1) * (1 - SHARE_CUT_OFF))];
        int fitting = 1;
        for (int factor : FACTORS) {
            // 1/10 of the range ×5 is meant to fit, although floats make it a little more
            fitting = factor * largest <= 0.5 * (1 + 1e-5) ? factor : fitting;
        }
        return fitting;
    }

    private static DoubleStream changes(BrokenSample sample, Box box) {
        return IntStream.range(0, sample.clean().length)
                .mapToDouble(
                        i -> Math.abs(sample.adversarial()[i] - sample.clean()[i]) / (box.upper(i) - box.lower(i)));
    }
}
