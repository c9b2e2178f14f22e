package dev.mettle.core.loss;

import dev.mettle.core.numeric.Rows;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A loss of the logits {@code z} of a sample, larger the closer the sample is to what an attack wants of it.
 *
 * <p>Values and gradients are computed in double precision from closed forms on the logits, never from probabilities. In the
 * formulas, {@code y} is the true label and {@code t} the target of a targeted attack. Where the last logit stands for no answer, the
 * batch methods let {@code z_y} be the larger one of both: an attack has to beat the true label and the abstention.
 */
public abstract class LogitLoss {

    /** Return the loss of one sample. */
    public abstract double value(double[] logits, Aim aim);

    /** Return dLoss/dLogits of one sample. */
    public abstract double[] gradient(double[] logits, Aim aim);

    /**
     * Return dLoss/dLogits of one sample up to a positive factor, chosen so that it doesn't underflow.
     *
     * <p>Attacks that use only the direction of the input gradient (its sign, or the gradient over its norm) see no
     * difference, except that the gradient of a very confident model doesn't vanish in float32.
     */
    public double[] direction(double[] logits, Aim aim) {
        return gradient(logits, aim);
    }

    /** Return the untargeted loss of one sample. */
    public final double value(double[] logits, int label) {
        return value(logits, Aim.awayFrom(label));
    }

    /** Return dLoss/dLogits of the untargeted loss of one sample. */
    public final double[] gradient(double[] logits, int label) {
        return gradient(logits, Aim.awayFrom(label));
    }

    /** Return {@link #direction(double[], Aim)} of the untargeted loss of one sample. */
    public final double[] direction(double[] logits, int label) {
        return direction(logits, Aim.awayFrom(label));
    }

    /** Return the loss of every row of {@code logits}, shape {@code [n, classes]}. */
    public final double[] values(INDArray logits, Aim[] aims) {
        double[][] rows = Rows.toRows(logits);
        double[] values = new double[rows.length];
        for (int row = 0; row < rows.length; row++) {
            values[row] = value(aims[row].merge(rows[row]), aims[row].plain());
        }
        return values;
    }

    /** Return dLoss/dLogits of every row, same shape and data type as {@code logits}. Each row is its own loss: a sum. */
    public final INDArray gradients(INDArray logits, Aim[] aims) {
        double[][] rows = Rows.toRows(logits);
        for (int row = 0; row < rows.length; row++) {
            Aim aim = aims[row];
            rows[row] = aim.unmerge(rows[row], gradient(aim.merge(rows[row]), aim.plain()));
        }
        return Rows.fromRows(rows, logits);
    }

    /** Return {@link #direction(double[], Aim)} of every row, same shape and data type as {@code logits}. */
    public final INDArray directions(INDArray logits, Aim[] aims) {
        double[][] rows = Rows.toRows(logits);
        for (int row = 0; row < rows.length; row++) {
            Aim aim = aims[row];
            rows[row] = aim.unmerge(rows[row], direction(aim.merge(rows[row]), aim.plain()));
        }
        return Rows.fromRows(rows, logits);
    }

    /** Return the untargeted loss of every row of {@code logits}. */
    public final double[] values(INDArray logits, int[] labels) {
        return values(logits, Aim.awayFrom(labels));
    }

    /** Return dLoss/dLogits of the untargeted loss of every row. */
    public final INDArray gradients(INDArray logits, int[] labels) {
        return gradients(logits, Aim.awayFrom(labels));
    }

    /** Return the class with the largest logit other than {@code label}; the first one in a tie. */
    public static int runnerUp(double[] logits, int label) {
        int best = label == 0 ? 1 : 0;
        for (int j = best + 1; j < logits.length; j++) {
            if (j != label && logits[j] > logits[best]) {
                best = j;
            }
        }
        return best;
    }
}
