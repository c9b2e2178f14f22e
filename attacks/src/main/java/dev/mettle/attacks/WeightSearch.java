package dev.mettle.attacks;

import java.util.Arrays;

/** The binary search of Carlini and Wagner for the smallest weight c that succeeds, one per sample. */
final class WeightSearch {

    private static final double UNKNOWN = 1e10;

    private final double[] lower;
    private final double[] upper;
    private final double[] weight;

    WeightSearch(int samples, double initial) {
        lower = new double[samples];
        upper = new double[samples];
        weight = new double[samples];
        Arrays.fill(upper, UNKNOWN);
        Arrays.fill(weight, initial);
    }

    double[] weights() {
        return weight.clone();
    }

    void useUpperBounds() {
        for (int i = 0; i < weight.length; i++) {
            weight[i] = upper[i] < UNKNOWN ? upper[i] : weight[i];
        }
    }

    /** Halve the interval; multiply the weight by ten while nothing succeeded yet. */
    void update(boolean[] succeeded) {
        for (int i = 0; i < weight.length; i++) {
            if (succeeded[i]) {
                upper[i] = Math.min(upper[i], weight[i]);
            } else {
                lower[i] = Math.max(lower[i], weight[i]);
            }
            weight[i] = upper[i] < UNKNOWN ? (lower[i] + upper[i]) / 2 : weight[i] * 10;
        }
    }
}
