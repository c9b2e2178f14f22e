package dev.mettle.junit;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.threat.Box;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Decides like {@link AffineModel}, but through a step: its gradient is truly zero everywhere, so it hides its weakness. */
record StepModel(DataType dataType) implements DifferentiableModel {

    StepModel() {
        this(DataType.FLOAT);
    }

    @Override
    public ModelInfo info() {
        return new ModelInfo("step", ModelInfo.shape(2), 2, Box.of(0, 1), dataType, "00", List.of());
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public INDArray logits(INDArray inputs) {
        INDArray above = inputs.getColumn(0, true).gt(0.5).castTo(dataType);
        return Nd4j.hstack(above, above.rsub(1));
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        return new InputGradient(logits(inputs), inputs.mul(0));
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return new StepModel(DataType.DOUBLE);
    }
}
