package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.testing.TrustReports;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.trust.TrustReport;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class ReportTextTests {

    private static final ThreatModel LINF = new ThreatModel(Norm.LINF, 8 / 255.0, Box.of(0, 1));

    private static final VerdictPolicy NEEDS_60 = VerdictPolicy.atLeast(0.6);

    @Test
    void aPassNamesTheThresholdItReaches() {
        assertThat(ReportText.sentence(report(3, 71, 0, LINF, NEEDS_60)))
                .isEqualTo("robust accuracy 71.0% under PGD-40 (L∞, ε = 8/255) reaches the required 60.0%");
    }

    @Test
    void aFailureNamesTheThresholdItMisses() {
        assertThat(ReportText.sentence(report(3, 44, 0, LINF, NEEDS_60)))
                .isEqualTo("robust accuracy 44.0% under PGD-40 (L∞, ε = 8/255) is below the required 60.0%");
    }

    @Test
    void anInconclusiveReportSaysHowManySamplesWouldDecide() {
        assertThat(ReportText.sentence(report(3, 64, 0, LINF, NEEDS_60)))
                .isEqualTo(
                        "robust accuracy 64.0% under PGD-40 (L∞, ε = 8/255) with 100 samples neither shows nor rules out"
                                + " the required 60.0%; about 430 samples would decide at even odds; a sequential test decides in"
                                + " the end, after about 1600 on average");
    }

    @Test
    void anInconclusiveReportOnTheVeryThresholdAsksForNoNumberOfSamples() {
        assertThat(ReportText.sentence(report(3, 60, 0, LINF, NEEDS_60)))
                .endsWith("the required 60.0%; it is too close for any practical number of samples to decide");
    }

    @Test
    void anUntrustedReportSaysWhy() {
        assertThat(ReportText.sentence(report(3, 80, 0, LINF, NEEDS_60, Optional.of(wrongGradients()))))
                .isEqualTo("robust accuracy 80.0% under PGD-40 (L∞, ε = 8/255) can't be trusted: gradients are wrong");
    }

    @Test
    void theGravestOfSeveralDoubtsStandsInTheSentenceAndTheOthersBelow() {
        AttackResult result = report(3, 80, 0, LINF, NEEDS_60).results().get(0);
        TrustReport trust = new TrustReport(
                LINF,
                List.of(result.attack()),
                List.of(
                        new TrustFinding(TrustCheck.STRONG_ATTACK, TrustLevel.DOUBT, "only FGSM attacked", ""),
                        new TrustFinding(TrustCheck.LOGITS, TrustLevel.DOUBT, "all scores add up to 1", "cut it off"),
                        new TrustFinding(TrustCheck.CONVERGED, TrustLevel.WARNING, "the margin still rises", "")),
                0,
                100,
                "");
        Evaluation facts =
                report(3, 80, 0, LINF, NEEDS_60, Optional.of(wrongGradients())).evaluation();
        Evaluation doubtful = new Evaluation(
                facts.name(),
                facts.model(),
                facts.data(),
                facts.dataSha256(),
                facts.cleanPredictions(),
                facts.results(),
                facts.gradientCheck(),
                facts.notes(),
                facts.environment(),
                facts.seed(),
                facts.batchSize(),
                List.of(trust));

        RobustnessReport report = RobustnessReport.of(doubtful, result, NEEDS_60);

        assertThat(ReportText.sentence(report))
                .isEqualTo(
                        "robust accuracy 80.0% under PGD-40 (L∞, ε = 8/255) can't be trusted: 3 doubts, above all that"
                                + " gradients are wrong");
        assertThat(ReportText.furtherDoubts(ReportText.doubts(report)))
                .containsExactly(
                        "doubt 2 of 3: all scores add up to 1: cut it off (logits)",
                        "doubt 3 of 3: only FGSM attacked (strong-attack)");
        assertThat(ReportText.doubtDetails(ReportText.doubts(report)))
                .containsExactly(
                        "  doubt 2 of 3      all scores add up to 1: cut it off (logits)",
                        "  doubt 3 of 3      only FGSM attacked (strong-attack)");
        assertThat(ReportText.warnings(report)).containsExactly("warning: the margin still rises (converged)");
    }

    @Test
    void aReportThatIsNotUntrustedListsNoDoubts() {
        RobustnessReport failed = report(3, 44, 0, LINF, NEEDS_60, Optional.of(wrongGradients()));

        assertThat(failed.doubts()).containsExactly("gradients are wrong");
        assertThat(ReportText.doubts(failed)).isEmpty();
        assertThat(ReportText.furtherDoubts(ReportText.doubts(failed))).isEmpty();
    }

    @Test
    void aMeasurementStatesTheFact() {
        assertThat(ReportText.sentence(report(3, 44, 0, LINF, VerdictPolicy.measureOnly())))
                .isEqualTo("robust accuracy 44.0% under PGD-40 (L∞, ε = 8/255)");
    }

    @Test
    void anUnboundedThreatIsJustItsNorm() {
        ThreatModel unbounded = new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, Box.of(0, 1));

        assertThat(ReportText.sentence(report(3, 0, 0, unbounded, VerdictPolicy.measureOnly())))
                .isEqualTo("robust accuracy 0.0% under PGD-40 (L2)");
    }

    @Test
    void detailsAreAlignedLines() {
        assertThat(ReportText.details(report(3, 44, 0, LINF, NEEDS_60)))
                .containsExactly(
                        "  clean accuracy    97.0%   97 of 100   95% CI [91.5%, 99.4%]",
                        "  robust accuracy   44.0%   44 of 100   95% CI [34.1%, 54.3%]",
                        "  worst examples    #47 7→2, #48 7→2, #49 7→2 (53 broken)");
    }

    @Test
    void detailsTellOfUndecidedSamplesAndKeepTheirColumns() {
        assertThat(ReportText.details(report(0, 98, 2, LINF, VerdictPolicy.measureOnly())))
                .containsExactly(
                        "  clean accuracy    100.0%   100 of 100   95% CI [96.4%, 100.0%]",
                        "  robust accuracy    98.0%    98 of 100   95% CI [93.0%, 99.8%]",
                        "  undecided           2.0%     2 of 100");
    }

    @Test
    void detailsOfAMinimumNormAttackTellItsMedianDistance() {
        ThreatModel unbounded = new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, Box.of(0, 1));
        RobustnessReport report =
                report(new Named("C&W", true), 98, 0, 0, unbounded, VerdictPolicy.measureOnly(), Optional.empty());

        assertThat(ReportText.details(report))
                .contains("  median distance   0.995   L2", "  worst examples    #98 7→2, #99 7→2 (2 broken)");
    }

    @Test
    void detailsOfAModelThatGetsNothingRightTellNoDistance() {
        ThreatModel unbounded = new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, Box.of(0, 1));
        RobustnessReport report =
                report(new Named("C&W", true), 100, 0, 0, unbounded, VerdictPolicy.measureOnly(), Optional.empty());

        assertThat(ReportText.details(report)).hasSize(2);
    }

    @Test
    void aReportThatStoppedSaysAfterHowManySamplesAndWhatItsBoundsMean() {
        RobustnessReport sequential = stopped(NEEDS_60.withDecision(Decision.SEQUENTIAL), 64, 58);
        assertThat(ReportText.sentence(sequential))
                .isEqualTo(
                        "robust accuracy 90.6% under PGD-40 (L∞, ε = 8/255) reaches the required 60.0%, after 64 of 500"
                                + " samples");
        assertThat(ReportText.details(sequential))
                .containsExactly(
                        "  clean accuracy    100.0%   500 of 500   95% CI [99.3%, 100.0%]",
                        "  robust accuracy    90.6%    58 of  64   95% CI [75.8%, 98.5%]",
                        "  decision          stopped after 64 of 500 samples: the answer was certain; the bounds hold wherever a"
                                + " sequential test stops",
                        "  worst examples    #0 7→2, #10 7→2, #21 7→2 (6 broken)");
        assertThat(ReportText.details(stopped(NEEDS_60.withDecision(Decision.CURTAILED), 384, 383)))
                .contains(
                        "  robust accuracy    99.7%   383 of 384   95% CI [72.6%, 100.0%]",
                        "  decision          stopped after 384 of 500 samples: the answer was certain; the bounds count the"
                                + " others as broken below and as robust above");
        RobustnessReport population = stopped(NEEDS_60.withDecision(Decision.POPULATION), 320, 319);
        assertThat(ReportText.details(population))
                .contains(
                        "  clean accuracy    100.0%   500 of 500",
                        "  robust accuracy    99.7%   319 of 320   range [63.8%, 99.8%]",
                        "  decision          stopped after 320 of 500 samples: the answer was certain; the samples are the"
                                + " whole population, and the others can move its rate within the range given");
        assertThat(population.verdict().reason())
                .isEqualTo("robust accuracy on these very samples, at least 63.8%, reaches the required 60.0%");
    }

    @Test
    void aReportOnAllSamplesSaysWhatItsBoundsMeanWhereThatIsUnusual() {
        assertThat(ReportText.decision(stopped(NEEDS_60, 500, 300))).isEmpty();
        assertThat(ReportText.decision(stopped(NEEDS_60.withDecision(Decision.CURTAILED), 500, 300)))
                .isEmpty();
        RobustnessReport sequential = stopped(NEEDS_60.withDecision(Decision.SEQUENTIAL), 500, 320);
        assertThat(ReportText.decision(sequential))
                .hasValue("all 500 samples evaluated; the bounds hold wherever a sequential test stops");
        assertThat(ReportText.sentence(sequential))
                .isEqualTo(
                        "robust accuracy 64.0% under PGD-40 (L∞, ε = 8/255) with 500 samples neither shows nor rules out the"
                                + " required 60.0%; about 1600 samples would decide on average");
        assertThat(ReportText.decision(stopped(NEEDS_60.withDecision(Decision.POPULATION), 500, 300)))
                .hasValue("all 500 samples evaluated; the samples are the whole population");
    }

    @Test
    void aClassThatFailsIsNamedInTheFirstLine() {
        VerdictPolicy policy = VerdictPolicy.atLeast(0.3).withMinRobustAccuracyPerClass(0.6);
        assertThat(ReportText.sentence(report(3, 44, 0, LINF, policy)))
                .isEqualTo(
                        "robust accuracy 44.0% under PGD-40 (L∞, ε = 8/255) is too little for some: the robust accuracy of"
                                + " class 7 is below the required 60.0% per class (upper bound 52.7%, corrected for 1 class)");
        assertThat(ReportText.sentence(
                        report(3, 71, 0, LINF, VerdictPolicy.measureOnly().withMinRobustAccuracyPerClass(0.6))))
                .isEqualTo(
                        "robust accuracy 71.0% under PGD-40 (L∞, ε = 8/255) reaches the required 60.0% in every class");
        assertThat(ReportText.sentence(report(3, 64, 0, LINF, policy)))
                .isEqualTo(
                        "robust accuracy 64.0% under PGD-40 (L∞, ε = 8/255) is not enough: not every class is shown to reach"
                                + " the required 60.0% per class: class 7 with 100 samples lies between 55.4% and 72.0%, and about 430"
                                + " samples of it would decide");
    }

    /** A report on the first of 500 samples of one class, in the order of evaluation: robust and broken ones, evenly mixed. */
    private static RobustnessReport stopped(VerdictPolicy policy, int evaluated, int robust) {
        LabeledData data = LabeledData.of(
                Nd4j.zeros(500, 2), IntStream.generate(() -> 7).limit(500).toArray());
        int[] order = Counting.order(data, 1);
        SampleOutcome[] outcomes = new SampleOutcome[500];
        for (int i = 0; i < 500; i++) {
            Distances distances = new Distances(i, i, i, 1);
            outcomes[order[i]] = i >= evaluated
                    ? SampleOutcome.unbroken(i, 7, SampleStatus.NOT_EVALUATED, 0, 0)
                    : (i + 1) * robust / evaluated > i * robust / evaluated
                            ? SampleOutcome.unbroken(i, 7, SampleStatus.ROBUST, 40, 40)
                            : new SampleOutcome(i, 7, SampleStatus.BROKEN, Nd4j.zeros(1, 2), 2, distances, 10, 10);
        }
        AttackResult result = new AttackResult(new Named("PGD-40", false), LINF, List.of(outcomes), 0, 1, 1);
        Evaluation evaluation = new Evaluation(
                "test",
                new ModelInfo("model", List.of(2L), 10, Box.of(0, 1), DataType.FLOAT, "00", List.of()),
                data,
                "00",
                IntStream.range(0, 500).mapToObj(i -> 7).toList(),
                List.of(result),
                Optional.empty(),
                List.of(),
                Map.of(),
                1,
                100,
                List.of(TrustReports.passed(LINF, result.attack())));
        return RobustnessReport.of(evaluation, result, policy);
    }

    private static GradientCheck wrongGradients() {
        return new GradientCheck(false, 4, 1, 0, 0, "gradients are wrong");
    }

    private static RobustnessReport report(
            int wrong, int robust, int undecided, ThreatModel threat, VerdictPolicy policy) {
        return report(wrong, robust, undecided, threat, policy, Optional.empty());
    }

    private static RobustnessReport report(
            int wrong,
            int robust,
            int undecided,
            ThreatModel threat,
            VerdictPolicy policy,
            Optional<GradientCheck> check) {
        return report(new Named("PGD-40", false), wrong, robust, undecided, threat, policy, check);
    }

    /** A report on 100 samples: first those that are wrong anyway, then robust, then undecided, then broken ones. */
    private static RobustnessReport report(
            Attack attack,
            int wrong,
            int robust,
            int undecided,
            ThreatModel threat,
            VerdictPolicy policy,
            Optional<GradientCheck> check) {
        List<SampleOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            if (i < wrong) {
                outcomes.add(SampleOutcome.unbroken(i, 7, SampleStatus.CLEAN_WRONG, 0, 0));
            } else if (i < wrong + robust) {
                outcomes.add(SampleOutcome.unbroken(i, 7, SampleStatus.ROBUST, 40, 40));
            } else if (i < wrong + robust + undecided) {
                outcomes.add(SampleOutcome.unbroken(i, 7, SampleStatus.GRADIENT_ZERO, 40, 40));
            } else {
                double distance = (i + 1) / 100.0;
                Distances distances = new Distances(distance, distance, distance, 1);
                outcomes.add(new SampleOutcome(i, 7, SampleStatus.BROKEN, Nd4j.zeros(1, 2), 2, distances, 10, 10));
            }
        }
        AttackResult result = new AttackResult(attack, threat, outcomes, 0, 1, 1);
        int[] labels = IntStream.generate(() -> 7).limit(100).toArray();
        ModelInfo model = new ModelInfo("model", List.of(2L), 10, Box.of(0, 1), DataType.FLOAT, "00", List.of());
        Evaluation evaluation = new Evaluation(
                "test",
                model,
                LabeledData.of(Nd4j.zeros(100, 2), labels),
                "00",
                IntStream.range(0, 100).mapToObj(i -> i < wrong ? 1 : 7).toList(),
                List.of(result),
                check,
                List.of(),
                Map.of(),
                1,
                100,
                List.of(TrustReports.passed(threat, attack)));
        return RobustnessReport.of(evaluation, result, policy);
    }

    private record Named(String label, boolean minimizesNorm) implements Attack {
        @Override
        public String name() {
            return label;
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of();
        }

        @Override
        public Access access() {
            return Access.GRADIENTS;
        }

        @Override
        public Set<Norm> norms() {
            return EnumSet.allOf(Norm.class);
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(2, 1);
        }

        @Override
        public void run(AttackContext context) {}
    }
}
