package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.image.Filters;
import dev.mettle.core.image.Filters.Border;
import dev.mettle.core.model.DeclaredGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.Preprocessing;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Blur images with a Gaussian, cut off after four standard deviations, edges reflected, as {@code scipy.ndimage.gaussian_filter} does.
 *
 * <p>Images of shape {@code [n, channels, height, width]}, channel by channel. The step is linear and its gradient exact.
 *
 * <p>A blur is one more linear layer. Carlini and Wagner: Adversarial Examples Are Not Easily Detected, AISec 2017,
 * <a href="https://arxiv.org/abs/1705.07263">arXiv:1705.07263</a>, find that a mean filter (Li and Li 2017) stops attacks that don't know
 * of it, and none that do.
 *
 * @param sigma the standard deviation in pixels, above 0 and at most 10
 */
public record GaussianSmoothing(double sigma) implements Preprocessing {

    private static final double MOST = 10;
    private static final double TRUNCATE = 4;

    /**
     * Create the step.
     *
     * @throws ConfigurationException if sigma is not above 0 and at most 10
     */
    public GaussianSmoothing {
        if (!(sigma > 0 && sigma <= MOST)) {
            throw new ConfigurationException(
                    "GaussianSmoothing: sigma is " + sigma + ": give a number of pixels above 0 and at most 10");
        }
    }

    @Override
    public String name() {
        return "Gaussian smoothing (σ = " + Checks.format(sigma) + ")";
    }

    @Override
    public DeclaredGradient declaredGradient() {
        return DeclaredGradient.EXACT;
    }

    @Override
    public GaussianSmoothing before(ModelInfo model) {
        ImageBatch.require(name(), model);
        return this;
    }

    @Override
    public INDArray apply(INDArray inputs) {
        return ImageBatch.map(
                inputs, (plane, height, width) -> Filters.separable(plane, height, width, kernel(), Border.REFLECT));
    }

    @Override
    public INDArray backward(INDArray inputs, INDArray gradient) {
        return ImageBatch.map(
                gradient,
                (outer, height, width) -> Filters.separableTransposed(outer, height, width, kernel(), Border.REFLECT));
    }

    private double[] kernel() {
        return Filters.gaussianKernel(sigma, (int) (TRUNCATE * sigma + 0.5));
    }
}
