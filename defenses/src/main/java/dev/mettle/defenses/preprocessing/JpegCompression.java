package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.image.Jpeg;
import dev.mettle.core.image.Raster;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Compress images as JPEG and decompress them, with 8 bits per value: three channels as one color image, any other number as grey ones.
 *
 * <p>Images of shape {@code [n, channels, height, width]}. Quantization has no useful derivative, so the gradient passes straight through
 * (BPDA).
 *
 * <p>Proposed by Dziugaite, Ghahramani, Roy: A Study of the Effect of JPG Compression on Adversarial Images, 2016,
 * <a href="https://arxiv.org/abs/1608.00853">arXiv:1608.00853</a>, and by Guo et al. 2018; the former already find that it helps
 * against the smallest perturbations only. Broken by Athalye, Carlini, Wagner 2018 (BPDA), and by Shin and Song 2017 with a differentiable
 * JPEG.
 *
 * @param quality from 1 to 100, as libjpeg and Pillow count it
 * @param range the input range; that of the model when the step is put before one
 */
public record JpegCompression(int quality, Box range) implements Preprocessing {

    /**
     * Create the step.
     *
     * @throws ConfigurationException if the quality is not from 1 to 100
     */
    public JpegCompression {
        Checks.requireBetween("JpegCompression", "quality", quality, 1, 100);
    }

    /** Create the step for inputs in [0, 1], or in the range of the model that it is put before. */
    public JpegCompression(int quality) {
        this(quality, Box.of(0, 1));
    }

    @Override
    public String name() {
        return "JPEG compression (quality " + quality + ")";
    }

    @Override
    public JpegCompression before(ModelInfo model) {
        ImageBatch.require(name(), model);
        return new JpegCompression(quality, model.inputRange());
    }

    @Override
    public INDArray apply(INDArray inputs) {
        ImageBatch.require(inputs);
        int height = (int) inputs.size(2);
        int width = (int) inputs.size(3);
        return UnitRange.map(inputs, range, unit -> {
            Raster image = new Raster(height, width, ImageBatch.planes(unit, height, width))
                    .map(value -> Math.min(Math.max(value, 0), 1));
            return Arrays.stream(Jpeg.compress(image, quality).planes())
                    .flatMapToDouble(Arrays::stream)
                    .toArray();
        });
    }
}
