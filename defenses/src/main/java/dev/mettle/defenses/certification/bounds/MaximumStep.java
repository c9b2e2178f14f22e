package dev.mettle.defenses.certification.bounds;

import java.util.List;

/**
 * The largest of some values each: max pooling.
 *
 * <p>The lower line is the value with the largest lower bound. The upper line rises with the value whose upper bound u is largest: the
 * others are at most v, and {@code max(x, v)} lies below its chord on {@code [l, u]}; where l is at least v, that value is the maximum.
 */
final class MaximumStep extends Step {

    private final int[][] members;

    /**
     * Create the step.
     *
     * @param members the positions of the values that each maximum is taken of
     */
    MaximumStep(int input, int output, int[][] members) {
        super(List.of(input), output);
        this.members = members;
    }

    @Override
    Bounds forward(Bounds[] all) {
        Bounds x = all[input()];
        double[] lower = new double[members.length];
        double[] upper = new double[members.length];
        for (int i = 0; i < lower.length; i++) {
            lower[i] = x.lower(highestLower(i, x));
            upper[i] = x.upper(highestUpper(i, x));
        }
        return new Bounds(lower, upper);
    }

    private int highestLower(int i, Bounds x) {
        int best = members[i][0];
        for (int member : members[i]) {
            best = x.lower(member) > x.lower(best) ? member : best;
        }
        return best;
    }

    private int highestUpper(int i, Bounds x) {
        int best = members[i][0];
        for (int member : members[i]) {
            best = x.upper(member) > x.upper(best) ? member : best;
        }
        return best;
    }

    /** Return the largest upper bound of all values but one. */
    private double highestOfOthers(int i, int but, Bounds x) {
        double highest = Double.NEGATIVE_INFINITY;
        for (int member : members[i]) {
            highest = member == but ? highest : Math.max(highest, x.upper(member));
        }
        return highest;
    }

    @Override
    void backward(Coefficients work, double[] y, Bounds[] all) {
        Bounds x = all[input()];
        int n = x.size();
        int m = members.length;
        double[] dx = work.open(input(), n);
        double[] constants = new double[work.rows()];
        double[] sizes = new double[work.rows()];
        for (int i = 0; i < m; i++) {
            int low = highestLower(i, x);
            int high = highestUpper(i, x);
            double others = highestOfOthers(i, high, x);
            double l = x.lower(high);
            double u = x.upper(high);
            double slope = l >= others ? 1 : (u - others) / (u - l);
            double constant = l >= others ? 0 : others - slope * l;
            double error = l >= others ? 0 : Rounding.ofBounds(1) * (Math.abs(others) + x.magnitude(high));
            for (int row = 0; row < work.rows(); row++) {
                double factor = y[row * m + i];
                if (factor > 0) {
                    dx[row * n + low] += factor;
                } else if (factor < 0) {
                    dx[row * n + high] += factor * slope;
                    constants[row] += factor * constant;
                    sizes[row] += Math.abs(factor * constant);
                    constants[row] += factor * error;
                }
            }
        }
        for (int row = 0; row < work.rows(); row++) {
            work.add(row, constants[row]);
            work.add(row, -Rounding.ofBounds(m) * sizes[row]);
        }
    }

    @Override
    boolean isLinear() {
        return false;
    }

    @Override
    boolean[] undecided(Bounds[] all) {
        Bounds x = all[input()];
        boolean[] undecided = new boolean[x.size()];
        for (int i = 0; i < members.length; i++) {
            int high = highestUpper(i, x);
            if (x.lower(high) < highestOfOthers(i, high, x)) {
                for (int member : members[i]) {
                    undecided[member] = true;
                }
            }
        }
        return undecided;
    }
}
