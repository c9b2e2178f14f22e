package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.Fgsm;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessCurve.Point;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class RobustnessCurveAssertTests {

    private static final RobustnessCurve CURVE = curve(97, 71, 44);

    private static String complete(String sentence) {
        return """
                SENTENCE

                  ε = 0             97.0%   97 of 100
                  ε = 2/255         71.0%   71 of 100
                  ε = 8/255         44.0%   44 of 100""".replace("SENTENCE", sentence);
    }

    private static RobustnessCurve curve(int clean, int at2, int at8) {
        return new RobustnessCurve(
                "PGD-40",
                Norm.LINF,
                100,
                List.of(new Point(0, clean), new Point(2 / 255.0, at2), new Point(8 / 255.0, at8)));
    }

    @Test
    void aCurveMustNotRise() {
        assertThat(CURVE).isNonIncreasing();
        assertThatThrownBy(() -> assertThat(curve(97, 44, 71)).isNonIncreasing())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        robust accuracy under PGD-40 (L∞) rises from 44.0% at ε = 2/255 to 71.0% at ε = 8/255

                          ε = 0             97.0%   97 of 100
                          ε = 2/255         44.0%   44 of 100
                          ε = 8/255         71.0%   71 of 100""");
    }

    @Test
    void aDoubtfulPointShowsNoRobustnessButMayShowALackOfIt() {
        RobustnessCurve doubtful = new RobustnessCurve(
                "PGD-40",
                Norm.LINF,
                100,
                List.of(
                        new Point(0, 97),
                        new Point(2 / 255.0, 71, List.of("all gradients are zero; next try Square-5000")),
                        new Point(8 / 255.0, 44)));
        assertThatThrownBy(() ->
                        assertThat(doubtful).hasRobustAccuracyOfAtLeast(0.60).atEpsilon(2 / 255.0))
                .isInstanceOf(UntrustedEvaluationException.class)
                .hasMessage(complete(
                        "robust accuracy 71.0% under PGD-40 (L∞, ε = 2/255) can't be trusted: all gradients are zero;"
                                + " next try Square-5000"));
        assertThatThrownBy(() ->
                        assertThat(doubtful).hasRobustAccuracyOfAtLeast(0.90).atEpsilon(2 / 255.0))
                .isInstanceOf(RobustnessAssertionError.class);
        assertThat(doubtful).hasRobustAccuracyOfAtLeast(0.30).atEpsilon(8 / 255.0);
    }

    @Test
    void severalDoubtsStandOneInALine() {
        RobustnessCurve doubtful = new RobustnessCurve(
                "PGD-40",
                Norm.LINF,
                100,
                List.of(
                        new Point(0, 97),
                        new Point(2 / 255.0, 71, List.of("all gradients are zero", "logits are probabilities"))));
        assertThatThrownBy(() ->
                        assertThat(doubtful).hasRobustAccuracyOfAtLeast(0.60).atEpsilon(2 / 255.0))
                .isInstanceOf(UntrustedEvaluationException.class)
                .hasMessage("""
                        robust accuracy 71.0% under PGD-40 (L∞, ε = 2/255) can't be trusted: 2 doubts, above all that all gradients are zero

                          doubt 2 of 2      logits are probabilities

                          ε = 0             97.0%   97 of 100
                          ε = 2/255         71.0%   71 of 100""");
    }

    static class BaselineOnlyTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 40, 0);

        @RobustnessTest(
                attacks = Fgsm.class,
                epsilons = {2 / 255.0, 8 / 255.0})
        void isShownByABaseline(RobustnessCurve curve) {
            assertThat(curve).hasRobustAccuracyOfAtLeast(0.60).atEpsilon(8 / 255.0);
        }
    }

    @Test
    void aBaselineShowsNothingOnACurveEither() {
        Assertions.assertThat(Kit.run(BaselineOnlyTestCases.class).thrown())
                .hasSize(2)
                .allSatisfy(
                        thrown -> Assertions.assertThat(thrown)
                                .isInstanceOf(UntrustedEvaluationException.class)
                                .hasMessageStartingWith(
                                        "robust accuracy 100.0% under FGSM (L∞, ε = 8/255) can't be trusted: only FGSM attacked"));
    }

    @Test
    void robustAccuracyAtAnEpsilonIsJudged() {
        assertThat(CURVE)
                .isNonIncreasing()
                .hasRobustAccuracyOfAtLeast(0.60)
                .atEpsilon(2 / 255.0)
                .hasRobustAccuracyOfAtLeast(0.30)
                .atEpsilon(8 / 255.0);
        assertThatThrownBy(
                        () -> assertThat(CURVE).hasRobustAccuracyOfAtLeast(0.80).atEpsilon(2 / 255.0))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage(complete("robust accuracy 71.0% under PGD-40 (L∞, ε = 2/255) is below the required 80.0%"));
        assertThatThrownBy(
                        () -> assertThat(CURVE).hasRobustAccuracyOfAtLeast(0.70).atEpsilon(2 / 255.0))
                .isInstanceOf(TestAbortedException.class)
                .hasMessage(complete(
                        "robust accuracy 71.0% under PGD-40 (L∞, ε = 2/255) with 100 samples neither shows nor rules out the"
                                + " required 70.0%"));
    }

    @Test
    void observedRobustAccuracyAtAnEpsilonIsCompared() {
        assertThat(CURVE).hasObservedRobustAccuracyOfAtLeast(0.71).atEpsilon(2 / 255.0);
        assertThatThrownBy(() -> assertThat(CURVE)
                        .hasObservedRobustAccuracyOfAtLeast(0.72)
                        .atEpsilon(2 / 255.0))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage(complete(
                        "observed robust accuracy 71.0% under PGD-40 (L∞, ε = 2/255) is below the required 72.0%"));
    }

    @Test
    void anEpsilonThatWasNotEvaluatedIsRefused() {
        assertThatThrownBy(
                        () -> assertThat(CURVE).hasRobustAccuracyOfAtLeast(0.60).atEpsilon(4 / 255.0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("epsilon 4/255 was not evaluated: the curve has [0, 2/255, 8/255]");
    }

    @Test
    void percentagesAreRefused() {
        assertThatThrownBy(() -> assertThat(CURVE).hasRobustAccuracyOfAtLeast(60))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the required robust accuracy is 60: give a fraction above 0 and up to 1 (60% is 0.6)");
        assertThatThrownBy(() -> assertThat(CURVE).hasObservedRobustAccuracyOfAtLeast(0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the required robust accuracy is 0: give a fraction above 0 and up to 1");
    }

    @Test
    void aThresholdThatSoFewSamplesCanNeverShowIsRefused() {
        assertThatThrownBy(
                        () -> assertThat(CURVE).hasRobustAccuracyOfAtLeast(0.99).atEpsilon(2 / 255.0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("100 samples can never show a robust accuracy of 99.0%");
    }
}
