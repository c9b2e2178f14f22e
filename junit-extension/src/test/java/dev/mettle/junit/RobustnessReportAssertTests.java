package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class RobustnessReportAssertTests {

    private static final RobustnessReport REPORT = report(AffineModel.exact(), Samples.of(3, 75, 22), new OneStep());

    private static final RobustnessReport WRONG_GRADIENTS =
            report(AffineModel.withWrongGradients(), Samples.of(0, 75, 25), new OneStep());

    private static final RobustnessReport UNDECIDED = report(new StepModel(), Samples.of(0, 40, 0), new OneStep());

    private static String complete(String sentence) {
        return """
                SENTENCE

                  clean accuracy    97.0%   97 of 100   95% CI [91.5%, 99.4%]
                  robust accuracy   75.0%   75 of 100   95% CI [65.3%, 83.1%]
                  worst class 0     74.0%   37 of  50   95% CI [57.7%, 86.6%]
                  worst examples    #79 1→0, #81 1→0, #83 1→0 (22 broken)

                  seed              5""".replace("SENTENCE", sentence);
    }

    /** What is said of {@link StepModel}, whatever is asserted. */
    private static String undecided() {
        return """
                robust accuracy 0.0% under FGSM (L∞, ε = 8/255) can't be trusted: 3 doubts, above all that the gradient of the margin is zero at 8 of 8 samples, and all gradients of an attack at 40 of 40: declare the derivative of what rounds or cuts (PreprocessedModel, BPDA), or attack without gradients, by Square or HopSkipJump (nonzero-gradients)

                  doubt 2 of 3      the scores of all 8 samples looked at lie in [0, 1] and add up to 1: they seem to be probabilities, in which gradients vanish; hand over the model without its softmax (logits)
                  doubt 3 of 3      the scores of 8 of 8 samples are the same to the last bit at two random points within epsilon: nothing leads an attack that looks at scores; attack by labels from afar, with HopSkipJump, and ask what the model does at samples that it has never seen (changing-scores)

                  clean accuracy    100.0%   40 of 40   95% CI [91.2%, 100.0%]
                  robust accuracy     0.0%    0 of 40   95% CI [0.0%, 8.8%]
                  worst class 0       0.0%    0 of 20   95% CI [0.0%, 19.7%]
                  undecided         100.0%   40 of 40

                  seed              5""";
    }

    private static RobustnessReport report(LabelModel model, LabeledData data, Attack... attacks) {
        return RobustnessEvaluation.of(model, data)
                .attack(attacks)
                .norm(Norm.LINF)
                .epsilon(8 / 255.0)
                .seed(5)
                .run();
    }

    private static void assertFails(Consumer<RobustnessReportAssert> assertion, String message, String... compared) {
        assertThatThrownBy(() -> assertion.accept(assertThat(REPORT)))
                .isInstanceOfSatisfying(RobustnessAssertionError.class, error -> {
                    assertThat(error.getMessage()).isEqualTo(message);
                    assertThat(new String[] {error.getExpected(), error.getActual()})
                            .containsExactly(compared);
                });
    }

    private static void assertUntrusted(Consumer<RobustnessReportAssert> assertion) {
        assertThatThrownBy(() -> assertion.accept(assertThat(WRONG_GRADIENTS)))
                .isInstanceOf(UntrustedEvaluationException.class)
                .hasMessageContaining("can't be trusted: input gradients differ from finite differences");
    }

    @Test
    void cleanAccuracyIsCompared() {
        assertThat(REPORT).hasCleanAccuracyOfAtLeast(0.97);
        assertFails(
                that -> that.hasCleanAccuracyOfAtLeast(0.98),
                complete("clean accuracy 97.0% is below the required 98.0%"),
                ">= 98.0%",
                "97.0%");
    }

    @Test
    void robustAccuracyIsJudged() {
        assertThat(REPORT).hasRobustAccuracyOfAtLeast(0.60);
        assertFails(
                that -> that.hasRobustAccuracyOfAtLeast(0.90),
                complete("robust accuracy 75.0% under FGSM (L∞, ε = 8/255) is below the required 90.0%"),
                ">= 90.0%",
                "75.0%");
        assertThatThrownBy(() -> assertThat(REPORT).hasRobustAccuracyOfAtLeast(0.70))
                .isInstanceOf(TestAbortedException.class)
                .hasMessage(
                        complete(
                                "robust accuracy 75.0% under FGSM (L∞, ε = 8/255) with 100 samples neither shows nor rules out the"
                                        + " required 70.0%; about 240 samples would decide at even odds; a sequential test decides in the end, after about 780 on average"));
        assertUntrusted(that -> that.hasRobustAccuracyOfAtLeast(0.5));
    }

    @Test
    void robustAccuracyOfAWorstCaseIsJudgedOverAllAttacks() {
        RobustnessReport worst = report(AffineModel.exact(), Samples.of(3, 75, 22), new OneStep(), new Pgd());

        assertThat(worst).hasRobustAccuracyOfAtLeast(0.60);
        assertThatThrownBy(() -> assertThat(worst).hasRobustAccuracyOfAtLeast(0.90))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "robust accuracy 75.0% under worst case of FGSM, PGD-40 (L∞, ε = 8/255) is below the required 90.0%\n");
    }

    @Test
    void observedRobustAccuracyIsCompared() {
        assertThat(REPORT).hasObservedRobustAccuracyOfAtLeast(0.75);
        assertFails(
                that -> that.hasObservedRobustAccuracyOfAtLeast(0.76),
                complete("observed robust accuracy 75.0% under FGSM (L∞, ε = 8/255) is below the required 76.0%"),
                ">= 76.0%",
                "75.0%");
        assertUntrusted(that -> that.hasObservedRobustAccuracyOfAtLeast(0.5));
        assertThatThrownBy(() -> assertThat(UNDECIDED).hasObservedRobustAccuracyOfAtLeast(0.5))
                .isInstanceOf(UntrustedEvaluationException.class)
                .hasMessage(undecided());
    }

    @Test
    void theMedianDistanceIsCompared() {
        RobustnessReport nearest = RobustnessEvaluation.of(AffineModel.exact(), Samples.of(1, 9, 0))
                .attack(new Nearest())
                .seed(5)
                .run();

        assertThat(nearest).hasMedianDistanceOfAtLeast(0.4);
        assertThatThrownBy(() -> assertThat(nearest).hasMedianDistanceOfAtLeast(0.5))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        median distance 0.401 under Nearest (L2) is below the required 0.5

                          clean accuracy    90.0%   9 of 10   95% CI [55.5%, 99.7%]
                          robust accuracy    0.0%   0 of 10   95% CI [0.0%, 30.8%]
                          worst class 0      0.0%   0 of  5   95% CI [0.0%, 58.4%]
                          median distance   0.401   L2
                          worst examples    #2 0→1, #4 0→1, #6 0→1 (9 broken)

                          seed              5""");
        assertUntrusted(that -> that.hasMedianDistanceOfAtLeast(0.1));
        assertThatThrownBy(() -> assertThat(UNDECIDED).hasMedianDistanceOfAtLeast(0.5))
                .isInstanceOf(UntrustedEvaluationException.class);
    }

    @Test
    void theMedianDistanceOfAModelThatGetsNothingRightIsNone() {
        RobustnessReport hopeless = report(AffineModel.exact(), Samples.of(10, 0, 0), new OneStep());

        assertThatThrownBy(() -> assertThat(hopeless).hasMedianDistanceOfAtLeast(0.5))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "the model classifies no sample correctly, so there is no median distance to compare with"
                                + " the required 0.5\n\n");
    }

    @Test
    void brokenSamplesAreCounted() {
        assertThat(REPORT).hasBrokenAtMost(22).hasBrokenAtLeast(22);
        assertFails(
                that -> that.hasBrokenAtMost(21),
                complete("FGSM (L∞, ε = 8/255) broke 22 of 100 samples, more than the allowed 21"),
                "<= 21",
                "22");
        assertFails(
                that -> that.hasBrokenAtLeast(23),
                complete("FGSM (L∞, ε = 8/255) broke 22 of 100 samples, fewer than the required 23"),
                ">= 23",
                "22");
        assertUntrusted(that -> that.hasBrokenAtMost(30));
        assertThatThrownBy(() -> assertThat(UNDECIDED).hasBrokenAtMost(0))
                .isInstanceOf(UntrustedEvaluationException.class);
    }

    @Test
    void trustNeedsRightGradientsAndDecidedSamples() {
        assertThat(REPORT).isTrustworthy();
        assertThatThrownBy(() -> assertThat(WRONG_GRADIENTS).isTrustworthy())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "robust accuracy 75.0% under FGSM (L∞, ε = 8/255) can't be trusted: input gradients differ"
                                + " from finite differences (largest relative error 3.3e-01 at 4 points, allowed 1e-05)\n\n");
        assertThatThrownBy(() -> assertThat(UNDECIDED).isTrustworthy())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage(undecided());
    }

    @Test
    void requirementsThatMakeNoSenseAreRefused() {
        assertRefused(
                that -> that.hasCleanAccuracyOfAtLeast(97),
                "the required clean accuracy is 97: give a fraction above 0 and up to 1 (97% is 0.97)");
        assertRefused(
                that -> that.hasRobustAccuracyOfAtLeast(60),
                "the required robust accuracy is 60: give a fraction above 0 and up to 1 (60% is 0.6)");
        assertRefused(
                that -> that.hasObservedRobustAccuracyOfAtLeast(Double.NaN),
                "the required robust accuracy is NaN: give a fraction above 0 and up to 1");
        assertRefused(
                that -> that.hasMedianDistanceOfAtLeast(-1),
                "the required median distance is -1: give a number of at least 0, in input units of the model");
        assertRefused(
                that -> that.hasBrokenAtMost(-1),
                "the allowed number of broken samples is -1: give a number of at least 0");
        assertRefused(
                that -> that.hasRobustAccuracyOfAtLeast(0.99),
                "100 samples can never show a robust accuracy of 99.0%: even if all withstood every attack, the 95% lower"
                        + " confidence bound would be 97.0%; evaluate at least 299 samples");
    }

    private static void assertRefused(Consumer<RobustnessReportAssert> assertion, String message) {
        assertThatThrownBy(() -> assertion.accept(assertThat(REPORT)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(message);
    }

    @Test
    void descriptionsAndOwnMessagesAreKept() {
        assertFails(
                that -> that.as("digits").hasBrokenAtMost(21),
                complete("[digits] FGSM (L∞, ε = 8/255) broke 22 of 100 samples, more than the allowed 21"),
                "<= 21",
                "22");
        assertFails(
                that -> that.withFailMessage("too weak").hasRobustAccuracyOfAtLeast(0.9),
                "too weak",
                ">= 90.0%",
                "75.0%");
        assertFails(
                that -> that.as("digits").hasRobustAccuracyOfAtLeast(0.9),
                complete("[digits] robust accuracy 75.0% under FGSM (L∞, ε = 8/255) is below the required 90.0%"),
                ">= 90.0%",
                "75.0%");
    }

    @Test
    void aMissingReportIsAFailure() {
        assertThatThrownBy(() -> assertThat((RobustnessReport) null).isTrustworthy())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Expecting actual not to be null");
    }
}
