package dev.mettle.defenses.certification.bounds;

/** An interval per value of a tensor, for one sample; values in C order. The arrays are shared, not copied. */
final class Bounds {

    private final double[] lower;
    private final double[] upper;
    private final double[] errors;

    Bounds(double[] lower, double[] upper) {
        this(lower, upper, new double[0]);
    }

    /**
     * Create the intervals.
     *
     * @param errors by how much rounding in the step that computes the values has widened them, if it needs to know later
     */
    Bounds(double[] lower, double[] upper, double[] errors) {
        this.lower = lower;
        this.upper = upper;
        this.errors = errors;
    }

    /** Return tighter intervals of the same values. */
    Bounds tightened(double[] newLower, double[] newUpper) {
        return new Bounds(newLower, newUpper, errors);
    }

    double lower(int i) {
        return lower[i];
    }

    double upper(int i) {
        return upper[i];
    }

    /** Return the largest absolute value in an interval. */
    double magnitude(int i) {
        return Math.max(Math.abs(lower[i]), Math.abs(upper[i]));
    }

    int size() {
        return lower.length;
    }

    double[] lower() {
        return lower;
    }

    double[] upper() {
        return upper;
    }

    double[] errors() {
        return errors;
    }

    /** Say whether no value is NaN, nor beyond a limit. */
    boolean isWithin(double limit) {
        for (int i = 0; i < lower.length; i++) {
            if (!(magnitude(i) <= limit)) {
                return false;
            }
        }
        return true;
    }

    /** Return the least value of {@code Σ factorᵢ · xᵢ}, before rounding. */
    double minimum(double[] factors, int offset) {
        double sum = 0;
        for (int i = 0; i < lower.length; i++) {
            double factor = factors[offset + i];
            if (factor != 0) {
                sum += factor * (factor > 0 ? lower[i] : upper[i]);
            }
        }
        return sum;
    }
}
