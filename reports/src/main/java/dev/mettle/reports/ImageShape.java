package dev.mettle.reports;

import dev.mettle.core.threat.Box;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * How the features of a sample lie in an image.
 *
 * @param width in pixels
 * @param height in pixels
 * @param channels 1 or 3
 * @param channelsFirst whether a sample is {@code [channels, height, width]} rather than {@code [height, width, channels]}
 */
record ImageShape(int width, int height, int channels, boolean channelsFirst) {

    /** Fewer lines or columns than this are a table rather than an image. */
    private static final long SMALLEST = 4;

    /**
     * Recognize an image by the shape of a sample: {@code [h, w]}, {@code [c, h, w]} or {@code [h, w, c]} with one or three
     * channels.
     */
    static Optional<ImageShape> of(List<Long> shape) {
        if (shape.size() == 2) {
            return image(shape.get(0), shape.get(1), 1, true);
        }
        if (shape.size() == 3 && isChannels(shape.get(0))) {
            return image(shape.get(1), shape.get(2), shape.get(0), true);
        }
        if (shape.size() == 3 && isChannels(shape.get(2))) {
            return image(shape.get(0), shape.get(1), shape.get(2), false);
        }
        return Optional.empty();
    }

    private static boolean isChannels(long size) {
        return size == 1 || size == 3;
    }

    private static Optional<ImageShape> image(long height, long width, long channels, boolean first) {
        return height < SMALLEST || width < SMALLEST
                ? Optional.empty()
                : Optional.of(new ImageShape((int) width, (int) height, (int) channels, first));
    }

    /** Draw a sample, black at the lower bounds of the box and white at the upper ones. */
    Picture draw(double[] sample, Box box) {
        return draw(sample, box, 1);
    }

    /** Draw a sample smaller: every pixel is the mean of {@code reduction} × {@code reduction} pixels. */
    Picture draw(double[] sample, Box box, int reduction) {
        return draw(
                reduction,
                block -> Arrays.stream(block)
                        .mapToDouble(feature ->
                                (sample[feature] - box.lower(feature)) / (box.upper(feature) - box.lower(feature)))
                        .average()
                        .orElse(0));
    }

    /** Draw the change from one sample to another: gray where there is none, {@code amplification} times as strong. */
    Picture drawDifference(double[] clean, double[] adversarial, Box box, int amplification) {
        return drawDifference(clean, adversarial, box, amplification, 1);
    }

    /** Draw a change smaller: every pixel is the strongest of {@code reduction} × {@code reduction} changes. */
    Picture drawDifference(double[] clean, double[] adversarial, Box box, int amplification, int reduction) {
        return draw(reduction, block -> {
            double strongest = 0;
            for (int feature : block) {
                double change = (adversarial[feature] - clean[feature]) / (box.upper(feature) - box.lower(feature));
                strongest = Math.abs(change) > Math.abs(strongest) ? change : strongest;
            }
            return 0.5 + amplification * strongest;
        });
    }

    private Picture draw(int reduction, ToDoubleFunction<int[]> brightness) {
        int columns = (width + reduction - 1) / reduction;
        int lines = (height + reduction - 1) / reduction;
        byte[] pixels = new byte[columns * lines * channels];
        for (int y = 0; y < lines; y++) {
            for (int x = 0; x < columns; x++) {
                for (int channel = 0; channel < channels; channel++) {
                    double value = brightness.applyAsDouble(block(x * reduction, y * reduction, channel, reduction));
                    pixels[(y * columns + x) * channels + channel] =
                            (byte) Math.round(255 * Math.max(0, Math.min(1, value)));
                }
            }
        }
        return new Picture(columns, lines, channels, pixels);
    }

    /** Return the features of a square of pixels, cut off at the image's right and lower end. */
    private int[] block(int left, int top, int channel, int size) {
        int right = Math.min(width, left + size);
        int bottom = Math.min(height, top + size);
        int[] features = new int[(right - left) * (bottom - top)];
        int i = 0;
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                features[i++] =
                        channelsFirst ? (channel * height + y) * width + x : (y * width + x) * channels + channel;
            }
        }
        return features;
    }

    /** Return the factor that shrinks images of this shape to at most so many pixels in both directions. */
    int reductionTo(int mostPixels) {
        return Math.max(1, (Math.max(width, height) + mostPixels - 1) / mostPixels);
    }
}
