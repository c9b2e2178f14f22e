package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.defenses.Defended;
import dev.mettle.defenses.Defense;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A model whose boundary is too near to class 0, and a defense that moves it away. */
class DefendedTests {

    private static final AtomicInteger DEFENDED = new AtomicInteger();
    private static final LabeledData DATA = Samples.of(0, 100, 0);
    private static final LabelModel WEAK = AffineModel.withBoundary(0.88);

    private static Defended<LabelModel> defend(LabelModel model) {
        DEFENDED.incrementAndGet();
        return new Defended<>(AffineModel.exact(), model, "moving the boundary", List.of("moved it"), 12, 3, false);
    }

    @BeforeEach
    void forget() {
        DEFENDED.set(0);
    }

    abstract static class Base {

        static final Defense<LabelModel> field = DefendedTests::defend;
        static final String nothing = "nothing";

        final Defense<LabelModel> ofInstance = DefendedTests::defend;

        @ModelUnderTest
        static final LabelModel model = WEAK;

        @EvaluationData
        static final LabeledData data = DATA;

        static Defense<LabelModel> method() {
            return DefendedTests::defend;
        }
    }

    static class GoodTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.9)
        @DefendedBy("field")
        void passes(Defended<LabelModel> defended, LabelModel attacked, RobustnessReport report) {
            assertThat(attacked).isSameAs(defended.model());
            assertThat(report.robustAccuracy()).isEqualTo(1);
            assertThat(defended)
                    .improvesRobustAccuracyOver(defended.original())
                    .by(0.3)
                    .withCleanAccuracyDropAtMost(0.05);
        }

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.9)
        @DefendedBy("field")
        void isDefendedOnce() {}
    }

    @Test
    void theDefendedModelIsTestedAndComparedWithTheOneBefore() {
        Kit kit = Kit.run(GoodTestCases.class);
        assertThat(kit.thrown()).isEmpty();
        assertThat(DEFENDED).hasValue(1);
        assertThat(kit.console())
                .contains(
                        "[mettle] defense  moving the boundary  12 s (3 s of processor time)",
                        "[mettle]     without the defense: clean 100.0%, robust 50.0%",
                        "[mettle]     robust accuracy 50.0% → 100.0%, +50.0 points (bounds +36.2 and +60.2; 50 gained, 0 lost)",
                        "[mettle]     clean accuracy 100.0% → 100.0%, +0.0 points (bounds -3.6 and +3.6; 0 gained, 0 lost)");
    }

    @DefendedBy("method")
    static class MethodTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.9)
        void passes() {}
    }

    @Test
    void aMethodMayGiveTheDefenseOfAWholeClass() {
        assertThat(Kit.run(MethodTestCases.class).thrown()).isEmpty();
        assertThat(DEFENDED).hasValue(1);
    }

    static class MissingTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @DefendedBy("absent")
        void fails() {}
    }

    static class WrongTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @DefendedBy("nothing")
        void fails() {}
    }

    static class InstanceTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @DefendedBy("ofInstance")
        void fails() {}
    }

    static class UndefendedTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        void fails(Defended<LabelModel> defended) {}
    }

    @Test
    void whatCannotWorkIsRefusedByName() {
        assertThat(Kit.run(MissingTestCases.class).onlyThrown())
                .hasMessage(
                        "@DefendedBy(\"absent\"): MissingTestCases has no field and no method without parameters of that"
                                + " name: add static final Defense<Dl4jClassifier> absent = AdversarialTraining.pgd(norm,"
                                + " epsilon).on(trainingData)");
        assertThat(Kit.run(WrongTestCases.class).onlyThrown())
                .hasMessage("@DefendedBy WrongTestCases.nothing is a java.lang.String: give a Defense, such as"
                        + " AdversarialTraining.pgd(norm, epsilon).on(trainingData)");
        assertThat(Kit.run(InstanceTestCases.class).onlyThrown())
                .hasMessage(
                        "@DefendedBy InstanceTestCases.ofInstance is not static: make it so, since a model is defended"
                                + " once for all tests");
        assertThat(Kit.run(UndefendedTestCases.class).onlyThrown())
                .hasMessageContaining(
                        "there is no defense whose Defended could be passed: name one with @DefendedBy, or take"
                                + " the model");
    }

    private static RobustnessReport evaluate(LabelModel model, LabeledData data) {
        return RobustnessEvaluation.of(model, data)
                .attack(new OneStep())
                .norm(Norm.LINF)
                .epsilon(8 / 255.0)
                .run();
    }

    private static Defended<LabelModel> judged(Function<? super LabelModel, RobustnessReport> evaluate) {
        return defend(WEAK).judgedBy(evaluate);
    }

    @Test
    void aGainIsShownRuledOutOrNeither() {
        Defended<LabelModel> defended = judged(model -> evaluate(model, DATA));
        assertThat(defended).improvesRobustAccuracyOver(WEAK).by(0.36);
        assertThatThrownBy(() ->
                        assertThat(defended).improvesRobustAccuracyOver(WEAK).by(0.5))
                .isInstanceOf(org.opentest4j.TestAbortedException.class)
                .hasMessageStartingWith(
                        "a gain of 50.0 points of robust accuracy is neither shown nor ruled out by 100 samples:"
                                + " 50.0% → 100.0%, +50.0 points (bounds +36.2 and +60.2; 50 gained, 0 lost); evaluate more samples\n");
        assertThatThrownBy(() ->
                        assertThat(defended).improvesRobustAccuracyOver(WEAK).by(0.7))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "robust accuracy gained less than the required 70.0 points: 50.0% → 100.0%, +50.0 points"
                                + " (bounds +36.2 and +60.2; 50 gained, 0 lost)\n");
        assertThatThrownBy(() ->
                        assertThat(defended).improvesRobustAccuracyOver(WEAK).by(30))
                .hasMessage(
                        "the required gain of robust accuracy is 30.0: give a fraction from 0 to below 1, such as 0.3 for 30"
                                + " points");
    }

    @Test
    void aDropOfCleanAccuracyIsShownRuledOutOrNeither() {
        LabelModel blind = AffineModel.withBoundary(0.95); // gets no sample of class 0 right
        RobustnessReport before = evaluate(AffineModel.exact(), DATA);
        RobustnessReport after = evaluate(blind, DATA);
        assertThatThrownBy(() ->
                        assertThat(after).improvesRobustAccuracyOver(before).withCleanAccuracyDropAtMost(0.03))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "clean accuracy dropped by more than the allowed 3.0 points: 100.0% → 50.0%, -50.0 points"
                                + " (bounds -60.2 and -36.2; 0 gained, 50 lost)\n");
        assertThatThrownBy(() ->
                        assertThat(before).improvesRobustAccuracyOver(before).withCleanAccuracyDropAtMost(0.03))
                .isInstanceOf(org.opentest4j.TestAbortedException.class)
                .hasMessageStartingWith(
                        "a drop of clean accuracy of more than 3.0 points is neither shown nor ruled out by 100"
                                + " samples: 100.0% → 100.0%, +0.0 points (bounds -3.6 and +3.6; 0 gained, 0 lost); evaluate more"
                                + " samples\n");
    }

    @Test
    void aGainThatRestsOnADoubtfulEvaluationIsNotBelieved() {
        Defended<LabelModel> defended = judged(model -> RobustnessEvaluation.of(model, DATA)
                .attack(new dev.mettle.attacks.Fgsm()) // a baseline
                .norm(Norm.LINF)
                .epsilon(8 / 255.0)
                .run());
        assertThatThrownBy(() ->
                        assertThat(defended).improvesRobustAccuracyOver(WEAK).by(0.3))
                .isInstanceOf(UntrustedEvaluationException.class)
                .hasMessageStartingWith("the gain of robust accuracy can't be trusted, 50.0% → 100.0%, +50.0 points");
    }

    @Test
    void onlyLikeIsComparedWithLike() {
        RobustnessReport report = evaluate(WEAK, DATA);
        assertThatThrownBy(() -> assertThat(report).improvesRobustAccuracyOver(evaluate(WEAK, DATA.first(50))))
                .hasMessage("the reports compared are about different samples: evaluate both models on the same data");
        RobustnessReport other = RobustnessEvaluation.of(WEAK, DATA)
                .attack(new OneStep())
                .norm(Norm.LINF)
                .epsilon(4 / 255.0)
                .run();
        assertThatThrownBy(() -> assertThat(report).improvesRobustAccuracyOver(other))
                .hasMessage(
                        "the reports compared are about different threats, L∞, ε = 4/255 and L∞, ε = 8/255: evaluate both models"
                                + " under the same one");
        assertThatThrownBy(() -> assertThat(defend(WEAK)).improvesRobustAccuracyOver(WEAK))
                .hasMessage("it isn't known how to evaluate the models of this defense: say it with judgedBy(model ->"
                        + " RobustnessEvaluation.of(model, data)…run()), or take the Defended as a parameter of a"
                        + " @RobustnessTest with @DefendedBy");
    }
}
