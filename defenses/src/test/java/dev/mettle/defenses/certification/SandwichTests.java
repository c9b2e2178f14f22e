package dev.mettle.defenses.certification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.HopSkipJump;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.CertificationContext;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.certification.ContradictedCertificateException;
import dev.mettle.core.certification.RobustnessCertification;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SandwichTests {

    /** Knows the distance from the line, and certifies a multiple of it. */
    private record Distance(double factor) implements Certifier {

        @Override
        public String name() {
            return "distance";
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of("factor", String.valueOf(factor));
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.L2);
        }

        @Override
        public List<Certificate> certify(CertificationContext context) {
            LabeledData data = context.data();
            double[][] rows = Rows.toRows(data.inputs());
            List<Certificate> certificates = new ArrayList<>();
            for (int i = 0; i < rows.length; i++) {
                certificates.add(Certificate.of(
                        data.id(i), data.label(i), Line.label(rows[i]), factor * Line.distance(rows[i]), 0, ""));
            }
            return certificates;
        }
    }

    private static final double RADIUS = 0.2;

    private final AffineModel model = Line.model();
    private final LabeledData data = Line.samples(60);

    private RobustnessCertification certification(double factor) {
        return RobustnessCertification.of(model, data)
                .certifier(new Distance(factor))
                .radius(RADIUS)
                .minCertifiedAccuracy(0.25);
    }

    private RobustnessReport attacked(AffineModel attacked, Norm norm) {
        return RobustnessEvaluation.of(attacked, data)
                .attack(new Pgd())
                .norm(norm)
                .epsilon(RADIUS)
                .run();
    }

    @Test
    void certificates_and_attacks_meet_where_both_are_exact() {
        CertificationReport report = certification(1).attack(new Pgd()).run();

        Sandwich sandwich = report.sandwich().orElseThrow();
        assertThat(sandwich.contradictions()).isEmpty();
        assertThat(sandwich.certifiedCount()).isBetween(20, 50);
        // the box hides some points beyond the line from the attack, but not from the certificate
        assertThat(sandwich.unbrokenCount()).isBetween(sandwich.certifiedCount(), sandwich.certifiedCount() + 5);
        assertThat(report.outcome()).isEqualTo(Outcome.PASS);
    }

    @Test
    void an_attack_inside_a_certified_radius_is_reported_loudly() {
        CertificationReport report = certification(3).attack(new Pgd()).run();

        assertThat(report.outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(report.sandwich().orElseThrow().isContradicted()).isTrue();
        assertThat(CertificationText.sentence(report))
                .startsWith("certified accuracy ")
                .containsPattern(
                        "by distance can't be trusted: attacks contradict \\d+ certificates: PGD-\\d+ has sample"
                                + " #\\d+ taken for class [01] at L2 distance 0\\.\\d+, but distance certified class [01] within 0")
                .endsWith("; one of the two is wrong about the model: this is a bug");
    }

    @Test
    void putting_contradictions_together_by_hand_fails() {
        CertificationReport certified = certification(3).run();
        RobustnessReport attacked = attacked(model, Norm.L2);

        assertThatThrownBy(() -> Sandwich.of(certified.certification(), attacked))
                .isInstanceOf(ContradictedCertificateException.class)
                .hasMessageStartingWith("attacks contradict ");
    }

    @Test
    void says_what_lies_between() {
        Sandwich sandwich = Sandwich.of(certification(0.5).run().certification(), attacked(model, Norm.L2));

        assertThat(sandwich.certifiedCount()).isLessThan(sandwich.unbrokenCount());
        assertThat(CertificationText.sentence(sandwich))
                .matches(
                        "between \\d+\\.\\d% \\(certified\\) and \\d+\\.\\d% \\(not broken by PGD-\\d+ \\(L2, ε = 0.2\\)\\) of"
                                + " these samples are robust within L2 radius 0.2");
        assertThat(sandwich)
                .hasToString("certified " + sandwich.certifiedCount() + " ≤ robust ≤ " + sandwich.unbrokenCount()
                        + " of 60 at L2 0.2");
    }

    @Test
    void refuses_to_compare_what_is_not_about_the_same() {
        CertificationReport certified = certification(1).run();
        CertificationReport smoothed = RobustnessCertification.of(model, data)
                .certifier(new RandomizedSmoothing(0.3).withN(100))
                .radius(RADIUS)
                .run();

        assertThatThrownBy(() -> Sandwich.of(certified.certification(), attacked(model, Norm.LINF)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the certificates are in L2, but the attacks in L∞: give both the same norm");
        assertThatThrownBy(() -> Sandwich.of(smoothed.certification(), attacked(model, Norm.L2)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the certificates are about affine smoothed with σ = 0.3, but the attacks were run on affine:"
                                + " attack the very model that was certified");
        CertificationReport fewer = certification(1).samples(50).run();
        assertThatThrownBy(() -> Sandwich.of(fewer.certification(), attacked(model, Norm.L2)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the certificates are about other samples (points, 50) than the attacks (points, 60): give both"
                                + " the same data");
    }

    @Test
    void a_proof_about_another_function_is_none() {
        RobustnessCertification other = RobustnessCertification.of(model.withBias(1, 0.2), data)
                .certifier(new Distance(1))
                .radius(RADIUS);

        assertThatThrownBy(other::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the certifier computes another function than the model, which is a bug");
    }

    @Test
    void no_attack_on_the_smoothed_model_beats_its_certificates() {
        CertificationReport report = RobustnessCertification.of(new SmoothedClassifier(model, 0.2, 200, 1), data)
                .samples(30)
                .certifier(new RandomizedSmoothing(0.2).withN(10_000))
                .radius(0.2)
                .batchSize(1000)
                .attack(new HopSkipJump().withQueries(200))
                .run();

        Sandwich sandwich = report.sandwich().orElseThrow();
        assertThat(sandwich.contradictions()).isEmpty();
        assertThat(sandwich.report().brokenCount()).isPositive();
        assertThat(sandwich.certifiedCount()).isPositive().isLessThanOrEqualTo(sandwich.unbrokenCount());
    }
}
