package dev.mettle.examples;

import static dev.mettle.core.threat.Norm.LINF;

import dev.mettle.attacks.Suite;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.data.LabeledData;
import dev.mettle.defenses.certification.bounds.CrownIbp;
import dev.mettle.defenses.training.AdversarialTraining;
import dev.mettle.defenses.training.TrainedNetworks;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.junit.AttackSource;
import dev.mettle.junit.CertifiedRobustnessTest;
import dev.mettle.junit.EvaluationData;
import dev.mettle.junit.ModelUnderTest;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A proof instead of evidence: a network that was trained for certificates, with bounds of what no attack at all can do. Attacks run, too,
 * so that the report shows the truth between both.
 *
 * <p>The trained network lies in {@code models/defended}. Delete it there, and the next run trains it again, in five to ten minutes.
 */
class CertifiedDigitsRobustnessTests {

    private static final int EPOCHS = 12;

    /** The learning rate rises and falls once: 95 minibatches an epoch, since the last 500 digits are held out. */
    private static final int STEPS = 95 * EPOCHS;

    @EvaluationData
    static final LabeledData digits =
            LabeledData.fromClasspath("digits-test.npz").scaled(1 / 255.0);

    @ModelUnderTest
    static Dl4jClassifier certifiable() {
        return AdversarialTraining.ibp(0.11)
                .fromScratch()
                .withEpochs(EPOCHS)
                .withProgress(System.out::println)
                .on(
                        LabeledData.fromClasspath("digits-train.npz").scaled(1 / 255.0),
                        TrainedNetworks.in(Path.of("models/defended")))
                .defend(Dl4jClassifier.of(LeNet.untrained(1, STEPS)).withInputRange(0, 1))
                .model()
                .withName("LeNet, trained by intervals");
    }

    @CertifiedRobustnessTest(
            norm = LINF,
            radius = 0.1,
            radii = {0.05, 0.15},
            minCertifiedAccuracy = 0.70,
            certifier = CrownIbp.class,
            samples = 100)
    @AttackSource("attacks")
    void noPerturbationOfATenthChangesTheDigit(Sandwich sandwich) {}

    static Stream<Attack> attacks() {
        return Suite.QUICK.in(LINF).attacks().stream();
    }
}
