package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The points an attacker may reach from a batch of clean samples: the ball of radius epsilon around each, inside the box.
 *
 * <p>This is all the geometry that attacks need, one implementation per {@link Norm}. Batches have the shape of the clean
 * samples, {@code [n, ...]}; row {@code i} always belongs to clean sample {@code i}. Clean samples lie inside the box.
 */
public abstract class PerturbationSet {

    final double epsilon;
    final Box box;
    final INDArray clean;

    PerturbationSet(double epsilon, Box box, INDArray clean) {
        this.epsilon = epsilon;
        this.box = box;
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
                    points[row][i] = streams[row].uniform(box.lower(i), box.upper(i));
                }
                continue;
            }
            sampleBall(points[row], delta, streams[row]);
            for (int i = 0; i < features; i++) {
                points[row][i] = Math.min(Math.max(points[row][i] + delta[i], box.lower(i)), box.upper(i));
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
        return Math.max(0, sign > 0 ? box.upper(i) - sample[i] : sample[i] - box.lower(i));
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
