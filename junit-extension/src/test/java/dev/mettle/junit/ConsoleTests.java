package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsoleTests {

    static class DigitsTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(3, 44, 53);

        @RobustnessTest(
                attacks = {OneStep.class, Pgd.class},
                epsilons = {0.01, 8 / 255.0},
                minRobustAccuracy = 0.6)
        void required() {}

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        void measured() {}

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.4)
        void close() {}

        @RobustnessTest(
                attacks = OneStep.class,
                epsilons = {0.01, 8 / 255.0},
                minRobustAccuracy = 0.6,
                expectedVerdict = Outcome.FAIL)
        void weak() {}

        @RobustnessTest(attacks = Nearest.class, norm = Norm.L2)
        void nearest() {}
    }

    /**
     * What a run prints, with its times, which differ, replaced by {@code x.x}, which has the same width. Without what only
     * the first run in a JVM prints.
     */
    private static List<String> lines(Class<?> fixture, String method) {
        return Kit.run(fixture, method).console().stream()
                .filter(line -> !line.contains("ND4J"))
                .map(line -> line.replaceAll("  [ 0-9]{3}[0-9]\\.[0-9] s  ", "     x.x s  "))
                .toList();
    }

    @Test
    void printsOneLinePerRunInColumns() {
        assertThat(lines(DigitsTestCases.class, "required"))
                .containsExactly(
                        "[mettle] ConsoleTests.DigitsTestCases.required  seed 20240229  100 samples  model affine",
                        "[mettle]   FGSM        L∞ ε=0.01   clean  97.0%  robust  97.0% [91.5, 99.4]    need 60.0  worst class 0  96.0% [84.7, 99.7]       x.x s  pass",
                        "[mettle]   PGD-40      L∞ ε=0.01   clean  97.0%  robust  97.0% [91.5, 99.4]    need 60.0  worst class 0  96.0% [84.7, 99.7]       x.x s  pass",
                        "[mettle]     warning: noise of 4/255 of the input range changes the margin by 24.6% on average (15 draws"
                                + " at 4 samples): gradients of so rough a loss mean little; average them with EOT, or attack by"
                                + " Square (stable-predictions)",
                        "[mettle]   worst case  L∞ ε=0.01   clean  97.0%  robust  97.0% [91.5, 99.4]    need 60.0  worst class 0  96.0% [84.7, 99.7]       x.x s  pass",
                        "[mettle]     warning: noise of 4/255 of the input range changes the margin by 23.8% on average (16 draws"
                                + " at 4 samples): gradients of so rough a loss mean little; average them with EOT, or attack by"
                                + " Square (stable-predictions)",
                        "[mettle]   FGSM        L∞ ε=8/255  clean  97.0%  robust  44.0% [34.1, 54.3]    need 60.0  worst class 0  44.0% [28.3, 60.7]       x.x s  FAIL",
                        "[mettle]   PGD-40      L∞ ε=8/255  clean  97.0%  robust  44.0% [34.1, 54.3]    need 60.0  worst class 0  44.0% [28.3, 60.7]       x.x s  FAIL",
                        "[mettle]   worst case  L∞ ε=8/255  clean  97.0%  robust  44.0% [34.1, 54.3]    need 60.0  worst class 0  44.0% [28.3, 60.7]       x.x s  FAIL");
    }

    @Test
    void leavesOutTheThresholdWhereThereIsNone() {
        assertThat(lines(DigitsTestCases.class, "measured"))
                .element(1)
                .isEqualTo(
                        "[mettle]   FGSM  L∞ ε=8/255  clean  97.0%  robust  44.0% [34.1, 54.3]    worst class 0  44.0% [28.3, 60.7]       x.x s  measured");
    }

    @Test
    void explainsAnInconclusiveRun() {
        assertThat(lines(DigitsTestCases.class, "close"))
                .endsWith(
                        "[mettle]   FGSM  L∞ ε=8/255  clean  97.0%  robust  44.0% [34.1, 54.3]    need 40.0  worst class 0  44.0% [28.3, 60.7]       x.x s  inconclusive",
                        "[mettle]     robust accuracy 44.0% under FGSM (L∞, ε = 8/255) with 100 samples neither shows nor rules"
                                + " out the required 40.0%; about 440 samples would decide at even odds; a sequential test decides in the"
                                + " end, after about 1700 on average");
    }

    @Test
    void tellsAnExpectedFailureFromAnother() {
        assertThat(lines(DigitsTestCases.class, "weak"))
                .endsWith(
                        "[mettle]   FGSM  L∞ ε=0.01   clean  97.0%  robust  97.0% [91.5, 99.4]    need 60.0  worst class 0  96.0% [84.7, 99.7]       x.x s  pass (not as"
                                + " expected)",
                        "[mettle]   FGSM  L∞ ε=8/255  clean  97.0%  robust  44.0% [34.1, 54.3]    need 60.0  worst class 0  44.0% [28.3, 60.7]       x.x s  FAIL (as"
                                + " expected)");
    }

    @Test
    void printsTheMedianDistanceWhereThereIsNoBound() {
        assertThat(lines(DigitsTestCases.class, "nearest"))
                .element(1)
                .isEqualTo(
                        "[mettle]   Nearest  L2  clean  97.0%  robust   0.0% [0.0, 3.6]      worst class 0   0.0% [0.0, 8.4]      median distance 0.021"
                                + "     x.x s  measured");
    }

    static class NotedTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.withWrongGradients();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 40, 0);

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        void measured() {}
    }

    @Test
    void printsTheNotesOfTheEvaluationOnceAndWhyItIsUntrusted() {
        assertThat(lines(NotedTestCases.class, "measured"))
                .containsExactly(
                        "[mettle] ConsoleTests.NotedTestCases.measured  seed 20240229  40 samples  model wrong",
                        "[mettle]   note: input gradients differ from finite differences (largest relative error 3.3e-01 at 4"
                                + " points, allowed 1e-05)",
                        "[mettle]   FGSM  L∞ ε=8/255  clean 100.0%  robust 100.0% [91.2, 100.0]   worst class 0 100.0% [80.3, 100.0]      x.x s  untrusted",
                        "[mettle]     robust accuracy 100.0% under FGSM (L∞, ε = 8/255) can't be trusted: input gradients differ"
                                + " from finite differences (largest relative error 3.3e-01 at 4 points, allowed 1e-05)");
    }

    static class StepTestCases {

        @ModelUnderTest
        static final LabelModel model = new StepModel();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 40, 0);

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        void measured() {}
    }

    @Test
    void printsOneLinePerDoubt() {
        assertThat(lines(StepTestCases.class, "measured"))
                .endsWith(
                        "[mettle]     robust accuracy 0.0% under FGSM (L∞, ε = 8/255) can't be trusted: 3 doubts, above all that"
                                + " the gradient of the margin is zero at 8 of 8 samples, and all gradients of an attack at 40 of 40:"
                                + " declare the derivative of what rounds or cuts (PreprocessedModel, BPDA), or attack without"
                                + " gradients, by Square or HopSkipJump (nonzero-gradients)",
                        "[mettle]     doubt 2 of 3: the scores of all 8 samples looked at lie in [0, 1] and add up to 1: they seem"
                                + " to be probabilities, in which gradients vanish; hand over the model without its softmax (logits)",
                        "[mettle]     doubt 3 of 3: the scores of 8 of 8 samples are the same to the last bit at two random points"
                                + " within epsilon: nothing leads an attack that looks at scores; attack by labels from afar, with"
                                + " HopSkipJump, and ask what the model does at samples that it has never seen (changing-scores)",
                        "[mettle]     warning: the scores of 8 of 8 samples are the same to the last bit at two random points within"
                                + " 0.5% of epsilon: the model seems to round its inputs; gradients through rounding need a declared"
                                + " derivative (PreprocessedModel, BPDA), or attack by Square (unrounded-inputs)");
    }

    @Test
    void printsTheBackendAndHowItWouldBeFaster() {
        List<String> lines = new ArrayList<>();
        Console console = new Console(lines::add, List.of());

        console.backend("ND4J 1.0.0-M2.1 on CPU (AMD EPYC, AVX2), 2 threads");
        console.advice("replace this by that");

        assertThat(lines)
                .containsExactly(
                        "[mettle] ND4J 1.0.0-M2.1 on CPU (AMD EPYC, AVX2), 2 threads",
                        "[mettle] note: replace this by that");
    }

    @Test
    void printsTheBackendInTheFirstRunOnly() {
        Kit.run(DigitsTestCases.class, "measured");

        assertThat(Kit.run(DigitsTestCases.class, "measured").console()).noneMatch(line -> line.contains("ND4J"));
    }

    @Test
    void printsASignOfLifeBetweenTheResults() {
        List<String> lines = new ArrayList<>();
        List<Invocation> invocations =
                Invocation.of(List.of(new PlannedAttack(new Pgd(), Norm.LINF, List.of(0.1))), Goal.untargeted());

        new Console(lines::add, invocations).running("PGD-40 … 30 s, 30 of 100 samples broken");

        assertThat(lines).containsExactly("[mettle]   PGD-40 … 30 s, 30 of 100 samples broken");
    }
}
