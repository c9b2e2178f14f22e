package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.image.Filters.Border;
import dev.mettle.core.model.DeclaredGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.Preprocessing;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Replace every pixel by the median of a square window around it, edges reflected, as {@code scipy.ndimage.median_filter} does: of an
 * even number of pixels the larger of the two in the middle, and windows of even size reach one pixel farther to the upper left.
 *
 * <p>Images of shape {@code [n, channels, height, width]}, channel by channel. The gradient is exact: that of the pixel that is the
 * median, the first one where several are.
 *
 * <p>Proposed by Xu, Evans, Qi: Feature Squeezing, NDSS 2018, <a href="https://arxiv.org/abs/1704.01155">arXiv:1704.01155</a>. He, Wei,
 * Chen, Carlini, Song: Adversarial Example Defenses: Ensembles of Weak Defenses are not Strong, WOOT 2017,
 * <a href="https://arxiv.org/abs/1706.04701">arXiv:1706.04701</a>, break it, alone and together with rounding, by attacking through it.
 *
 * @param size the side of the window in pixels, from 2 to 15
 */
public record MedianSmoothing(int size) implements Preprocessing {

    /**
     * Create the step.
     *
     * @throws ConfigurationException if the size is not from 2 to 15
     */
    public MedianSmoothing {
        Checks.requireBetween("MedianSmoothing", "size", size, 2, 15);
    }

    @Override
    public String name() {
        return "median smoothing " + size + "×" + size;
    }

    @Override
    public DeclaredGradient declaredGradient() {
        return DeclaredGradient.EXACT;
    }

    @Override
    public MedianSmoothing before(ModelInfo model) {
        ImageBatch.require(name(), model);
        return this;
    }

    @Override
    public INDArray apply(INDArray inputs) {
        return ImageBatch.map(
                inputs,
                (plane, height, width) -> Arrays.stream(medians(plane, height, width))
                        .mapToDouble(pixel -> plane[pixel])
                        .toArray());
    }

    @Override
    public INDArray backward(INDArray inputs, INDArray gradient) {
        return ImageBatch.map(inputs, gradient, (plane, outer, height, width) -> {
            int[] medians = medians(plane, height, width);
            double[] own = new double[plane.length];
            for (int i = 0; i < medians.length; i++) {
                own[medians[i]] += outer[i];
            }
            return own;
        });
    }

    /** Return for every pixel which one is the median of its window. */
    private int[] medians(double[] plane, int height, int width) {
        int[] medians = new int[plane.length];
        int[] window = new int[size * size];
        for (int pixel = 0; pixel < medians.length; pixel++) {
            int top = pixel / width - size / 2;
            int left = pixel % width - size / 2;
            for (int k = 0; k < window.length; k++) {
                int source = Border.REFLECT.inside(top + k / size, height) * width
                        + Border.REFLECT.inside(left + k % size, width);
                int place = k; // by insertion: windows are small
                for (; place > 0 && plane[window[place - 1]] > plane[source]; place--) {
                    window[place] = window[place - 1];
                }
                window[place] = source;
            }
            medians[pixel] = window[window.length / 2];
        }
        return medians;
    }
}
