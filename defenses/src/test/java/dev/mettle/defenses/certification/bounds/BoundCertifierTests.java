package dev.mettle.defenses.certification.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.RobustnessCertification;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class BoundCertifierTests {

    private final TinyNetwork tiny = new TinyNetwork(12, DataType.FLOAT, 6);

    private LabeledData data() {
        SampleRandom random = SampleRandom.of(9, "plane", 0, 0);
        double[] values =
                IntStream.range(0, 80).mapToDouble(i -> random.uniform(0, 1)).toArray();
        INDArray inputs = Rows.fromDoubles(values, new long[] {40, 2}, DataType.FLOAT);
        return LabeledData.of(inputs, tiny.model().predict(inputs));
    }

    @Test
    void certificates_hold_under_attack_and_below_the_exact_distance() {
        LabeledData data = data();
        CertificationReport report = RobustnessCertification.of(tiny.model(), data)
                .certifier(new Crown())
                .norm(Norm.LINF)
                .radius(0.02)
                .radii(0.005, 0.05)
                .minCertifiedAccuracy(0.2)
                .attack(new Pgd())
                .run();
        Sandwich sandwich = report.sandwich().orElseThrow();
        assertThat(sandwich.contradictions()).isEmpty();
        assertThat(report.outcome()).isEqualTo(Outcome.PASS);
        List<Certificate> certificates = report.certification().certificates();
        double[][] x = Rows.toRows(data.inputs());
        int certified = 0;
        for (int i = 0; i < certificates.size(); i++) {
            Certificate certificate = certificates.get(i);
            assertThat(certificate.radius()).isIn(0.0, 0.005, 0.02, 0.05);
            assertThat(certificate.radius())
                    .isLessThanOrEqualTo(tiny.distance(data.label(i), Norm.LINF, x[i][0], x[i][1]));
            assertThat(certificate.forwards()).isGreaterThan(3);
            if (certificate.radius() > 0) {
                certified++;
                assertThat(certificate.evidence()).startsWith("margin of at least ");
            }
        }
        assertThat(certified).isGreaterThan(20);
        assertThat(report.certification().certifier().alpha()).isZero();
        assertThat(report.certification().certifier().label()).isEqualTo("CROWN");
    }

    @Test
    void models_that_show_no_weights_are_refused() {
        AffineModel model = AffineModel.random(3, 1, DataType.FLOAT, 4);
        assertThatThrownBy(() -> new CrownIbp().requireCertifiable(model, Norm.L2, List.of(0.1)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageMatching("CROWN-IBP needs the weights of a network, which the model .* doesn't show:"
                        + " give a Dl4jClassifier, or certify by randomized smoothing");
    }
}
