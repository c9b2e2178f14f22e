package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Verdict;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What trust checks break counts. The model compares the mean of its features with one half; a sample has equal features at a known
 * distance from there. The attack goes half the way to epsilon, and its longer variant, which a check tries, the whole.
 */
class FoundByChecksTests {

    private static final int FEATURES = 4;
    private static final double EPSILON = 0.1;

    /** Broken at three quarters of epsilon: beyond the attack, within reach of its longer variant. */
    private static final double NEAR = 0.075;

    private static final double FAR = 0.4;

    /** Goes a part of the way to epsilon, which is sure to break a sample at that distance in an affine model. */
    private record Walk(double part, Optional<Double> elsewhere) implements Attack {

        Walk(double part) {
            this(part, Optional.empty());
        }

        @Override
        public String name() {
            return "Walk";
        }

        @Override
        public String label() {
            return "Walk-" + part;
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of("part", String.valueOf(part));
        }

        @Override
        public Access access() {
            return Access.GRADIENTS;
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.LINF);
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(1, 1);
        }

        @Override
        public Optional<Attack> longer() {
            return part < 1 && elsewhere.isEmpty() ? Optional.of(new Walk(1)) : Optional.empty();
        }

        @Override
        public void run(AttackContext context) {
            SampleBatch batch = context.samples();
            INDArray clean = batch.inputs();
            INDArray gradient = batch.gradient(clean, new Margin()).gradient();
            INDArray way = batch.perturbations().maximizeLinear(gradient).sub(clean);
            for (int i = 0; i < batch.size(); i++) {
                double own = elsewhere.isPresent() && batch.random(i).uniform(0, 1) < elsewhere.get() ? 1 : part;
                way.slice(i).muli(own);
            }
            batch.propose(way.addi(clean));
        }
    }

    private static final Attack HALF = new Walk(0.5);

    private static AffineModel mean() {
        double[][] weights = new double[2][FEATURES];
        Arrays.fill(weights[0], 1.0 / FEATURES);
        Arrays.fill(weights[1], -1.0 / FEATURES);
        return new AffineModel(weights, new double[] {-0.5, 0.5}, Box.of(0, 1), DataType.DOUBLE, FEATURES);
    }

    private static LabeledData data(int samples, IntPredicate near) {
        double[] flat = new double[samples * FEATURES];
        int[] labels = new int[samples];
        for (int i = 0; i < samples; i++) {
            labels[i] = i % 2;
            double distance = near.test(i) ? NEAR : FAR;
            Arrays.fill(flat, i * FEATURES, (i + 1) * FEATURES, 0.5 + (labels[i] == 0 ? distance : -distance));
        }
        return LabeledData.of(
                "samples", Rows.fromDoubles(flat, new long[] {samples, FEATURES}, DataType.DOUBLE), labels);
    }

    private static RobustnessEvaluation evaluation(LabeledData data, double required) {
        return RobustnessEvaluation.of(mean(), data)
                .attack(HALF)
                .norm(Norm.LINF)
                .epsilon(EPSILON)
                .minRobustAccuracy(required);
    }

    private static TrustFinding finding(RobustnessReport report, TrustCheck check) {
        return report.trust().orElseThrow().findings().stream()
                .filter(each -> each.check() == check)
                .findFirst()
                .orElseThrow();
    }

    /** 400 samples, of which only one that the check looks at is near. */
    private static LabeledData oneNear() {
        long drawn = brokenIds(evaluation(data(400, i -> true), 0.5).run()).get(0);
        return data(400, i -> i == drawn);
    }

    private static List<Long> brokenIds(RobustnessReport report) {
        return report.outcomes().stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .map(SampleOutcome::id)
                .toList();
    }

    @Test
    void whatACheckBreaksIsBroken() {
        RobustnessReport report = evaluation(data(400, i -> i % 2 == 0), 0.5)
                .trust(TrustPolicy.CHECK)
                .run();

        assertThat(finding(report, TrustCheck.ENOUGH_STEPS).evidence())
                .isEqualTo("Walk-1.0 breaks 8 of 18 samples that withstood");
        assertThat(brokenIds(report)).hasSize(8).allMatch(id -> id % 2 == 0);
        assertThat(report.robustCount()).isEqualTo(392);
        assertThat(report.foundByChecks()).hasSize(1);
        AttackResult found = report.foundByChecks().get(0);
        assertThat(found.trustCheck()).contains(TrustCheck.ENOUGH_STEPS);
        assertThat(found.suite()).isEqualTo("trust check enough-steps");
        assertThat(found.attack()).isEqualTo(new Walk(1));
        assertThat(found.count(SampleStatus.BROKEN)).isEqualTo(8);
        assertThat(found.count(SampleStatus.LEFT_OPEN)).isEqualTo(392);
        assertThat(report.evaluation().results()).containsExactlyElementsOf(report.results());
        assertThat(report.attacks()).containsExactly(HALF);
        report.brokenSamples().forEach(broken -> {
            double[] example = Rows.toDoubles(Objects.requireNonNull(broken.adversarial()));
            double[] clean = Rows.toDoubles(
                    Rows.select(report.evaluation().data().inputs(), new int[] {Math.toIntExact(broken.id())}));
            assertThat(mean().predict(Rows.fromDoubles(example, new long[] {1, FEATURES}, DataType.DOUBLE)))
                    .doesNotContain(broken.label());
            assertThat(report.threatModel().allows(example, clean)).isTrue();
            assertThat(broken.distances()).isEqualTo(Distances.between(example, clean));
        });
    }

    @Test
    void aReportSaysSo() {
        RobustnessReport report = evaluation(data(400, i -> i % 2 == 0), 0.999)
                .decision(Decision.POPULATION)
                .run();

        assertThat(ReportText.sentence(report))
                .isEqualTo(
                        "robust accuracy 98.0% under Walk-0.5 and trust checks (L∞, ε = 0.1) is below the required 99.9%");
        assertThat(ReportText.details(report))
                .contains("  found by checks   Walk-1.0 breaks 8 samples that the attacks left standing");
        assertThat(report.title()).isEqualTo("Walk-0.5");
        assertThat(report.isWorstCase()).isFalse();
    }

    @Test
    void anAnotherStartOfTheAttackCountsToo() {
        RobustnessReport report = RobustnessEvaluation.of(mean(), data(400, i -> true))
                .attack(new Walk(0.5, Optional.of(0.25)))
                .norm(Norm.LINF)
                .epsilon(EPSILON)
                .minRobustAccuracy(0.5)
                .run();
        AttackResult found = report.foundByChecks().get(0);

        assertThat(found.trustCheck()).contains(TrustCheck.ENOUGH_RESTARTS);
        assertThat(ReportText.details(report))
                .contains("  found by checks   another start of Walk-0.5 breaks " + found.count(SampleStatus.BROKEN)
                        + " samples that the attacks left standing");
        assertThat(report.brokenCount())
                .isEqualTo(report.results().get(0).count(SampleStatus.BROKEN) + found.count(SampleStatus.BROKEN));
    }

    @Test
    void aPassBecomesAFailWhereTheSamplesAreThePopulation() {
        RobustnessReport checked =
                evaluation(oneNear(), 1).decision(Decision.POPULATION).run();

        assertThat(checked.brokenCount()).isEqualTo(1);
        assertThat(finding(checked, TrustCheck.ENOUGH_STEPS).level().name()).isEqualTo("WARNING");
        assertThat(withoutFound(checked).verdict().outcome()).isEqualTo(Outcome.PASS);
        assertThat(checked.verdict().outcome()).isEqualTo(Outcome.FAIL);
    }

    /** 400 of 400 show 99.2 %, 399 of 400 neither show nor refute it. */
    @Test
    void aPassBecomesInconclusive() {
        RobustnessReport checked = evaluation(oneNear(), 0.992).run();

        assertThat(withoutFound(checked).verdict().outcome()).isEqualTo(Outcome.PASS);
        assertThat(checked.verdict().outcome()).isEqualTo(Outcome.INCONCLUSIVE);
    }

    @Test
    void doubtsStayAndWhatIsProvenFails() {
        LabeledData all = data(400, i -> true);
        RobustnessReport doubted = evaluation(all, 0.9).run();
        RobustnessReport failed = evaluation(all, 0.99).run();

        assertThat(doubted.robustCount()).isEqualTo(382);
        assertThat(doubted.verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(withoutFound(failed).verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(failed.verdict().outcome()).isEqualTo(Outcome.FAIL);
        assertThat(failed.doubts()).isEqualTo(doubted.doubts());
    }

    /** The verdict that there would be if what checks break did not count. */
    private static RobustnessReport withoutFound(RobustnessReport report) {
        return RobustnessReport.of(
                report.evaluation(),
                report.results().stream()
                        .filter(result -> result.trustCheck().isEmpty())
                        .toList(),
                report.policy());
    }

    @Test
    void whatIsFoundAtAnEpsilonCountsAtAllLargerOnes() {
        LabeledData data = data(400, i -> i % 2 == 0);
        List<RobustnessReport> reports =
                evaluation(data, 0.5).epsilon(0.02, EPSILON, 0.12).reports();

        assertThat(reports).extracting(RobustnessReport::robustCount).containsExactly(400, 392, 392);
        assertThat(reports.get(2).foundByChecks()).hasSize(1);
        // carried over from the smaller epsilon, and not paid for again
        assertThat(reports.get(2).brokenSamples())
                .allMatch(outcome ->
                        outcome.distances() != null && outcome.distances().linf() <= EPSILON + 1e-9);
        assertThat(reports.get(2).foundByChecks().get(0).forwardPerSample()).isZero();
        RobustnessCurve curve = reports.get(0).curve();
        assertThat(curve.points())
                .extracting(RobustnessCurve.Point::robustCount)
                .containsExactly(400, 400, 392, 392);
        assertThat(curve.title()).isEqualTo("Walk-0.5 and trust checks");
    }

    @Test
    void whatAnAttackBreaksAtALargerEpsilonStaysBrokenByTheNearerExample() {
        List<RobustnessReport> reports = evaluation(data(400, i -> i % 2 == 0), 0.5)
                .epsilon(EPSILON, 0.2)
                .reports();

        assertThat(reports.get(1).robustCount()).isEqualTo(200);
        assertThat(reports.get(1).brokenSamples().get(0).breakingDistance(Norm.LINF))
                .isLessThanOrEqualTo(reports.get(0).brokenSamples().get(0).breakingDistance(Norm.LINF));
    }

    /** What a check of one attack broke counts in the worst case with others, and not against another one alone. */
    @Test
    void countsWhereverTheCheckedAttacksAreJudged() {
        Attack other = new Walk(0.25, Optional.of(0.0));
        EvaluationPlan plan =
                evaluation(data(400, i -> i % 2 == 0), 0.5).attack(other).plan();
        Evaluator evaluator = new Evaluator(plan);
        RobustnessReport own = evaluator.report(plan.attacks().get(0), EPSILON);
        RobustnessReport another = evaluator.report(plan.attacks().get(1), EPSILON);
        RobustnessReport both = evaluator.report(plan.attacks(), EPSILON);

        assertThat(own.brokenCount()).isEqualTo(8);
        assertThat(another.brokenCount()).isZero();
        assertThat(brokenIds(both)).containsAll(brokenIds(own));
        assertThat(both.title()).isEqualTo("worst case of Walk-0.5, Walk-0.25");
    }

    /**
     * A check lowers the counts of a sequential test, never raises them, and breaks only what an example proves broken. So the counts lie
     * between those of the attacks and those of the truth: PASS is no easier than without checks, FAIL no easier than with all the truth.
     */
    @Test
    void aSequentialTestGoesOnAndHoldsWhereItStops() {
        LabeledData data = data(1200, i -> i % 4 != 0);
        RobustnessReport report =
                evaluation(data, 0.9).decision(Decision.SEQUENTIAL).run();
        RobustnessReport unchecked = evaluation(data, 0.9)
                .decision(Decision.SEQUENTIAL)
                .trust(TrustPolicy.OFF)
                .run();

        assertThat(report.foundByChecks()).isNotEmpty();
        assertThat(unchecked.evaluatedCount()).isEqualTo(64);
        assertThat(report.evaluatedCount()).isEqualTo(192);
        assertThat(report.isCertain()).isTrue();
        assertThat(report.outcomes())
                .filteredOn(outcome -> outcome.status() == SampleStatus.BROKEN)
                .isNotEmpty()
                .allMatch(outcome -> outcome.id() % 4 != 0);
        report.foundByChecks()
                .forEach(found ->
                        assertThat(found.count(SampleStatus.NOT_EVALUATED)).isEqualTo(1200 - report.evaluatedCount()));
        // the very verdict that a judge gives who knew from the start what breaks
        Verdict known = Verdict.decide(report.evidence(), report.doubts(), report.policy());
        assertThat(report.verdict()).isEqualTo(known);
        assertThat(report.evidence().last().robust()).isEqualTo(report.robustCount());
    }

    @Test
    void aRecalledCheckYieldsTheSameEvaluation() {
        Memory memory = new Memory();
        RobustnessReport fresh =
                evaluation(data(400, i -> i % 2 == 0), 0.992).remember(memory).run();
        RobustnessReport recalled =
                evaluation(data(400, i -> i % 2 == 0), 0.992).remember(memory).run();

        assertThat(memory.foundChecked).isEqualTo(1);
        assertThat(facts(recalled)).isEqualTo(facts(fresh));
        assertThat(recalled.trust().orElseThrow().findings())
                .isEqualTo(fresh.trust().orElseThrow().findings());
        assertThat(recalled.verdict()).isEqualTo(fresh.verdict());
        assertThat(ReportText.sentence(recalled)).isEqualTo(ReportText.sentence(fresh));
        assertThat(ReportText.details(recalled)).isEqualTo(ReportText.details(fresh));
        assertThat(ReportText.recalled(fresh)).isEmpty();
        assertThat(ReportText.recalled(recalled)).isEqualTo(" (known from an earlier run)");
    }

    @Test
    void aRememberedExampleIsJudgedAnew() {
        Memory memory = new Memory();
        memory.spoil = true;
        RobustnessReport fresh =
                evaluation(data(400, i -> i % 2 == 0), 0.992).remember(memory).run();
        RobustnessReport again =
                evaluation(data(400, i -> i % 2 == 0), 0.992).remember(memory).run();

        assertThat(memory.foundChecked).isEqualTo(1);
        assertThat(facts(again)).isEqualTo(facts(fresh));
        assertThat(again.trust().orElseThrow().found()).noneMatch(example -> example.recalled());
    }

    private static List<String> facts(RobustnessReport report) {
        List<String> facts = new ArrayList<>();
        for (AttackResult result : report.results()) {
            facts.add(result.attack() + " " + result.threatModel() + " " + result.suite());
            result.outcomes().forEach(outcome -> facts.add(outcome.toString()));
        }
        return facts;
    }

    /** Remembers; puts clean samples in the place of what checks broke, if it is to. */
    private static final class Memory implements ResultStore {

        private final Map<String, AttackRun> runs = new HashMap<>();
        private final Map<String, Checked> checks = new HashMap<>();
        private boolean spoil;
        private int foundChecked;

        @Override
        public Optional<AttackRun> find(String task, String model) {
            return Optional.ofNullable(runs.get(task + model));
        }

        @Override
        public List<AttackRun> findEarlier(String task) {
            return List.of();
        }

        @Override
        public void store(String task, String model, AttackRun run) {
            runs.put(task + model, run);
        }

        @Override
        public Optional<Checked> findChecked(String task, String model) {
            Checked checked = checks.get(task + model);
            foundChecked += checked == null ? 0 : 1;
            return Optional.ofNullable(checked);
        }

        @Override
        public void store(String task, String model, Checked checked) {
            checks.put(
                    task + model,
                    spoil
                            ? new Checked(
                                    checked.findings(),
                                    checked.passes(),
                                    checked.broken().stream()
                                            .map(broken -> new Broken(broken.check(), spoilt(broken.outcome())))
                                            .toList())
                            : checked);
        }

        private static SampleOutcome spoilt(SampleOutcome outcome) {
            INDArray example = Objects.requireNonNull(outcome.adversarial());
            return new SampleOutcome(
                    outcome.id(),
                    outcome.label(),
                    outcome.status(),
                    example.rsub(1),
                    outcome.adversarialLabel(),
                    outcome.distances(),
                    outcome.forwards(),
                    outcome.backwards());
        }
    }

    @Test
    void attacksThatNothingBoundsFindNothingThatCounts() {
        RobustnessReport report = evaluation(data(400, i -> false), 0.5).run();

        assertThat(finding(report, TrustCheck.UNBOUNDED_SUCCEEDS).evidence())
                .contains("over the whole input range breaks");
        assertThat(report.brokenCount()).isZero();
        assertThat(report.foundByChecks()).isEmpty();
        assertThat(ThreatModel.UNBOUNDED).isGreaterThan(report.threatModel().epsilon());
    }

    @Test
    void aPolicyWithoutARequirementMeasuresWhatChecksBreak() {
        RobustnessReport report = evaluation(data(400, i -> i % 2 == 0), 0.5)
                .policy(VerdictPolicy.measureOnly())
                .run();

        assertThat(report.verdict().outcome()).isEqualTo(Outcome.MEASURED);
        assertThat(report.robustCount()).isEqualTo(392);
    }
}
