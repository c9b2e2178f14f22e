package dev.mettle.reports;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Two classes: the mean of the sample lies below one half, or above. */
record AffineModel(ModelInfo info, DataType dataType) implements DifferentiableModel {

    static AffineModel forInputs(long... shape) {
        return new AffineModel(
                new ModelInfo(
                        "affine",
                        ModelInfo.shape(shape),
                        2,
                        Box.of(0, 1),
                        DataType.FLOAT,
                        "aaaabbbbccccddddeeeeffff",
                        List.of()),
                DataType.FLOAT);
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public INDArray logits(INDArray inputs) {
        double[][] rows = Rows.toRows(inputs);
        double[] logits = new double[2 * rows.length];
        for (int i = 0; i < rows.length; i++) {
            for (double feature : rows[i]) {
                logits[2 * i + 1] += 2 * (feature - 0.5);
            }
        }
        return Rows.fromDoubles(logits, new long[] {rows.length, 2}, inputs.dataType());
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        INDArray logits = logits(inputs);
        double[][] slopes = Rows.toRows(lossGradient.apply(logits));
        double[][] gradient = Rows.toRows(inputs);
        for (int i = 0; i < gradient.length; i++) {
            Arrays.fill(gradient[i], 2 * slopes[i][1]);
        }
        return new InputGradient(logits, Rows.fromRows(gradient, inputs));
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return new AffineModel(info, DataType.DOUBLE);
    }
}
