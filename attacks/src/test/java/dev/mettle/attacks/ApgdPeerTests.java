package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Robust samples among the first MNIST test images: at most 2 more than AutoAttack, torchattacks and adversarial-library leave. */
class ApgdPeerTests {

    private static final Path DIGITS = Path.of("../examples/src/main/resources/digits-test.npz");

    static Stream<Arguments> peers() {
        return Stream.of(
                Arguments.of("mlp", new Apgd(), 0.02, 250, 215),
                Arguments.of("mlp", new Apgd(Loss.DLR), 0.02, 250, 216),
                Arguments.of("mlp", new ApgdTargeted(), 0.02, 250, 215),
                Arguments.of("cnn", new Apgd(), 0.1, 100, 74),
                Arguments.of("cnn", new Apgd(Loss.DLR), 0.1, 100, 74),
                Arguments.of("cnn", new ApgdTargeted(), 0.1, 100, 73));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("peers")
    void leaves_no_more_standing_than_the_peers(String network, Attack attack, double epsilon, int images, int best) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.FLOAT, true))
                .withInputRange(0, 1);
        RobustnessReport report = RobustnessEvaluation.of(
                        model, LabeledData.load(DIGITS).scaled(1 / 255.0).first(images))
                .attack(attack)
                .norm(Norm.LINF)
                .epsilon(epsilon)
                .trust(TrustPolicy.OFF) // what the attack does by itself
                .run();
        assertThat(report.robustCount()).isBetween(best - 3, best + 2);
        assertThat(report.undecidedCount()).isZero();
    }
}
