package dev.mettle.attacks;

import dev.mettle.core.threat.Norm;

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

    private final double[] slopes;
    private final double[] rooms;

    private HyperplaneProjection(double[] slopes, double[] rooms) {
        this.slopes = slopes;
        this.rooms = rooms;
    }

    /**
     * Return the step.
     *
     * @param x a point of the box
     * @param w the normal of the hyperplane
     * @param excess by how much {@code w · x} exceeds the value on the hyperplane
     */
    static double[] step(double[] x, double[] w, double excess, double[] lower, double[] upper, Norm norm) {
        int d = x.length;
        double[] slopes = new double[d];
        double[] rooms = new double[d];
        for (int i = 0; i < d; i++) {
            boolean up = w[i] > 0 != excess > 0;
            slopes[i] = Math.abs(w[i]);
            rooms[i] = w[i] == 0 ? 0 : up ? upper[i] - x[i] : x[i] - lower[i];
        }
        double[] sizes = new HyperplaneProjection(slopes, rooms).sizes(Math.abs(excess), norm);
        for (int i = 0; i < d; i++) {
            sizes[i] = w[i] > 0 != excess > 0 ? sizes[i] : -sizes[i];
        }
        return sizes;
    }

    private double[] sizes(double excess, Norm norm) {
        if (RowVectors.dot(slopes, rooms) <= excess) {
            return rooms.clone();
        }
        return switch (norm) {
            case LINF -> {
                double lambda = lambda(rooms, slopes, excess);
                double[] sizes = new double[rooms.length];
                for (int i = 0; i < sizes.length; i++) {
                    sizes[i] = Math.min(lambda, rooms[i]);
                }
                yield sizes;
            }
            case L2 -> {
                double[] limits = new double[rooms.length];
                double[] squares = new double[rooms.length];
                for (int i = 0; i < limits.length; i++) {
                    limits[i] = slopes[i] == 0 ? 0 : rooms[i] / slopes[i];
                    squares[i] = slopes[i] * slopes[i];
                }
                double lambda = lambda(limits, squares, excess);
                double[] sizes = new double[rooms.length];
                for (int i = 0; i < sizes.length; i++) {
                    sizes[i] = Math.min(lambda * slopes[i], rooms[i]);
                }
                yield sizes;
            }
            case L1 -> largestFirst(excess);
            case L0 -> throw new IllegalArgumentException("there is no projection on a hyperplane in L0");
        };
    }

    /**
     * Solve {@code Σ rateᵢ · min(λ, limitᵢ) = excess}, which has a solution. The sum is concave in λ, so that Newton's method rises
     * to the solution from below, and reaches it once it knows the features at their limits: a handful of rounds.
     */
    private static double lambda(double[] limits, double[] rates, double excess) {
        int d = limits.length;
        int[] free = new int[d];
        double rate = 0;
        int count = 0;
        for (int i = 0; i < d; i++) {
            if (limits[i] > 0) {
                free[count++] = i;
                rate += rates[i];
            }
        }
        double left = excess;
        double lambda = 0;
        while (true) {
            lambda = Math.max(lambda, left / rate); // rounding apart, it only rises
            int kept = 0;
            double keptRate = 0;
            for (int k = 0; k < count; k++) {
                int i = free[k];
                if (limits[i] <= lambda) {
                    left -= rates[i] * limits[i];
                } else {
                    free[kept++] = i;
                    keptRate += rates[i];
                }
            }
            if (kept == count || kept == 0) {
                return lambda;
            }
            count = kept;
            rate = keptRate;
        }
    }

    /** Move the features with the largest slopes as far as they can until their gains sum up to the excess: by quickselect. */
    private double[] largestFirst(double excess) {
        int d = slopes.length;
        double[] sizes = new double[d];
        int[] open = new int[d];
        int count = 0;
        for (int i = 0; i < d; i++) {
            if (slopes[i] * rooms[i] > 0) {
                open[count++] = i;
            }
        }
        double left = excess;
        int[] scratch = new int[d];
        while (count > 0) {
            double pivot = median(slopes[open[0]], slopes[open[count / 2]], slopes[open[count - 1]]);
            double above = 0;
            for (int k = 0; k < count; k++) {
                above += slopes[open[k]] > pivot ? slopes[open[k]] * rooms[open[k]] : 0;
            }
            boolean within = above > left; // the last feature to move is one above the pivot
            int rest = 0;
            for (int k = 0; k < count; k++) {
                int i = open[k];
                if (slopes[i] > pivot) {
                    if (within) {
                        scratch[rest++] = i;
                    } else {
                        sizes[i] = rooms[i];
                    }
                } else if (!within && slopes[i] < pivot) {
                    scratch[rest++] = i;
                }
            }
            if (!within) {
                left -= above;
                for (int k = 0; k < count && left > 0; k++) {
                    int i = open[k];
                    if (slopes[i] == pivot) {
                        sizes[i] = Math.min(left / pivot, rooms[i]);
                        left -= pivot * rooms[i];
                    }
                }
                if (left <= 0) {
                    return sizes;
                }
            }
            int[] swap = open;
            open = scratch;
            scratch = swap;
            count = rest;
        }
        return sizes;
    }

    private static double median(double a, double b, double c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
