package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.PreprocessedModel;
import dev.mettle.defenses.detection.AbstainingModel;
import dev.mettle.defenses.detection.ConfidenceThreshold;
import dev.mettle.defenses.preprocessing.BitDepth;
import org.junit.jupiter.api.Test;

/** A defended model is a model under test like any other. */
class DefendedModelTests {

    @SuppressWarnings("unused")
    static class PreprocessedTestCases {

        @ModelUnderTest
        static final PreprocessedModel defended = PreprocessedModel.of(AffineModel.exact(), new BitDepth(6));

        @EvaluationData
        static final LabeledData data = Samples.of(0, 6, 14);

        @RobustnessTest(attacks = Pgd.class, epsilon = 0.1)
        void test(RobustnessReport report) {
            assertThat(report.brokenCount()).isEqualTo(14);
            assertThat(report.evaluation().model().name()).isEqualTo("6-bit rounding + affine");
            assertThat(report.evaluation().notes())
                    .contains(
                            "gradients pass through '6-bit rounding' by its declared approximation (BPDA): an attack is as"
                                    + " good as that is");
        }
    }

    @SuppressWarnings("unused")
    static class AbstainingTestCases {

        @ModelUnderTest
        static final AbstainingModel careful =
                AbstainingModel.of(AffineModel.exact(), ConfidenceThreshold.of(AffineModel.exact(), 0.6));

        @EvaluationData
        static final LabeledData data = Samples.of(2, 6, 12);

        @RobustnessTest(attacks = Pgd.class, epsilon = 0.1)
        void test(RobustnessReport report) {
            assertThat(report.cleanCount()).isEqualTo(6);
            assertThat(report.abstainedCount()).isEqualTo(12);
            assertThat(report.brokenCount()).isZero();
        }
    }

    @Test
    void runs_behind_a_step() {
        assertRuns(PreprocessedTestCases.class);
    }

    @Test
    void abstains() {
        assertRuns(AbstainingTestCases.class);
    }

    private static void assertRuns(Class<?> fixture) {
        Kit kit = Kit.run(fixture);

        assertThat(kit.thrown()).isEmpty();
        assertThat(kit.outcomes()).hasSize(1).allMatch(outcome -> outcome.endsWith(": SUCCESSFUL"));
    }
}
