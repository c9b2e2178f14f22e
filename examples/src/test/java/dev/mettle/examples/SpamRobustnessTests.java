package dev.mettle.examples;

import static dev.mettle.core.threat.Norm.L0;

import dev.mettle.attacks.Fmn;
import dev.mettle.attacks.SigmaZero;
import dev.mettle.attacks.Suite;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Constraints;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.junit.EvaluationData;
import dev.mettle.junit.InputConstraints;
import dev.mettle.junit.ModelUnderTest;
import dev.mettle.junit.RobustnessTest;
import java.nio.file.Path;
import org.assertj.core.api.Assertions;

/** Does a spam filter hold if the sender changes words? Every change is measured in standard deviations of its feature. */
class SpamRobustnessTests {

    private static final SpamData SPAM = SpamData.load();

    @ModelUnderTest
    static final LabelModel model =
            Dl4jClassifier.load(Path.of("models/spam.zip")).withInputRange(SPAM.range());

    @EvaluationData
    static final LabeledData mails = SPAM.test();

    @InputConstraints
    static final Constraints standardDeviations = SPAM.inStandardDeviations();

    @RobustnessTest(suite = Suite.QUICK, epsilon = 0.05, minRobustAccuracy = 0.8, samples = 500)
    void smallChangesEverywhereHardlyMatter() {}

    /** How many words a sender has to change: few, if any change of a word will do. */
    @RobustnessTest(
            attacks = {Fmn.class, SigmaZero.class},
            norm = L0,
            samples = 100)
    void countsTheWordsThatDecide(RobustnessReport report) {
        Assertions.assertThat(report.medianDistance()).isGreaterThanOrEqualTo(1);
    }
}
