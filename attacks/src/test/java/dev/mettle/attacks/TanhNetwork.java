package dev.mettle.attacks;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network of six features, five tanh units and four classes with fixed weights, in double precision, that remembers where its
 * gradient was asked for. Small enough to follow an attack number by number.
 */
final class TanhNetwork implements DifferentiableModel {

    private static final double[][] HIDDEN = {
        {-1.31, -1.49, 0.67, 0.83, 0.51, 1.28},
        {-0.37, 0.71, 0.47, 0.31, -0.58, 0.43},
        {1.76, -0.08, -1.08, 0.57, -0.89, 1.43},
        {-0.18, -0.54, 0.37, -0.23, -0.69, 3.0},
        {0.71, 0.57, 0.29, 1.14, -0.21, -0.41}
    };
    private static final double[] HIDDEN_BIAS = {-0.12, -0.2, -0.08, 0.34, -0.31};
    private static final double[][] OUTPUT = {
        {-0.56, -0.02, 0.49, 0.7, -0.35},
        {1.05, -0.67, -0.09, -0.66, 1.82},
        {-0.79, -0.52, -0.6, 3.02, -1.12},
        {1.76, -1.72, -1.61, -0.63, 0.21}
    };
    private static final double[] OUTPUT_BIAS = {0.47, 0.01, -0.09, 0.5};

    private final List<double[]> queries = new ArrayList<>();
    private final Runnable onGradient;

    /** Create the network; it calls a listener before every gradient. */
    TanhNetwork(Runnable onGradient) {
        this.onGradient = onGradient;
    }

    /** Return the points at which the gradient was asked for, of one sample at a time, in order. */
    List<double[]> queries() {
        return queries;
    }

    private static double[] affine(double[][] weights, double[] bias, double[] x) {
        double[] y = bias.clone();
        for (int j = 0; j < y.length; j++) {
            for (int i = 0; i < x.length; i++) {
                y[j] += weights[j][i] * x[i];
            }
        }
        return y;
    }

    private static double[] hidden(double[] x) {
        double[] hidden = affine(HIDDEN, HIDDEN_BIAS, x);
        for (int j = 0; j < hidden.length; j++) {
            hidden[j] = Math.tanh(hidden[j]);
        }
        return hidden;
    }

    @Override
    public INDArray logits(INDArray inputs) {
        double[][] rows = Rows.toRows(inputs);
        double[] flat = new double[rows.length * OUTPUT.length];
        for (int row = 0; row < rows.length; row++) {
            double[] logits = affine(OUTPUT, OUTPUT_BIAS, hidden(rows[row]));
            System.arraycopy(logits, 0, flat, row * OUTPUT.length, OUTPUT.length);
        }
        return Rows.fromDoubles(flat, new long[] {rows.length, OUTPUT.length}, DataType.DOUBLE);
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        onGradient.run();
        INDArray logits = logits(inputs);
        double[][] cotangents = Rows.toRows(lossGradient.apply(logits));
        double[][] rows = Rows.toRows(inputs);
        double[][] gradients = new double[rows.length][HIDDEN[0].length];
        for (int row = 0; row < rows.length; row++) {
            queries.add(rows[row]);
            double[] hidden = hidden(rows[row]);
            for (int j = 0; j < hidden.length; j++) {
                double outer = 0;
                for (int k = 0; k < OUTPUT.length; k++) {
                    outer += cotangents[row][k] * OUTPUT[k][j];
                }
                for (int i = 0; i < gradients[row].length; i++) {
                    gradients[row][i] += outer * (1 - hidden[j] * hidden[j]) * HIDDEN[j][i];
                }
            }
        }
        return new InputGradient(logits, Rows.fromRows(gradients, inputs));
    }

    @Override
    public ModelInfo info() {
        return new ModelInfo(
                "tanh network",
                ModelInfo.shape(HIDDEN[0].length),
                OUTPUT.length,
                Box.of(0, 1),
                DataType.DOUBLE,
                "0".repeat(64),
                List.of());
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return this;
    }
}
