package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Median L2 distances on the first MNIST test images against the best of Foolbox and ART, which took about 4,800 queries per image for
 * HopSkipJump and 2,900 for the boundary attack; Mettle has to get as near with fewer.
 *
 * <p>Foolbox's HopSkipJump was run image by image (0.897, 2.159); in batches of all images it gets 1.347 and 3.161. ART gets 0.928 and
 * 2.436, and for the boundary attack 1.312 and 3.306 where Foolbox gets 1.937 and 5.251. ART found no start for 2 of 50 images.
 */
class DecisionPeerTests {

    private static final Path DIGITS = Path.of("../examples/src/main/resources/digits-test.npz");

    @ParameterizedTest
    @CsvSource({
        "mlp, 50, hopskipjump, 3000, 0.897",
        "cnn, 20, hopskipjump, 4000, 2.159",
        "mlp, 50, boundary, 1800, 1.312",
        "cnn, 20, boundary, 1500, 3.306",
    })
    void is_nearer_than_the_best_peer(String network, int images, String attack, int queries, double peer) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.FLOAT, true))
                .withInputRange(0, 1);
        LabeledData digits = LabeledData.load(DIGITS).scaled(1 / 255.0).first(images);
        int[] labels = digits.labels();
        int[] predicted = model.predict(digits.inputs());
        int[] right = IntStream.range(0, images)
                .filter(i -> predicted[i] == labels[i])
                .toArray();
        AttackRun run = AttackEngine.of(model, 0)
                .run(
                        attack.equals("boundary")
                                ? new BoundaryAttack().withQueries(queries)
                                : new HopSkipJump().withQueries(queries),
                        new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, Box.of(0, 1)),
                        Rows.select(digits.inputs(), right),
                        IntStream.of(right).map(i -> labels[i]).toArray(),
                        IntStream.of(right).asLongStream().toArray());
        assertThat(run.outcomes()).allMatch(outcome -> outcome.distances() != null);
        assertThat(run.outcomes()).extracting(SampleOutcome::forwards).allMatch(forwards -> forwards <= queries);
        double[] distances = DoubleStream.concat(
                        DoubleStream.generate(() -> 0).limit(images - right.length), // as in the recorded medians
                        run.outcomes().stream().mapToDouble(outcome -> outcome.breakingDistance(Norm.L2)))
                .sorted()
                .toArray();
        assertThat(Arrays.stream(distances, images / 2 - 1, images / 2 + 1)
                        .average()
                        .orElseThrow())
                .isLessThan(peer);
    }
}
