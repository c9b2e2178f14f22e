package dev.mettle.dl4j;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * A loss function that hands the logits to the caller and takes dLoss/dLogits from there.
 *
 * <p>Deeplearning4j asks a loss function for its gradient with respect to the input of the output activation; so a loss of
 * the logits goes in here whatever that activation is. Labels are the caller's business.
 */
final class LogitLossFunction implements ILossFunction {

    private static final long serialVersionUID = 1L;

    private transient @Nullable UnaryOperator<INDArray> lossGradient;
    private transient @Nullable INDArray logits;

    /** Set what maps the logits of the next backward pass to dLoss/dLogits. */
    void prepare(UnaryOperator<INDArray> next) {
        lossGradient = next;
        logits = null;
    }

    /** Return the logits of the last backward pass, and forget it. */
    INDArray takeLogits() {
        INDArray taken = logits;
        lossGradient = null;
        logits = null;
        if (taken == null) {
            throw new IllegalStateException("the backward pass never asked for the gradient of the loss");
        }
        return taken;
    }

    @Override
    public INDArray computeGradient(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
        UnaryOperator<INDArray> gradient = lossGradient;
        if (gradient == null || logits != null) {
            throw new IllegalStateException("one backward pass asks once for the gradient of the loss");
        }
        return Workspaces.outside(() -> {
            INDArray own = preOutput.dup('c');
            logits = own;
            return gradient.apply(own).castTo(preOutput.dataType()).dup('c');
        });
    }

    @Override
    public double computeScore(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask, boolean average) {
        return 0;
    }

    @Override
    public INDArray computeScoreArray(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
        return Nd4j.zeros(preOutput.dataType(), preOutput.size(0), 1);
    }

    @Override
    public Pair<Double, INDArray> computeGradientAndScore(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask, boolean average) {
        return new Pair<>(0.0, computeGradient(labels, preOutput, activation, mask));
    }

    @Override
    public String name() {
        return "logits";
    }

    @Override
    public String toString() {
        return name();
    }
}
