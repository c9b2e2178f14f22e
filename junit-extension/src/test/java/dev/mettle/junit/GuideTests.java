package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Bim;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackGenerator;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.verdict.Outcome;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;

/** The examples of docs/junit.md, on a model small enough to be attacked in no time. These tests run as a user's would. */
class GuideTests {

    @ModelUnderTest
    static final LabelModel model = AffineModel.exact();

    @EvaluationData
    static final LabeledData digits = Samples.of(0, 40, 0);

    @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.60)
    void holds() {}

    @RobustnessTest(epsilon = 8 / 255.0, minRobustAccuracy = 0.60)
    @AttackSource("strongAttacks")
    void resistsStrongAttacks() {}

    static Stream<Attack> strongAttacks() {
        return Stream.of(new Pgd().withSteps(20).withRestarts(2), new Bim());
    }

    @RobustnessTest(
            attacks = Pgd.class,
            epsilons = {2 / 255.0, 8 / 255.0})
    void degradesGracefully(RobustnessCurve curve) {
        assertThat(curve).isNonIncreasing().hasRobustAccuracyOfAtLeast(0.80).atEpsilon(2 / 255.0);
    }

    @RobustnessTest(attacks = Pgd.class, epsilon = 8 / 255.0)
    void withstandsMyOwnInputs(AttackGenerator generator) {
        LabeledData own = Samples.at(0.2, 0.3);

        assertThat(generator.generate(own)).allWithin(8 / 255.0).haveBroken(0);
    }

    @RobustnessTest(attacks = OneStep.class, epsilon = 0.45, minRobustAccuracy = 0.60, expectedVerdict = Outcome.FAIL)
    void isKnownToBreakAtLargeEpsilons(RobustnessReport report) {
        assertThat(report.title()).isEqualTo("FGSM");
    }

    @Target(ElementType.METHOD)
    @Retention(RetentionPolicy.RUNTIME)
    @RobustnessTest(
            attacks = {OneStep.class, Pgd.class},
            epsilon = 8 / 255.0,
            minRobustAccuracy = 0.60)
    @interface ReleaseGate {}

    @ReleaseGate
    void meetsTheReleaseGate() {}
}
