package dev.mettle.core.testing;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The classifier {@code z = x·W + b}: every minimal perturbation is known in closed form. */
public final class AffineModel implements DifferentiableModel {

    private final double[][] weights;
    private final double[] bias;
    private final Box box;
    private final long[] inputShape;
    private final DataType dataType;

    /** Create the model; {@code weights[j]} are those of class {@code j}. */
    public AffineModel(double[][] weights, double[] bias, Box box, DataType dataType, long... inputShape) {
        this.weights = weights;
        this.bias = bias;
        this.box = box;
        this.dataType = dataType;
        this.inputShape = inputShape;
    }

    /** Create a model with random weights. */
    public static AffineModel random(int classes, long seed, DataType dataType, long... inputShape) {
        int features = (int) java.util.Arrays.stream(inputShape).reduce(1, (a, b) -> a * b);
        SampleRandom random = SampleRandom.of(seed, "affine model", 0, classes);
        double[][] weights = new double[classes][features];
        double[] bias = new double[classes];
        for (int j = 0; j < classes; j++) {
            for (int i = 0; i < features; i++) {
                weights[j][i] = random.gaussian();
            }
            bias[j] = 0.1 * random.gaussian();
        }
        return new AffineModel(weights, bias, Box.of(0, 1), dataType, inputShape);
    }

    /** Return the same model, with more bias for one class. */
    public AffineModel withBias(int label, double more) {
        double[] other = bias.clone();
        other[label] += more;
        return new AffineModel(weights, other, box, dataType, inputShape);
    }

    /** Return the weights, one row per class. */
    public double[][] weights() {
        return weights;
    }

    /** Return the logits of one sample. */
    public double[] logits(double[] sample) {
        double[] logits = bias.clone();
        for (int j = 0; j < logits.length; j++) {
            for (int i = 0; i < sample.length; i++) {
                logits[j] += weights[j][i] * sample[i];
            }
        }
        return logits;
    }

    @Override
    public ModelInfo info() {
        return new ModelInfo(
                "affine", ModelInfo.shape(inputShape), bias.length, box, dataType, "0".repeat(64), List.of());
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return Logits.judge(logits(inputs), aims);
    }

    @Override
    public INDArray logits(INDArray inputs) {
        double[][] rows = Rows.toRows(inputs);
        double[][] logits = new double[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            logits[row] = logits(rows[row]);
        }
        return matrix(logits, inputs.dataType());
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        INDArray logits = logits(inputs);
        double[][] cotangents = Rows.toRows(lossGradient.apply(logits));
        double[][] gradients = new double[cotangents.length][(int) Rows.features(inputs)];
        for (int row = 0; row < gradients.length; row++) {
            for (int j = 0; j < bias.length; j++) {
                for (int i = 0; i < gradients[row].length; i++) {
                    gradients[row][i] += cotangents[row][j] * weights[j][i];
                }
            }
        }
        return new InputGradient(logits, Rows.fromRows(gradients, inputs));
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return new AffineModel(weights, bias, box, DataType.DOUBLE, inputShape);
    }

    private static INDArray matrix(double[][] rows, DataType type) {
        double[] flat = java.util.Arrays.stream(rows)
                .flatMapToDouble(java.util.Arrays::stream)
                .toArray();
        return Rows.fromDoubles(flat, new long[] {rows.length, rows[0].length}, type);
    }
}
