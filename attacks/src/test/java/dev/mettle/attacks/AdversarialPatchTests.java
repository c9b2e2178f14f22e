package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.AdversarialPatch.Place;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Goal;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class AdversarialPatchTests {

    private static final AdversarialPatch ATTACK = new AdversarialPatch();

    private static List<SampleOutcome> run(
            DifferentiableModel model, AdversarialPatch attack, Goal goal, INDArray x, int[] labels) {
        return run(AttackEngine.of(model, 1), model, attack, goal, x, labels);
    }

    private static List<SampleOutcome> run(
            AttackEngine engine,
            DifferentiableModel model,
            AdversarialPatch attack,
            Goal goal,
            INDArray x,
            int[] labels) {
        long[] ids = IntStream.range(0, labels.length).asLongStream().toArray();
        ThreatModel threat =
                new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, model.info().inputRange()).withGoal(goal);
        return engine.run(attack, threat, x, labels, ids).outcomes();
    }

    /** Two classes, one plane, all samples on one side, two channels of 6 × 5 pixels, values from −1 to 3. */
    private static AffineModel plane(double lead) {
        AffineModel random = AffineModel.random(2, 31, DataType.DOUBLE, 2, 6, 5);
        return new AffineModel(random.weights(), new double[] {lead, 0}, Box.of(-1, 3), DataType.DOUBLE, 2, 6, 5);
    }

    private static INDArray samples(AffineModel model, int label, int number) {
        INDArray all =
                Samples.uniform(8 * number, DataType.DOUBLE, 2, 6, 5).muli(4).subi(1);
        int[] predicted = model.predict(all);
        return Rows.select(
                all,
                IntStream.range(0, predicted.length)
                        .filter(i -> predicted[i] == label)
                        .limit(number)
                        .toArray());
    }

    /** At a fixed place the best patch of an affine model is the corner of the box that its weights point to. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ANYWHERE")
    void breaks_exactly_the_samples_that_the_best_patch_breaks(Place place) {
        AffineModel model = plane(8);
        INDArray x = samples(model, 0, 20);
        AdversarialPatch attack =
                ATTACK.withArea(0.15).withPlace(place).withEpochs(100).withBatchSize(20);
        assertThat(attack.side(x)).isEqualTo(2); // √(0.15 · 30) = 2.12
        int left = switch (place) {
            case UPPER_RIGHT, LOWER_RIGHT -> 3;
            case CENTER -> 1;
            default -> 0;
        };
        int top = switch (place) {
            case LOWER_LEFT, LOWER_RIGHT -> 4;
            case CENTER -> 2;
            default -> 0;
        };
        List<SampleOutcome> outcomes = run(model, attack, Goal.untargeted(), x, new int[20]);
        double[][] clean = Rows.toRows(x);
        int broken = 0;
        for (int i = 0; i < 20; i++) {
            double[] best = clean[i].clone();
            for (int feature = 0; feature < 60; feature++) {
                int column = feature % 5 - left;
                int row = feature / 5 % 6 - top;
                if (column >= 0 && column < 2 && row >= 0 && row < 2) {
                    best[feature] = model.weights()[1][feature] > model.weights()[0][feature] ? 3 : -1;
                }
            }
            boolean breakable = model.logits(best)[1] > model.logits(best)[0];
            assertThat(outcomes.get(i).status())
                    .as("sample %d", i)
                    .isEqualTo(breakable ? SampleStatus.BROKEN : SampleStatus.ROBUST);
            if (breakable) {
                assertThat(Rows.toDoubles(Objects.requireNonNull(outcomes.get(i).adversarial())))
                        .usingComparatorWithPrecision(1e-9)
                        .containsExactly(best);
                broken++;
            }
        }
        assertThat(broken).isBetween(1, 19);
    }

    /** Wherever it lies: outside a square of its size nothing changes, and inside there is always the same patch. */
    @Test
    void one_patch_lies_over_every_image_and_nothing_else_changes() {
        AffineModel model = plane(0);
        INDArray x = samples(model, 0, 20);
        INDArray before = x.dup();
        List<SampleOutcome> outcomes = run(model, ATTACK.withArea(0.3), Goal.untargeted(), x, new int[20]);
        assertThat(x).isEqualTo(before);
        double[][] clean = Rows.toRows(x);
        double[] patch = null;
        int broken = 0;
        int places = 0;
        int first = -1;
        for (int i = 0; i < 20; i++) {
            if (outcomes.get(i).status() != SampleStatus.BROKEN) {
                continue;
            }
            double[] point =
                    Rows.toDoubles(Objects.requireNonNull(outcomes.get(i).adversarial()));
            int sample = i;
            int[] changed = IntStream.range(0, 60)
                    .filter(feature -> point[feature] != clean[sample][feature])
                    .toArray();
            int left = Arrays.stream(changed).map(feature -> feature % 5).min().orElseThrow();
            int top =
                    Arrays.stream(changed).map(feature -> feature / 5 % 6).min().orElseThrow();
            assertThat(changed).hasSizeLessThanOrEqualTo(18);
            assertThat(Arrays.stream(changed).allMatch(feature -> feature % 5 < left + 3 && feature / 5 % 6 < top + 3))
                    .isTrue();
            if (changed.length == 18) { // else a value of the image happens to be that of the patch
                double[] found = Arrays.stream(changed)
                        .mapToDouble(feature -> point[feature])
                        .toArray();
                if (patch != null) {
                    assertThat(found).containsExactly(patch);
                }
                patch = found;
                places += first >= 0 && first != changed[0] ? 1 : 0;
                first = changed[0];
            }
            broken++;
        }
        assertThat(broken).isGreaterThan(5);
        assertThat(places).isGreaterThan(1);
    }

    @Test
    void costs_what_it_says() {
        AffineModel model = plane(0);
        double[][] weights = model.weights();
        AffineModel sure = new AffineModel(weights, new double[] {1000, 0}, Box.of(-1, 3), DataType.DOUBLE, 2, 6, 5);
        INDArray x = samples(model, 0, 9);
        for (AdversarialPatch attack : List.of(
                ATTACK,
                ATTACK.withEpochs(3).withBatchSize(4).withPlacements(2),
                ATTACK.withEpochs(2).withPlace(Place.CENTER),
                ATTACK.withEpochs(2).withPlace(Place.CENTER).withDegrees(20))) {
            assertThat(run(sure, attack, Goal.untargeted(), x, new int[9])).allSatisfy(outcome -> {
                assertThat(outcome.status()).isEqualTo(SampleStatus.ROBUST);
                assertThat(new Passes(outcome.forwards(), outcome.backwards())).isEqualTo(attack.passes(2));
            });
        }
        assertThat(ATTACK.passes(2)).isEqualTo(new Passes(60, 50));
        assertThat(ATTACK.withPlace(Place.CENTER).passes(2)).isEqualTo(new Passes(51, 50));
    }

    @Test
    void a_second_run_is_the_same_and_the_batch_size_of_the_engine_does_not_matter() {
        AffineModel model = AffineModel.random(4, 6, DataType.FLOAT, 1, 8, 8);
        INDArray x = Samples.uniform(40, DataType.FLOAT, 1, 8, 8);
        AdversarialPatch attack = ATTACK.withEpochs(5).withDegrees(30);
        List<SampleOutcome> outcomes = run(model, attack, Goal.untargeted(), x, model.predict(x));
        AttackEngine one = AttackEngine.of(model, 1).withBatchSize(1);
        assertThat(run(one, model, attack, Goal.untargeted(), x, model.predict(x)))
                .usingRecursiveComparison()
                .isEqualTo(outcomes);
        assertThat(outcomes).anyMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        assertThat(outcomes)
                .allMatch(outcome -> outcome.adversarial() == null
                        || Box.of(0, 1)
                                .firstViolation(Rows.toDoubles(outcome.adversarial()))
                                .isEmpty());
    }

    @Test
    void more_placements_never_break_fewer() {
        AffineModel model = plane(0);
        INDArray x = samples(model, 0, 30);
        int before = 0;
        for (int placements : new int[] {1, 3, 10}) {
            int broken = (int) run(model, ATTACK.withPlacements(placements), Goal.untargeted(), x, new int[30]).stream()
                    .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                    .count();
            assertThat(broken).isGreaterThanOrEqualTo(before);
            before = broken;
        }
        assertThat(before).isBetween(1, 29);
    }

    @Test
    void refuses_what_is_no_image_and_parameters_out_of_range() {
        AffineModel flat = AffineModel.random(2, 1, DataType.DOUBLE, 8);
        assertThatThrownBy(
                        () -> run(flat, ATTACK, Goal.untargeted(), Samples.uniform(1, DataType.DOUBLE, 8), new int[1]))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Patch: the inputs have shape [1, 8]: give images of shape [n, channels, height, width]");
        assertThatThrownBy(() -> ATTACK.withArea(1.5)).hasMessage("Patch: area is 1.5: give at most 1");
        assertThatThrownBy(() -> ATTACK.withArea(0)).hasMessage("Patch: area is 0.0: give a finite number above 0");
        assertThatThrownBy(() -> ATTACK.withDegrees(181)).hasMessage("Patch: degrees is 181: give at most 180");
        assertThatThrownBy(() -> ATTACK.withPlacements(0)).hasMessage("Patch: placements is 0: give at least 1");
        assertThatThrownBy(() -> ATTACK.withBatchSize(200)).hasMessage("Patch: batch-size is 200: give at most 128");
    }

    @Test
    void says_what_it_may_do() {
        assertThat(ATTACK.transformation()).isEqualTo("adversarial patch of 10 % of the image anywhere");
        assertThat(ATTACK.withArea(0.05)
                        .withPlace(Place.LOWER_LEFT)
                        .withDegrees(15)
                        .transformation())
                .isEqualTo("adversarial patch of 5 % of the image in the lower left corner, rotation ±15°");
    }

    /** A trained patch breaks three times as many digits as a grey one of its size, and leads as many more to a class of its choice. */
    @Test
    void training_makes_the_patch() {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load("cnn", DataType.FLOAT, false))
                .withInputRange(0, 1);
        LabeledData digits = LabeledData.load(Path.of("../examples/src/main/resources/digits-test.npz"))
                .scaled(1 / 255.0);
        INDArray inputs = digits.inputs().castTo(DataType.FLOAT);
        boolean[] wrong = model.misclassifies(inputs, digits.labels());
        int[] right = IntStream.range(0, wrong.length)
                .filter(i -> !wrong[i] && digits.labels()[i] != 8)
                .limit(64)
                .toArray();
        INDArray x = Rows.select(inputs, right);
        int[] labels = IntStream.of(right).map(i -> digits.labels()[i]).toArray();
        AdversarialPatch attack = ATTACK.withArea(0.06).withEpochs(20);
        long untargeted = count(run(model, attack, Goal.untargeted(), x, labels));
        long grey = count(run(model, attack.withEpochs(1).withLearningRate(1e-6), Goal.untargeted(), x, labels));
        long targeted = count(run(model, attack.withArea(0.15), Goal.target(8), x, labels));
        long greyTargeted = count(
                run(model, attack.withArea(0.15).withEpochs(1).withLearningRate(1e-6), Goal.target(8), x, labels));
        assertThat(grey).isPositive();
        assertThat(untargeted).isGreaterThanOrEqualTo(3 * grey);
        assertThat(greyTargeted).isPositive();
        assertThat(targeted).isGreaterThanOrEqualTo(3 * greyTargeted);
    }

    private static long count(List<SampleOutcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .count();
    }
}
