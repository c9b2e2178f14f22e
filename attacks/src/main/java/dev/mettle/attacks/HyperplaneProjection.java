package dev.mettle.attacks;

import dev.mettle.core.threat.Norm;
import java.util.Arrays;

/**
 * The smallest step of a point onto a hyperplane inside a box, in L∞, L2 or L1: {@code min ‖δ‖} subject to
 * {@code w · δ = −excess} and {@code lower ≤ x + δ ≤ upper}. Where the box doesn't reach the plane, the step goes to the corner
 * nearest to it.
 *
 * <p>Every δᵢ goes against {@code sign(excess · wᵢ)}, so only sizes have to be found, each at most the feature's room. They are
 * {@code min(λ, roomᵢ)} in L∞ and {@code min(λ|wᵢ|, roomᵢ)} in L2, for the one λ at which {@code Σ|wᵢ||δᵢ| = |excess|}; in L1 the features
 * with the largest {@code |wᵢ|} go all the way until that sum is reached.
 */
final class HyperplaneProjection {

    // The features that can gain, one after the other: their indices, slopes |wᵢ|, rooms, and the sizes to be found.
    private final int[] features;
    private final double[] slopes;
    private final double[] rooms;
    private final double[] sizes;
    private int count;
    private double capacity;

    private HyperplaneProjection(int d) {
        this.features = new int[d];
        this.slopes = new double[d];
        this.rooms = new double[d];
        this.sizes = new double[d];
    }

    /**
     * Return the step.
     *
     * @param x a point of the box
     * @param w the normal of the hyperplane
     * @param excess by how much {@code w · x} exceeds the value on the hyperplane
     */
    static double[] step(double[] x, double[] w, double excess, double[] lower, double[] upper, Norm norm) {
        HyperplaneProjection projection = new HyperplaneProjection(x.length);
        for (int i = 0; i < x.length; i++) {
            boolean up = (w[i] > 0) != (excess > 0);
            double room = up ? upper[i] - x[i] : x[i] - lower[i];
            if (room > 0 && w[i] != 0) {
                projection.add(i, Math.abs(w[i]), room);
            }
        }
        projection.solve(Math.abs(excess), norm);
        double[] step = new double[x.length];
        for (int k = 0; k < projection.count; k++) {
            int i = projection.features[k];
            step[i] = (w[i] > 0) != (excess > 0) ? projection.sizes[k] : -projection.sizes[k];
        }
        return step;
    }

    private void add(int feature, double slope, double room) {
        features[count] = feature;
        slopes[count] = slope;
        rooms[count] = room;
        count++;
        capacity += slope * room;
    }

    private void solve(double excess, Norm norm) {
        if (capacity <= excess) {
            System.arraycopy(rooms, 0, sizes, 0, count);
            return;
        }
        switch (norm) {
            case LINF -> {
                double lambda = lambda(Arrays.copyOf(rooms, count), Arrays.copyOf(slopes, count), excess);
                for (int k = 0; k < count; k++) {
                    sizes[k] = Math.min(lambda, rooms[k]);
                }
            }
            case L2 -> {
                double[] limits = new double[count];
                double[] squares = new double[count];
                for (int k = 0; k < count; k++) {
                    limits[k] = rooms[k] / slopes[k];
                    squares[k] = slopes[k] * slopes[k];
                }
                double lambda = lambda(limits, squares, excess);
                for (int k = 0; k < count; k++) {
                    sizes[k] = Math.min(lambda * slopes[k], rooms[k]);
                }
            }
            case L1 -> largestFirst(excess);
            case L0 -> throw new IllegalArgumentException("there is no projection on a hyperplane in L0");
        }
    }

    /**
     * Solve {@code Σ rateᵢ · min(λ, limitᵢ) = excess}, which has a solution. The sum is concave in λ, so that Newton's method rises
     * to the solution from below, and reaches it once it knows the features at their limits: a handful of rounds. Overwrites the
     * arrays, which hold the features that are still free.
     */
    static double lambda(double[] limits, double[] rates, double excess) {
        int free = limits.length;
        double rate = 0;
        for (double each : rates) {
            rate += each;
        }
        double left = excess;
        double lambda = 0;
        while (true) {
            lambda = Math.max(lambda, left / rate); // rounding apart, it only rises
            int kept = 0;
            double keptRate = 0;
            for (int k = 0; k < free; k++) {
                if (limits[k] <= lambda) {
                    left -= rates[k] * limits[k];
                } else {
                    limits[kept] = limits[k];
                    rates[kept] = rates[k];
                    keptRate += rates[k];
                    kept++;
                }
            }
            if (kept == free || kept == 0) {
                return lambda;
            }
            free = kept;
            rate = keptRate;
        }
    }

    /** Move the features with the largest slopes as far as they can until their gains sum up to the excess: by quickselect. */
    private void largestFirst(double excess) {
        int[] open = new int[count];
        Arrays.setAll(open, k -> k);
        int number = count;
        double left = excess;
        while (number > 0) {
            double pivot = median(slopes[open[0]], slopes[open[number / 2]], slopes[open[number - 1]]);
            double above = 0;
            for (int n = 0; n < number; n++) {
                int k = open[n];
                above += slopes[k] > pivot ? slopes[k] * rooms[k] : 0;
            }
            boolean enough = above > left; // then the last feature to move is one above the pivot
            int kept = 0;
            for (int n = 0; n < number; n++) {
                int k = open[n];
                if (enough ? slopes[k] > pivot : slopes[k] < pivot) {
                    open[kept++] = k;
                } else if (!enough && slopes[k] > pivot) {
                    sizes[k] = rooms[k];
                } else if (!enough) {
                    sizes[k] = -1; // at the pivot: next in turn
                }
            }
            if (!enough) {
                left = fill(pivot, left - above);
                if (left <= 0) {
                    return;
                }
            }
            number = kept;
        }
    }

    /** Move the features at the pivot, one after the other; returns what is left of the excess. */
    private double fill(double pivot, double excess) {
        double left = excess;
        for (int k = 0; k < count; k++) {
            if (sizes[k] < 0) {
                sizes[k] = Math.min(Math.max(left, 0) / pivot, rooms[k]);
                left -= pivot * rooms[k];
            }
        }
        return left;
    }

    private static double median(double a, double b, double c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
