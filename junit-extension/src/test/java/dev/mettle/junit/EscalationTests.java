package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.attacks.RandomNoise;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What becomes of doubtful evaluations whose doubts call for further attacks. */
class EscalationTests {

    private static final double EPSILON = 8 / 255.0;

    /** Half of 16 samples break within epsilon: 50% neither reach 75% nor miss 25%. */
    private static final LabeledData HALF = Samples.of(0, 8, 8);

    private static RobustnessEvaluation evaluation(LabelModel model, double required, Attack... attacks) {
        return RobustnessEvaluation.of(model, HALF)
                .attack(attacks)
                .norm(Norm.LINF)
                .epsilon(EPSILON)
                .minRobustAccuracy(required)
                .escalating();
    }

    private static List<String> labels(RobustnessReport report) {
        return report.attacks().stream().map(Attack::label).toList();
    }

    @Nested
    class OfAnEvaluation {

        private static long passes(double required, TrustPolicy trust, Attack attack) {
            Masked model = Masked.notAtAll();
            evaluation(model, required, attack).trust(trust).run();
            return model.asked().get();
        }

        @Test
        void neverRunsWhereTheVerdictIsFailWithoutIt() {
            assertThat(passes(0.75, TrustPolicy.ESCALATE, new Pgd()))
                    .isEqualTo(passes(0.75, TrustPolicy.CHECK, new Pgd()));
        }

        @Test
        void neverRunsWhereNothingIsDoubted() {
            assertThat(passes(0.25, TrustPolicy.ESCALATE, new Pgd()))
                    .isEqualTo(passes(0.25, TrustPolicy.CHECK, new Pgd()));
        }

        @Test
        void runsWhereSomethingIsDoubted() {
            assertThat(passes(0.25, TrustPolicy.ESCALATE, new Timid()))
                    .isGreaterThan(10 * passes(0.25, TrustPolicy.CHECK, new Timid()));
        }

        @Test
        void countsWhatItBreaks() {
            RobustnessReport doubtful = evaluation(Masked.notAtAll(), 0.75, new RandomNoise(1))
                    .trust(TrustPolicy.CHECK)
                    .run();
            RobustnessReport report =
                    evaluation(Masked.notAtAll(), 0.75, new RandomNoise(1)).run();

            // 14 withstand the noise of the plan, and 2 of these break in checks
            assertThat(doubtful.verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
            assertThat(doubtful.robustCount()).isEqualTo(12);
            assertThat(report.verdict().outcome()).isEqualTo(Outcome.FAIL);
            assertThat(report.robustCount()).isEqualTo(8);
            assertThat(report.doubtsBefore()).isNotEmpty().isEqualTo(doubtful.doubts());
        }

        @Test
        void mayAnswerTheDoubts() {
            RobustnessReport doubtful = evaluation(Masked.notAtAll(), 0.25, new RandomNoise(1))
                    .trust(TrustPolicy.CHECK)
                    .run();
            RobustnessReport report =
                    evaluation(Masked.notAtAll(), 0.25, new RandomNoise(1)).run();

            assertThat(doubtful.verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
            assertThat(doubtful.results().get(0).count(SampleStatus.ROBUST)).isEqualTo(14);
            assertThat(doubtful.robustCount()).isEqualTo(12);
            assertThat(report.doubtsBefore()).isEqualTo(doubtful.doubts());
            assertThat(report.doubts()).isEmpty();
            assertThat(report.verdict().outcome()).isEqualTo(Outcome.PASS);
            assertThat(report.robustCount()).isEqualTo(8);
            assertThat(report.evaluation().notes())
                    .contains("escalated (L∞ ε=8/255) because of strong-attack, unbounded-succeeds, beats-black-box:"
                            + " APGD-CE-100×5 breaks 6 of 14 samples still standing, PGD-100 margin 0 of 8, Square-5000 0 of 8,"
                            + " HopSkipJump-5000 0 of 8");
        }

        @Test
        void answersForAllAttacksTogetherAndNotForAPart() {
            Evaluation evaluation =
                    evaluation(Masked.notAtAll(), 0.25, new Timid()).evaluate();
            VerdictPolicy policy = VerdictPolicy.atLeast(0.25);
            RobustnessReport alone =
                    RobustnessReport.of(evaluation, evaluation.results().get(0), policy);
            RobustnessReport some =
                    RobustnessReport.of(evaluation, evaluation.results().subList(0, 2), policy);

            assertThat(labels(alone)).containsExactly("Timid");
            assertThat(alone.verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
            assertThat(some.verdict().reason())
                    .isEqualTo("no trust checks ran on these attacks: ask the evaluator for the report");
        }

        @Test
        void checksTheGradientsThatItsAttacksFollow() {
            RobustnessReport report = evaluation(Masked.byWrongGradients(), 0.25, new RandomNoise(1))
                    .run();

            assertThat(labels(report)).contains("Noise-1", "APGD-CE-100×5");
            assertThat(report.verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
            assertThat(report.doubts())
                    .first()
                    .isEqualTo(
                            "input gradients differ from finite differences (largest relative error 3.3e-01 at 4 points,"
                                    + " allowed 1e-05)");
        }

        @Test
        void goesOnAtLargerEpsilons() {
            List<RobustnessReport> reports = evaluation(Masked.notAtAll(), 0.25, new Timid())
                    .epsilon(EPSILON, 12 / 255.0)
                    .reports();
            AttackResult nearer = reports.get(0).escalated().get(0);
            AttackResult farther = reports.get(1).escalated().get(0);

            assertThat(nearer.count(SampleStatus.BROKEN)).isEqualTo(8);
            assertThat(farther.count(SampleStatus.BROKEN_BEFORE)).isEqualTo(8);
            assertThat(labels(reports.get(1))).isEqualTo(labels(reports.get(0)));
            assertThat(reports).extracting(RobustnessReport::robustCount).containsExactly(8, 8);
            assertThat(reports.get(1).evaluation().notes())
                    .contains(
                            "escalated (L∞ ε=12/255) because of what was doubted before: PGD-100 margin breaks 0 of 8 samples"
                                    + " still standing, Square-5000 0 of 8, HopSkipJump-5000 0 of 8");
        }

        @Test
        void isCalledForWhereOnlyABaselineRunsUnderAThreatModel() {
            List<RobustnessReport> reports = RobustnessEvaluation.of(Masked.notAtAll(), HALF)
                    .attack(Fgsm.linf(EPSILON), Pgd.l2(EPSILON))
                    .minRobustAccuracy(0.25)
                    .reports();

            assertThat(reports.get(0).doubts())
                    .containsExactly(
                            "only FGSM attacked: that a model withstands a baseline shows little; add a stronger attack,"
                                    + " such as PGD (strong-attack)");
            assertThat(reports.get(1).doubts()).isEmpty();
        }
    }

    @Nested
    class OfATest {

        static class TimidTestCases {

            @ModelUnderTest
            static final LabelModel model = Masked.notAtAll();

            @EvaluationData
            static final LabeledData data = HALF;

            @RobustnessTest(
                    attacks = Timid.class,
                    epsilon = EPSILON,
                    minRobustAccuracy = 0.75,
                    onUntrusted = OnUntrusted.ESCALATE)
            void fails() {}

            @RobustnessTest(
                    attacks = Fgsm.class,
                    epsilon = EPSILON,
                    minRobustAccuracy = 0.25,
                    onUntrusted = OnUntrusted.ESCALATE)
            void passes() {}

            @RobustnessTest(
                    attacks = {Timid.class, Pgd.class},
                    epsilon = EPSILON,
                    minRobustAccuracy = 0.25,
                    onUntrusted = OnUntrusted.ESCALATE)
            void joins() {}
        }

        /** So many samples break that the few which checks look at don't make it a FAIL. */
        static class MostTestCases {

            @ModelUnderTest
            static final LabelModel model = Masked.notAtAll();

            @EvaluationData
            static final LabeledData data = Samples.of(0, 8, 40);

            @RobustnessTest(
                    attacks = Timid.class,
                    epsilon = EPSILON,
                    minRobustAccuracy = 0.4,
                    onUntrusted = OnUntrusted.ESCALATE)
            void fails() {}
        }

        static class LargeLogitsTestCases {

            @ModelUnderTest
            static final LabelModel model = Masked.byLargeLogits();

            @EvaluationData
            static final LabeledData data = HALF;

            @RobustnessTest(
                    attacks = Pgd.class,
                    epsilon = EPSILON,
                    minRobustAccuracy = 0.25,
                    onUntrusted = OnUntrusted.ESCALATE)
            void isDoubted() {}
        }

        static class BatchTestCases {

            @ModelUnderTest
            static final LabelModel model = Masked.byTheBatch();

            @EvaluationData
            static final LabeledData data = HALF;

            @RobustnessTest(
                    attacks = Pgd.class,
                    epsilon = EPSILON,
                    minRobustAccuracy = 0.25,
                    onUntrusted = OnUntrusted.ESCALATE)
            void isDoubted() {}
        }

        private static List<String> notes(Kit kit) {
            return kit.console().stream()
                    .filter(line -> line.contains("    note: "))
                    .toList();
        }

        @Test
        void isNotNeededWhereWhatChecksBreakFails() {
            Kit kit = Kit.run(TimidTestCases.class, "fails");

            assertThat(kit.onlyThrown())
                    .isInstanceOf(RobustnessAssertionError.class)
                    .hasMessage("""
                            robust accuracy 50.0% under Timid and trust checks (L∞, ε = 8/255) is below the required 75.0%

                              clean accuracy    100.0%   16 of 16   95% CI [79.4%, 100.0%]
                              robust accuracy    50.0%    8 of 16   95% CI [24.7%, 75.3%]
                              worst class 0      50.0%    4 of  8   95% CI [12.9%, 87.1%]
                              worst examples    #12 0→1, #14 0→1, #8 0→1 (8 broken)
                              found by checks   Noise-6 breaks 2 samples that the attacks left standing, FGSM 4, PGD-7 margin 2

                              reproduce         mvn test '-Dtest=EscalationTests$OfATest$TimidTestCases#fails' -Dmettle.seed=20240229""");
            assertThat(notes(kit)).isEmpty();
        }

        @Test
        void failsByWhatItBreaks() {
            Kit kit = Kit.run(MostTestCases.class, "fails");

            assertThat(kit.onlyThrown())
                    .isInstanceOf(RobustnessAssertionError.class)
                    .hasMessage("""
                            robust accuracy 16.7% under worst case of Timid, PGD-100 margin, Square-5000, HopSkipJump-5000 (L∞, ε = 8/255) is below the required 40.0%

                              clean accuracy    100.0%   48 of 48   95% CI [92.6%, 100.0%]
                              robust accuracy    16.7%    8 of 48   95% CI [7.5%, 30.2%]
                              worst class 0      16.7%    4 of 24   95% CI [3.8%, 40.3%]
                              worst examples    #12 0→1, #16 0→1, #15 1→0 (40 broken)
                              doubted before    Noise-6 breaks 3 of 8 samples that withstood: gradients lead astray; next try Square-5000 and HopSkipJump-5000 (beats-noise)
                              doubted before    FGSM breaks 19 of 24 samples that withstood: gradients lead astray; next try Square-5000 and HopSkipJump-5000 (beats-single-step)
                              doubted before    Square-20 breaks 4 of 6 samples that withstood: gradients lead astray; next try Square-5000 and HopSkipJump-5000 (beats-black-box)
                              doubted before    PGD-7 margin breaks 3 of 4 samples that withstood: the loss of the attack hides the way; next try PGD-100 margin and Square-5000 (beats-other-loss)
                              escalated         PGD-100 margin breaks 40 of 48 samples still standing, Square-5000 0 of 8, HopSkipJump-5000 0 of 8

                              reproduce         mvn test '-Dtest=EscalationTests$OfATest$MostTestCases#fails' -Dmettle.seed=20240229""");
            assertThat(notes(kit))
                    .containsExactly(
                            "[mettle]     note: escalated (L∞ ε=8/255) because of beats-noise, beats-single-step,"
                                    + " beats-black-box, beats-other-loss: PGD-100 margin breaks 40 of 48 samples still standing,"
                                    + " Square-5000 0 of 8, HopSkipJump-5000 0 of 8");
        }

        @Test
        void passesWhereTheDoubtsAreAnsweredAndSaysWhatWasAdded() {
            Kit kit = Kit.run(TimidTestCases.class, "passes");

            assertThat(kit.outcomes()).containsExactly("FGSM, L∞ ε=8/255: SUCCESSFUL");
            assertThat(notes(kit))
                    .containsExactly("[mettle]     note: escalated (L∞ ε=8/255) because of strong-attack: APGD-CE-100×5"
                            + " breaks 0 of 8 samples still standing, PGD-100 margin 0 of 8, Square-5000 0 of 8");
        }

        @Test
        void countsInTheWorstCaseWhatDoubtsAboutOneAttackCalledFor() {
            Kit kit = Kit.run(TimidTestCases.class, "joins");

            assertThat(kit.outcomes())
                    .containsExactly(
                            "Timid, L∞ ε=8/255: SUCCESSFUL",
                            "PGD-40, L∞ ε=8/255: SUCCESSFUL",
                            "worst case, L∞ ε=8/255: SUCCESSFUL");
            assertThat(notes(kit))
                    .hasSize(2)
                    .last()
                    .isEqualTo(
                            "[mettle]     note: escalated (L∞ ε=8/255) because of what was doubted before: PGD-100 margin"
                                    + " breaks 0 of 8 samples still standing, Square-5000 0 of 8, HopSkipJump-5000 0 of 8");
        }

        @Test
        void isAnErrorWhereDoubtsRemain() {
            Kit kit = Kit.run(LargeLogitsTestCases.class, "isDoubted");

            assertThat(kit.onlyThrown())
                    .isInstanceOf(UntrustedEvaluationException.class)
                    .hasMessage("""
                            robust accuracy 50.0% under worst case of PGD-40, PGD-100 margin, Square-5000 (L∞, ε = 8/255) can't be trusted: the largest logit of 4 of 4 samples leads by more than 104, so that all other probabilities are exactly 0 in FLOAT: logits so large hide their gradients; leave out what scales them, or attack a loss that scaling leaves as it is, such as margin or DLR, and Square (unsaturated-logits)

                              clean accuracy    100.0%   16 of 16   95% CI [79.4%, 100.0%]
                              robust accuracy    50.0%    8 of 16   95% CI [24.7%, 75.3%]
                              worst class 0      50.0%    4 of  8   95% CI [12.9%, 87.1%]
                              worst examples    #15 1→0, #13 1→0, #9 1→0 (8 broken)
                              doubted before    the largest logit of 4 of 4 samples leads by more than 104, so that all other probabilities are exactly 0 in FLOAT: logits so large hide their gradients; leave out what scales them, or attack a loss that scaling leaves as it is, such as margin or DLR, and Square (unsaturated-logits)
                              escalated         PGD-100 margin breaks 0 of 8 samples still standing, Square-5000 0 of 8

                              reproduce         mvn test '-Dtest=EscalationTests$OfATest$LargeLogitsTestCases#isDoubted' -Dmettle.seed=20240229""");
        }

        @Test
        void saysWhereNothingIsLeftToTry() {
            Kit kit = Kit.run(BatchTestCases.class, "isDoubted");

            assertThat(kit.onlyThrown())
                    .isInstanceOf(UntrustedEvaluationException.class)
                    .hasMessage("""
                            robust accuracy 50.0% under PGD-40 (L∞, ε = 8/255) can't be trusted: logits of a sample alone, or in another order, differ by 9.1e-02 of their size: the model looks at the other samples of a batch, as batch normalization in training mode does; fix its statistics, and evaluate again (independent-samples)

                              clean accuracy    100.0%   16 of 16   95% CI [79.4%, 100.0%]
                              robust accuracy    50.0%    8 of 16   95% CI [24.7%, 75.3%]
                              worst class 0      50.0%    4 of  8   95% CI [12.9%, 87.1%]
                              worst examples    #15 1→0, #13 1→0, #9 1→0 (8 broken)

                              reproduce         mvn test '-Dtest=EscalationTests$OfATest$BatchTestCases#isDoubted' -Dmettle.seed=20240229""");
            assertThat(notes(kit))
                    .containsExactly(
                            "[mettle]     note: not escalated (L∞ ε=8/255): no attack is left to try because of"
                                    + " independent-samples");
        }
    }
}
