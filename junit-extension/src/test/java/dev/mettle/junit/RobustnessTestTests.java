package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectUniqueId;

import dev.mettle.attacks.CarliniWagner;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestDescriptor;
import org.opentest4j.TestAbortedException;

class RobustnessTestTests {

    /** 40 samples: 26 stand within 8/255, 10 break, 4 are wrong from the start. */
    abstract static class Base {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(4, 26, 10);
    }

    @Nested
    class TheRuns {

        static class OrderTestCases extends Base {

            @RobustnessTest(
                    attacks = {Pgd.class, OneStep.class},
                    epsilons = {8 / 255.0, 0.01})
            void test() {}
        }

        @Test
        void areOrderedByEpsilonThenAttackThenWorstCase() {
            assertThat(Kit.run(OrderTestCases.class).names())
                    .containsExactly(
                            "PGD-40, L∞ ε=0.01",
                            "FGSM, L∞ ε=0.01",
                            "worst case, L∞ ε=0.01",
                            "PGD-40, L∞ ε=8/255",
                            "FGSM, L∞ ε=8/255",
                            "worst case, L∞ ε=8/255");
        }

        @Test
        void canBeSelectedOneByOne() {
            Kit all = Kit.run(OrderTestCases.class);
            TestDescriptor last = all.results().testEvents().started().stream()
                    .reduce((first, second) -> second)
                    .orElseThrow()
                    .getTestDescriptor();

            Kit one = Kit.run(selectUniqueId(last.getUniqueId()), Map.of());

            assertThat(one.outcomes()).containsExactly("worst case, L∞ ε=8/255: SUCCESSFUL");
            assertThat(one.console()).hasSize(2);
            assertThat(one.console().get(1)).contains("worst case  L∞ ε=8/255  clean  90.0%  robust  65.0%");
        }

        static class DefaultTestCases extends Base {

            @RobustnessTest(epsilon = 0.01)
            void test() {}
        }

        @Test
        void areThatOfPgdWhereNoAttackIsNamed() {
            assertThat(Kit.run(DefaultTestCases.class).names()).containsExactly("PGD-40, L∞ ε=0.01");
        }

        static class UnboundedTestCases extends Base {

            @RobustnessTest(attacks = Nearest.class, norm = Norm.L2)
            void test() {}
        }

        @Test
        void needNoEpsilonWhereTheAttackSearchesTheNearestExample() {
            Kit kit = Kit.run(UnboundedTestCases.class);

            assertThat(kit.outcomes()).containsExactly("Nearest, L2: SUCCESSFUL");
            assertThat(kit.console().get(1)).contains("  median distance 0.401 ");
        }

        @Test
        void carryTheTagRobustness() {
            assertThat(Kit.run(DefaultTestCases.class).results().testEvents().started().stream())
                    .allSatisfy(event -> assertThat(event.getTestDescriptor().getTags())
                            .extracting(Object::toString)
                            .containsExactly("robustness"));
        }

        @Target(ElementType.METHOD)
        @Retention(RetentionPolicy.RUNTIME)
        @RobustnessTest(
                attacks = {OneStep.class, Pgd.class},
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.5)
        @interface ReleaseGate {}

        static class MetaTestCases extends Base {

            @ReleaseGate
            void holds() {}
        }

        @Test
        void canBeThoseOfAnAnnotationOfOnesOwn() {
            assertThat(Kit.run(MetaTestCases.class).outcomes())
                    .containsExactly(
                            "FGSM, L∞ ε=8/255: SUCCESSFUL",
                            "PGD-40, L∞ ε=8/255: SUCCESSFUL",
                            "worst case, L∞ ε=8/255: SUCCESSFUL");
        }
    }

    @Nested
    class TheVerdict {

        static class VerdictTestCases extends Base {

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.5)
            void pass() {}

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.9)
            void fail() {}

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.6)
            void inconclusive() {}

            @RobustnessTest(
                    attacks = OneStep.class,
                    epsilon = 8 / 255.0,
                    minRobustAccuracy = 0.6,
                    onInconclusive = OnInconclusive.FAIL)
            void strict() {}

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
            void measured() {}

            @RobustnessTest(
                    attacks = OneStep.class,
                    epsilon = 8 / 255.0,
                    minRobustAccuracy = 0.9,
                    expectedVerdict = Outcome.FAIL)
            void knownWeakness() {}

            @RobustnessTest(
                    attacks = OneStep.class,
                    epsilon = 8 / 255.0,
                    minRobustAccuracy = 0.5,
                    expectedVerdict = Outcome.FAIL)
            void curedWeakness() {}

            @RobustnessTest(
                    attacks = OneStep.class,
                    epsilon = 8 / 255.0,
                    minRobustAccuracy = 0.6,
                    expectedVerdict = Outcome.FAIL)
            void unclearWeakness() {}

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.6, confidence = 0.6)
            void lessConfident() {}
        }

        private String outcome(Class<?> fixture, String method) {
            return Kit.run(fixture, method).outcomes().get(0);
        }

        @Test
        void passSucceeds() {
            assertThat(outcome(VerdictTestCases.class, "pass")).isEqualTo("FGSM, L∞ ε=8/255: SUCCESSFUL");
        }

        @Test
        void failFails() {
            Throwable thrown = Kit.run(VerdictTestCases.class, "fail").onlyThrown();

            assertThat(thrown).isInstanceOf(RobustnessAssertionError.class);
            assertThat(((RobustnessAssertionError) thrown).getExpected()).isEqualTo(">= 90.0%");
            assertThat(((RobustnessAssertionError) thrown).getActual()).isEqualTo("65.0%");
        }

        @Test
        void inconclusiveAborts() {
            assertThat(outcome(VerdictTestCases.class, "inconclusive"))
                    .isEqualTo("FGSM, L∞ ε=8/255: ABORTED TestAbortedException");
        }

        @Test
        void inconclusiveFailsOnRequest() {
            Throwable thrown = Kit.run(VerdictTestCases.class, "strict").onlyThrown();

            assertThat(thrown).isInstanceOf(RobustnessAssertionError.class);
            assertThat(((RobustnessAssertionError) thrown).getExpected()).isEqualTo(">= 60.0%");
            assertThat(((RobustnessAssertionError) thrown).getActual()).isEqualTo("50.8% to 77.4%");
        }

        @Test
        void measuredSucceeds() {
            assertThat(outcome(VerdictTestCases.class, "measured")).isEqualTo("FGSM, L∞ ε=8/255: SUCCESSFUL");
        }

        @Test
        void ofAKnownWeaknessSucceeds() {
            assertThat(outcome(VerdictTestCases.class, "knownWeakness")).isEqualTo("FGSM, L∞ ε=8/255: SUCCESSFUL");
        }

        @Test
        void ofAWeaknessThatIsGoneFails() {
            Throwable thrown = Kit.run(VerdictTestCases.class, "curedWeakness").onlyThrown();

            assertThat(thrown).isInstanceOf(RobustnessAssertionError.class);
            assertThat(thrown.getMessage())
                    .startsWith(
                            "robust accuracy 65.0% under FGSM (L∞, ε = 8/255) reaches the required 50.0%, but"
                                    + " expectedVerdict = FAIL documents that it does not: remove it, or raise minRobustAccuracy\n\n");
            assertThat(((RobustnessAssertionError) thrown).getExpected()).isEqualTo("< 50.0%");
        }

        @Test
        void ofAnUnclearWeaknessAborts() {
            assertThat(outcome(VerdictTestCases.class, "unclearWeakness"))
                    .isEqualTo("FGSM, L∞ ε=8/255: ABORTED TestAbortedException");
        }

        @Test
        void dependsOnTheConfidence() {
            assertThat(outcome(VerdictTestCases.class, "lessConfident")).isEqualTo("FGSM, L∞ ε=8/255: SUCCESSFUL");
        }

        static class WrongGradientTestCases {

            @ModelUnderTest
            static final LabelModel model = AffineModel.withWrongGradients();

            @EvaluationData
            static final LabeledData data = Samples.of(0, 40, 0);

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.5)
            void required() {}

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
            void measured() {}
        }

        @Test
        void onWrongGradientsIsAnErrorWithOrWithoutAThreshold() {
            Kit kit = Kit.run(WrongGradientTestCases.class);

            assertThat(kit.thrown())
                    .hasSize(2)
                    .allSatisfy(
                            thrown -> assertThat(thrown)
                                    .isInstanceOf(UntrustedEvaluationException.class)
                                    .hasMessageStartingWith(
                                            "robust accuracy 100.0% under FGSM (L∞, ε = 8/255) can't be trusted: input gradients differ from"
                                                    + " finite differences (largest relative error 3.3e-01 at 4 points, allowed 1e-05)\n\n"));
            assertThat(kit.results().testEvents().failed().count()).isEqualTo(2);
        }

        static class StepTestCases {

            @ModelUnderTest
            static final LabelModel model = new StepModel();

            @EvaluationData
            static final LabeledData data = Samples.of(0, 40, 0);

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.5)
            void test() {}
        }

        @Test
        void onZeroGradientsIsAnError() {
            assertThat(Kit.run(StepTestCases.class).onlyThrown())
                    .isInstanceOf(UntrustedEvaluationException.class)
                    .hasMessageStartingWith(
                            "robust accuracy 0.0% under FGSM (L∞, ε = 8/255) can't be trusted: 3 doubts, above all that the gradient of the"
                                    + " margin is zero at 8 of 8 samples, and all gradients of an attack at 40 of 40: declare the derivative of"
                                    + " what rounds or cuts");
        }

        static class BodyTestCases extends Base {

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.9)
            void throwsItself() {
                throw new IllegalStateException("body");
            }

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.5)
            void throwsAlone() {
                throw new IllegalStateException("body");
            }

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.9)
            void givesUp() {
                Assumptions.abort("body");
            }
        }

        @Test
        void isAttachedToWhatTheBodyThrows() {
            Throwable thrown = Kit.run(BodyTestCases.class, "throwsItself").onlyThrown();

            assertThat(thrown).isInstanceOf(IllegalStateException.class).hasMessage("body");
            assertThat(thrown.getSuppressed())
                    .hasOnlyElementsOfType(RobustnessAssertionError.class)
                    .hasSize(1);
        }

        @Test
        void addsNothingToWhatTheBodyThrowsIfItIsAsExpected() {
            Throwable thrown = Kit.run(BodyTestCases.class, "throwsAlone").onlyThrown();

            assertThat(thrown).isInstanceOf(IllegalStateException.class).hasNoSuppressedExceptions();
        }

        @Test
        void isNotAvoidedByABodyThatAborts() {
            Throwable thrown = Kit.run(BodyTestCases.class, "givesUp").onlyThrown();

            assertThat(thrown).isInstanceOf(RobustnessAssertionError.class);
            assertThat(thrown.getSuppressed()).hasOnlyElementsOfType(TestAbortedException.class);
        }
    }

    @Nested
    class AWrongAttribute {

        private void assertRefused(Class<?> fixture, String method, String message) {
            Kit kit = Kit.run(fixture, method);

            assertThat(kit.onlyThrown())
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessage(message);
            assertThat(kit.results().testEvents().succeeded().count()).isZero();
        }

        static class AttributeTestCases extends Base {

            @RobustnessTest
            void noEpsilon() {}

            @RobustnessTest(
                    epsilon = 0.1,
                    epsilons = {0.1, 0.2})
            void bothEpsilons() {}

            @RobustnessTest(epsilon = -0.1)
            void negativeEpsilon() {}

            @RobustnessTest(epsilon = 8)
            void hugeEpsilon() {}

            @RobustnessTest(epsilon = Double.POSITIVE_INFINITY)
            void infiniteEpsilon() {}

            @RobustnessTest(epsilon = 0.1, minRobustAccuracy = 60)
            void percent() {}

            @RobustnessTest(epsilon = 0.1, minRobustAccuracy = 0.99)
            void undecidable() {}

            @RobustnessTest(epsilon = 0.1, confidence = 95)
            void confidence() {}

            @RobustnessTest(epsilon = 0.1, samples = 0)
            void samples() {}

            @RobustnessTest(epsilon = 0.1, batchSize = -1)
            void batchSize() {}

            @RobustnessTest(attacks = CarliniWagner.class, epsilon = 0.1)
            void normOfCarliniWagner() {}

            @RobustnessTest(attacks = CarliniWagner.class, norm = Norm.L2, minRobustAccuracy = 0.5)
            void thresholdWithoutBound() {}

            @RobustnessTest(
                    attacks = {Pgd.class, Pgd.class},
                    epsilon = 0.1)
            void twice() {}

            @RobustnessTest(attacks = OneStep.class, epsilon = 0.1, expectedVerdict = Outcome.MEASURED)
            void expectedMeasured() {}

            @RobustnessTest(attacks = OneStep.class, epsilon = 0.1, expectedVerdict = Outcome.FAIL)
            void expectedFailWithoutThreshold() {}
        }

        @Test
        void isAMissingEpsilon() {
            assertRefused(
                    AttributeTestCases.class,
                    "noEpsilon",
                    "the epsilon for PGD is missing: set epsilon in input units of the model, such as epsilon = 8 / 255.0");
        }

        @Test
        void isOneEpsilonTooMany() {
            assertRefused(
                    AttributeTestCases.class,
                    "bothEpsilons",
                    "both epsilon = 0.1 and epsilons = [0.1, 0.2] are set: set one of them");
        }

        @Test
        void isANegativeEpsilon() {
            assertRefused(
                    AttributeTestCases.class,
                    "negativeEpsilon",
                    "epsilon is -0.1: give a number of at least 0, in input units of the model");
        }

        @Test
        void isAnEpsilonLargerThanTheInputRange() {
            assertRefused(
                    AttributeTestCases.class,
                    "hugeEpsilon",
                    "epsilon 8 is larger than the whole input range [0, 1] (L∞ at most 1): give it in input units of the model,"
                            + " for example 8/255");
        }

        @Test
        void isAnInfiniteEpsilon() {
            assertRefused(
                    AttributeTestCases.class,
                    "infiniteEpsilon",
                    "PGD needs an epsilon: it searches within a ball, not for the nearest adversarial example");
        }

        @Test
        void isAThresholdInPercent() {
            assertRefused(
                    AttributeTestCases.class,
                    "percent",
                    "the required robust accuracy is 60: give a fraction above 0 and up to 1 (60% is 0.6)");
        }

        @Test
        void isAThresholdThatSoFewSamplesCanNeverShow() {
            assertRefused(
                    AttributeTestCases.class,
                    "undecidable",
                    "40 samples can never show a robust accuracy of 99.0%: even if all withstood every attack, the 95% lower"
                            + " confidence bound would be 92.8%; evaluate at least 299 samples");
        }

        @Test
        void isAConfidenceInPercent() {
            assertRefused(
                    AttributeTestCases.class,
                    "confidence",
                    "the confidence is 95: give a fraction from 0.5 to below 1, such as 0.95");
        }

        @Test
        void isANegativeNumberOfSamples() {
            assertRefused(
                    AttributeTestCases.class,
                    "samples",
                    "samples = 0: give at least 1, or leave it out to evaluate all");
        }

        @Test
        void isANegativeBatchSize() {
            assertRefused(AttributeTestCases.class, "batchSize", "batchSize = -1: give at least 1, or leave it out");
        }

        @Test
        void isANormForWhichTheAttackIsNotDefined() {
            Throwable thrown =
                    Kit.run(AttributeTestCases.class, "normOfCarliniWagner").onlyThrown();

            assertThat(thrown)
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("is not defined for")
                    .hasMessageContaining("L∞")
                    .hasMessageContaining("L2");
        }

        @Test
        void isAThresholdForAnAttackWithoutABound() {
            assertRefused(
                    AttributeTestCases.class,
                    "thresholdWithoutBound",
                    "minRobustAccuracy = 0.5 needs an epsilon: without one C&W 5×200 searches without a bound, which no model"
                            + " withstands; set epsilon, or leave the threshold out");
        }

        @Test
        void isAnAttackNamedTwice() {
            assertRefused(AttributeTestCases.class, "twice", "PGD-40 within L∞ ε=0.1 is planned twice: name it once");
        }

        @Test
        void isAnExpectationOtherThanPassOrFail() {
            assertRefused(
                    AttributeTestCases.class,
                    "expectedMeasured",
                    "expectedVerdict = MEASURED can't be expected: use PASS, or FAIL for a documented weakness");
        }

        @Test
        void isAnExpectedFailureWithoutAThreshold() {
            assertRefused(
                    AttributeTestCases.class,
                    "expectedFailWithoutThreshold",
                    "expectedVerdict = FAIL needs a threshold that the model misses: set minRobustAccuracy");
        }
    }
}
