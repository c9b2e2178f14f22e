package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Robust accuracy on the first 1,000 MNIST test images against what Foolbox, ART and torchattacks get, within 3 samples. */
class PeerAccuracyTests {

    private static final Path DIGITS = Path.of("../examples/src/main/resources/digits-test.npz");

    @ParameterizedTest
    @CsvSource({
        "mlp, fgsm, 0.1, 953, 69",
        "mlp, 'pgd:steps=40,step=0.002', 0.02, 953, 822",
        "cnn, fgsm, 0.1, 986, 769",
        "cnn, fgsm, 0.3, 986, 23",
        "cnn, 'pgd:steps=40,step=0.01', 0.1, 986, 684",
    })
    void equals_the_recorded_peers(String network, String attack, double epsilon, int clean, int robust) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.FLOAT, true))
                .withInputRange(0, 1);
        LabeledData digits = LabeledData.load(DIGITS);
        RobustnessReport report = RobustnessEvaluation.of(
                        model, digits.scaled(1 / 255.0).first(1000))
                .attack(AttackCatalog.parse(attack))
                .norm(Norm.LINF)
                .epsilon(epsilon)
                .run();
        assertThat(report.cleanCount()).isEqualTo(clean);
        assertThat(report.robustCount()).isCloseTo(robust, within(3));
        assertThat(report.undecidedCount()).isZero();
    }
}
