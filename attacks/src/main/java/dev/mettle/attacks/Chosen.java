package dev.mettle.attacks;

import java.util.Arrays;

/** The entries of per-sample arrays at chosen positions. */
final class Chosen {

    private Chosen() {}

    static int[] of(int[] values, int[] positions) {
        return Arrays.stream(positions).map(i -> values[i]).toArray();
    }

    static double[] of(double[] values, int[] positions) {
        return Arrays.stream(positions).mapToDouble(i -> values[i]).toArray();
    }

    static double[][] of(double[][] values, int[] positions) {
        return Arrays.stream(positions).mapToObj(i -> values[i]).toArray(double[][]::new);
    }
}
