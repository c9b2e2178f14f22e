package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.image.Filters;
import dev.mettle.core.image.Filters.Border;
import dev.mettle.core.image.Jpeg;
import dev.mettle.core.image.Raster;
import dev.mettle.core.numeric.SampleRandom;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The parts of the corruptions against SciPy, scikit-image, OpenCV and Pillow, which the published corruptions are made of; see
 * {@code src/test/python/corruption_reference.py}.
 */
class CorruptionReferenceTests {

    private static final int HEIGHT = 12;
    private static final int WIDTH = 10;
    private static final Map<String, double[]> REFERENCE = read();

    private static Map<String, double[]> read() {
        Map<String, double[]> cases = new HashMap<>();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(CorruptionReferenceTests.class.getResourceAsStream("/corruption-reference.txt")),
                StandardCharsets.UTF_8))) {
            reader.lines()
                    .map(line -> line.split(" "))
                    .forEach(words -> cases.put(
                            words[0],
                            Arrays.stream(words)
                                    .skip(1)
                                    .mapToDouble(Double::parseDouble)
                                    .toArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }

    private static Raster image(int height, int width, int channels) {
        double[][] planes = new double[channels][height * width];
        for (int c = 0; c < channels; c++) {
            for (int i = 0; i < height * width; i++) {
                int y = i / width;
                int x = i % width;
                planes[c][i] = (7 * y * y + 11 * x + 3 * x * y + 29 * c * (x + 1)) % 64 / 63.0;
            }
        }
        return new Raster(height, width, planes);
    }

    private static double[] plane() {
        return image(HEIGHT, WIDTH, 1).planes()[0];
    }

    private static double[] flat(Raster image) {
        return Arrays.stream(image.planes()).flatMapToDouble(Arrays::stream).toArray();
    }

    private static void equalsReference(String name, double[] ours, double tolerance) {
        double[] theirs = Objects.requireNonNull(REFERENCE.get(name), name);
        assertThat(ours).as(name).usingComparatorWithPrecision(tolerance).containsExactly(theirs);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.05", "0.4", "1", "3"})
    void gaussian_blur_equals_scikit_image(String sigma) {
        equalsReference(
                "gaussian-" + sigma,
                Filters.gaussian(plane(), HEIGHT, WIDTH, Double.parseDouble(sigma), 4, Border.NEAREST),
                1e-9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5", "9"})
    void the_blur_of_the_elastic_transform_equals_scikit_image(String sigma) {
        equalsReference(
                "gaussian-reflect-" + sigma,
                Filters.gaussian(plane(), HEIGHT, WIDTH, Double.parseDouble(sigma), 3, Border.REFLECT),
                1e-9);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0.4", "1, 0.2", "1.5, 0.1", "4, 0.5"})
    void defocus_blur_equals_opencv(String radius, double smoothing) {
        double[][] kernel = Filters.disk(Double.parseDouble(radius), smoothing);
        equalsReference("defocus-" + radius, Filters.correlate(plane(), HEIGHT, WIDTH, kernel, Border.MIRROR), 1e-9);
    }

    @Test
    void the_largest_disk_equals_opencv() {
        equalsReference("disk-10", Filters.disk(10, 0.5)[10], 1e-9);
    }

    /** As published: mirrored at the edge of the kernel, the smoothing of the largest disks gains 1 % of brightness. */
    @Test
    void disks_sum_to_what_they_sum_to_in_opencv() {
        double[] sums = DoubleStream.of(10, 8, 6)
                .map(radius -> Arrays.stream(Filters.disk(radius, 0.5))
                        .flatMapToDouble(Arrays::stream)
                        .sum())
                .toArray();
        equalsReference("disk-sums", sums, 1e-9);
        assertThat(sums[0]).isCloseTo(1.0108, within(1e-4));
        assertThat(sums[2]).isCloseTo(1, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "1.02", "1.05", "1.3", "2.25"})
    void zoom_equals_scipy(String factor) {
        equalsReference(
                "zoom-" + factor, Filters.zoom(image(16, 16, 1).planes()[0], 16, 16, Double.parseDouble(factor)), 1e-9);
    }

    @Test
    void zoom_blur_averages_the_published_factors() {
        Raster square = image(16, 16, 1);
        equalsReference("zoom-blur-cifar-1", flat(corrupt(Corruption.ZOOM_BLUR, square, 1, true)), 1e-9);
        equalsReference("zoom-blur-imagenet-5", flat(corrupt(Corruption.ZOOM_BLUR, square, 5, false)), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"0.95, 1, true", "0.65, 5, true", "0.25, 5, false"})
    void pixelate_equals_pillow(String share, int severity, boolean cifar) {
        // Pillow computes in float here
        equalsReference(
                "pixelate-" + share,
                flat(corrupt(Corruption.PIXELATE, image(HEIGHT, WIDTH, 1), severity, cifar)),
                1e-6);
    }

    @Test
    void brightness_equals_scikit_image() {
        equalsReference("brightness-0.3", flat(corrupt(Corruption.BRIGHTNESS, image(HEIGHT, WIDTH, 3), 5, true)), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 1, true", "2, 4, true", "20, 5, false"})
    void saturation_equals_scikit_image(String factor, int severity, boolean cifar) {
        equalsReference(
                "saturate-" + factor,
                flat(corrupt(Corruption.SATURATE, image(HEIGHT, WIDTH, 3), severity, cifar)),
                1e-9);
    }

    @Test
    void displacement_equals_scipy() {
        double[] right = DoubleStream.iterate(0, i -> i + 1)
                .limit(HEIGHT * WIDTH)
                .map(i -> 2 * Math.sin(i))
                .toArray();
        double[] down = DoubleStream.iterate(0, i -> i + 1)
                .limit(HEIGHT * WIDTH)
                .map(i -> 3 * Math.cos(0.7 * i))
                .toArray();
        equalsReference("displaced", Corruptor.displaced(plane(), HEIGHT, WIDTH, right, down), 1e-9);
    }

    @Test
    void the_affine_part_of_the_elastic_transform_equals_the_exact_map_of_three_points() {
        double[] shifts = {0.5, -1, 1.25, 0.75, -0.5, 0.25};
        double[] ours = Corruptor.affine(plane(), HEIGHT, WIDTH, shifts);
        equalsReference("affine", ours, 1e-6); // the three points are float in OpenCV
        // OpenCV itself rounds coordinates to 1/32 of a pixel
        equalsReference("affine-opencv", ours, 0.06);
    }

    @Test
    void the_fractal_of_fog_equals_the_published_one() {
        int[] count = {0};
        equalsReference("plasma-8", Filters.plasma(8, 1.75, () -> Math.sin(1.7 * count[0]++)), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"80", "18", "7"})
    void jpeg_equals_pillow(int quality) {
        double[][] planes = new double[3][20 * 24];
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < planes[c].length; i++) {
                int y = i / 24;
                int x = i % 24;
                planes[c][i] = Math.rint(255 * (0.5 + 0.5 * Math.sin(0.2 * y + 0.3 * x + c))) / 255;
            }
        }
        double[] color = flat(Jpeg.compress(new Raster(20, 24, planes), quality));
        double[] grey = flat(Jpeg.compress(new Raster(20, 24, new double[][] {planes[0]}), quality));
        // libjpeg and libjpeg-turbo may round transforms differently by one level
        equalsReference("jpeg-grey-" + quality, bytes(grey), 1);
        equalsReference("jpeg-" + quality, bytes(color), 3);
    }

    private static double[] bytes(double[] values) {
        return Arrays.stream(values).map(value -> 255 * value).toArray();
    }

    /** Worked by hand: a single bright pixel leaves a trail of the normalized one-sided Gaussian, away from the direction. */
    @Test
    void motion_blur_draws_a_one_sided_trail() {
        double[] dot = new double[15];
        dot[7] = 1;
        double sum = 0;
        double[] expected = new double[15];
        for (int i = 0; i <= 4; i++) {
            sum += Math.exp(-i * i / 2.0);
        }
        for (int i = 0; i <= 4; i++) {
            expected[7 - i] = Math.exp(-i * i / 2.0) / sum;
        }
        assertThat(Filters.motion(dot, 1, 15, 2, 1, 0))
                .usingComparatorWithPrecision(1e-12)
                .containsExactly(expected);
        double[] column = Filters.motion(dot, 15, 1, 2, 1, 90);
        assertThat(column).usingComparatorWithPrecision(1e-12).containsExactly(expected);
    }

    private static Raster corrupt(Corruption corruption, Raster image, int severity, boolean cifar) {
        return new Corruptor(severity, cifar, SampleRandom.of(1, "test", 0, 0)).corrupt(corruption, image);
    }
}
