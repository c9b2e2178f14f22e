package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Distances and robust accuracy on the first MNIST test images, in float32, against what other libraries get. */
class MinimumNormPeerTests {

    private static final Path DIGITS = Path.of("../examples/src/main/resources/digits-test.npz");

    /** Attack those of the first images that are classified correctly; with a finite epsilon, until they are broken within it. */
    private static List<SampleOutcome> run(String network, Attack attack, Norm norm, double epsilon, int images) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.FLOAT, false))
                .withInputRange(0, 1);
        LabeledData digits = LabeledData.load(DIGITS).scaled(1 / 255.0).first(images);
        INDArray inputs = digits.inputs();
        int[] labels = digits.labels();
        int[] predicted = model.predict(inputs);
        int[] right = IntStream.range(0, labels.length)
                .filter(i -> predicted[i] == labels[i])
                .toArray();
        AttackEngine engine = AttackEngine.of(model, 0);
        return (Double.isFinite(epsilon) ? engine.stoppingWithinEpsilon() : engine)
                .run(
                        attack,
                        new ThreatModel(norm, epsilon, Box.of(0, 1)),
                        Rows.select(inputs, right),
                        Arrays.stream(right).map(i -> labels[i]).toArray(),
                        Arrays.stream(right).asLongStream().toArray())
                .outcomes();
    }

    private static double median(List<SampleOutcome> outcomes, Norm norm) {
        double[] distances = outcomes.stream()
                .mapToDouble(outcome -> outcome.breakingDistance(norm))
                .sorted()
                .toArray();
        return (distances[(distances.length - 1) / 2] + distances[distances.length / 2]) / 2;
    }

    static Stream<Arguments> medians() {
        return Stream.of(
                Arguments.of("mlp", new Ddn(), Norm.L2, 1000, 0.6171),
                Arguments.of("mlp", new DeepFool(), Norm.L2, 1000, 0.6203),
                Arguments.of("mlp", new Fmn(), Norm.LINF, 1000, 0.04033),
                Arguments.of("cnn", new DeepFool(), Norm.L2, 250, 1.642));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("medians")
    void distances_are_no_larger_than_the_best_peers(
            String network, Attack attack, Norm norm, int images, double best) {
        List<SampleOutcome> outcomes = run(network, attack, norm, ThreatModel.UNBOUNDED, images);
        // torchattacks' DeepFool leaves half of the images standing, ART's 38 of 1,000
        assertThat(outcomes).allMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        assertThat(median(outcomes, norm)).isLessThan(best + 0.0001);
    }

    /** adversarial-library spends 10 forward and 90 backward passes on an image of the mlp; Foolbox 153 and 152. */
    @Test
    void deep_fool_spends_no_more_than_the_thriftiest_peer() {
        List<SampleOutcome> outcomes = run("mlp", new DeepFool(), Norm.L2, ThreatModel.UNBOUNDED, 250);
        assertThat(outcomes.stream()
                        .mapToLong(SampleOutcome::forwards)
                        .average()
                        .orElseThrow())
                .isLessThan(11);
        for (SampleOutcome outcome : outcomes) {
            assertThat(outcome.backwards()).isEqualTo(9 * outcome.forwards());
        }
    }

    /** As published, FMN leaves 97 of 100 images of the mlp standing in L2, and 62 of the cnn; mended in PyTorch, it gets these means. */
    @ParameterizedTest
    @CsvSource({"mlp, 0.7008", "cnn, 1.556"})
    void fmn_does_not_stall_at_the_edge_of_the_box(String network, double mean) {
        List<SampleOutcome> outcomes = run(network, new Fmn(), Norm.L2, ThreatModel.UNBOUNDED, 100);
        assertThat(outcomes).allMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        assertThat(outcomes.stream()
                        .mapToDouble(outcome -> outcome.breakingDistance(Norm.L2))
                        .average()
                        .orElseThrow())
                .isLessThan(mean + 0.0005); // the means are rounded
    }

    /** AutoAttack's FAB-T leaves 0.86 of 250 images of the mlp. */
    @Test
    void fab_t_leaves_no_more_images_than_the_reference() {
        List<SampleOutcome> outcomes = run("mlp", new FabTargeted().withSteps(20), Norm.LINF, 0.02, 250);
        assertThat(outcomes.stream().filter(outcome -> outcome.status() != SampleStatus.BROKEN))
                .hasSizeBetween(213, 217);
    }
}
