package dev.mettle.attacks;

import dev.mettle.core.threat.Norm;

/** Arithmetic on the features of one sample. */
final class RowVectors {

    private RowVectors() {}

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static double[] minus(double[] a, double[] b) {
        double[] difference = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            difference[i] = a[i] - b[i];
        }
        return difference;
    }

    static double norm(double[] v, Norm norm) {
        return switch (norm) {
            case LINF -> largest(v);
            case L2 -> Math.sqrt(dot(v, v));
            case L1 -> sum(v);
            case L0 -> count(v);
        };
    }

    /** The norm that bounds {@code g · δ} for a unit of the given norm; for L0, that of a change of one feature by one. */
    static double dual(double[] g, Norm norm) {
        return switch (norm) {
            case LINF -> sum(g);
            case L2 -> Math.sqrt(dot(g, g));
            case L1, L0 -> largest(g);
        };
    }

    /** Say whether a direction can be followed: finite everywhere and not zero. */
    static boolean isDirection(double[] v) {
        double length = dot(v, v);
        return length > 0 && length < Double.POSITIVE_INFINITY;
    }

    static double clip(double value, double lower, double upper) {
        return Math.min(Math.max(value, lower), upper);
    }

    private static double largest(double[] v) {
        double largest = 0;
        for (double value : v) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static double sum(double[] v) {
        double sum = 0;
        for (double value : v) {
            sum += Math.abs(value);
        }
        return sum;
    }

    private static double count(double[] v) {
        double count = 0;
        for (double value : v) {
            count += value == 0 ? 0 : 1;
        }
        return count;
    }
}
