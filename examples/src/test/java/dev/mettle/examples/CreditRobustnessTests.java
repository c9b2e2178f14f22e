package dev.mettle.examples;

import static dev.mettle.core.threat.Norm.L1;
import static dev.mettle.junit.RobustnessAssertions.assertThat;

import dev.mettle.attacks.Apgd;
import dev.mettle.attacks.Pgd;
import dev.mettle.attacks.Pointwise;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.junit.AttackSource;
import dev.mettle.junit.EvaluationData;
import dev.mettle.junit.InputConstraints;
import dev.mettle.junit.ModelUnderTest;
import dev.mettle.junit.RobustnessTest;
import java.nio.file.Path;
import java.util.List;

/**
 * Does a credit decision hold if the applicant lies? One lie is a new category, six months, or 500 marks; a sum of lies is an
 * L1 norm. Numbers stay whole, categories stay categories, and what the bank knows anyway stays as it is.
 */
class CreditRobustnessTests {

    private static final CreditData CREDIT = CreditData.load();

    @ModelUnderTest
    static final LabelModel model =
            Dl4jClassifier.load(Path.of("models/credit.zip")).withInputRange(CREDIT.range());

    @EvaluationData
    static final LabeledData applicants = CREDIT.test();

    @InputConstraints
    static final Constraints lies = CREDIT.lies();

    /** A known weakness, which gradients alone would not show: following them leaves half of the decisions standing. */
    @RobustnessTest(norm = L1, epsilon = 1, minRobustAccuracy = 0.4, expectedVerdict = Outcome.FAIL)
    @AttackSource("liars")
    void oneLieOftenDecides() {}

    @RobustnessTest(
            norm = L1,
            epsilons = {1, 2, 3})
    @AttackSource("liars")
    void everyFurtherLieCounts(RobustnessCurve curve) {
        assertThat(curve).isNonIncreasing();
    }

    /**
     * Two attacks follow gradients to the nearest valid application, the last one needs none at all. Without the second one, the trust
     * checks refuse the result: following another loss, it breaks what the first one leaves standing.
     */
    static List<AttackSuite> liars() {
        return List.of(new AttackSuite(
                "Liars",
                "2",
                List.of(
                        new Apgd().withLargeEpsilons(),
                        new Pgd().withLoss(Loss.MARGIN).withSteps(100).withRestarts(5),
                        new Pointwise().withQueries(1000))));
    }
}
