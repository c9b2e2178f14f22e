package dev.mettle.benchmarks;

import java.util.Arrays;

/** Order statistics, which a single disturbed call doesn't move. */
final class Statistics {

    private Statistics() {}

    static double median(double[] values) {
        return quantile(values, 0.5);
    }

    /** Return the quantile {@code p}, interpolated between the two nearest values. */
    static double quantile(double[] values, double p) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double position = p * (sorted.length - 1);
        int below = (int) position;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }

    /** Return the median over rows of {@code |a − b| / |b|}, each an L2 norm over the features of a row. */
    static double medianRelativeError(float[] a, float[] b, int rows) {
        if (a.length != b.length || a.length % rows != 0) {
            throw new IllegalArgumentException(
                    "gradients of " + a.length + " and " + b.length + " values can't be compared as " + rows + " rows");
        }
        int features = a.length / rows;
        double[] errors = new double[rows];
        for (int row = 0; row < rows; row++) {
            double difference = 0;
            double size = 0;
            for (int i = row * features; i < (row + 1) * features; i++) {
                difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
                size += (double) b[i] * b[i];
            }
            errors[row] = difference == 0 ? 0 : Math.sqrt(difference / size);
        }
        return median(errors);
    }
}
