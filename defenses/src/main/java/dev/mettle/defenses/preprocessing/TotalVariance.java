package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Replace every image by a smoother one near by, of small total variation: {@code min_z ½‖z − x‖² + λ Σ |∇z|} on values scaled to
 * [0, 1], channel by channel, by Chambolle's projection on the dual (An Algorithm for Total Variation Minimization and Applications,
 * J. Math. Imaging Vis. 2004) with step 1/8.
 *
 * <p>Images of shape {@code [n, channels, height, width]}. The gradient passes straight through (BPDA).
 *
 * <p>Proposed as a defense by Guo, Rana, Cissé, van der Maaten: Countering Adversarial Images using Input Transformations, ICLR 2018,
 * <a href="https://arxiv.org/abs/1711.00117">arXiv:1711.00117</a>, who drop random pixels first; this step doesn't. Broken by Athalye,
 * Carlini, Wagner 2018, with the identity as the backward pass.
 *
 * @param lambda the weight λ of the total variation, above 0; the larger, the smoother
 * @param iterations how many steps of the algorithm, from 1 to 10,000
 * @param range the input range; that of the model when the step is put before one
 */
public record TotalVariance(double lambda, int iterations, Box range) implements Preprocessing {

    private static final double STEP = 0.125;
    private static final int MOST_ITERATIONS = 10_000;

    /**
     * Create the step.
     *
     * @throws ConfigurationException if λ is not above 0, or iterations are not from 1 to 10,000
     */
    public TotalVariance {
        Checks.requirePositive("TotalVariance", "lambda", lambda);
        Checks.requireBetween("TotalVariance", "iterations", iterations, 1, MOST_ITERATIONS);
    }

    /** Create the step with 50 iterations. */
    public TotalVariance(double lambda) {
        this(lambda, 50);
    }

    /** Create the step for inputs in [0, 1], or in the range of the model that it is put before. */
    public TotalVariance(double lambda, int iterations) {
        this(lambda, iterations, Box.of(0, 1));
    }

    @Override
    public String name() {
        return "total variance minimization (λ = " + Checks.format(lambda) + ", " + iterations + " iterations)";
    }

    @Override
    public TotalVariance before(ModelInfo model) {
        ImageBatch.require(name(), model);
        return new TotalVariance(lambda, iterations, model.inputRange());
    }

    @Override
    public INDArray apply(INDArray inputs) {
        ImageBatch.require(inputs);
        int height = (int) inputs.size(2);
        int width = (int) inputs.size(3);
        return UnitRange.map(
                inputs,
                range,
                unit -> Arrays.stream(ImageBatch.planes(unit, height, width))
                        .flatMapToDouble(plane -> Arrays.stream(minimize(plane, height, width)))
                        .toArray());
    }

    private double[] minimize(double[] plane, int height, int width) {
        double[] down = new double[plane.length];
        double[] right = new double[plane.length];
        for (int iteration = 0; iteration < iterations; iteration++) {
            double[] residual = divergence(down, right, height, width);
            for (int i = 0; i < residual.length; i++) {
                residual[i] -= plane[i] / lambda;
            }
            for (int i = 0; i < residual.length; i++) {
                double y = i / width < height - 1 ? residual[i + width] - residual[i] : 0;
                double x = i % width < width - 1 ? residual[i + 1] - residual[i] : 0;
                double scale = 1 + STEP * Math.hypot(x, y);
                down[i] = (down[i] + STEP * y) / scale;
                right[i] = (right[i] + STEP * x) / scale;
            }
        }
        double[] result = divergence(down, right, height, width);
        for (int i = 0; i < result.length; i++) {
            result[i] = plane[i] - lambda * result[i];
        }
        return result;
    }

    /** The negative transpose of the forward differences. */
    private static double[] divergence(double[] down, double[] right, int height, int width) {
        double[] divergence = new double[down.length];
        for (int i = 0; i < divergence.length; i++) {
            int row = i / width;
            int column = i % width;
            divergence[i] = (row < height - 1 ? down[i] : 0)
                    - (row > 0 ? down[i - width] : 0)
                    + (column < width - 1 ? right[i] : 0)
                    - (column > 0 ? right[i - 1] : 0);
        }
        return divergence;
    }
}
