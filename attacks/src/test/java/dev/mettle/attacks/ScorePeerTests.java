package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Square on MNIST against AutoAttack, torchattacks and ART, which all leave as many digits standing. */
class ScorePeerTests {

    @ParameterizedTest
    @CsvSource({"mlp, 0.02, 50, 49, 48", "cnn, 0.1, 20, 20, 16"})
    void square_leaves_no_more_digits_than_the_peers(
            String network, double epsilon, int digits, int clean, int robust) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.FLOAT, true))
                .withInputRange(0, 1);
        LabeledData data = LabeledData.load(Path.of("../examples/src/main/resources/digits-test.npz"));
        RobustnessReport report = RobustnessEvaluation.of(
                        model, data.scaled(1 / 255.0).first(digits))
                .attack(new SquareAttack())
                .norm(Norm.LINF)
                .epsilon(epsilon)
                .trust(TrustPolicy.OFF) // what the attack does by itself
                .run();
        assertThat(report.cleanCount()).isEqualTo(clean);
        assertThat(report.robustCount()).isLessThanOrEqualTo(robust);
        assertThat(report.undecidedCount()).isZero();
    }
}
