package dev.mettle.defenses.training;

import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * A {@link PairLoss} as a loss of Deeplearning4j on a batch that holds the clean samples first, and then the same samples perturbed. It
 * acts on what comes before the last activation, the logits, whatever that activation is.
 */
final class PairLossFunction implements ILossFunction {

    private static final long serialVersionUID = 1L;

    private final transient PairLoss loss;
    private final double factor;

    /**
     * Create the function.
     *
     * @param loss the loss of a pair
     * @param meanOfRows whether Deeplearning4j divides gradients by the number of rows, which is twice that of pairs
     */
    PairLossFunction(PairLoss loss, boolean meanOfRows) {
        this.loss = loss;
        this.factor = meanOfRows ? 2 : 1;
    }

    @Override
    public double computeScore(
            INDArray labels, INDArray preOutput, IActivation activationFn, @Nullable INDArray mask, boolean average) {
        double sum = Arrays.stream(compute(labels, preOutput, null)).sum();
        return average ? sum / (labels.size(0) / 2.0) : sum;
    }

    @Override
    public INDArray computeScoreArray(
            INDArray labels, INDArray preOutput, IActivation activationFn, @Nullable INDArray mask) {
        double[] values = compute(labels, preOutput, null);
        return Rows.fromDoubles(
                Arrays.copyOf(values, (int) labels.size(0)), new long[] {labels.size(0), 1}, preOutput.dataType());
    }

    @Override
    public INDArray computeGradient(
            INDArray labels, INDArray preOutput, IActivation activationFn, @Nullable INDArray mask) {
        double[][] gradients = new double[(int) preOutput.size(0)][];
        compute(labels, preOutput, gradients);
        return Rows.fromRows(gradients, preOutput);
    }

    @Override
    public Pair<Double, INDArray> computeGradientAndScore(
            INDArray labels, INDArray preOutput, IActivation activationFn, @Nullable INDArray mask, boolean average) {
        return Pair.of(
                computeScore(labels, preOutput, activationFn, mask, average),
                computeGradient(labels, preOutput, activationFn, mask));
    }

    @Override
    public String name() {
        return loss.name();
    }

    /** Return the loss of every pair, and fill in the gradient of every row if asked. */
    private double[] compute(INDArray labels, INDArray preOutput, double @Nullable [][] gradients) {
        double[][] logits = Rows.toRows(preOutput);
        double[][] targets = Rows.toRows(labels);
        int pairs = logits.length / 2;
        boolean single = logits[0].length == 1;
        double[] values = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            double[] clean = single ? new double[] {0, logits[i][0]} : logits[i];
            double[] adversarial = single ? new double[] {0, logits[pairs + i][0]} : logits[pairs + i];
            double[] cleanGradient = new double[clean.length];
            double[] adversarialGradient = new double[clean.length];
            int label = single ? (int) targets[i][0] : argMax(targets[i]);
            values[i] = loss.compute(clean, adversarial, label, cleanGradient, adversarialGradient);
            if (gradients != null) {
                gradients[i] = scaled(cleanGradient, single);
                gradients[pairs + i] = scaled(adversarialGradient, single);
            }
        }
        return values;
    }

    private double[] scaled(double[] gradient, boolean single) {
        double[] result = single ? new double[] {gradient[1]} : gradient;
        for (int k = 0; k < result.length; k++) {
            result[k] *= factor;
        }
        return result;
    }

    private static int argMax(double[] values) {
        int best = 0;
        for (int k = 1; k < values.length; k++) {
            if (values[k] > values[best]) {
                best = k;
            }
        }
        return best;
    }
}
