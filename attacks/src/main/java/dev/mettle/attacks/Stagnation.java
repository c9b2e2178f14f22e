package dev.mettle.attacks;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Tells which samples are worth descending on: those whose lowest loss fell by at least 0.01 % since the last checkpoint. The
 * loss itself oscillates near its minimum; and sums over a batch, as in other libraries, would make neighbors matter.
 */
final class Stagnation {

    private static final double FACTOR = 0.9999;

    private double[] lowest;
    private double[] lowestAtCheckpoint;

    Stagnation(int samples) {
        lowest = new double[samples];
        Arrays.fill(lowest, Double.POSITIVE_INFINITY);
        lowestAtCheckpoint = lowest.clone();
    }

    void note(int sample, double loss) {
        lowest[sample] = Math.min(lowest[sample], loss);
    }

    /** Return the positions of the samples whose loss still falls, and make this a checkpoint. */
    int[] falling() {
        int[] positions = IntStream.range(0, lowest.length)
                .filter(i -> !(lowest[i] > FACTOR * lowestAtCheckpoint[i]))
                .toArray();
        lowestAtCheckpoint = lowest.clone();
        return positions;
    }

    void select(int[] positions) {
        lowest = Chosen.of(lowest, positions);
        lowestAtCheckpoint = Chosen.of(lowestAtCheckpoint, positions);
    }
}
