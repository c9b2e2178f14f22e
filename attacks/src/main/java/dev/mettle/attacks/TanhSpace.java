package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;

/**
 * Points that can't leave the box: {@code x = mid + half · tanh(w)}, descended over {@code w} with Adam (Kingma and Ba 2015), each
 * sample on its own. A feature without room, {@code half = 0}, stays where it is.
 */
final class TanhSpace {

    /** Keeps arctanh finite for features at the edge of the box. */
    private static final double INSIDE = 0.999999;

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    private double[][] middle;
    private double[][] half;
    private double[][] w;
    private double[][] tanh;
    private double[][] mean;
    private double[][] variance;
    private int[] time;

    /** Start at the clean samples. */
    TanhSpace(SampleBatch batch) {
        middle = Rows.toRows(batch.perturbations().lower());
        half = Rows.toRows(batch.perturbations().upper());
        w = Rows.toRows(batch.inputs());
        tanh = new double[w.length][];
        mean = new double[w.length][];
        variance = new double[w.length][];
        time = new int[w.length];
        for (int i = 0; i < w.length; i++) {
            int features = w[i].length;
            for (int j = 0; j < features; j++) {
                double lower = middle[i][j];
                double upper = half[i][j];
                middle[i][j] = (lower + upper) / 2;
                half[i][j] = (upper - lower) / 2;
                w[i][j] = half[i][j] > 0 ? arctanh((w[i][j] - middle[i][j]) / half[i][j]) : 0;
            }
            tanh[i] = new double[features];
            mean[i] = new double[features];
            variance[i] = new double[features];
        }
    }

    private static double arctanh(double value) {
        double inside = INSIDE * Math.min(Math.max(value, -1), 1);
        return (Math.log1p(inside) - Math.log1p(-inside)) / 2;
    }

    /** Return the points, one row per sample. */
    double[][] points() {
        double[][] points = new double[w.length][];
        for (int i = 0; i < points.length; i++) {
            points[i] = new double[w[i].length];
            for (int j = 0; j < points[i].length; j++) {
                tanh[i][j] = 1 - 2 / (Math.exp(2 * w[i][j]) + 1); // several times faster than Math.tanh
                points[i][j] = middle[i][j] + half[i][j] * tanh[i][j];
            }
        }
        return points;
    }

    /** Take one step of Adam from the last points of a sample, given the gradient with respect to them. */
    void descend(int sample, double[] gradient, double rate) {
        time[sample]++;
        double meanScale = rate / (1 - Math.pow(BETA1, time[sample]));
        double varianceScale = 1 / (1 - Math.pow(BETA2, time[sample]));
        double[] first = mean[sample];
        double[] second = variance[sample];
        for (int j = 0; j < gradient.length; j++) {
            double slope = half[sample][j] * (1 - tanh[sample][j] * tanh[sample][j]);
            double g = gradient[j] * slope;
            first[j] = BETA1 * first[j] + (1 - BETA1) * g;
            second[j] = BETA2 * second[j] + (1 - BETA2) * g * g;
            w[sample][j] -= meanScale * first[j] / (Math.sqrt(varianceScale * second[j]) + EPSILON);
        }
    }

    /** Forget the moments of Adam, but stay at the point. */
    void restart(int sample) {
        time[sample] = 0;
        Arrays.fill(mean[sample], 0);
        Arrays.fill(variance[sample], 0);
    }

    /** Fix a feature of a sample at a value, for good. */
    void freeze(int sample, int feature, double value) {
        middle[sample][feature] = value;
        half[sample][feature] = 0;
    }

    /** Go on with these samples only. */
    void select(int[] positions) {
        middle = Chosen.of(middle, positions);
        half = Chosen.of(half, positions);
        w = Chosen.of(w, positions);
        tanh = Chosen.of(tanh, positions);
        mean = Chosen.of(mean, positions);
        variance = Chosen.of(variance, positions);
        time = Chosen.of(time, positions);
    }
}
