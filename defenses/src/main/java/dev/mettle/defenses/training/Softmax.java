package dev.mettle.defenses.training;

import dev.mettle.core.numeric.Rows;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Probabilities of logits, in double precision and as logarithms. */
final class Softmax {

    private Softmax() {}

    /** Return {@code log softmax(z)}. */
    static double[] log(double[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - max);
        }
        double[] result = new double[logits.length];
        for (int k = 0; k < result.length; k++) {
            result[k] = logits[k] - max - Math.log(sum);
        }
        return result;
    }

    /** Return {@link #log} of every row. */
    static double[][] logRows(INDArray logits) {
        double[][] rows = Rows.toRows(logits);
        for (int i = 0; i < rows.length; i++) {
            rows[i] = log(rows[i]);
        }
        return rows;
    }
}
