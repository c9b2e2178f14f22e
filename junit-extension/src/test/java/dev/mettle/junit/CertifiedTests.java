package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.HopSkipJump;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationContext;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertifiedCurve;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.defenses.certification.RandomizedSmoothing;
import dev.mettle.defenses.certification.SmoothedClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/** The model of these tests breaks exactly where its first feature crosses one half. */
class CertifiedTests {

    /** Proves, of the radii asked for, those within the distance of the boundary times a factor. */
    record Boundary(double factor) implements Certifier {

        Boundary() {
            this(1);
        }

        @Override
        public String name() {
            return "boundary";
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of("factor", String.valueOf(factor));
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.LINF, Norm.L2);
        }

        @Override
        public List<Certificate> certify(CertificationContext context) {
            LabeledData data = context.data();
            double[][] rows = Rows.toRows(data.inputs());
            List<Certificate> certificates = new ArrayList<>();
            for (int i = 0; i < rows.length; i++) {
                double distance = factor * Math.abs(rows[i][0] - 0.5);
                double proved = context.radii().stream()
                        .filter(radius -> radius < distance)
                        .mapToDouble(Double::doubleValue)
                        .max()
                        .orElse(0);
                certificates.add(Certificate.of(data.id(i), data.label(i), rows[i][0] > 0.5 ? 0 : 1, proved, 1, ""));
            }
            return certificates;
        }
    }

    abstract static class Base {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(10, 20, 10);
    }

    static class SmoothingTestCases extends Base {

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, minCertifiedAccuracy = 0.3, sigma = 0.25, n = 1000)
        void passes(
                Certification certification,
                CertificationReport report,
                CertifiedCurve curve,
                LabelModel model,
                LabeledData data) {
            assertThat(certification.certifiedCount(0.2)).isEqualTo(20);
            assertThat(report.outcome()).isEqualTo(Outcome.PASS);
            assertThat(curve.points()).hasSizeGreaterThan(3);
            assertThat(model).isSameAs(Base.model);
            assertThat(data).isSameAs(Base.data);
            assertThat(certification)
                    .hasCertifiedAccuracyOfAtLeast(0.3, 0.2)
                    .hasObservedCertifiedAccuracyOfAtLeast(0.5, 0.1)
                    .hasAverageRadiusOfAtLeast(0.1)
                    .hasCleanAccuracyOfAtLeast(0.5);
        }

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, minCertifiedAccuracy = 0.8, sigma = 0.25, n = 1000)
        void fails() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, minCertifiedAccuracy = 0.5, sigma = 0.25, n = 1000)
        void isInconclusive() {}

        @CertifiedRobustnessTest(
                norm = Norm.L2,
                radius = 0.2,
                minCertifiedAccuracy = 0.5,
                sigma = 0.25,
                n = 1000,
                decision = Decision.POPULATION)
        void passesOnThePopulation() {}

        @CertifiedRobustnessTest(
                norm = Norm.L2,
                radius = 0.2,
                minCertifiedAccuracy = 0.5,
                sigma = 0.25,
                n = 1000,
                onInconclusive = OnInconclusive.FAIL)
        void failsWithoutAVerdict() {}

        @CertifiedRobustnessTest(norm = Norm.LINF, radius = 0.2, sigma = 0.25)
        void inAnotherNorm() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, sigma = 0.25, n = 9)
        void withTooFewVotes() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, minCertifiedAccuracy = 0.95, sigma = 0.25)
        void withTooFewSamples() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, minCertifiedAccuracy = 80, sigma = 0.25)
        void inPercent() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, sigma = 0.25, n = 1000)
        void asserts(Certification certification) {
            assertThat(certification).hasCertifiedAccuracyOfAtLeast(0.8, 0.2);
        }
    }

    @Test
    void passes_and_gives_the_body_what_it_asks_for() {
        Kit kit = Kit.run(SmoothingTestCases.class, "passes");

        assertThat(kit.thrown()).isEmpty();
        assertThat(kit.names()).containsExactly("randomized smoothing (σ = 0.25), L2 radius 0.2");
        assertThat(kit.console())
                .contains(
                        "[mettle] CertifiedTests.SmoothingTestCases.passes  seed 20240229  40 samples  model affine",
                        "[mettle]     every certificate holds with a probability of at least 99.9% (α = 0.001, over the noise),"
                                + " so at most 0.04 false ones are to be expected among 40 samples; with 95% confidence, over"
                                + " the choice of samples and the noise, at least 36.1% of all inputs get a certificate, and"
                                + " robust accuracy is at least 36.0%");
        assertThat(kit.console())
                .anyMatch(line ->
                        line.matches("\\[mettle\\]   randomized smoothing \\(σ = 0\\.25\\)  L2 radius 0\\.2  clean"
                                + " \\d+\\.\\d%  certified 50\\.0% \\[33\\.8%, 66\\.2%\\]  need 30\\.0%(  abstained \\d+)?  \\d+\\.\\d s "
                                + " pass"));
    }

    @Test
    void fails_with_everything_in_the_first_line() {
        Throwable thrown = Kit.run(SmoothingTestCases.class, "fails").onlyThrown();

        assertThat(thrown).isInstanceOf(RobustnessAssertionError.class);
        List<String> lines = thrown.getMessage().lines().toList();
        assertThat(lines.get(0))
                .isEqualTo(
                        "certified accuracy 50.0% within L2 radius 0.2 by randomized smoothing (σ = 0.25) is below the"
                                + " required 80.0%");
        assertThat(lines.get(1)).isEmpty();
        assertThat(lines.get(2)).matches("  clean accuracy     \\d+\\.\\d%   \\d+ of 40   95% CI \\[.*]");
        assertThat(lines.get(3)).isEqualTo("  certified          50.0%   20 of 40   95% CI [33.8%, 66.2%]");
        assertThat(lines)
                .last()
                .asString()
                .isEqualTo("  reproduce         mvn test '-Dtest=CertifiedTests$SmoothingTestCases#fails'"
                        + " -Dmettle.seed=20240229");
        RobustnessAssertionError error = (RobustnessAssertionError) thrown;
        assertThat(error.getExpected()).isEqualTo(">= 80.0%");
        assertThat(error.getActual()).isEqualTo("50.0%");
    }

    @Test
    void is_aborted_or_fails_with_too_few_samples_to_say() {
        String sentence =
                "certified accuracy 50.0% within L2 radius 0.2 by randomized smoothing (σ = 0.25) with 40 samples"
                        + " neither shows nor rules out the required 50.0%; it is too close for any practical number of samples to"
                        + " decide";
        assertThat(Kit.run(SmoothingTestCases.class, "isInconclusive").onlyThrown())
                .isInstanceOf(TestAbortedException.class)
                .hasMessageStartingWith(sentence);
        assertThat(Kit.run(SmoothingTestCases.class, "failsWithoutAVerdict").onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(sentence);
        assertThat(Kit.run(SmoothingTestCases.class, "passesOnThePopulation").thrown())
                .isEmpty();
    }

    @Test
    void refuses_what_can_never_be_certified() {
        assertThat(Kit.run(SmoothingTestCases.class, "inAnotherNorm").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "randomized smoothing certifies in L2, not in L∞: change the norm, or take another certifier");
        assertThat(Kit.run(SmoothingTestCases.class, "withTooFewVotes").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "randomized smoothing with n = 9 and alpha = 0.001 can never certify, even if all votes agree:"
                                + " give n of at least 10");
        assertThat(Kit.run(SmoothingTestCases.class, "withTooFewSamples").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "40 samples can never show a certified accuracy of 95.0%: even if all were certified, the 95%"
                                + " lower confidence bound would be 92.8%; evaluate at least 59 samples");
        assertThat(Kit.run(SmoothingTestCases.class, "inPercent").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the required certified accuracy is 80: give a fraction above 0 and up to 1 (80% is 0.8)");
    }

    @Test
    void an_assertion_in_the_body_tells_how_to_see_it_again() {
        Throwable thrown = Kit.run(SmoothingTestCases.class, "asserts").onlyThrown();

        assertThat(thrown)
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "certified accuracy 50.0% within L2 radius 0.2 by randomized smoothing (σ = 0.25) is"
                                + " below the required 80.0%\n");
        assertThat(thrown.getMessage().lines().toList()).last().asString().startsWith("  reproduce  ");
    }

    static class SmoothedTestCases {

        @ModelUnderTest
        static final SmoothedClassifier model = new SmoothedClassifier(AffineModel.exact(), 0.25, 100, 0);

        @EvaluationData
        static final LabeledData data = Samples.of(0, 20, 0);

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, minCertifiedAccuracy = 0.8, sigma = 0.25, n = 1000)
        void isAboutTheVeryModel(Certification certification, SmoothedClassifier model) {
            assertThat(certification.model()).isEqualTo(model.info());
        }

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.2, sigma = 0.5)
        void withOtherNoise() {}
    }

    @Test
    void certifies_a_smoothed_model_with_its_own_noise_only() {
        assertThat(Kit.run(SmoothedTestCases.class, "isAboutTheVeryModel").thrown())
                .isEmpty();
        assertThat(Kit.run(SmoothedTestCases.class, "withOtherNoise").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the model is smoothed with sigma = 0.25, but to be certified with sigma = 0.5: give both the"
                                + " same");
    }

    /** The examples of docs/certification.md. */
    static class GuideTestCases {

        @ModelUnderTest
        static final LabelModel model = SmoothedClassifier.of(AffineModel.exact(), 0.25, 100, 0);

        @EvaluationData
        static final LabeledData data = Samples.of(0, 20, 2);

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.25, sigma = 0.25)
        void isCertifiedAtSeveralRadii(Certification certification) {
            assertThat(certification)
                    .hasObservedCertifiedAccuracyOfAtLeast(0.50, 0.3)
                    .hasAverageRadiusOfAtLeast(0.3)
                    .hasCertifiedAccuracyOfAtLeast(0.60, 0.25);
        }

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.25, minCertifiedAccuracy = 0.60, sigma = 0.25)
        @AttackSource("attacks")
        void isCertifiedAndAttacked(Sandwich sandwich) {
            assertThat(sandwich.certifiedCount()).isEqualTo(20);
            assertThat(sandwich.unbrokenCount()).isEqualTo(20);
        }

        static Stream<Attack> attacks() {
            return Stream.of(new Pgd(), new HopSkipJump().withQueries(200));
        }
    }

    @Test
    void the_guide_holds() {
        assertThat(Kit.run(GuideTestCases.class).thrown()).isEmpty();
    }

    static class CertifierTestCases extends Base {

        @CertifiedRobustnessTest(
                norm = Norm.LINF,
                radius = 0.1,
                minCertifiedAccuracy = 0.3,
                certifier = Boundary.class,
                attacks = Pgd.class)
        void withAttacks(Sandwich sandwich) {
            assertThat(sandwich).hasToString("certified 20 ≤ robust ≤ 20 of 40 at L∞ 0.1");
        }

        @CertifiedRobustnessTest(norm = Norm.LINF, radius = 0.1, minCertifiedAccuracy = 0.3, certifier = Boundary.class)
        @AttackSource("steps")
        void withConfiguredAttacks(Sandwich sandwich) {
            assertThat(sandwich.report().title()).isEqualTo("PGD-3");
        }

        static List<Attack> steps() {
            return List.of(new Pgd().withSteps(3));
        }

        @CertifiedRobustnessTest(norm = Norm.LINF, radius = 0.1, certifier = Boundary.class)
        @AttackSource("budgeted")
        void withABudget() {}

        static List<BudgetedAttack> budgeted() {
            return List.of(Pgd.linf(0.3));
        }

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1, radii = 0.01, minCertifiedAccuracy = 0.3)
        @CertifierSource("boundary")
        void fromAMethod(Certification certification) {
            assertThat(certification.curve().points())
                    .containsExactly(
                            new CertifiedCurve.Point(0, 30),
                            new CertifiedCurve.Point(0.01, 30),
                            new CertifiedCurve.Point(0.1, 20));
            assertThatThrownBy(() -> assertThat(certification).hasObservedCertifiedAccuracyOfAtLeast(0.5, 0.05))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessage("boundary decided the radii [0.01, 0.1], not 0.05: certify it too");
        }

        static Certifier boundary() {
            return new Boundary();
        }

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1, minCertifiedAccuracy = 0.3, attacks = Pgd.class)
        @CertifierSource("wrong")
        void contradicted() {}

        static Certifier wrong() {
            return new Boundary(6);
        }

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1)
        void withoutACertifier() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1, sigma = 0.25, certifier = Boundary.class)
        void withTwo() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1, certifier = RandomizedSmoothing.class)
        void withoutDefaults() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1)
        @CertifierSource("missing")
        void withoutAMethod() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1)
        @CertifierSource("nonsense")
        void fromNonsense() {}

        static String nonsense() {
            return "?";
        }

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0, certifier = Boundary.class)
        void withoutARadius() {}

        @CertifiedRobustnessTest(norm = Norm.L2, radius = 0.1, certifier = Boundary.class)
        void withoutAttacks(Sandwich sandwich) {}
    }

    @Test
    void shows_what_lies_between_certificates_and_attacks() {
        Kit kit = Kit.run(CertifierTestCases.class, "withAttacks");

        assertThat(kit.thrown()).isEmpty();
        assertThat(kit.console())
                .contains(
                        "[mettle]     between 50.0% (certified) and 50.0% (not broken by PGD-40 (L∞, ε = 0.1)) of these samples"
                                + " are robust within L∞ radius 0.1",
                        "[mettle]     every certificate is a proof; with 95% confidence, over the choice of samples, robust"
                                + " accuracy is at least 36.1%");
    }

    @Test
    void takes_attacks_from_a_method() {
        assertThat(Kit.run(CertifierTestCases.class, "withConfiguredAttacks").thrown())
                .isEmpty();
        assertThat(Kit.run(CertifierTestCases.class, "withABudget").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("@AttackSource of a certified test gives ")
                .hasMessageEndingWith(": give attacks on their own, which run at the radius of the test");
    }

    @Test
    void takes_a_certifier_from_a_method() {
        assertThat(Kit.run(CertifierTestCases.class, "fromAMethod").thrown()).isEmpty();
    }

    @Test
    void a_contradicted_certificate_is_neither_pass_nor_fail() {
        assertThat(Kit.run(CertifierTestCases.class, "contradicted").onlyThrown())
                .isInstanceOf(UntrustedEvaluationException.class)
                .hasMessageStartingWith(
                        "certified accuracy 75.0% within L2 radius 0.1 by boundary can't be trusted: attacks"
                                + " contradict 10 certificates: PGD-40 has sample #30 taken for class 1 at L2 distance ");
    }

    @Test
    void refuses_a_wrong_setup() {
        assertThat(Kit.run(CertifierTestCases.class, "withoutACertifier").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "there is nothing to certify with: set sigma for randomized smoothing, name a certifier, or add a"
                                + " @CertifierSource");
        assertThat(Kit.run(CertifierTestCases.class, "withTwo").onlyThrown())
                .hasMessage(
                        "there are 2 certifiers, randomized smoothing (σ = 0.25), boundary: keep one of sigma, certifier"
                                + " and @CertifierSource");
        assertThat(Kit.run(CertifierTestCases.class, "withoutDefaults").onlyThrown())
                .hasMessage(
                        "RandomizedSmoothing can't be created without parameters: configure it in a method and name that"
                                + " with @CertifierSource");
        assertThat(Kit.run(CertifierTestCases.class, "withoutAMethod").onlyThrown())
                .hasMessage(
                        "@CertifierSource(\"missing\"): CertifierTestCases has no method missing() without parameters:"
                                + " add static Certifier missing()");
        assertThat(Kit.run(CertifierTestCases.class, "fromNonsense").onlyThrown())
                .hasMessage(
                        "@CertifierSource CertifierTestCases.nonsense() gives a java.lang.String: give a Certifier");
        assertThat(Kit.run(CertifierTestCases.class, "withoutARadius").onlyThrown())
                .hasMessage(
                        "a certified radius is 0.0: give a finite size above 0, in input units of the model, such as"
                                + " 0.5");
        assertThat(Kit.run(CertifierTestCases.class, "withoutAttacks").onlyThrown())
                .hasMessage(
                        "withoutAttacks takes a Sandwich, but the test has no attacks to compare the certificates with:"
                                + " name some");
    }
}
