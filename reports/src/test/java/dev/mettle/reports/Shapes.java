package dev.mettle.reports;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Pictures of colored disks, squares, diamonds and stripes, and a model that tells them apart by how well they match: what a report on real
 * images looks like, without a file of images.
 *
 * @param classes how many shapes there are
 * @param image how samples lie in images
 * @param shape the shape of a sample, as the model takes it
 */
record Shapes(int classes, ImageShape image, Sizes shape) {

    private static final double TYPICAL_CONTRAST = 0.2;
    private static final double NOISE = 0.03;

    /** The shape of a sample. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Sizes(long... sizes) {}

    static Shapes of(int classes, long... shape) {
        return new Shapes(classes, ImageShape.of(ModelInfo.shape(shape)).orElseThrow(), new Sizes(shape));
    }

    /** Create the model: the logit of a class is how well its shape matches. */
    AffineModel model() {
        double[][] weights = new double[classes][];
        double[] bias = new double[classes];
        for (int label = 0; label < classes; label++) {
            double[] shape = template(label);
            double sum = Arrays.stream(shape).sum();
            double square = Arrays.stream(shape).map(value -> value * value).sum();
            double scale = 60 / square;
            weights[label] = Arrays.stream(shape).map(value -> scale * value).toArray();
            bias[label] = -scale * (0.5 * sum + 0.5 * TYPICAL_CONTRAST * square);
        }
        return new AffineModel(weights, bias, Box.of(0, 1), DataType.FLOAT, shape.sizes());
    }

    /** Create samples, one class after the other, fainter and stronger ones; every tenth label is wrong. */
    LabeledData samples(String name, int count) {
        int features = image.width() * image.height() * image.channels();
        double[] values = new double[count * features];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            SampleRandom random = SampleRandom.of(1, "shapes", 0, i);
            int label = i % classes;
            labels[i] = i % 10 == 9 ? (label + 1) % classes : label;
            double contrast = random.uniform(0.1, 0.4);
            double[] template = template(label);
            for (int feature = 0; feature < features; feature++) {
                double value = 0.5 + contrast * template[feature] + NOISE * random.gaussian();
                values[i * features + feature] = Math.max(0, Math.min(1, value));
            }
        }
        long[] batch = new long[shape.sizes().length + 1];
        batch[0] = count;
        System.arraycopy(shape.sizes(), 0, batch, 1, shape.sizes().length);
        return LabeledData.of(name, Rows.fromDoubles(values, batch, DataType.FLOAT), labels);
    }

    /** Values from -1 to 1: the color of the class inside its shape, and the opposite of a darker one outside. */
    private double[] template(int label) {
        int width = image.width();
        int height = image.height();
        int channels = image.channels();
        double[] template = new double[width * height * channels];
        double size = 0.45 + 0.4 * (label * 7 % 11) / 11.0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                boolean inside = inside(label, 2.0 * (x + 0.5) / width - 1, 2.0 * (y + 0.5) / height - 1, size);
                for (int channel = 0; channel < channels; channel++) {
                    double hue = Math.cos(2 * Math.PI * ((double) label / classes - (double) channel / 3));
                    double value = inside ? (channels == 1 ? 1 : hue) : -0.4 - 0.2 * hue * (channels == 1 ? 0 : 1);
                    int feature = image.channelsFirst()
                            ? (channel * height + y) * width + x
                            : (y * width + x) * channels + channel;
                    template[feature] = value;
                }
            }
        }
        return template;
    }

    private static boolean inside(int label, double x, double y, double size) {
        return switch (label % 4) {
            case 0 -> x * x + y * y < size * size;
            case 1 -> Math.max(Math.abs(x), Math.abs(y)) < size;
            case 2 -> Math.abs(x) + Math.abs(y) < 1.3 * size;
            default -> Math.abs(y) < size && Math.floorMod((int) Math.floor((x + 1) * 4), 2) == 0;
        };
    }
}
