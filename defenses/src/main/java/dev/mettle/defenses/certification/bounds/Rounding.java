package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.ConfigurationException;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * How far rounding may carry values away from what exact arithmetic gives.
 *
 * <p>A sum of n products, in whatever order and with or without fused operations, is computed to within
 * {@code n·u / (1 − n·u) · Σ|wᵢ||xᵢ|}, where u is the unit roundoff (Higham, Accuracy and Stability of Numerical Algorithms, 2002,
 * section 3.1). Each operator's own rounding, in the network's type and in the double precision that bounds are computed in, is added
 * to its interval; so intervals enclose what the network computes, not what it would compute in exact arithmetic.
 */
final class Rounding {

    private static final double DOUBLE = 0x1p-53;
    private static final double FLOAT = 0x1p-24;

    /** Single operations of a layer besides its sums, such as those of a batch normalization that was folded into them. */
    private static final int BESIDES = 16;

    /** Units in the last place that a library's exponential function, and what is built on it, may be wrong by. */
    private static final int FUNCTION = 16;

    /** Far below every normal number of single precision: covers results that are flushed to zero. */
    private static final double UNDERFLOW = 1e-30;

    private final double unit;

    private Rounding(double unit) {
        this.unit = unit;
    }

    /**
     * Return the rounding of networks of a type.
     *
     * @throws ConfigurationException if its rounding is not known
     */
    static Rounding of(DataType type) {
        return switch (type) {
            case FLOAT -> new Rounding(FLOAT);
            case DOUBLE -> new Rounding(DOUBLE);
            default ->
                throw new ConfigurationException("the network computes in " + type
                        + ", for whose rounding no bounds are known: use a network in FLOAT or DOUBLE");
        };
    }

    /** Return the error of a sum of products relative to the sum of their absolute values, rounding of the bounds included. */
    double ofSum(long terms, long outputs) {
        return gamma(terms + BESIDES, unit) + ofBounds(Math.max(terms, outputs));
    }

    /** Return the error of a few operations on single values, relative to their largest operand, rounding of the bounds included. */
    double ofArithmetic() {
        return ofSum(1, 1);
    }

    /** Return the error of a function made of exponentials, relative to the larger of 1 and its value. */
    double ofFunction() {
        return FUNCTION * unit + ofBounds(FUNCTION);
    }

    /** Return the error of a sum that only the bounds compute, relative to the sum of absolute values. */
    static double ofBounds(long terms) {
        return 4 * gamma(terms + BESIDES, DOUBLE);
    }

    /** Return an error that every result may have on top of relative ones. */
    static double absolute() {
        return UNDERFLOW;
    }

    /**
     * Return by how much a logit must lead for its score to lead: softmax and sigmoid round differences away that are smaller than a few
     * units of their results.
     */
    double ofScores() {
        return FUNCTION * unit;
    }

    /** Return the largest value that may not overflow. */
    double limit() {
        return unit == FLOAT ? 1e37 : 1e300;
    }

    private static double gamma(long terms, double unit) {
        double sum = terms * unit;
        return sum < 0.5 ? sum / (1 - sum) : Double.POSITIVE_INFINITY;
    }
}
