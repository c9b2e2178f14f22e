package dev.mettle.junit;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@link AffineModel} with its logits multiplied by a factor that may depend on the batch: it decides as that does, and says so in
 * another way. Counts the samples that it is asked about.
 */
record Masked(DifferentiableModel model, ToDoubleFunction<INDArray> factor, AtomicLong asked)
        implements DifferentiableModel {

    /** The model as it is. */
    static Masked notAtAll() {
        return around(AffineModel.exact(), batch -> 1);
    }

    /** Logits so large that a softmax holds nothing but zeros and ones. */
    static Masked byLargeLogits() {
        return around(AffineModel.exact(), batch -> 1e4);
    }

    /** Logits that grow by a tenth in a batch of an odd size. */
    static Masked byTheBatch() {
        return around(AffineModel.exact(), batch -> batch.size(0) % 2 == 0 ? 1 : 1.1);
    }

    /** The model as it is, with gradients that are too long. */
    static Masked byWrongGradients() {
        return around(AffineModel.withWrongGradients(), batch -> 1);
    }

    private static Masked around(DifferentiableModel model, ToDoubleFunction<INDArray> factor) {
        return new Masked(model, factor, new AtomicLong());
    }

    @Override
    public ModelInfo info() {
        return model.info();
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public INDArray logits(INDArray inputs) {
        asked.addAndGet(inputs.size(0));
        return model.logits(inputs).mul(factor.applyAsDouble(inputs));
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        asked.addAndGet(inputs.size(0));
        double scale = factor.applyAsDouble(inputs);
        INDArray[] scaled = new INDArray[1];
        InputGradient pass = model.gradient(inputs, logits -> {
            scaled[0] = logits.mul(scale);
            return lossGradient.apply(scaled[0]).mul(scale);
        });
        return new InputGradient(scaled[0], pass.gradient());
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return model.info().dataType() == DataType.DOUBLE ? this : new Masked(model.inDoublePrecision(), factor, asked);
    }
}
