package dev.mettle.examples;

import static dev.mettle.core.threat.Norm.L2;
import static dev.mettle.core.threat.Norm.LINF;
import static dev.mettle.junit.RobustnessAssertions.assertThat;

import dev.mettle.attacks.CarliniWagner;
import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.junit.EvaluationData;
import dev.mettle.junit.ModelUnderTest;
import dev.mettle.junit.RobustnessTest;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The network that learned from clean digits only reads them as well, and falls to the first attack. */
class PlainDigitsRobustnessTests {

    @ModelUnderTest
    static final LabelModel model =
            Dl4jClassifier.load(Path.of("models/digits.zip")).withInputRange(0, 1);

    @EvaluationData
    static final LabeledData digits =
            LabeledData.fromClasspath("digits-test.npz").scaled(1 / 255.0);

    /** A known weakness: the build stays green as long as it is one, and says so when it no longer is. */
    @RobustnessTest(
            attacks = {Fgsm.class, Pgd.class},
            epsilon = 0.2,
            minRobustAccuracy = 0.3,
            samples = 300,
            expectedVerdict = Outcome.FAIL)
    void doesNotHoldWhatTheHardenedNetworkHolds(RobustnessReport report) {
        assertThat(report).hasCleanAccuracyOfAtLeast(0.95);
    }

    @RobustnessTest(
            epsilons = {0.05, 0.1, 0.15, 0.2, 0.3},
            samples = 200)
    void fallsSteeply(RobustnessCurve curve) {
        assertThat(curve).isNonIncreasing();
    }

    @RobustnessTest(attacks = CarliniWagner.class, norm = L2, samples = 30)
    void measuresTheDistanceToTheNearestAdversarialDigit(RobustnessReport report) {
        assertThat(report).isTrustworthy();
    }

    @RobustnessTest(epsilon = 0.3, samples = 20)
    void readsADrawnOneAsSomethingElse(Pgd pgd, LabelModel attacked) {
        AdversarialExamples examples = pgd.against(attacked, LINF, 0.3).generate(DrawnDigits.one(), 1);

        assertThat(examples).haveBrokenAtLeast(1).allWithin(0.3);
    }

    @Test
    void theSameWithoutTheExtension() {
        RobustnessReport report = RobustnessEvaluation.of(model, digits)
                .attack(Pgd.linf(0.2))
                .samples(50)
                .seed(42)
                .run();

        assertThat(report).hasBrokenAtLeast(25);
    }
}
