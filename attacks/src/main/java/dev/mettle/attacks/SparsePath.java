package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;

/** An {@link ApgdPath} in L1: APGD for the intersection of ball and box (Croce and Hein 2021). */
final class SparsePath extends ApgdPath {

    /** Of the features changed at the best point, the next steps go to two thirds; and a step size that stays shrinks to as many. */
    private static final double FACTOR = 1.5;

    private static final double SMALLEST_STEP = 0.1;
    private static final double CHANGED_SPARSITY = 0.95;

    private final int interval;
    private final int free;

    /** The share of the features that a step goes to. */
    private double share;

    private int changedAtCheckpoint;

    private SparsePath(Neighborhood around, double epsilon, double[] start, int steps, int free) {
        super(around, epsilon, start, epsilon);
        this.interval = Math.max((int) (0.04 * steps), 1);
        this.free = free;
    }

    /** Create a path of {@code steps} steps from a random start: its first steps go to a fifth of the features. */
    static SparsePath fromNoise(Neighborhood around, double epsilon, double[] start, int steps) {
        SparsePath path = new SparsePath(around, epsilon, start, steps, free(around));
        path.share = 0.2;
        path.changedAtCheckpoint = path.free;
        return path;
    }

    /** Create a path of {@code steps} steps from a point that is sparse already: its first steps keep to that. */
    static SparsePath fromPoint(Neighborhood around, double epsilon, double[] start, int steps) {
        SparsePath path = new SparsePath(around, epsilon, start, steps, free(around));
        path.changedAtCheckpoint = path.changed(start);
        path.share = path.changedAtCheckpoint / (double) Math.max(path.free, 1) / FACTOR;
        return path;
    }

    private static int free(Neighborhood around) {
        int free = 0;
        for (int i = 0; i < around.features(); i++) {
            free += around.isFree(i) ? 1 : 0;
        }
        return free;
    }

    /** Draw normal noise, and project it on ball and box. */
    static double[] randomStart(Neighborhood around, double epsilon, SampleRandom random) {
        double[] noise = new double[around.features()];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = around.clean[i] + random.gaussian();
        }
        return project(around, epsilon, noise);
    }

    /** x ← Π(x + η · s(g)), with s the signs of the largest entries, divided by their number. */
    @Override
    void move() {
        double[] next = x.clone();
        double[] sizes = new double[next.length];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = around.isFree(i) ? Math.abs(gradient[i]) : 0;
        }
        double threshold = kthLargest(sizes.clone(), free - Math.min((int) ((1 - share) * free), free - 1));
        int count = 0;
        for (double size : sizes) {
            count += size >= threshold && size > 0 ? 1 : 0;
        }
        double each = stepSize / Math.max(count, 1);
        for (int i = 0; i < next.length; i++) {
            if (sizes[i] >= threshold && sizes[i] > 0) {
                next[i] += Math.copySign(each, gradient[i]);
            }
        }
        x = project(around, epsilon, next);
    }

    @Override
    int interval() {
        return interval;
    }

    /** Where the best point became sparser, start again from it with large steps on fewer features; else take smaller steps. */
    @Override
    void checkpoint() {
        int changed = changed(best());
        share = changed / (double) Math.max(free, 1) / FACTOR;
        if (changed < CHANGED_SPARSITY * changedAtCheckpoint) {
            stepSize = epsilon;
            returnToBest();
        } else {
            stepSize = Math.max(stepSize / FACTOR, SMALLEST_STEP * epsilon);
        }
        changedAtCheckpoint = changed;
    }

    private int changed(double[] point) {
        int changed = 0;
        for (int i = 0; i < point.length; i++) {
            changed += point[i] != around.clean[i] ? 1 : 0;
        }
        return changed;
    }

    /** Return the k-th largest value, k from 1; by Hoare's selection, reorders the values. */
    static double kthLargest(double[] values, int k) {
        int wanted = values.length - Math.max(k, 1);
        int low = 0;
        int high = values.length - 1;
        while (low < high) {
            double pivot = values[(low + high) >>> 1];
            int i = low;
            int j = high;
            while (i <= j) {
                while (values[i] < pivot) {
                    i++;
                }
                while (values[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    double swapped = values[i];
                    values[i++] = values[j];
                    values[j--] = swapped;
                }
            }
            if (wanted <= j) {
                high = j;
            } else if (wanted >= i) {
                low = i;
            } else {
                break;
            }
        }
        return values[wanted];
    }

    /**
     * Move a point to the nearest one in ball ∩ box; in place.
     *
     * <p>By the KKT conditions |δᵢ| = min(max(|vᵢ| − λ, 0), roomᵢ) for v = point − clean, with the λ ≥ 0 at which ‖δ‖₁ = ε. The sum
     * falls piecewise linearly in λ, so Newton's method ends after a few rounds; bisection keeps it from straying.
     */
    static double[] project(Neighborhood around, double epsilon, double[] point) {
        double[] clean = around.clean;
        double[] size = new double[point.length]; // of the features that moved; most have not
        double[] room = new double[point.length];
        int moved = 0;
        double sum = 0;
        for (int i = 0; i < point.length; i++) {
            double v = point[i] - clean[i];
            if (v != 0) {
                size[moved] = Math.abs(v);
                room[moved] = v > 0 ? around.upper[i] - clean[i] : clean[i] - around.lower[i];
                sum += Math.min(size[moved], room[moved]);
                moved++;
            }
        }
        double lambda = sum > epsilon ? multiplier(size, room, moved, epsilon) : 0;
        int j = 0;
        for (int i = 0; i < point.length; i++) {
            double v = point[i] - clean[i];
            if (v != 0) {
                point[i] = clean[i] + Math.copySign(Math.min(Math.max(size[j] - lambda, 0), room[j]), v);
                j++;
            }
        }
        return point;
    }

    /** The λ at which the sum is ε, given that at 0 it is more. */
    private static double multiplier(double[] size, double[] room, int length, double epsilon) {
        double low = 0;
        double high = 0; // there the sum is 0
        for (int i = 0; i < length; i++) {
            high = Math.max(high, size[i]);
        }
        double lambda = 0;
        for (int round = 0; round < 200; round++) {
            double excess = -epsilon;
            int slope = 0;
            for (int i = 0; i < length; i++) {
                double left = Math.max(size[i] - lambda, 0);
                excess += Math.min(left, room[i]);
                slope += left > 0 && left <= room[i] ? 1 : 0;
            }
            if (Math.abs(excess) <= 1e-12 * epsilon || !(low < high)) {
                return lambda;
            }
            if (excess > 0) {
                low = lambda;
            } else {
                high = lambda;
            }
            double newton = lambda + excess / slope;
            lambda = newton > low && newton < high && round % 4 != 3 ? newton : (low + high) / 2;
        }
        return high;
    }
}
