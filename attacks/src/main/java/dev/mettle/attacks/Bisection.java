package dev.mettle.attacks;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** A binary search for the decision boundary on a path from each clean sample to an adversarial point, side by side. */
final class Bisection {

    /** More halvings than this are beyond the precision of floats. */
    private static final int MOST = 24;

    private Bisection() {}

    /** A way from the clean sample (at 0) to an adversarial point (at 1). */
    interface Path {
        double[] at(int sample, double share);
    }

    /** Return the number of halvings after which the boundary is known to a share of the path. */
    static int halvings(double precision) {
        return (int) Math.min(MOST, Math.max(1, Math.ceil(-Math.log(precision) / Math.log(2))));
    }

    /**
     * Find the point of each path that is nearest to the clean sample and still adversarial.
     *
     * @param points the adversarial points at the ends of the paths, one per sample of the batch; replaced by the points found
     * @param halvings gives the number of halvings of a sample
     */
    static void run(LabelQueries queries, int[] samples, double[][] points, Path path, IntUnaryOperator halvings) {
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
                middles[i] = path.at(going[i], (low[going[i]] + high[going[i]]) / 2);
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

    /** Return the straight paths to some points. */
    static Path straight(LabelQueries queries, double[][] points) {
        double[][] ends = points.clone();
        return (sample, share) -> {
            double[] clean = queries.clean(sample);
            double[] point = new double[clean.length];
            for (int i = 0; i < point.length; i++) {
                point[i] = clean[i] + share * (ends[sample][i] - clean[i]);
            }
            return queries.clip(sample, point);
        };
    }

    /** Return the paths on which all features move at the same pace until they have arrived: those along which L∞ shrinks evenly. */
    static Path clipped(LabelQueries queries, double[][] points) {
        double[][] ends = points.clone();
        return (sample, share) -> {
            double[] clean = queries.clean(sample);
            double[] point = new double[clean.length];
            double radius = 0;
            for (int i = 0; i < point.length; i++) {
                radius = Math.max(radius, Math.abs(ends[sample][i] - clean[i]));
            }
            for (int i = 0; i < point.length; i++) {
                double change = ends[sample][i] - clean[i];
                point[i] = clean[i] + Math.min(Math.max(change, -share * radius), share * radius);
            }
            return queries.clip(sample, point);
        };
    }
}
