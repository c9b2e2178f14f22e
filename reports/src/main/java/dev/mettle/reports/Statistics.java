package dev.mettle.reports;

import java.util.Arrays;

/** The two numbers that reports compute of distances. */
final class Statistics {

    private Statistics() {}

    /** Return the median, of an even count the mean of the two middle values; NaN if there are none. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? Double.NaN : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    /** Return the mean; NaN if there are no values. */
    static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }
}
