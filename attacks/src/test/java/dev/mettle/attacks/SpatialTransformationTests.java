package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class SpatialTransformationTests {

    private static final Box UNIT = Box.of(0, 1);

    private static LookingModel blind(Box box, long... shape) {
        return new LookingModel(box, image -> 0, shape);
    }

    /** An image of 9 × 9 black pixels, one of them white. */
    private static double[] dot(int row, int column) {
        double[] image = new double[81];
        image[9 * row + column] = 1;
        return image;
    }

    private static INDArray images(double[]... rows) {
        return Rows.fromRows(rows, Samples.uniform(1, DataType.DOUBLE, 1, 9, 9));
    }

    @Test
    void tries_the_whole_grid_with_its_borders_but_without_the_image_itself() {
        LookingModel model = blind(UNIT, 1, 9, 9);
        SpatialTransformation attack = new SpatialTransformation();
        List<SampleOutcome> outcomes = model.attack(attack, images(dot(4, 4)));
        assertThat(outcomes.get(0).status()).isEqualTo(SampleStatus.ROBUST);
        assertThat(outcomes.get(0).forwards()).isEqualTo(124);
        assertThat(attack.passes(2)).isEqualTo(new Passes(124, 0));
        assertThat(model.seen()).noneMatch(image -> Arrays.equals(image, dot(4, 4)));
        // a dot in the middle doesn't feel rotation: the five angles at the borders of the shift
        for (int right : new int[] {-3, 3}) {
            for (int down : new int[] {-3, 3}) {
                int moved = 9 * (4 + down) + 4 + right;
                assertThat(model.seen()).filteredOn(image -> image[moved] == 1).hasSize(5);
            }
        }
    }

    @Test
    void tries_the_largest_angles() {
        LookingModel model = blind(UNIT, 1, 9, 9);
        model.attack(new SpatialTransformation().withBound(90, 0).withGrid(3, 5), images(dot(4, 8)));
        assertThat(model.seen()).containsExactlyInAnyOrder(dot(0, 4), dot(8, 4));
    }

    @Test
    void a_grid_of_one_angle_only_shifts() {
        LookingModel model = blind(UNIT, 1, 9, 9);
        SpatialTransformation attack =
                new SpatialTransformation().withBound(30, 1).withGrid(1, 3);
        model.attack(attack, images(dot(4, 4)));
        assertThat(model.seen()).hasSize(8);
        assertThat(attack.passes(2)).isEqualTo(new Passes(8, 0));
    }

    /** ART tries every transformation on the whole batch, and keeps the one that fools most: half of these stay "robust". */
    @Test
    void every_image_gets_its_own_worst_transformation() {
        // images with a dot on the left fall when it moves 3 right, those with a dot on the right when it moves 3 left
        LookingModel model = new LookingModel(UNIT, image -> image[9 * 4 + 4] > 0.9 ? 1 : 0, 1, 9, 9);
        SpatialTransformation attack =
                new SpatialTransformation().withBound(0, 3).withGrid(1, 3);
        List<SampleOutcome> outcomes = model.attack(attack, images(dot(4, 1), dot(4, 7), dot(4, 2), dot(7, 1)));
        assertThat(outcomes)
                .extracting(SampleOutcome::status)
                .containsExactly(SampleStatus.BROKEN, SampleStatus.BROKEN, SampleStatus.ROBUST, SampleStatus.BROKEN);
        assertThat(outcomes.get(2).forwards()).isEqualTo(8);
        assertThat(outcomes.get(3).forwards()).isLessThan(8); // leaves once it is broken
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void results_do_not_depend_on_the_batch(int batchSize) {
        for (SpatialTransformation attack :
                List.of(new SpatialTransformation(), new SpatialTransformation().withRandomDraws(20))) {
            LookingModel model = new LookingModel(UNIT, image -> image[12] > 0.75 ? 1 : 0, 2, 5, 7);
            INDArray inputs = Samples.uniform(8, DataType.DOUBLE, 2, 5, 7).muli(0.8);
            long[] ids = IntStream.range(0, 8).asLongStream().toArray();
            List<SampleOutcome> together = model.attack(AttackEngine.of(model, 1), attack, inputs, ids);
            List<SampleOutcome> apart =
                    model.attack(AttackEngine.of(model, 1).withBatchSize(batchSize), attack, inputs, ids);
            assertThat(apart).usingRecursiveComparison().isEqualTo(together);
            assertThat(inputs)
                    .isEqualTo(Samples.uniform(8, DataType.DOUBLE, 2, 5, 7).muli(0.8));
        }
    }

    @Test
    void random_draws_differ_from_image_to_image_and_stay_within_the_bound() {
        LookingModel model = blind(UNIT, 1, 9, 9);
        SpatialTransformation attack =
                new SpatialTransformation().withBound(0, 2).withRandomDraws(50);
        List<SampleOutcome> outcomes = model.attack(attack, images(dot(4, 4), dot(4, 4)));
        assertThat(outcomes).extracting(SampleOutcome::forwards).containsExactly(50L, 50L);
        assertThat(attack.passes(2)).isEqualTo(new Passes(50, 0));
        double farthest = 0;
        for (int query = 0; query < 50; query++) {
            double[] first = model.seen().get(2 * query);
            assertThat(first).isNotEqualTo(model.seen().get(2 * query + 1));
            double right = IntStream.range(0, 81)
                    .mapToDouble(i -> first[i] * (i % 9 - 4))
                    .sum();
            farthest = Math.max(farthest, Math.abs(right));
        }
        assertThat(farthest).isBetween(1.5, 2.0);
    }

    @Test
    void what_comes_in_is_black_or_what_it_is_told() {
        Box box = Box.of(-2, 3);
        LookingModel model = blind(box, 1, 9, 9);
        SpatialTransformation attack =
                new SpatialTransformation().withBound(0, 3).withGrid(1, 3);
        INDArray white = images(new double[81]).addi(3);
        model.attack(attack, white);
        model.attack(attack.withFill(0.5), white);
        assertThat(model.seen().subList(0, 8))
                .allMatch(image -> Arrays.stream(image).min().orElseThrow() == -2);
        assertThat(model.seen().subList(8, 16))
                .allMatch(image -> Arrays.stream(image).min().orElseThrow() == 0.5);
        assertThatThrownBy(() -> model.attack(attack.withFill(4), white))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Spatial: fill is 4: give a number inside the input range [-2, 3], or leave it out");
    }

    @Test
    void the_box_holds_and_every_example_is_what_the_model_saw() {
        LookingModel model = new LookingModel(UNIT, image -> image[40] < 0.5 ? 1 : 0, 3, 9, 9);
        INDArray inputs = Samples.uniform(8, DataType.DOUBLE, 3, 9, 9);
        List<SampleOutcome> outcomes = model.attack(new SpatialTransformation(), inputs);
        assertThat(outcomes).allMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        for (SampleOutcome outcome : outcomes) {
            double[] example = Rows.toDoubles(Objects.requireNonNull(outcome.adversarial()));
            assertThat(UNIT.firstViolation(example)).isEmpty();
        }
    }

    @Test
    void refuses_what_is_no_image_and_parameters_out_of_range() {
        LookingModel model = blind(UNIT, 8);
        assertThatThrownBy(() -> model.attack(new SpatialTransformation(), Samples.uniform(2, DataType.DOUBLE, 8)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Spatial: the inputs have shape [2, 8]: give images of shape [n, channels, height, width]");
        SpatialTransformation attack = new SpatialTransformation();
        assertThatThrownBy(() -> attack.withBound(0, 0))
                .hasMessage("Spatial: degrees and pixels are both 0: let the image turn, or move, or both");
        assertThatThrownBy(() -> attack.withBound(200, 0)).hasMessage("Spatial: degrees is 200: give at most 180");
        assertThatThrownBy(() -> attack.withBound(-1, 0)).hasMessage("Spatial: degrees is -1: give at least 0");
        assertThatThrownBy(() -> attack.withGrid(0, 3)).hasMessage("Spatial: rotations is 0: give at least 1");
        assertThatThrownBy(() -> attack.withRandomDraws(0)).hasMessage("Spatial: draws is 0: give at least 1");
    }

    @Test
    void says_what_it_may_do() {
        SpatialTransformation attack = new SpatialTransformation();
        assertThat(attack.transformation()).isEqualTo("rotation ±30°, translation ±3 px");
        assertThat(attack.withBound(10, 0).transformation()).isEqualTo("rotation ±10°");
        assertThat(attack.withBound(0, 1.5).transformation()).isEqualTo("translation ±1.5 px");
        assertThat(attack.label()).isEqualTo("Spatial-5×5×5");
        assertThat(attack.withRandomDraws(10).label()).isEqualTo("Spatial-10");
    }

    /**
     * The first 200 digits against a grid of 5 × 5 × 5 in PyTorch: the same motions, and Foolbox's, which move less than they are told
     * (a shift of 1 is 27/28 of a pixel there) and so break fewer.
     */
    @ParameterizedTest
    @CsvSource({
        "mlp, 30, 0, 65, 65",
        "mlp, 10, 1, 68, 74",
        "mlp, 15, 1.5, 7, 9",
        "cnn, 30, 0, 116, 116",
        "cnn, 0, 3, 10, 13",
        "cnn, 10, 1, 146, 148",
        "cnn, 15, 1.5, 74, 77",
    })
    void as_many_digits_withstand_it_as_in_pytorch(
            String network, double degrees, double pixels, int pytorch, int foolbox) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.FLOAT, false))
                .withInputRange(0, 1);
        LabeledData digits = LabeledData.load(Path.of("../examples/src/main/resources/digits-test.npz"))
                .scaled(1 / 255.0)
                .first(200);
        INDArray inputs = digits.inputs().castTo(DataType.FLOAT);
        boolean[] wrong = model.misclassifies(inputs, digits.labels());
        int[] right = IntStream.range(0, 200).filter(i -> !wrong[i]).toArray();
        long robust = AttackEngine.of(model, 0)
                .run(
                        new SpatialTransformation().withBound(degrees, pixels),
                        new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, UNIT),
                        Rows.select(inputs, right),
                        IntStream.of(right).map(i -> digits.labels()[i]).toArray(),
                        IntStream.of(right).asLongStream().toArray())
                .outcomes()
                .stream()
                .filter(outcome -> outcome.status() == SampleStatus.ROBUST)
                .count();
        assertThat(robust).isEqualTo(pytorch).isLessThanOrEqualTo(foolbox);
    }
}
