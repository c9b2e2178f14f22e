package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.verdict.Decision;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests that stop early, and thresholds per class and per epsilon. */
class DecisionTests {

    static class StoppingTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        /** 500 samples, of which 90 % withstand; those that don't come last. */
        @EvaluationData
        static final LabeledData data = Samples.of(0, 450, 50);

        @RobustnessTest(
                attacks = OneStep.class,
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.7,
                decision = Decision.SEQUENTIAL)
        void holds(RobustnessReport report) {
            assertThat(report).hasRobustAccuracyOfAtLeast(0.6);
        }

        @RobustnessTest(
                attacks = OneStep.class,
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.99,
                decision = Decision.SEQUENTIAL)
        void misses() {}

        @RobustnessTest(
                attacks = OneStep.class,
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.4,
                decision = Decision.CURTAILED)
        void curtailed() {}

        @RobustnessTest(
                attacks = OneStep.class,
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.95,
                decision = Decision.POPULATION)
        void population() {}

        @RobustnessTest(
                attacks = OneStep.class,
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.9,
                decision = Decision.POPULATION)
        void populationHolds() {}

        @RobustnessTest(
                attacks = OneStep.class,
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.7,
                decision = Decision.SEQUENTIAL)
        void observes(RobustnessReport report) {
            assertThat(report).hasBrokenAtMost(100);
        }
    }

    /** What a run prints after its name, without times. */
    private static List<String> lines(String method) {
        List<String> all = Kit.run(StoppingTestCases.class, method).console().stream()
                .filter(line -> !line.contains("ND4J") && !line.contains("note:"))
                .map(line -> line.replaceAll(" +[0-9]+\\.[0-9] s  ", " x.x s  "))
                .toList();
        return all.subList(1, all.size());
    }

    @Test
    void aSequentialTestStopsWhenItIsSure() {
        assertThat(Kit.run(StoppingTestCases.class, "holds").outcomes())
                .containsExactly("FGSM, L∞ ε=8/255: SUCCESSFUL");
        assertThat(lines("holds"))
                .containsExactly(
                        "[mettle]   FGSM  L∞ ε=8/255  clean 100.0%  robust  90.6% [75.8, 97.6]    need 70.0  worst class 1"
                                + "  89.5% [66.7, 98.7] x.x s  pass",
                        "[mettle]     stopped after 64 of 500 samples: the answer was certain; the bounds hold wherever a"
                                + " sequential test stops");
    }

    @Test
    void aFailureTellsWhenItStopped() {
        assertThat(Kit.run(StoppingTestCases.class, "misses").onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        robust accuracy 84.4% under FGSM (L∞, ε = 8/255) is below the required 99.0%, after 32 of 500 samples

                          clean accuracy    100.0%   500 of 500   95% CI [99.3%, 100.0%]
                          robust accuracy    84.4%    27 of  32   95% CI [59.6%, 97.6%]
                          worst class 1      80.0%    12 of  15   95% CI [39.0%, 98.7%]
                          decision          stopped after 32 of 500 samples: the answer was certain; the bounds hold wherever a sequential test stops
                          worst examples    #453 1→0, #487 1→0, #495 1→0 (5 broken)

                          reproduce         mvn test '-Dtest=DecisionTests$StoppingTestCases#misses' -Dmettle.seed=20240229""");
    }

    @Test
    void curtailmentStopsWhenTheRestCanNotMatter() {
        assertThat(lines("curtailed"))
                .element(1)
                .isEqualTo(
                        "[mettle]     stopped after 256 of 500 samples: the answer was certain; the bounds count the others as"
                                + " broken below and as robust above");
    }

    @Test
    void aPopulationIsJudgedExactly() {
        assertThat(Kit.run(StoppingTestCases.class, "population").onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        robust accuracy 91.0% under FGSM (L∞, ε = 8/255) is below the required 95.0%, after 288 of 500 samples

                          clean accuracy    100.0%   500 of 500
                          robust accuracy    91.0%   262 of 288   range [52.4%, 94.8%]
                          worst class 1      90.8%   138 of 152   range [55.2%, 94.4%]
                          decision          stopped after 288 of 500 samples: the answer was certain; the samples are the whole population, and the others can move its rate within the range given
                          worst examples    #453 1→0, #455 1→0, #457 1→0 (26 broken)

                          reproduce         mvn test '-Dtest=DecisionTests$StoppingTestCases#population' -Dmettle.seed=20240229""");
        assertThat(Kit.run(StoppingTestCases.class, "populationHolds").outcomes())
                .containsExactly("FGSM, L∞ ε=8/255: SUCCESSFUL");
    }

    @Test
    void assertionsOnWhatWasObservedNeedAllSamples() {
        assertThat(Kit.run(StoppingTestCases.class, "observes").thrown().get(0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "this assertion looks at all samples, but the evaluation stopped after 64 of 500: leave decision at"
                                + " FIXED, or assert hasRobustAccuracyOfAtLeast");
    }

    static class ThresholdTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        /** Class 0 withstands but for five samples, class 1 breaks but for five. */
        @EvaluationData
        static final LabeledData data = uneven();

        private static LabeledData uneven() {
            double[] distances = new double[200];
            for (int i = 0; i < 200; i++) {
                distances[i] = (i % 2 == 0) == (i < 190) ? Samples.FAR : Samples.NEAR;
            }
            return Samples.at(distances);
        }

        @RobustnessTest(
                attacks = OneStep.class,
                epsilon = 8 / 255.0,
                minRobustAccuracy = 0.4,
                minRobustAccuracyPerClass = 0.4)
        void perClass() {}

        @RobustnessTest(
                attacks = OneStep.class,
                thresholds = {
                    @Threshold(epsilon = 8 / 255.0, minRobustAccuracy = 0.4),
                    @Threshold(epsilon = 0.01, minRobustAccuracy = 0.9)
                })
        void perEpsilon() {}

        @RobustnessTest(
                attacks = OneStep.class,
                minRobustAccuracy = 0.5,
                thresholds = @Threshold(epsilon = 8 / 255.0, minRobustAccuracy = 0.4))
        void both() {}
    }

    @Test
    void aBadClassFailsTheTest() {
        assertThat(Kit.run(ThresholdTestCases.class, "perClass").onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "robust accuracy 50.0% under FGSM (L∞, ε = 8/255) is too little for some: the robust accuracy of class 1 is"
                                + " below the required 40.0% per class (upper bound 11.3%, corrected for 2 classes)\n");
    }

    @Test
    void everyEpsilonHasItsOwnVerdict() {
        Kit kit = Kit.run(ThresholdTestCases.class, "perEpsilon");
        assertThat(kit.outcomes()).containsExactly("FGSM, L∞ ε=0.01: SUCCESSFUL", "FGSM, L∞ ε=8/255: SUCCESSFUL");
        assertThat(kit.console())
                .anyMatch(line -> line.contains("ε=0.01 ") && line.contains("need 90.0") && line.endsWith("pass"))
                .anyMatch(line -> line.contains("ε=8/255") && line.contains("need 40.0") && line.endsWith("pass"));
    }

    @Test
    void oneThresholdForAllAndOthersForSomeContradict() {
        assertThat(Kit.run(ThresholdTestCases.class, "both").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "a robust accuracy of 0.5 is required at all epsilons, and others at some: give one accuracy, or one"
                                + " for each epsilon");
    }
}
