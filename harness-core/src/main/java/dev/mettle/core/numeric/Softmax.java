package dev.mettle.core.numeric;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Probabilities of logits, computed so that nothing overflows. */
public final class Softmax {

    private Softmax() {}

    /** Return the position of the largest logit; the lowest one where several tie. */
    public static int largest(double[] logits) {
        int best = 0;
        for (int j = 1; j < logits.length; j++) {
            best = logits[j] > logits[best] ? j : best;
        }
        return best;
    }

    /** Return the probabilities. */
    public static double[] of(double[] logits) {
        double top = logits[largest(logits)];
        double[] probabilities = new double[logits.length];
        double sum = 0;
        for (int j = 0; j < logits.length; j++) {
            probabilities[j] = Math.exp(logits[j] - top);
            sum += probabilities[j];
        }
        for (int j = 0; j < logits.length; j++) {
            probabilities[j] /= sum;
        }
        return probabilities;
    }

    /** Return their logarithms, {@code log softmax(z)}. */
    public static double[] log(double[] logits) {
        double sum = logSumExp(logits);
        return Arrays.stream(logits).map(logit -> logit - sum).toArray();
    }

    /** Return {@link #log} of every row. */
    public static double[][] logRows(INDArray logits) {
        double[][] rows = Rows.toRows(logits);
        Arrays.setAll(rows, i -> log(rows[i]));
        return rows;
    }

    /** Return {@code log Σ exp zⱼ}. */
    public static double logSumExp(double[] logits) {
        return logSumExpWithout(logits, -1);
    }

    /** Return {@code log Σ_{j≠left} exp zⱼ}. */
    public static double logSumExpWithout(double[] logits, int left) {
        double top = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < logits.length; j++) {
            top = j == left ? top : Math.max(top, logits[j]);
        }
        double sum = 0;
        for (int j = 0; j < logits.length; j++) {
            sum += j == left ? 0 : Math.exp(logits[j] - top);
        }
        return top + Math.log(sum);
    }

    /** Return dLoss/dLogits for dLoss/dProbabilities. */
    public static double[] backward(double[] probabilities, double[] gradient) {
        double mean = 0;
        for (int j = 0; j < gradient.length; j++) {
            mean += probabilities[j] * gradient[j];
        }
        double[] result = new double[gradient.length];
        for (int j = 0; j < gradient.length; j++) {
            result[j] = probabilities[j] * (gradient[j] - mean);
        }
        return result;
    }
}
