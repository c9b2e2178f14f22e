package dev.mettle.defenses.certification.bounds;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Lower bounds of some quantities of one sample on their way back to the input (CROWN's backward mode): each is at least
 * {@code Σ coefficient · value + constant}, over the values of all tensors that have coefficients.
 */
final class Coefficients {

    private final int rows;
    private final double[][] byTensor;
    private final double[] constants;
    private final double[] sizes;
    private int additions;

    /** Create coefficients that are all zero, for a number of quantities and tensors. */
    Coefficients(int rows, int tensors) {
        this.rows = rows;
        this.byTensor = new double[tensors][];
        this.constants = new double[rows];
        this.sizes = new double[rows];
    }

    int rows() {
        return rows;
    }

    /** Take the coefficients of a tensor away, {@code [rows, values]}; null if it has none. */
    double @Nullable [] take(int tensor) {
        double[] taken = byTensor[tensor];
        byTensor[tensor] = null;
        return taken;
    }

    /** Add to the coefficients of a tensor; the array now belongs to this object. */
    void give(int tensor, double[] more) {
        double[] sum = byTensor[tensor];
        if (sum == null) {
            byTensor[tensor] = more;
        } else {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += more[i];
            }
        }
    }

    /** Return the coefficients of a tensor for adding to, zeros if it has none yet. */
    double[] open(int tensor, int values) {
        if (byTensor[tensor] == null) {
            byTensor[tensor] = new double[rows * values];
        }
        return Objects.requireNonNull(byTensor[tensor]);
    }

    /** Add to the constant of a row. */
    void add(int row, double constant) {
        constants[row] += constant;
        sizes[row] += Math.abs(constant);
        additions++;
    }

    /** Return the constants, less what rounding may have added to them. */
    double[] constants() {
        double[] lower = constants.clone();
        Arrays.setAll(lower, row -> lower[row] - Rounding.ofBounds(additions) * sizes[row]);
        return lower;
    }
}
