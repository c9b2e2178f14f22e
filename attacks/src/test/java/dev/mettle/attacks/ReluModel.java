package dev.mettle.attacks;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The classifier {@code z = V · relu(U · x + a) + b} on the box [0, 1] in double precision: small enough for {@link ReluOptimum},
 * and not convex.
 */
public final class ReluModel implements DifferentiableModel {

    private final double[][] hidden;
    private final double[] hiddenBias;
    private final double[][] output;
    private final double[] outputBias;

    /** Create the model; {@code hidden[k]} are the weights of hidden unit k, {@code output[j]} those of class j. */
    public ReluModel(double[][] hidden, double[] hiddenBias, double[][] output, double[] outputBias) {
        this.hidden = hidden;
        this.hiddenBias = hiddenBias;
        this.output = output;
        this.outputBias = outputBias;
    }

    /** Create a random model whose hidden units bend inside the box and whose classes share it about evenly. */
    public static ReluModel random(int classes, int features, int units, long seed) {
        SampleRandom random = SampleRandom.of(seed, "relu model", classes, features);
        double[][] hidden = gaussians(units, features, random);
        double[] hiddenBias = new double[units];
        for (int k = 0; k < units; k++) { // the unit bends at a random point of the box
            for (int i = 0; i < features; i++) {
                hiddenBias[k] -= hidden[k][i] * random.uniform(0, 1);
            }
        }
        double[][] output = gaussians(classes, units, random);
        ReluModel unbiased = new ReluModel(hidden, hiddenBias, output, new double[classes]);
        double[] bias = new double[classes];
        int points = 200;
        for (int n = 0; n < points; n++) {
            double[] x = new double[features];
            Arrays.setAll(x, i -> random.uniform(0, 1));
            double[] logits = unbiased.logits(x);
            for (int j = 0; j < classes; j++) {
                bias[j] -= logits[j] / points;
            }
        }
        return new ReluModel(hidden, hiddenBias, output, bias);
    }

    private static double[][] gaussians(int rows, int columns, SampleRandom random) {
        double[][] matrix = new double[rows][columns];
        for (double[] row : matrix) {
            Arrays.setAll(row, i -> random.gaussian());
        }
        return matrix;
    }

    int features() {
        return hidden[0].length;
    }

    int units() {
        return hidden.length;
    }

    int classes() {
        return output.length;
    }

    /** Return the weights of a hidden unit, and its bias as the last entry. */
    double[] hiddenPlane(int unit) {
        double[] plane = Arrays.copyOf(hidden[unit], features() + 1);
        plane[features()] = hiddenBias[unit];
        return plane;
    }

    /** Return the logit of a class as an affine function where the given units are active: weights, then the bias. */
    double[] logitPlane(int label, boolean[] active) {
        double[] plane = new double[features() + 1];
        plane[features()] = outputBias[label];
        for (int k = 0; k < units(); k++) {
            if (active[k]) {
                double[] unit = hiddenPlane(k);
                for (int i = 0; i < plane.length; i++) {
                    plane[i] += output[label][k] * unit[i];
                }
            }
        }
        return plane;
    }

    private double preActivation(int unit, double[] sample) {
        double sum = hiddenBias[unit];
        for (int i = 0; i < sample.length; i++) {
            sum += hidden[unit][i] * sample[i];
        }
        return sum;
    }

    /** Return the logits of one sample. */
    public double[] logits(double[] sample) {
        double[] logits = outputBias.clone();
        for (int k = 0; k < units(); k++) {
            double activation = Math.max(preActivation(k, sample), 0);
            for (int j = 0; j < logits.length; j++) {
                logits[j] += output[j][k] * activation;
            }
        }
        return logits;
    }

    @Override
    public ModelInfo info() {
        return new ModelInfo(
                "relu",
                ModelInfo.shape(features()),
                classes(),
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
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return Logits.judge(logits(inputs), aims);
    }

    @Override
    public INDArray logits(INDArray inputs) {
        double[] flat = Arrays.stream(Rows.toRows(inputs))
                .flatMapToDouble(row -> Arrays.stream(logits(row)))
                .toArray();
        return Rows.fromDoubles(flat, new long[] {inputs.size(0), classes()}, DataType.DOUBLE);
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        INDArray logits = logits(inputs);
        double[][] cotangents = Rows.toRows(lossGradient.apply(logits));
        double[][] samples = Rows.toRows(inputs);
        double[][] gradients = new double[samples.length][features()];
        for (int row = 0; row < samples.length; row++) {
            for (int k = 0; k < units(); k++) {
                if (preActivation(k, samples[row]) > 0) {
                    double pull = 0;
                    for (int j = 0; j < classes(); j++) {
                        pull += cotangents[row][j] * output[j][k];
                    }
                    for (int i = 0; i < features(); i++) {
                        gradients[row][i] += pull * hidden[k][i];
                    }
                }
            }
        }
        return new InputGradient(logits, Rows.fromRows(gradients, inputs));
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return this;
    }
}
