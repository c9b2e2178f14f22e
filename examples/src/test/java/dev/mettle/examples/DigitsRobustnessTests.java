package dev.mettle.examples;

import static dev.mettle.core.threat.Norm.L2;
import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Bim;
import dev.mettle.attacks.CarliniWagner;
import dev.mettle.attacks.Pgd;
import dev.mettle.attacks.RandomNoise;
import dev.mettle.attacks.SpatialTransformation;
import dev.mettle.attacks.Suite;
import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackGenerator;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.junit.AttackSource;
import dev.mettle.junit.Baseline;
import dev.mettle.junit.Corpus;
import dev.mettle.junit.EvaluationData;
import dev.mettle.junit.ModelUnderTest;
import dev.mettle.junit.RobustnessTest;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The network that learned from attacked digits holds what is asked of it. */
class DigitsRobustnessTests {

    @ModelUnderTest
    static final LabelModel model =
            Dl4jClassifier.load(Path.of("models/digits-hardened.zip")).withInputRange(0, 1);

    @EvaluationData
    static final LabeledData digits =
            LabeledData.fromClasspath("digits-test.npz").scaled(1 / 255.0);

    @ReleaseGate
    void isFitForRelease(RobustnessReport report) {
        assertThat(report).hasCleanAccuracyOfAtLeast(0.95);
    }

    /** It may not become worse than it was, and must not fall again for what it once resisted. */
    @RobustnessTest(epsilon = 0.2, minRobustAccuracy = 0.3, samples = 300)
    @Baseline(tolerance = 0.02)
    @Corpus(maxExamples = 20)
    void holdsThirtyPercentUnderTwiceThePerturbation() {}

    @RobustnessTest(epsilon = 0.1, minRobustAccuracy = 0.75, samples = 200)
    @AttackSource("patientAttacks")
    void patienceDoesNotBreakIt() {}

    static Stream<Attack> patientAttacks() {
        return Stream.of(new RandomNoise(), new Bim(), new Pgd().withSteps(20).withRestarts(3));
    }

    @RobustnessTest(
            epsilons = {0.05, 0.1, 0.15, 0.2, 0.3},
            samples = 200)
    void degradesGracefully(RobustnessCurve curve) {
        assertThat(curve).isNonIncreasing().hasRobustAccuracyOfAtLeast(0.85).atEpsilon(0.05);
    }

    /** The suite for every build; {@link Suite#AUTO_ATTACK} takes its time, and is for releases. */
    @RobustnessTest(suite = Suite.QUICK, epsilon = 0.1, minRobustAccuracy = 0.7, samples = 200)
    void holdsAgainstTheQuickSuite() {}

    /** A threat without a norm: the digit stands a little crooked. */
    @RobustnessTest(minRobustAccuracy = 0.6, samples = 100)
    @AttackSource("smallMotions")
    void readsCrookedDigits() {}

    static Stream<Attack> smallMotions() {
        return Stream.of(new SpatialTransformation().withBound(10, 1));
    }

    @RobustnessTest(attacks = CarliniWagner.class, norm = L2, samples = 30)
    void theNearestAdversarialDigitIsFarAway(RobustnessReport report) {
        assertThat(report).hasMedianDistanceOfAtLeast(1.5).isTrustworthy();
    }

    /** The generator of the test makes adversarial examples of any input, such as one that is drawn here. */
    @RobustnessTest(attacks = Pgd.class, epsilon = 0.1, samples = 20)
    void aDrawnOneStaysAOne(AttackGenerator generator, LabelModel drawnFor) {
        INDArray one = DrawnDigits.one();
        assertThat(drawnFor.predict(one)).containsExactly(1);

        AdversarialExamples examples = generator.generate(one, 1);

        assertThat(examples).haveBroken(0);
    }
}
