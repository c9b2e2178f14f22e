package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;

import dev.mettle.attacks.CarliniWagner;
import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;

/** The first examples of docs/junit.md. Their files don't exist, so they are compiled, not run. */
class DigitsRobustnessTestCases {

    @ModelUnderTest
    static final LabelModel model =
            Dl4jClassifier.load(Path.of("models/digits.zip")).withInputRange(0, 1);

    @EvaluationData
    static final LabeledData digits = LabeledData.fromClasspath("digits-test.npz");

    @RobustnessTest(
            attacks = {Fgsm.class, Pgd.class},
            epsilon = 8 / 255.0,
            minRobustAccuracy = 0.60)
    void staysAccurateUnderGradientAttacks() {}

    @RobustnessTest(attacks = CarliniWagner.class, norm = Norm.L2, samples = 100)
    void needsAVisiblePerturbation(RobustnessReport report) {
        assertThat(report)
                .hasCleanAccuracyOfAtLeast(0.97)
                .hasMedianDistanceOfAtLeast(1.2)
                .isTrustworthy();
    }
}
