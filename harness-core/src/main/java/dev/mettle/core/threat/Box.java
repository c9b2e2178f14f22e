package dev.mettle.core.threat;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Tolerance;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The valid range of inputs: one interval for all features, or one interval per feature.
 *
 * <p>Immutable. Features are counted in C order over the shape of one sample.
 */
public final class Box {

    private final double[] lower;
    private final double[] upper;

    private Box(double[] lower, double[] upper) {
        this.lower = lower;
        this.upper = upper;
        for (int i = 0; i < lower.length; i++) {
            if (!Double.isFinite(lower[i]) || !Double.isFinite(upper[i]) || lower[i] >= upper[i]) {
                throw new ConfigurationException("the input range [" + lower[i] + ", " + upper[i] + "]"
                        + (lower.length > 1 ? " of feature " + i : "")
                        + " is not an interval: give two finite numbers, the smaller one first");
            }
        }
    }

    /**
     * Create a box with the same interval for every feature.
     *
     * @throws ConfigurationException if the bounds are not finite or not in order
     */
    public static Box of(double lower, double upper) {
        return new Box(new double[] {lower}, new double[] {upper});
    }

    /**
     * Create a box with one interval per feature.
     *
     * @throws ConfigurationException if the bounds differ in number, are not finite or not in order
     */
    public static Box perFeature(double[] lower, double[] upper) {
        if (lower.length != upper.length || lower.length == 0) {
            throw new ConfigurationException("the input range has " + lower.length + " lower and " + upper.length
                    + " upper bounds: give one of each per feature");
        }
        return new Box(lower.clone(), upper.clone());
    }

    /** Return the lower bound of a feature. */
    public double lower(int feature) {
        return lower[lower.length == 1 ? 0 : feature];
    }

    /** Return the upper bound of a feature. */
    public double upper(int feature) {
        return upper[upper.length == 1 ? 0 : feature];
    }

    /** Return the box of features that are measured in units of their own; see {@link Constraints#scale}. */
    Box inUnitsOf(Constraints constraints, int features) {
        if (!constraints.hasScale()) {
            return this;
        }
        double[] low = new double[features];
        double[] high = new double[features];
        for (int i = 0; i < features; i++) {
            low[i] = lower(i) / constraints.scaleOf(i);
            high[i] = upper(i) / constraints.scaleOf(i);
        }
        return new Box(low, high);
    }

    /** Return the width of the widest interval. */
    public double width() {
        double width = 0;
        for (int i = 0; i < lower.length; i++) {
            width = Math.max(width, upper[i] - lower[i]);
        }
        return width;
    }

    /** Clip a batch to the box, in place, and return it. */
    public INDArray clip(INDArray batch) {
        if (lower.length == 1) {
            Transforms.max(batch, lower[0], false);
            return Transforms.min(batch, upper[0], false);
        }
        Transforms.max(batch, lowerLike(batch), false);
        return Transforms.min(batch, upperLike(batch), false);
    }

    /** Return the lower bounds as a batch with the shape and data type of another. */
    public INDArray lowerLike(INDArray batch) {
        return like(batch, lower);
    }

    /** Return the upper bounds as a batch with the shape and data type of another. */
    public INDArray upperLike(INDArray batch) {
        return like(batch, upper);
    }

    private static INDArray like(INDArray batch, double[] bounds) {
        INDArray result = Nd4j.zeros(batch.dataType(), batch.shape());
        if (bounds.length == 1) {
            return result.assign(bounds[0]);
        }
        Rows.matrix(result).addiRowVector(Rows.fromDoubles(bounds, new long[] {1, bounds.length}, batch.dataType()));
        return result;
    }

    /**
     * Find the first value outside the box, up to rounding.
     *
     * @return a description such as {@code "feature 3 is 255.0"}, or an empty string if all values are inside
     */
    public String firstViolation(double[] features) {
        double slack = Tolerance.RELATIVE * width();
        for (int i = 0; i < features.length; i++) {
            if (!(features[i] >= lower(i) - slack && features[i] <= upper(i) + slack)) {
                return "feature " + i + " is " + features[i];
            }
        }
        return "";
    }

    /**
     * Refuse a sample shape that does not fit the bounds per feature.
     *
     * @throws ConfigurationException if the number of features differs from the number of bounds
     */
    public void requireFeatures(long features) {
        if (lower.length > 1 && lower.length != features) {
            throw new ConfigurationException("the input range has bounds for " + lower.length
                    + " features but a sample has " + features + ": give one pair of bounds per feature");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Box box && Arrays.equals(lower, box.lower) && Arrays.equals(upper, box.upper);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(lower) + Arrays.hashCode(upper);
    }

    @Override
    public String toString() {
        return lower.length == 1
                ? "[" + Epsilons.format(lower[0]) + ", " + Epsilons.format(upper[0]) + "]"
                : "[per feature, " + lower.length + " intervals]";
    }
}
