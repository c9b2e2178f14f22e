package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class FailureMessageTests {

    static class DigitsTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(3, 44, 53);

        @RobustnessTest(attacks = Pgd.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.6)
        void staysAccurate() {}

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.4)
        void isClose() {}

        @RobustnessTest(
                attacks = {OneStep.class, Pgd.class},
                epsilon = 8 / 255.0)
        void asserts(RobustnessReport report) {
            RobustnessAssertions.assertThat(report).hasRobustAccuracyOfAtLeast(0.6);
        }

        @Nested
        class Inner {

            @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.6)
            void staysAccurate() {}
        }
    }

    private static Throwable thrownBy(String method) {
        return Kit.run(DigitsTestCases.class, method).thrown().get(0);
    }

    @Test
    void ofAMissedThreshold() {
        assertThat(thrownBy("staysAccurate"))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        robust accuracy 44.0% under PGD-40 (L∞, ε = 8/255) is below the required 60.0%

                          clean accuracy    97.0%   97 of 100   95% CI [91.5%, 99.4%]
                          robust accuracy   44.0%   44 of 100   95% CI [34.1%, 54.3%]
                          worst class 0     44.0%   22 of  50   95% CI [28.3%, 60.7%]
                          worst examples    #86 0→1, #48 0→1, #77 1→0 (53 broken)

                          reproduce         mvn test '-Dtest=FailureMessageTests$DigitsTestCases#staysAccurate' -Dmettle.seed=20240229""");
    }

    @Test
    void ofAnInconclusiveTest() {
        assertThat(thrownBy("isClose")).isInstanceOf(TestAbortedException.class).hasMessage("""
                        robust accuracy 44.0% under FGSM (L∞, ε = 8/255) with 100 samples neither shows nor rules out the required 40.0%; about 440 samples would decide at even odds; a sequential test decides in the end, after about 1700 on average

                          clean accuracy    97.0%   97 of 100   95% CI [91.5%, 99.4%]
                          robust accuracy   44.0%   44 of 100   95% CI [34.1%, 54.3%]
                          worst class 0     44.0%   22 of  50   95% CI [28.3%, 60.7%]
                          worst examples    #47 1→0, #49 1→0, #51 1→0 (53 broken)

                          reproduce         mvn test '-Dtest=FailureMessageTests$DigitsTestCases#isClose' -Dmettle.seed=20240229""");
    }

    @Test
    void ofAnAssertionInTheBodyTellsTheCommandToo() {
        Kit kit = Kit.run(DigitsTestCases.class, "asserts");

        assertThat(kit.thrown()).hasSize(3);
        assertThat(kit.thrown().get(2))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        robust accuracy 44.0% under worst case of FGSM, PGD-40 (L∞, ε = 8/255) is below the required 60.0%

                          clean accuracy    97.0%   97 of 100   95% CI [91.5%, 99.4%]
                          robust accuracy   44.0%   44 of 100   95% CI [34.1%, 54.3%]
                          worst class 0     44.0%   22 of  50   95% CI [28.3%, 60.7%]
                          worst examples    #86 0→1, #48 0→1, #77 1→0 (53 broken)

                          seed              20240229
                          reproduce         mvn test '-Dtest=FailureMessageTests$DigitsTestCases#asserts' -Dmettle.seed=20240229""");
        assertThat(kit.thrown().get(2).getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("asserts"));
    }

    @Test
    void tellsHowToReproduceWithTheSamplesOfThisRun() {
        Kit kit = Kit.run(
                DigitsTestCases.class, Map.of(RobustnessProperties.SEED, "7", RobustnessProperties.SAMPLES, "99"));

        assertThat(kit.thrown())
                .anySatisfy(thrown -> assertThat(thrown)
                        .hasMessageEndingWith("mvn test '-Dtest=FailureMessageTests$DigitsTestCases#staysAccurate'"
                                + " -Dmettle.seed=7 -Dmettle.samples=99"))
                .anySatisfy(thrown -> assertThat(thrown)
                        .hasMessageEndingWith(
                                "mvn test '-Dtest=FailureMessageTests$DigitsTestCases$Inner#staysAccurate'"
                                        + " -Dmettle.seed=7 -Dmettle.samples=99"));
    }

    @Test
    void ofATopLevelClassNeedsNoQuotes() {
        assertThat(Kit.run(TopLevelTestCases.class).onlyThrown())
                .hasMessageEndingWith("mvn test -Dtest=TopLevelTestCases#staysAccurate -Dmettle.seed=20240229");
    }
}
