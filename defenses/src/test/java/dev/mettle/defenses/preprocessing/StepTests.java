package dev.mettle.defenses.preprocessing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.PreprocessedModel;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class StepTests {

    /** Of the size and with the values of the reference computations in NumPy, SciPy and PyTorch. */
    private static final double[][] IMAGE = {
        {0.0, 0.3, 0.6, 0.9, 0.1}, {0.7, 0.4, 0.1, 0.9, 0.6}, {0.6, 0.8, 1.0, 0.1, 0.3}, {0.8, 0.4, 0.0, 0.7, 0.3}
    };

    private static final Box SYMMETRIC = Box.of(-1, 3);

    private static INDArray image() {
        return Nd4j.create(IMAGE).castTo(DataType.DOUBLE).reshape(1, 1, 4, 5);
    }

    private static AffineModel model(Box box, DataType type) {
        AffineModel random = AffineModel.random(3, 7, type, 1, 4, 5);
        return new AffineModel(random.weights(), new double[] {0, 0.1, -0.1}, box, type, 1, 4, 5);
    }

    private static void assertRows(INDArray actual, double[]... expected) {
        double[] flat = Arrays.stream(expected).flatMapToDouble(Arrays::stream).toArray();
        double[] values = Rows.toDoubles(actual);
        assertThat(values).hasSameSizeAs(flat);
        for (int i = 0; i < flat.length; i++) {
            assertThat(values[i]).as("value %d", i).isEqualTo(flat[i], within(1e-9));
        }
    }

    @Test
    void rounds_to_levels_and_ties_to_even() {
        INDArray inputs = Nd4j.create(new double[][] {{0, 0.1, 0.5, 0.49, 1, 0.84}});

        assertRows(new BitDepth(1).apply(inputs), new double[] {0, 0, 0, 0, 1, 1});
        // three levels apart: 0.1 · 3 = 0.3, 0.5 · 3 = 1.5 → 2, 0.49 · 3 = 1.47, 0.84 · 3 = 2.52
        assertRows(new BitDepth(2).apply(inputs), new double[] {0, 0, 2 / 3.0, 1 / 3.0, 1, 1});
    }

    @Test
    void smooths_by_the_median_as_scipy_does() {
        assertRows(
                new MedianSmoothing(2).apply(image()),
                new double[] {0.0, 0.3, 0.6, 0.9, 0.9},
                new double[] {0.7, 0.4, 0.4, 0.9, 0.9},
                new double[] {0.7, 0.7, 0.8, 0.9, 0.6},
                new double[] {0.8, 0.8, 0.8, 0.7, 0.3});
        assertRows(
                new MedianSmoothing(3).apply(image()),
                new double[] {0.3, 0.3, 0.6, 0.6, 0.6},
                new double[] {0.6, 0.6, 0.6, 0.6, 0.3},
                new double[] {0.7, 0.6, 0.4, 0.3, 0.3},
                new double[] {0.8, 0.6, 0.4, 0.3, 0.3});
    }

    @Test
    void blurs_as_scipy_does() {
        assertRows(
                new GaussianSmoothing(1).apply(image()),
                new double[] {0.2955247895, 0.3793456803, 0.5114592822, 0.5558672731, 0.4485635803},
                new double[] {0.4724847295, 0.4794707401, 0.5137161883, 0.5260410431, 0.4665296567},
                new double[] {0.6093982113, 0.557601319, 0.5034695065, 0.460793812, 0.4143550064},
                new double[] {0.642206341, 0.5294080938, 0.4376708269, 0.4145751428, 0.3815187771});
    }

    @Test
    void minimizes_total_variance_as_the_matrix_form_does() {
        assertRows(
                new TotalVariance(0.1, 30).apply(image()),
                new double[] {0.1363611913, 0.3870774618, 0.5248534352, 0.7192196303, 0.299742071},
                new double[] {0.5770268467, 0.46780349, 0.3587668815, 0.6984875139, 0.4601684529},
                new double[] {0.6410864201, 0.6436805589, 0.735154757, 0.3651899498, 0.3811714834},
                new double[] {0.6441798665, 0.4863863789, 0.2775062578, 0.413370268, 0.3827670849});
    }

    /** Of a step between two flat halves of n pixels each, λ / n is taken off either height (Rudin, Osher, Fatemi in one dimension). */
    @Test
    void lowers_a_step_by_what_is_known_in_closed_form() {
        INDArray line = Nd4j.create(new double[] {0.2, 0.2, 0.2, 0.8, 0.8, 0.8}, new long[] {1, 1, 1, 6}, 'c');

        double[] minimized = Rows.toDoubles(new TotalVariance(0.3, 10_000).apply(line));

        for (int i = 0; i < 6; i++) {
            assertThat(minimized[i]).isEqualTo(i < 3 ? 0.3 : 0.7, within(1e-3));
        }
    }

    @Test
    void keeps_what_jpeg_keeps() {
        INDArray grey = Nd4j.valueArrayOf(new long[] {2, 1, 16, 16}, 128 / 255.0, DataType.DOUBLE);

        // a flat block has no detail to lose, whatever the quality, but for the rounding of its mean
        assertRows(new JpegCompression(95).apply(grey), Rows.toDoubles(grey));
        INDArray color = Nd4j.create(IMAGE).castTo(DataType.DOUBLE).reshape(1, 1, 4, 5);
        double[] lossy = Rows.toDoubles(new JpegCompression(20).apply(color));
        double[] fine = Rows.toDoubles(new JpegCompression(100).apply(color));
        assertThat(distance(lossy, Rows.toDoubles(color))).isGreaterThan(0.3);
        assertThat(distance(fine, Rows.toDoubles(color))).isLessThan(0.02);
    }

    private static double distance(double[] a, double[] b) {
        return Math.sqrt(IntStream.range(0, a.length)
                .mapToDouble(i -> (a[i] - b[i]) * (a[i] - b[i]))
                .sum());
    }

    /** PyTorch: interpolate(size=(3, 4), mode='bilinear', align_corners=False). */
    @Test
    void resizes_as_pytorch_does_and_pads_with_the_lowest_value() {
        RandomResizePadding step = new RandomResizePadding(0.7, 0, SYMMETRIC);
        List<double[]> expected = List.of(
                new double[] {0.1416666667, 0.3916666667, 0.75625, 0.2729166667},
                new double[] {0.64375, 0.58125, 0.51875, 0.45625},
                new double[] {0.7291666667, 0.3541666667, 0.4375, 0.3375});
        boolean[][] seen = new boolean[2][2];
        for (int draw = 0; draw < 64; draw++) {
            INDArray out = step.drawn(new SampleRandom[] {SampleRandom.of(1, "draw", draw, 0)})
                    .apply(image());
            double[] values = Rows.toDoubles(out);
            if (Arrays.equals(values, Rows.toDoubles(image()))) {
                continue; // the old size, which has one place only
            }
            int top = values[2] == -1 ? 1 : 0;
            int left = values[top * 5] == -1 ? 1 : 0;
            seen[top][left] = true;
            for (int i = 0; i < values.length; i++) {
                int row = i / 5 - top;
                int column = i % 5 - left;
                boolean inside = row >= 0 && row < 3 && column >= 0 && column < 4;
                assertThat(values[i]).isEqualTo(inside ? expected.get(row)[column] : -1, within(1e-9));
            }
        }
        assertThat(seen).isDeepEqualTo(new boolean[][] {{true, true}, {true, true}});
    }

    static Stream<Preprocessing> steps() {
        return Stream.of(
                new BitDepth(3),
                new JpegCompression(50),
                new MedianSmoothing(2),
                new MedianSmoothing(3),
                new GaussianSmoothing(0.8),
                new TotalVariance(0.1),
                new RandomResizePadding(0.6));
    }

    /** What [0, 1] becomes, [−1, 3] becomes too, stretched. */
    @ParameterizedTest
    @MethodSource("steps")
    void respects_the_range_of_the_model(Preprocessing step) {
        INDArray unit = image();
        INDArray stretched = unit.mul(4).sub(1);
        double[] before = Rows.toDoubles(stretched);

        INDArray expected = step.before(model(Box.of(0, 1), DataType.DOUBLE).info())
                .apply(unit)
                .mul(4)
                .sub(1);
        INDArray actual = step.before(model(SYMMETRIC, DataType.DOUBLE).info()).apply(stretched);

        assertRows(actual, Rows.toDoubles(expected));
        assertThat(Rows.toDoubles(stretched)).as("inputs are never changed").containsExactly(before);
        assertThat(actual.shape()).containsExactly(stretched.shape());
        assertThat(step.before(model(SYMMETRIC, DataType.FLOAT).info())
                        .apply(stretched.castTo(DataType.FLOAT))
                        .dataType())
                .isEqualTo(DataType.FLOAT);
    }

    @ParameterizedTest
    @MethodSource("steps")
    void treats_every_sample_alone(Preprocessing step) {
        INDArray both = Nd4j.concat(0, image(), image().rsub(1));
        PreprocessedModel model = PreprocessedModel.of(model(Box.of(0, 1), DataType.DOUBLE), step);

        double[][] together =
                Rows.toRows(model.redrawn(5) instanceof PreprocessedModel fresh ? fresh.logits(both) : both);
        for (int i = 0; i < 2; i++) {
            PreprocessedModel fresh = (PreprocessedModel) model.redrawn(5);
            assertThat(Rows.toRows(fresh.logits(Rows.slice(both, i, i + 1)))[0]).containsExactly(together[i]);
        }
    }

    static Stream<Supplier<PreprocessedModel>> exact() {
        return Stream.of(
                () -> PreprocessedModel.of(model(SYMMETRIC, DataType.FLOAT), new GaussianSmoothing(0.8)),
                () -> PreprocessedModel.of(model(SYMMETRIC, DataType.FLOAT), new MedianSmoothing(2)),
                () -> PreprocessedModel.of(model(SYMMETRIC, DataType.FLOAT), new MedianSmoothing(3)),
                () -> PreprocessedModel.of(model(SYMMETRIC, DataType.FLOAT), new RandomResizePadding(0.6)),
                () -> PreprocessedModel.of(
                        model(SYMMETRIC, DataType.FLOAT),
                        new GaussianSmoothing(0.6),
                        new MedianSmoothing(2),
                        new RandomResizePadding(0.6)));
    }

    @ParameterizedTest
    @MethodSource("exact")
    void declares_exact_gradients_that_finite_differences_confirm(Supplier<PreprocessedModel> model) {
        INDArray inputs = Nd4j.concat(0, image(), image().rsub(1)).castTo(DataType.FLOAT);
        PreprocessedModel whole = (PreprocessedModel) model.get().atOneDraw();

        assertThat(whole.exactPart(inputs).model()).isSameAs(whole);
        GradientCheck check = GradientCheck.of(whole, inputs, new int[] {0, 1});
        assertThat(check.passed()).as(check.message()).isTrue();
    }

    @Test
    void checks_what_lies_behind_an_approximation() {
        AffineModel affine = model(Box.of(0, 1), DataType.DOUBLE);
        PreprocessedModel model = PreprocessedModel.of(affine, new GaussianSmoothing(1), new BitDepth(2));

        assertThat(model.exactPart(image()).model()).isSameAs(affine);
        assertRows(
                model.exactPart(image()).inputs(),
                Rows.toDoubles(new BitDepth(2).apply(new GaussianSmoothing(1).apply(image()))));
        assertThat(model.info().name()).startsWith("Gaussian smoothing (σ = 1) + 2-bit rounding + ");
    }

    static Stream<org.junit.jupiter.params.provider.Arguments> refused() {
        return Stream.of(
                refused(() -> new BitDepth(0), "BitDepth: bits is 0: give a whole number from 1 to 16"),
                refused(
                        () -> new JpegCompression(101),
                        "JpegCompression: quality is 101: give a whole number from 1 to 100"),
                refused(() -> new MedianSmoothing(1), "MedianSmoothing: size is 1: give a whole number from 2 to 15"),
                refused(
                        () -> new GaussianSmoothing(0),
                        "GaussianSmoothing: sigma is 0.0: give a number of pixels above 0 and at most 10"),
                refused(() -> new TotalVariance(Double.NaN), "TotalVariance: lambda is NaN: give a number above 0"),
                refused(
                        () -> new RandomResizePadding(1),
                        "RandomResizePadding: the smallest size is 1.0 of the old one: give a share above 0 and below 1"),
                refused(
                        () -> PreprocessedModel.of(
                                AffineModel.random(2, 1, DataType.FLOAT, 20), new MedianSmoothing(2)),
                        "'median smoothing 2×2' works on images, but the model affine takes 20: put it before a model that"
                                + " takes channels × height × width"),
                refused(
                        () -> new TotalVariance(1).apply(Nd4j.zeros(2, 20)),
                        "the inputs have shape [2, 20]: give images of shape [n, channels, height, width]"));
    }

    private static org.junit.jupiter.params.provider.Arguments refused(Supplier<Object> call, String message) {
        return org.junit.jupiter.params.provider.Arguments.of(call, message);
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refuses_what_makes_no_sense(Supplier<Object> call, String message) {
        assertThatThrownBy(call::get).isInstanceOf(ConfigurationException.class).hasMessage(message);
    }
}
