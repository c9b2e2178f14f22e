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

/**
 * A classifier of two features in [0, 1] that looks at the first only: class 0 above one half, class 1 below. A sample breaks
 * exactly where a perturbation carries its first feature over one half, so every result is known beforehand.
 */
final class AffineModel implements DifferentiableModel {

    private static final float[][] WEIGHTS = {{1, -1}, {0, 0}};

    private final String name;
    private final DataType dataType;
    private final double gradientScale;
    private final double boundary;

    private AffineModel(String name, DataType dataType, double gradientScale, double boundary) {
        this.name = name;
        this.dataType = dataType;
        this.gradientScale = gradientScale;
        this.boundary = boundary;
    }

    static AffineModel exact() {
        return withBoundary(0.5);
    }

    /** The same model with its decision boundary elsewhere. */
    static AffineModel withBoundary(double boundary) {
        return new AffineModel("affine", DataType.FLOAT, 1, boundary);
    }

    /** The same model with input gradients that are too large by a factor. */
    static AffineModel withWrongGradients() {
        return new AffineModel("wrong", DataType.FLOAT, 1.5, 0.5);
    }

    @Override
    public ModelInfo info() {
        return new ModelInfo(name, ModelInfo.shape(2), 2, Box.of(0, 1), dataType, "00", List.of());
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public INDArray logits(INDArray inputs) {
        return inputs.mmul(weights())
                .addRowVector(Nd4j.createFromArray((float) -boundary, (float) boundary)
                        .castTo(dataType));
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        INDArray logits = logits(inputs);
        return new InputGradient(
                logits, lossGradient.apply(logits).mmul(weights().transpose()).mul(gradientScale));
    }

    private INDArray weights() {
        return Nd4j.createFromArray(WEIGHTS).castTo(dataType);
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return new AffineModel(name, DataType.DOUBLE, gradientScale, boundary);
    }
}
