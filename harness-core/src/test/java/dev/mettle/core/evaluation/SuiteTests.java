package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class SuiteTests {

    private static final AffineModel MODEL = AffineModel.random(3, 5, DataType.DOUBLE, 6);
    private static final INDArray INPUTS = Samples.uniform(40, DataType.DOUBLE, 6);
    private static final LabeledData DATA = LabeledData.of("points", INPUTS, MODEL.predict(INPUTS));

    /** Goes a share of the way that the budget allows. */
    private record PartWay(String name, double share, boolean minimizesNorm) implements Attack {

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
            return new Passes(Math.round(100 * share), 1);
        }

        @Override
        public void run(AttackContext context) {
            SampleBatch batch = context.samples();
            INDArray gradient = batch.gradient(batch.inputs(), new Margin()).gradient();
            INDArray far = batch.perturbations().maximizeLinear(gradient);
            batch.propose(far.sub(batch.inputs()).muli(share).addi(batch.inputs()));
        }
    }

    private static final Attack HALF = new PartWay("Half", 0.5, false);
    private static final Attack WHOLE = new PartWay("Whole", 1, false);
    private static final Attack NEAREST = new PartWay("Nearest", 0.9, true);
    private static final AttackSuite SUITE = new AttackSuite("Steps", "3", List.of(HALF, NEAREST, WHOLE));

    private static RobustnessEvaluation evaluation(double... epsilons) {
        return RobustnessEvaluation.of(MODEL, DATA).norm(Norm.LINF).epsilon(epsilons);
    }

    @Test
    void each_attack_runs_on_what_those_before_it_left_standing() {
        Evaluation evaluation = evaluation(0.05, 0.1).suite(SUITE).evaluate();
        List<AttackResult> results =
                evaluation.resultsUnder(evaluation.threatModels().get(1));
        assertThat(results.stream().map(result -> result.attack().name())).containsExactly("Half", "Nearest", "Whole");
        int standing = 40;
        for (AttackResult result : results) {
            assertThat(result.count(SampleStatus.BROKEN_BEFORE)).isEqualTo(40 - standing);
            assertThat(result.outcomes())
                    .allMatch(outcome -> outcome.status() != SampleStatus.BROKEN_BEFORE
                            || outcome.forwards() + outcome.backwards() == 0);
            standing -= result.count(SampleStatus.BROKEN);
            assertThat(result.count(SampleStatus.ROBUST)).isEqualTo(standing);
        }
        assertThat(results.get(0).count(SampleStatus.BROKEN)).isPositive();
        assertThat(results.get(2).count(SampleStatus.BROKEN)).isPositive();
    }

    @Test
    void a_suite_finds_what_its_attacks_find_and_reports_as_one() {
        RobustnessReport suite = evaluation(0.1).suite(SUITE).run();
        RobustnessReport single = evaluation(0.1).attack(WHOLE).run();
        assertThat(suite.robustCount()).isEqualTo(single.robustCount());
        assertThat(suite.title()).isEqualTo("Steps 3");
        assertThat(suite.searchesNearest()).isFalse();
    }

    @Test
    void a_suite_stops_when_the_verdict_is_sure_to_be_fail() {
        RobustnessReport report =
                evaluation(0.3).suite(SUITE).minRobustAccuracy(0.9).run();
        assertThat(report.verdict().outcome()).isEqualTo(Outcome.FAIL);
        assertThat(report.results()).hasSize(1);
        assertThat(report.evaluation().notes())
                .contains(
                        "Steps 3 stopped early (L∞ ε=0.3): after Half robust accuracy is surely below the threshold, whatever"
                                + " the other attacks find");
        assertThat(evaluation(0.3).suite(SUITE).run().results())
                .as("nothing to decide")
                .hasSize(3);
    }

    @Test
    void can_be_ordered_by_cost_and_prints_its_parameters() {
        AttackSuite ordered = new AttackSuite("Mine", "1", List.of(WHOLE, HALF)).cheapestFirst(3);
        assertThat(ordered.attacks()).containsExactly(HALF, WHOLE);
        assertThat(ordered).hasToString("Mine 1: Half{share=0.5}, Whole{share=1.0}");
        assertThat(ordered.passes(3)).isEqualTo(new Passes(150, 2)).hasToString("150 forward + 2 backward");
        assertThatThrownBy(() -> new AttackSuite("Mine", "1", List.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the suite 'Mine' has no attack: give at least one");
        assertThatThrownBy(() -> new AttackSuite("Mine", "1", List.of(HALF, HALF)))
                .hasMessage("the suite 'Mine' names an attack twice: raise its restarts, or change a parameter");
    }
}
