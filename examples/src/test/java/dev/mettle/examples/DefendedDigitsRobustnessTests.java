package dev.mettle.examples;

import static dev.mettle.core.threat.Norm.LINF;
import static dev.mettle.junit.RobustnessAssertions.assertThat;

import dev.mettle.attacks.Suite;
import dev.mettle.core.data.LabeledData;
import dev.mettle.defenses.Defended;
import dev.mettle.defenses.Defense;
import dev.mettle.defenses.training.AdversarialTraining;
import dev.mettle.defenses.training.Trades;
import dev.mettle.defenses.training.TrainedNetworks;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.junit.DefendedBy;
import dev.mettle.junit.EvaluationData;
import dev.mettle.junit.ModelUnderTest;
import dev.mettle.junit.RobustnessTest;
import java.nio.file.Path;

/**
 * The cure in the same place as the test that fails: the plain network has no robust accuracy left at epsilon 0.3, and the same network
 * trained adversarially does.
 *
 * <p>The trained network lies in {@code models/defended}. Delete it there, and the next run trains it again, from scratch.
 */
class DefendedDigitsRobustnessTests {

    @ModelUnderTest
    static final Dl4jClassifier plain =
            Dl4jClassifier.load(Path.of("models/lenet.zip")).withInputRange(0, 1);

    @EvaluationData
    static final LabeledData digits =
            LabeledData.fromClasspath("digits-test.npz").scaled(1 / 255.0);

    /** Five to ten minutes on two cores. */
    static Defense<Dl4jClassifier> hardening() {
        return AdversarialTraining.by(new Trades().withSteps(7), LINF, 0.3)
                .fromScratch()
                .withEpochs(9)
                .withWarmUpEpochs(1)
                .withProgress(System.out::println)
                .on(
                        LabeledData.fromClasspath("digits-train.npz").scaled(1 / 255.0),
                        TrainedNetworks.in(Path.of("models/defended")));
    }

    @RobustnessTest(
            suite = Suite.QUICK,
            epsilons = {0.1, 0.2, 0.3},
            samples = 100)
    @DefendedBy("hardening")
    void adversarialTrainingPays(Defended<Dl4jClassifier> defended) {
        assertThat(defended).improvesRobustAccuracyOver(plain).by(0.10).withCleanAccuracyDropAtMost(0.10);
    }
}
