package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Batches of images of shape {@code [n, channels, height, width]}, plane by plane. */
final class ImageBatch {

    private ImageBatch() {}

    /** Maps a plane of {@code height · width} values to another one. */
    interface PlaneFunction {
        double[] apply(double[] plane, int height, int width);
    }

    /** Maps a plane, and the gradient with respect to what became of it, to the gradient with respect to the plane. */
    interface PlaneGradient {
        double[] apply(double[] plane, double[] gradient, int height, int width);
    }

    /**
     * Refuse models that take no images.
     *
     * @throws ConfigurationException if the input shape is not channels × height × width
     */
    static void require(String step, ModelInfo model) {
        if (model.inputShape().size() != 3) {
            throw new ConfigurationException("'" + step + "' works on images, but the model " + model.name() + " takes "
                    + ModelInfo.formatShape(model.inputShape())
                    + ": put it before a model that takes channels × height × width");
        }
    }

    static void require(INDArray inputs) {
        if (inputs.rank() != 4) {
            throw new ConfigurationException("the inputs have shape " + Arrays.toString(inputs.shape())
                    + ": give images of shape [n, channels, height, width]");
        }
    }

    static INDArray map(INDArray inputs, PlaneFunction function) {
        return map(inputs, inputs, (plane, same, height, width) -> function.apply(plane, height, width));
    }

    static INDArray map(INDArray inputs, INDArray gradient, PlaneGradient function) {
        require(inputs);
        int height = (int) inputs.size(2);
        int width = (int) inputs.size(3);
        double[][] rows = Rows.toRows(inputs);
        double[][] gradients = inputs == gradient ? rows : Rows.toRows(gradient);
        for (int i = 0; i < rows.length; i++) {
            double[] result = new double[rows[i].length];
            for (int from = 0; from < result.length; from += height * width) {
                double[] mapped = function.apply(
                        Arrays.copyOfRange(rows[i], from, from + height * width),
                        Arrays.copyOfRange(gradients[i], from, from + height * width),
                        height,
                        width);
                System.arraycopy(mapped, 0, result, from, mapped.length);
            }
            rows[i] = result;
        }
        return Rows.fromRows(rows, gradient);
    }

    /** Return the planes of one image. */
    static double[][] planes(double[] image, int height, int width) {
        double[][] planes = new double[image.length / (height * width)][];
        Arrays.setAll(planes, c -> Arrays.copyOfRange(image, c * height * width, (c + 1) * height * width));
        return planes;
    }
}
