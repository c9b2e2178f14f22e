package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The points an attacker may reach from a batch of clean samples: the ball of radius epsilon around each, inside the box.
 *
 * <p>Points are in attack coordinates; see {@link AttackSpace}. This is all the geometry that attacks need, one implementation per {@link Norm}. Batches have the shape of the clean
 * samples, {@code [n, ...]}; row {@code i} always belongs to clean sample {@code i}. Clean samples lie inside the box.
 */
public abstract class PerturbationSet {

    final double epsilon;
    final Box box;
    final Constraints constraints;
    final INDArray clean;
    private @Nullable INDArray lower;
    private @Nullable INDArray upper;

    PerturbationSet(double epsilon, Box box, Constraints constraints, INDArray clean) {
        this.epsilon = epsilon;
        this.box = box;
        this.constraints = constraints;
        this.clean = clean;
    }

    /** Return the radius of the ball. */
    public final double epsilon() {
        return epsilon;
    }

    /** Return the box around all inputs. */
    public final Box box() {
        return box;
    }

    /** Return the smallest allowed value of every feature of every sample; for a frozen feature its own. Don't change it. */
    public final INDArray lower() {
        if (lower == null) {
            lower = bounds(this::low);
        }
        return lower;
    }

    /** Return the largest allowed value of every feature of every sample; for a frozen feature its own. Don't change it. */
    public final INDArray upper() {
        if (upper == null) {
            upper = bounds(this::high);
        }
        return upper;
    }

    private INDArray bounds(Bound bound) {
        return mapRows(clean, (sample, row) -> {
            Arrays.setAll(row, i -> bound.of(sample, i));
            return row;
        });
    }

    /** The bound of one feature of one sample. */
    private interface Bound {
        double of(double[] sample, int feature);
    }

    /** The smallest allowed value of a feature of a sample. */
    final double low(double[] sample, int feature) {
        return constraints.isFrozen(feature) ? sample[feature] : box.lower(feature);
    }

    /** The largest allowed value of a feature of a sample. */
    final double high(double[] sample, int feature) {
        return constraints.isFrozen(feature) ? sample[feature] : box.upper(feature);
    }

    /** Clip a batch to the box, and frozen features to their own value; in place. */
    final INDArray clip(INDArray x) {
        if (!constraints.hasFrozen()) {
            return box.clip(x);
        }
        Transforms.max(x, lower(), false);
        return Transforms.min(x, upper(), false);
    }

    /** Move every row to a point of the set: the nearest one, except for L2, see there. In place; returns {@code x}. */
    public abstract INDArray project(INDArray x);

    /**
     * Return the step of steepest ascent at {@code x}: the perturbation of norm {@code size} that gains most along the gradient.
     * A row whose gradient is zero gets a zero step.
     */
    public abstract INDArray steepestStep(INDArray x, INDArray gradient, double size);

    /** Return the point of the set at which the linear function {@code gradient · x} is largest. */
    public abstract INDArray maximizeLinear(INDArray gradient);

    /** Draw a uniformly distributed point of the ball for every row, then clip it to the box. */
    public final INDArray sample(SampleRandom[] streams) {
        int features = (int) Rows.features(clean);
        double[][] points = Rows.toRows(clean);
        double[] delta = new double[features];
        for (int row = 0; row < points.length; row++) {
            if (Double.isInfinite(epsilon)) {
                for (int i = 0; i < features; i++) {
                    points[row][i] = streams[row].uniform(low(points[row], i), high(points[row], i));
                }
                continue;
            }
            sampleBall(points[row], delta, streams[row]);
            for (int i = 0; i < features; i++) {
                points[row][i] =
                        Math.min(Math.max(points[row][i] + delta[i], low(points[row], i)), high(points[row], i));
            }
        }
        return project(Rows.fromRows(points, clean)); // rounding to the data type may leave the ball by an ulp
    }

    /** Fill {@code delta} with a uniformly distributed perturbation of {@code sample}. */
    abstract void sampleBall(double[] sample, double[] delta, SampleRandom random);

    /** Return the set around the chosen clean samples only. */
    public abstract PerturbationSet select(int[] rows);

    /** How far feature {@code i} of {@code sample} can move in the direction {@code sign} before it meets the box. */
    final double room(double[] sample, int i, double sign) {
        return Math.max(0, sign > 0 ? high(sample, i) - sample[i] : sample[i] - low(sample, i));
    }

    /** Apply a function to every row of a batch, in doubles. */
    final INDArray mapRows(INDArray batch, RowFunction function) {
        double[][] samples = Rows.toRows(clean);
        double[][] rows = Rows.toRows(batch);
        for (int row = 0; row < rows.length; row++) {
            rows[row] = function.apply(samples[row], rows[row]);
        }
        return Rows.fromRows(rows, batch);
    }

    /** A function of one clean sample and one row of a batch. */
    interface RowFunction {
        double[] apply(double[] sample, double[] row);
    }
}
