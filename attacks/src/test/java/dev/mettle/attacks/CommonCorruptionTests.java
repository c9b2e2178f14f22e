package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.attacks.CommonCorruption.ParameterSet;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class CommonCorruptionTests {

    private static final Box UNIT = Box.of(0, 1);

    /** What the model sees of one image. */
    private static double[] corrupted(CommonCorruption attack, Box box, INDArray image) {
        LookingModel model = new LookingModel(box, pixels -> 0, Rows.sampleShape(image));
        model.attack(attack, image);
        assertThat(model.seen()).hasSize(1);
        return model.seen().get(0);
    }

    private static INDArray constant(double value, long... shape) {
        double[] values = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        Arrays.fill(values, value);
        return Rows.fromDoubles(values, shape, DataType.DOUBLE);
    }

    /** A smooth image with edges, [1, channels, size, size]. */
    private static INDArray scene(int channels, int size) {
        double[] values = new double[channels * size * size];
        for (int i = 0; i < values.length; i++) {
            int x = i % size;
            int y = i / size % size;
            int c = i / (size * size);
            double wave = 0.5 + 0.35 * Math.sin(0.35 * x + c) * Math.cos(0.25 * y - c);
            values[i] = x > size / 3 && y > size / 2 ? 0.8 * wave : wave;
        }
        return Rows.fromDoubles(values, new long[] {1, channels, size, size}, DataType.DOUBLE);
    }

    private static double meanDistance(double[] a, double[] b) {
        return IntStream.range(0, a.length)
                .mapToDouble(i -> Math.abs(a[i] - b[i]))
                .average()
                .orElseThrow();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    @ParameterizedTest
    @EnumSource
    void every_image_stays_in_its_box_whatever_its_shape(Corruption corruption) {
        for (ParameterSet set : List.of(ParameterSet.CIFAR, ParameterSet.IMAGENET)) {
            for (int severity = 1; severity <= 5; severity++) {
                CommonCorruption attack = new CommonCorruption(corruption, severity, set);
                for (long[] shape : new long[][] {{1, 8, 8}, {3, 12, 9}, {2, 8, 17}, {4, 9, 8}}) {
                    Box box = Box.of(-3, 5);
                    INDArray images =
                            Samples.uniform(2, DataType.DOUBLE, shape).muli(8).subi(3);
                    INDArray before = images.dup();
                    LookingModel model = new LookingModel(box, pixels -> 1, shape);
                    List<SampleOutcome> outcomes = model.attack(attack, images);
                    assertThat(images).isEqualTo(before);
                    assertThat(model.seen())
                            .allMatch(image -> box.firstViolation(image).isEmpty());
                    assertThat(outcomes).allMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
                    assertThat(outcomes).allMatch(outcome -> outcome.forwards() == 1 && outcome.backwards() == 0);
                    assertThat(attack.passes(2)).isEqualTo(new Passes(1, 0));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void the_same_sample_is_corrupted_alike_in_every_batch_and_run(Corruption corruption) {
        CommonCorruption attack = new CommonCorruption(corruption, 3);
        INDArray images = Samples.uniform(8, DataType.DOUBLE, 3, 8, 10);
        long[] ids = IntStream.range(0, 8).asLongStream().toArray();
        LookingModel together = new LookingModel(UNIT, pixels -> 0, 3, 8, 10);
        together.attack(AttackEngine.of(together, 1), attack, images, ids);
        for (int batchSize : new int[] {1, 3, 8}) {
            LookingModel model = new LookingModel(UNIT, pixels -> 0, 3, 8, 10);
            model.attack(AttackEngine.of(model, 1).withBatchSize(batchSize), attack, images, ids);
            assertThat(model.seen().toArray(double[][]::new))
                    .isDeepEqualTo(together.seen().toArray(double[][]::new));
        }
    }

    @ParameterizedTest
    @EnumSource
    void the_range_of_the_inputs_is_only_a_change_of_units(Corruption corruption) {
        CommonCorruption attack = new CommonCorruption(corruption, 2);
        double[] unit = corrupted(attack, UNIT, scene(3, 16));
        double[] scaled = corrupted(attack, Box.of(-1, 3), scene(3, 16).muli(4).subi(1));
        // one level of JPEG, where rounding to bytes decides
        double tolerance = corruption == Corruption.JPEG_COMPRESSION ? 2 / 255.0 : 1e-12;
        assertThat(Arrays.stream(scaled).map(value -> (value + 1) / 4).toArray())
                .usingComparatorWithPrecision(tolerance)
                .containsExactly(unit);
    }

    /**
     * The mean change grows with the severity. Not so for glass blur, frost, fog, motion blur, the elastic transform and saturation: their
     * published parameters trade one kind of damage for another.
     */
    @ParameterizedTest
    @EnumSource(
            mode = Mode.EXCLUDE,
            names = {"GLASS_BLUR", "FROST", "FOG", "MOTION_BLUR", "ELASTIC_TRANSFORM", "SATURATE"})
    void higher_severities_change_more(Corruption corruption) {
        for (ParameterSet set : List.of(ParameterSet.CIFAR, ParameterSet.IMAGENET)) {
            assertThat(changes(corruption, set)).isSorted().doesNotHaveDuplicates();
        }
    }

    @ParameterizedTest
    @EnumSource
    void every_severity_changes_the_image_in_its_own_way(Corruption corruption) {
        for (ParameterSet set : List.of(ParameterSet.CIFAR, ParameterSet.IMAGENET)) {
            double[] changes = changes(corruption, set);
            assertThat(Arrays.stream(changes).min().orElseThrow()).isGreaterThan(0.001);
            if (corruption != Corruption.SATURATE) { // at 4 and 5 everything is as colorful as can be
                assertThat(changes).doesNotHaveDuplicates();
            }
        }
    }

    private static double[] changes(Corruption corruption, ParameterSet set) {
        INDArray image = scene(3, set == ParameterSet.CIFAR ? 32 : 80);
        double[] clean = Rows.toDoubles(image);
        return IntStream.rangeClosed(1, 5)
                .mapToDouble(severity ->
                        meanDistance(clean, corrupted(new CommonCorruption(corruption, severity, set), UNIT, image)))
                .toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "CIFAR, .04, .06, .08, .09, .10",
        "IMAGENET, .08, .12, .18, .26, .38",
    })
    void gaussian_noise_has_the_published_deviations(
            ParameterSet set, double s1, double s2, double s3, double s4, double s5) {
        double[] sigmas = {s1, s2, s3, s4, s5};
        for (int severity = 1; severity <= 5; severity++) {
            double[] noisy = corrupted(
                    new CommonCorruption(Corruption.GAUSSIAN_NOISE, severity, set),
                    UNIT,
                    constant(0.5, 1, 1, 160, 160));
            double quartile = 0.67449 * sigmas[severity - 1]; // inside the box, where nothing is clipped
            long inside = Arrays.stream(noisy)
                    .filter(v -> Math.abs(v - 0.5) < quartile)
                    .count();
            long above = Arrays.stream(noisy).filter(v -> v > 0.5).count();
            // 25,600 draws with probability 1/2: five standard deviations are 400
            assertThat(inside).isBetween(12_400L, 13_200L);
            assertThat(above).isBetween(12_400L, 13_200L);
        }
    }

    @ParameterizedTest
    @CsvSource({"CIFAR, 1, 500", "CIFAR, 5, 50", "IMAGENET, 1, 60", "IMAGENET, 3, 12"})
    void shot_noise_counts_photons(ParameterSet set, int severity, double photons) {
        double[] noisy = corrupted(
                new CommonCorruption(Corruption.SHOT_NOISE, severity, set), UNIT, constant(0.4, 1, 1, 160, 160));
        double mean = mean(noisy);
        double variance = Arrays.stream(noisy).map(v -> (v - mean) * (v - mean)).sum() / (noisy.length - 1);
        double deviation = Math.sqrt(0.4 / photons);
        assertThat(mean).isCloseTo(0.4, within(5 * deviation / 160));
        assertThat(variance).isCloseTo(0.4 / photons, within(0.06 * 0.4 / photons)); // 5 · √(2/25,600) is 4.4 %
        assertThat(Arrays.stream(noisy)
                        .map(v -> Math.abs(v * photons - Math.rint(v * photons)))
                        .max()
                        .orElseThrow())
                .isLessThan(1e-9);
    }

    @Test
    void poisson_numbers_have_their_probabilities_on_both_sides_of_the_change_of_method() {
        for (double mean : new double[] {0.3, 9.9, 10.1, 80}) {
            SampleRandom random = SampleRandom.of(3, "poisson", 0, 0);
            int n = 50_000;
            int[] counts = new int[400];
            for (int i = 0; i < n; i++) {
                counts[Poisson.draw(mean, random)]++;
            }
            double probability = Math.exp(-mean);
            for (int k = 0; k < 120; k++) {
                double expected = n * probability;
                assertThat((double) counts[k])
                        .as("P(%d) at mean %s", k, mean)
                        .isCloseTo(expected, within(5 * Math.sqrt(expected) + 5));
                probability *= mean / (k + 1);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"CIFAR, 1, .01", "CIFAR, 5, .07", "IMAGENET, 2, .06", "IMAGENET, 5, .27"})
    void impulse_noise_hits_the_published_share(ParameterSet set, int severity, double share) {
        double[] noisy = corrupted(
                new CommonCorruption(Corruption.IMPULSE_NOISE, severity, set), UNIT, constant(0.4, 1, 1, 160, 160));
        double n = noisy.length;
        double salt = Arrays.stream(noisy).filter(v -> v == 1).count();
        double pepper = Arrays.stream(noisy).filter(v -> v == 0).count();
        assertThat(salt).isCloseTo(n * share / 2, within(5 * Math.sqrt(n * share / 2)));
        assertThat(pepper).isCloseTo(n * share / 2, within(5 * Math.sqrt(n * share / 2)));
        assertThat(Arrays.stream(noisy).filter(v -> v == 0.4).count()).isEqualTo((long) (n - salt - pepper));
    }

    @Test
    void speckle_noise_grows_with_the_value() {
        CommonCorruption attack = new CommonCorruption(Corruption.SPECKLE_NOISE, 5, ParameterSet.CIFAR);
        double[] dark = corrupted(attack, UNIT, constant(0.1, 1, 1, 32, 32));
        double[] bright = corrupted(attack, UNIT, constant(0.4, 1, 1, 32, 32));
        for (int i = 0; i < dark.length; i++) { // the same random numbers
            assertThat(bright[i]).isCloseTo(4 * dark[i], within(1e-12));
        }
        assertThat(corrupted(attack, UNIT, constant(0, 1, 1, 32, 32))).containsOnly(0);
    }

    @ParameterizedTest
    @CsvSource({
        "CIFAR, 1, .05",
        "CIFAR, 3, .15",
        "CIFAR, 5, .3",
        "IMAGENET, 1, .1",
        "IMAGENET, 4, .4",
        "IMAGENET, 5, .5",
    })
    void brightness_adds_the_published_constant_to_the_value(ParameterSet set, int severity, double shift) {
        CommonCorruption attack = new CommonCorruption(Corruption.BRIGHTNESS, severity, set);
        double[] clean = Rows.toDoubles(scene(1, 16));
        assertThat(corrupted(attack, UNIT, scene(1, 16)))
                .usingComparatorWithPrecision(1e-12)
                .containsExactly(
                        Arrays.stream(clean).map(v -> Math.min(v + shift, 1)).toArray());
        // black has no color to keep
        assertThat(corrupted(attack, UNIT, constant(0, 1, 3, 8, 8))).containsOnly(shift);
    }

    @ParameterizedTest
    @CsvSource({"CIFAR, 1, .75", "CIFAR, 5, .15", "IMAGENET, 1, .4", "IMAGENET, 5, .05"})
    void contrast_shrinks_the_differences_from_the_mean_of_each_channel(ParameterSet set, int severity, double factor) {
        double[] clean = Rows.toDoubles(scene(3, 12));
        double[] expected = new double[clean.length];
        for (int i = 0; i < clean.length; i++) {
            double mean = mean(Arrays.copyOfRange(clean, i / 144 * 144, (i / 144 + 1) * 144));
            expected[i] = mean + factor * (clean[i] - mean);
        }
        assertThat(corrupted(new CommonCorruption(Corruption.CONTRAST, severity, set), UNIT, scene(3, 12)))
                .usingComparatorWithPrecision(1e-12)
                .containsExactly(expected);
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "GAUSSIAN_BLUR",
                "DEFOCUS_BLUR",
                "GLASS_BLUR",
                "MOTION_BLUR",
                "ZOOM_BLUR",
                "PIXELATE",
                "ELASTIC_TRANSFORM",
                "CONTRAST"
            })
    void what_only_moves_or_mixes_pixels_leaves_a_plain_image_alone(Corruption corruption) {
        for (ParameterSet set : List.of(ParameterSet.CIFAR, ParameterSet.IMAGENET)) {
            for (int severity = 1; severity <= 5; severity++) {
                double[] image =
                        corrupted(new CommonCorruption(corruption, severity, set), UNIT, constant(0.37, 1, 3, 24, 20));
                boolean overshoots = // the published kernel sums to 1.01, see CorruptionReferenceTests
                        corruption == Corruption.DEFOCUS_BLUR && set == ParameterSet.IMAGENET && severity >= 4;
                assertThat(Arrays.stream(image)
                                .map(v -> Math.abs(v - 0.37))
                                .max()
                                .orElseThrow())
                        .isLessThan(overshoots ? 0.006 : 1e-12);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GAUSSIAN_BLUR", "DEFOCUS_BLUR"})
    void blurs_keep_the_mean_and_lose_variance_where_nothing_reaches_the_edge(Corruption corruption) {
        double[] dot = new double[33 * 33];
        dot[16 * 33 + 16] = 1;
        INDArray image = Rows.fromDoubles(dot, new long[] {1, 1, 33, 33}, DataType.DOUBLE);
        for (int severity = 1; severity <= 3; severity++) {
            double[] blurred =
                    corrupted(new CommonCorruption(corruption, severity, ParameterSet.IMAGENET), UNIT, image);
            assertThat(Arrays.stream(blurred).sum()).isCloseTo(1, within(1e-9));
            assertThat(Arrays.stream(blurred).max().orElseThrow()).isLessThan(0.2);
            assertThat(blurred[16 * 33 + 14])
                    .isCloseTo(blurred[14 * 33 + 16], within(1e-12)); // alike in all directions
        }
    }

    /** At severity 1 of CIFAR the Gaussian of glass blur is one pixel wide: every pixel comes from a neighbor or from itself. */
    @Test
    void glass_blur_copies_whole_pixels_of_neighbors() {
        double[] values = IntStream.range(0, 3 * 144)
                .mapToDouble(i -> (i % 144) / 200.0 + Math.floorDiv(i, 144) * 0.01)
                .toArray();
        INDArray image = Rows.fromDoubles(values, new long[] {1, 3, 12, 12}, DataType.DOUBLE);
        double[] glass = corrupted(new CommonCorruption(Corruption.GLASS_BLUR, 1, ParameterSet.CIFAR), UNIT, image);
        int moved = 0;
        for (int i = 0; i < 144; i++) {
            int source = (int) Math.rint(glass[i] * 200);
            assertThat(glass[144 + i]).isCloseTo(values[144 + source], within(1e-12)); // all channels move together
            assertThat(glass[288 + i]).isCloseTo(values[288 + source], within(1e-12));
            moved += source == i ? 0 : 1;
        }
        assertThat(moved).isGreaterThan(50);
    }

    @Test
    void snow_never_darkens_and_fog_follows_its_formula() {
        double[] clean = Rows.toDoubles(scene(3, 24));
        double[] snow = corrupted(new CommonCorruption(Corruption.SNOW, 4, ParameterSet.CIFAR), UNIT, scene(3, 24));
        for (int i = 0; i < clean.length; i++) {
            assertThat(snow[i]).isGreaterThanOrEqualTo(clean[i] - 1e-12);
        }
        // (v + c · haze) · v / (v + c) with haze from 0 to 1, both of which it reaches on a whole power of two
        double[] fog = corrupted(
                new CommonCorruption(Corruption.FOG, 2, ParameterSet.CIFAR), UNIT, constant(0.4, 1, 1, 32, 32));
        double dimming = 0.4 / 0.9;
        assertThat(Arrays.stream(fog).min().orElseThrow()).isCloseTo(0.4 * dimming, within(1e-12));
        assertThat(Arrays.stream(fog).max().orElseThrow()).isCloseTo(0.9 * dimming, within(1e-12));
    }

    @Test
    void frost_lies_between_its_two_layers_and_is_a_little_blue() {
        double[] frost = corrupted(
                new CommonCorruption(Corruption.FROST, 3, ParameterSet.CIFAR), UNIT, constant(0.3, 1, 3, 32, 32));
        for (int i = 0; i < 1024; i++) { // 0.9 · x + 0.4 · frost, frost in [0.3, 1] times the tint
            assertThat(frost[2048 + i]).isBetween(0.27 + 0.4 * 0.3, 0.27 + 0.4);
            assertThat(frost[i] - 0.27).isCloseTo(0.88 * (frost[2048 + i] - 0.27), within(1e-12));
        }
        assertThat(Arrays.stream(frost).distinct().count()).isGreaterThan(1000);
    }

    @Test
    void saturation_leaves_grey_images_alone() {
        assertThat(corrupted(new CommonCorruption(Corruption.SATURATE, 5), UNIT, scene(1, 16)))
                .usingComparatorWithPrecision(1e-12)
                .containsExactly(Rows.toDoubles(scene(1, 16)));
    }

    @Test
    void the_size_of_the_images_picks_the_parameters() {
        for (Corruption corruption : List.of(Corruption.CONTRAST, Corruption.PIXELATE)) {
            CommonCorruption auto = new CommonCorruption(corruption, 2);
            assertThat(corrupted(auto, UNIT, scene(1, 64)))
                    .containsExactly(corrupted(auto.withParameterSet(ParameterSet.CIFAR), UNIT, scene(1, 64)));
            assertThat(corrupted(auto, UNIT, scene(1, 65)))
                    .containsExactly(corrupted(auto.withParameterSet(ParameterSet.IMAGENET), UNIT, scene(1, 65)));
        }
    }

    @Test
    void suites_have_all_fifteen() {
        assertThat(CommonCorruption.all(4)).hasSize(15).allMatch(attack -> attack.severity() == 4);
        assertThat(CommonCorruption.allSeverities()).hasSize(75);
        assertThat(new HashSet<>(CommonCorruption.allSeverities())).hasSize(75);
        assertThat(CommonCorruption.all(1))
                .extracting(CommonCorruption::label)
                .startsWith("gaussian noise 1", "shot noise 1")
                .endsWith("pixelate 1", "JPEG compression 1");
    }

    @Test
    void says_what_it_does() {
        CommonCorruption attack = new CommonCorruption();
        assertThat(attack.transformation()).isEqualTo("gaussian noise, severity 3");
        assertThat(attack.withParameterSet(ParameterSet.CIFAR).transformation())
                .isEqualTo("gaussian noise, severity 3 (CIFAR parameters)");
    }

    @Test
    void refuses_what_is_no_image_and_other_severities() {
        assertThatThrownBy(() -> new CommonCorruption().withSeverity(6))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Corruption: severity is 6: give 1 to 5");
        assertThatThrownBy(() -> corrupted(new CommonCorruption(), UNIT, constant(0, 2, 64)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "Corruption: the inputs have shape [2, 64]: give images of shape [n, channels, height, width]");
        assertThatThrownBy(() -> corrupted(new CommonCorruption(), UNIT, constant(0, 1, 1, 8, 7)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Corruption: the images have 8 × 7 pixels: give at least 8 × 8");
    }
}
