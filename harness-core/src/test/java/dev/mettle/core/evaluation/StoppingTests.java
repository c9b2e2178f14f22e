package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Tally;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Evaluations that stop as soon as their verdict is certain. */
class StoppingTests {

    private static final AffineModel MODEL = AffineModel.random(3, 5, DataType.DOUBLE, 6);
    private static final INDArray INPUTS = Samples.uniform(400, DataType.DOUBLE, 6);

    /** Goes a random share of the way that the budget allows. */
    private record PartWay(String name, double share, boolean minimizesNorm, boolean universal) implements Attack {

        PartWay(String name, double share) {
            this(name, share, false, false);
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of("share", String.valueOf(share));
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
        public void run(AttackContext context) {
            SampleBatch batch = context.samples();
            INDArray gradient = batch.gradient(batch.inputs(), new Margin()).gradient();
            INDArray step = batch.perturbations().maximizeLinear(gradient).sub(batch.inputs());
            for (int i = 0; i < batch.size(); i++) {
                INDArray row = step.slice(i);
                row.muli(share * batch.random(i).uniform(0.5, 1));
            }
            batch.propose(step.addi(batch.inputs()));
        }
    }

    private static final Attack HALF = new PartWay("Half", 0.5);
    private static final Attack WHOLE = new PartWay("Whole", 1);

    private static LabeledData data() {
        int[] labels = MODEL.predict(INPUTS);
        for (int i = 0; i < labels.length; i += 10) {
            labels[i] = (labels[i] + 1) % 3;
        }
        return LabeledData.of("points", INPUTS, labels);
    }

    /** The same samples, those of class 0 first. */
    private static LabeledData sorted() {
        LabeledData data = data();
        return data.subset(IntStream.range(0, data.size())
                .boxed()
                .sorted((a, b) -> Integer.compare(data.label(a), data.label(b)))
                .mapToInt(Integer::intValue)
                .toArray());
    }

    private static RobustnessEvaluation evaluation(Decision decision, double required, Attack... attacks) {
        return RobustnessEvaluation.of(MODEL, data())
                .attack(attacks)
                .norm(Norm.LINF)
                .epsilon(0.03)
                .minRobustAccuracy(required)
                .decision(decision);
    }

    @ParameterizedTest
    @EnumSource(
            value = Decision.class,
            names = {"CURTAILED", "SEQUENTIAL", "POPULATION"})
    void stops_when_the_verdict_is_certain_and_finds_the_same_on_what_it_evaluated(Decision decision) {
        List<SampleOutcome> all =
                evaluation(Decision.FIXED, 0.2, HALF, WHOLE).run().outcomes();
        double rate = evaluation(Decision.FIXED, 0.2, HALF, WHOLE).run().robustAccuracy();
        for (double required : new double[] {rate - 0.25, rate + 0.15}) {
            RobustnessReport report =
                    evaluation(decision, required, HALF, WHOLE).batchSize(7).run();
            assertThat(report.verdict().outcome()).isEqualTo(required < rate ? Outcome.PASS : Outcome.FAIL);
            assertThat(report.isStoppedEarly()).isTrue();
            assertThat(report.isCertain()).isTrue();
            assertThat(report.evaluatedCount()).isLessThan(400).isEqualTo(report.evaluatedCount() / 32 * 32);
            for (int i = 0; i < 400; i++) {
                SampleOutcome outcome = report.outcomes().get(i);
                if (outcome.status() != SampleStatus.NOT_EVALUATED) {
                    assertThat(outcome.status()).isEqualTo(all.get(i).status());
                    assertThat(outcome.distances()).isEqualTo(all.get(i).distances());
                    assertThat(outcome.forwards()).isEqualTo(all.get(i).forwards());
                } else {
                    assertThat(outcome.forwards() + outcome.backwards()).isZero();
                }
            }
            assertThat(report.robustAccuracy()).isEqualTo((double) report.robustCount() / report.evaluatedCount());
            assertThat(report.cleanCount()).isEqualTo(360);
            assertThat(report.curve().samples()).isEqualTo(report.evaluatedCount());
            Tally tally = report.evidence().last();
            assertThat(tally.open())
                    .as("samples that the model gets wrong can't turn out robust")
                    .isLessThan(400 - tally.evaluated());
        }
    }

    @Test
    void the_batch_size_changes_nothing() {
        List<SampleStatus> small =
                statuses(evaluation(Decision.SEQUENTIAL, 0.3, WHOLE).batchSize(5));
        assertThat(statuses(evaluation(Decision.SEQUENTIAL, 0.3, WHOLE).batchSize(400)))
                .isEqualTo(small)
                .contains(SampleStatus.NOT_EVALUATED);
        assertThat(statuses(evaluation(Decision.SEQUENTIAL, 0.3, WHOLE).seed(8)))
                .isNotEqualTo(small);
    }

    private static List<SampleStatus> statuses(RobustnessEvaluation evaluation) {
        return evaluation.run().outcomes().stream().map(SampleOutcome::status).toList();
    }

    @Test
    void data_sorted_by_class_are_seen_in_a_random_order() {
        RobustnessReport report = RobustnessEvaluation.of(MODEL, sorted())
                .attack(WHOLE)
                .norm(Norm.LINF)
                .epsilon(0.03)
                .minRobustAccuracy(0.2)
                .decision(Decision.SEQUENTIAL)
                .run();
        assertThat(report.isStoppedEarly()).isTrue();
        LabeledData data = report.evaluation().data();
        for (int label = 0; label < 3; label++) {
            int own = label;
            long planned =
                    Arrays.stream(data.labels()).filter(each -> each == own).count();
            long seen = report.outcomes().stream()
                    .filter(outcome -> outcome.label() == own && outcome.status() != SampleStatus.NOT_EVALUATED)
                    .count();
            if (planned >= 40) {
                assertThat(seen).as("class %s", label).isPositive();
            }
        }
    }

    @Test
    void each_attack_goes_on_only_as_long_as_its_own_verdict_or_the_worst_case_needs() {
        Evaluator evaluator =
                new Evaluator(evaluation(Decision.SEQUENTIAL, 0.55, HALF, WHOLE).plan());
        PlannedAttack half = new PlannedAttack(HALF, Norm.LINF, List.of(0.03));
        PlannedAttack whole = new PlannedAttack(WHOLE, Norm.LINF, List.of(0.03));
        RobustnessReport first = evaluator.report(half, 0.03);
        RobustnessReport second = evaluator.report(whole, 0.03);
        RobustnessReport both = evaluator.report(List.of(half, whole), 0.03);
        assertThat(first.isCertain() && second.isCertain() && both.isCertain()).isTrue();
        assertThat(both.evaluatedCount())
                .as("samples that all attacks were run on")
                .isEqualTo(Math.min(
                        evaluator.report(half, 0.03).evaluatedCount(),
                        evaluator.report(whole, 0.03).evaluatedCount()));
        assertThat(evaluator.report(half, 0.03).verdict().outcome())
                .as("a verdict once reached stays, however far others go on")
                .isEqualTo(first.verdict().outcome());
    }

    @Test
    void a_suite_stops_early_too() {
        RobustnessReport report = RobustnessEvaluation.of(MODEL, data())
                .suite(new AttackSuite("Steps", "1", List.of(HALF, new PartWay("Near", 0.8, true, false), WHOLE)))
                .norm(Norm.LINF)
                .epsilon(0.3)
                .minRobustAccuracy(0.8)
                .decision(Decision.SEQUENTIAL)
                .run();
        assertThat(report.verdict().outcome()).isEqualTo(Outcome.FAIL);
        assertThat(report.evaluatedCount()).isEqualTo(32);
        assertThat(report.results()).hasSize(3);
    }

    @Test
    void an_attack_on_all_samples_at_once_is_not_stopped() {
        RobustnessReport report = evaluation(Decision.SEQUENTIAL, 0.2, new PartWay("Universal", 1, false, true))
                .run();
        assertThat(report.isStoppedEarly()).isFalse();
        assertThat(report.evidence().looks()).hasSize(1);
        assertThat(report.evaluation().notes())
                .contains("Universal attacks all samples at once, so it is not stopped early");
    }

    @Test
    void without_a_threshold_all_samples_are_evaluated() {
        for (Decision decision : Decision.values()) {
            RobustnessReport report = RobustnessEvaluation.of(MODEL, data())
                    .attack(WHOLE)
                    .norm(Norm.LINF)
                    .epsilon(0.03)
                    .decision(decision)
                    .run();
            assertThat(report.isStoppedEarly()).isFalse();
            assertThat(report.verdict().outcome()).isEqualTo(Outcome.MEASURED);
        }
    }

    @Test
    void minimum_norm_attacks_and_several_epsilons_stop_as_well() {
        Attack nearest = new PartWay("Nearest", 1, true, false);
        List<RobustnessReport> reports = RobustnessEvaluation.of(MODEL, data())
                .attack(WHOLE, nearest)
                .norm(Norm.LINF)
                .require(0.01, 0.3)
                .require(0.3, 0.3)
                .decision(Decision.SEQUENTIAL)
                .reports();
        assertThat(reports.stream().map(report -> report.verdict().outcome()))
                .containsExactly(Outcome.PASS, Outcome.FAIL);
        assertThat(reports).allMatch(RobustnessReport::isStoppedEarly);
        assertThat(reports.get(0).medianDistance()).isPositive();
    }

    @Test
    void a_threshold_needs_an_attack_with_its_epsilon() {
        assertThatThrownBy(() -> new EvaluationPlan(
                        "plan",
                        MODEL,
                        data(),
                        List.of(new PlannedAttack(WHOLE, Norm.LINF, List.of(0.1))),
                        VerdictPolicy.atLeast(new dev.mettle.core.verdict.Threshold(0.2, 0.5)),
                        1,
                        8))
                .hasMessage(
                        "a robust accuracy is required at the epsilon 0.2, but no attack runs with it: name it as an"
                                + " epsilon too");
    }

    @Test
    void reports_the_worst_class_and_judges_every_class() {
        RobustnessReport report = evaluation(Decision.FIXED, 0.2, WHOLE).run();
        List<ClassAccuracy> classes = new ArrayList<>(report.classes());
        assertThat(classes.stream().mapToInt(each -> each.tally().samples()).sum())
                .isEqualTo(400);
        assertThat(classes.stream().mapToInt(each -> each.tally().robust()).sum())
                .isEqualTo(report.robustCount());
        double smallest = classes.stream()
                .mapToDouble(ClassAccuracy::robustAccuracy)
                .min()
                .orElseThrow();
        assertThat(report.worstClass())
                .hasValueSatisfying(worst -> assertThat(worst.robustAccuracy()).isEqualTo(smallest));

        RobustnessReport judged = RobustnessEvaluation.of(MODEL, data())
                .attack(WHOLE)
                .norm(Norm.LINF)
                .epsilon(0.3)
                .minRobustAccuracyPerClass(0.5)
                .run();
        assertThat(judged.verdict().outcome()).isEqualTo(Outcome.FAIL);
        assertThat(judged.verdict().classes()).hasSize(3);
    }
}
