package dev.mettle.attacks;

import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** A binary search for the decision boundary on a path from each clean sample to an adversarial point, side by side. */
final class Bisection {

    /** More halvings than this are beyond the precision of floats. */
    private static final int MOST = 20;

    private Bisection() {}

    /** A way from a clean sample (at 0) to an adversarial point (at 1). */
    interface Path {
        double[] at(double share);
    }

    /** Return the number of halvings after which the boundary is known to a share of the path. */
    static int halvings(double precision) {
        return (int) Math.min(MOST, Math.max(1, Math.ceil(-Math.log(precision) / Math.log(2))));
    }

    /**
     * Move adversarial points towards their clean samples as far as they stay adversarial, on the paths on which the norm
     * shrinks evenly.
     */
    static void toBoundary(
            LabelQueries queries, int[] samples, double[][] points, Norm norm, IntUnaryOperator halvings) {
        Path[] paths = new Path[points.length];
        for (int sample : samples) {
            paths[sample] = path(queries, sample, points[sample], norm);
        }
        run(queries, samples, points, paths, halvings);
    }

    /**
     * Find the point of each path that is nearest to the clean sample and still adversarial.
     *
     * @param points the adversarial points at the ends of the paths, one per sample of the batch; replaced by the points found
     * @param paths the paths, one per sample of the batch
     * @param halvings gives the number of halvings of a sample
     */
    static void run(LabelQueries queries, int[] samples, double[][] points, Path[] paths, IntUnaryOperator halvings) {
        double[] low = new double[points.length];
        double[] high = new double[points.length];
        Arrays.fill(high, 1);
        int[] going = samples;
        for (int step = 0; ; step++) {
            int done = step;
            going = Arrays.stream(queries.withQueriesLeft(going))
                    .filter(sample -> done < halvings.applyAsInt(sample))
                    .toArray();
            if (going.length == 0) {
                return;
            }
            double[][] middles = new double[going.length][];
            for (int i = 0; i < going.length; i++) {
                middles[i] = paths[going[i]].at((low[going[i]] + high[going[i]]) / 2);
            }
            boolean[] adversarial = queries.ask(going, middles);
            for (int i = 0; i < going.length; i++) {
                int sample = going[i];
                double share = (low[sample] + high[sample]) / 2;
                if (adversarial[i]) {
                    high[sample] = share;
                    points[sample] = middles[i];
                } else {
                    low[sample] = share;
                }
            }
        }
    }

    /**
     * Return the path on which a norm shrinks evenly: in L∞ all features move at the same pace until they have arrived; else, a
     * straight line.
     */
    static Path path(LabelQueries queries, int sample, double[] end, Norm norm) {
        double[] clean = queries.clean(sample);
        double[] change = new double[clean.length];
        double largest = 0;
        for (int i = 0; i < change.length; i++) {
            change[i] = end[i] - clean[i];
            largest = Math.max(largest, Math.abs(change[i]));
        }
        double radius = largest;
        return share -> {
            double[] point = clean.clone();
            for (int i = 0; i < point.length; i++) {
                point[i] += norm == Norm.LINF
                        ? Math.min(Math.max(change[i], -share * radius), share * radius)
                        : share * change[i];
            }
            return queries.clip(sample, point);
        };
    }
}
