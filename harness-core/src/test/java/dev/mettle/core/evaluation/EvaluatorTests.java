package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.Outcome;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class EvaluatorTests {

    private static final AffineModel MODEL = AffineModel.random(3, 5, DataType.FLOAT, 2, 3);
    private static final INDArray INPUTS = Samples.uniform(40, DataType.FLOAT, 2, 3);

    /** One step up the linearized loss. */
    private record OneStep(String name, boolean isBaseline) implements Attack {

        OneStep(String name) {
            this(name, false);
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
            return Set.of(Norm.LINF, Norm.L2);
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(2, 1);
        }

        @Override
        public void run(AttackContext context) {
            SampleBatch batch = context.samples();
            INDArray gradient =
                    batch.gradient(batch.inputs(), new CrossEntropy()).gradient();
            batch.propose(batch.perturbations().maximizeLinear(gradient));
        }
    }

    private static LabeledData data() {
        int[] labels = MODEL.predict(INPUTS);
        labels[3] = (labels[3] + 1) % 3;
        return LabeledData.of("points", INPUTS, labels);
    }

    private static RobustnessEvaluation evaluation(LabeledData data) {
        return RobustnessEvaluation.of(MODEL, data).attack(new OneStep("One")).norm(Norm.LINF);
    }

    private static RobustnessEvaluation evaluation(LabeledData data, Attack... attacks) {
        return RobustnessEvaluation.of(MODEL, data)
                .attack(attacks)
                .norm(Norm.LINF)
                .epsilon(0.02);
    }

    @Test
    void notes_that_baselines_alone_show_little() {
        Attack weak = new OneStep("One", true);
        Attack strong = new OneStep("Two");

        assertThat(evaluation(data(), weak).minRobustAccuracy(0.5).evaluate().notes())
                .containsExactly(
                        "only One attacked: that a model withstands a baseline shows little; add a stronger attack,"
                                + " such as PGD");
        assertThat(evaluation(data(), weak).evaluate().notes()).isEmpty();
        assertThat(evaluation(data(), weak, strong)
                        .minRobustAccuracy(0.5)
                        .evaluate()
                        .notes())
                .isEmpty();
    }

    @Test
    void notes_that_gradients_lead_astray_on_a_lattice() {
        INDArray inputs = INPUTS.dup();
        Rows.matrix(inputs).getColumn(0).assign(1);
        LabeledData data = LabeledData.of("points", inputs, MODEL.predict(inputs));
        assertThat(evaluation(data, new OneStep("One"))
                        .constraints(Constraints.none().wholeNumbers(0))
                        .minRobustAccuracy(0.5)
                        .evaluate()
                        .notes())
                .contains(
                        "only One attacked: gradients lead astray on whole numbers and categories; add an attack that does"
                                + " without, such as Pointwise or Square");
    }

    @Test
    void counts_samples_that_the_model_gets_wrong_as_not_robust() {
        RobustnessReport report = evaluation(data()).epsilon(0.02).run();
        assertThat(report.samples()).isEqualTo(40);
        assertThat(report.cleanCount()).isEqualTo(39);
        assertThat(report.outcomes().get(3).status()).isEqualTo(SampleStatus.CLEAN_WRONG);
        assertThat(report.robustCount() + report.brokenCount()).isEqualTo(39);
        assertThat(report.cleanAccuracy()).isEqualTo(39 / 40.0);
        assertThat(report.verdict().outcome()).isEqualTo(Outcome.MEASURED);
        assertThat(report).hasToString("One, L∞ ε=0.02");
    }

    @Test
    void robust_accuracy_never_rises_with_epsilon_and_what_is_broken_costs_no_more() {
        Evaluation evaluation = evaluation(data()).epsilon(0.3, 0.01, 0.1, 0.03).evaluate();
        assertThat(evaluation.threatModels().stream().map(ThreatModel::epsilon)).containsExactly(0.01, 0.03, 0.1, 0.3);
        int before = 40;
        for (AttackResult result : evaluation.results()) {
            assertThat(result.count(SampleStatus.ROBUST)).isLessThanOrEqualTo(before);
            before = result.count(SampleStatus.ROBUST);
        }
        AttackResult last = evaluation.results().get(3);
        long paid = last.outcomes().stream()
                .filter(outcome -> outcome.forwards() > 0)
                .count();
        assertThat(paid).isEqualTo(evaluation.results().get(2).count(SampleStatus.ROBUST));
        RobustnessCurve curve = RobustnessReport.of(
                        evaluation, last, dev.mettle.core.verdict.VerdictPolicy.measureOnly())
                .curve();
        assertThat(curve.points()).hasSize(5);
        assertThat(curve.robustAccuracyAt(0)).isEqualTo(39 / 40.0);
        assertThatThrownBy(() -> curve.robustAccuracyAt(0.2))
                .hasMessage("epsilon 0.2 was not evaluated: the curve has [0, 0.01, 0.03, 0.1, 0.3]");
    }

    @Test
    void flattens_or_shapes_the_data_where_that_is_unambiguous() {
        LabeledData flat = data().reshaped(6);
        assertThat(evaluation(flat).epsilon(0.02).run().robustCount())
                .isEqualTo(evaluation(data()).epsilon(0.02).run().robustCount());
        assertThatThrownBy(() -> evaluation(data().reshaped(3, 2)).epsilon(0.1).run())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the samples of points have shape 3×2 but the model affine takes 2×3: bring the data into the"
                                + " model's layout");
        assertThatThrownBy(() -> evaluation(LabeledData.of("points", Samples.uniform(4, DataType.FLOAT, 7), new int[4]))
                        .epsilon(0.1)
                        .run())
                .hasMessage(
                        "the samples of points have shape 7 but the model affine takes 2×3: bring the data into the model's layout");
    }

    @Test
    void names_the_sample_that_is_out_of_range_or_not_finite() {
        INDArray bright = INPUTS.dup();
        bright.putScalar(new long[] {7, 1, 1}, 255);
        assertThatThrownBy(() -> evaluation(LabeledData.of("points", bright, new int[40]))
                        .epsilon(0.1)
                        .run())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "sample #7 of points lies outside the input range [0, 1] (feature 4 is 255.0): scale the data, or"
                                + " declare the range the model was trained on");
        INDArray broken = INPUTS.dup();
        broken.putScalar(new long[] {2, 0, 1}, Double.NaN);
        assertThatThrownBy(() -> evaluation(LabeledData.of("points", broken, new int[40]))
                        .epsilon(0.1)
                        .run())
                .hasMessage("sample #2 of points holds NaN at feature 1: inputs must be finite numbers");
    }

    @Test
    void tolerates_rounding_at_the_edge_of_the_range() {
        INDArray rounded = INPUTS.dup();
        rounded.putScalar(new long[] {2, 0, 1}, -3e-8);
        Evaluation evaluation = evaluation(LabeledData.of("points", rounded, MODEL.predict(INPUTS)))
                .epsilon(0.1)
                .evaluate();
        assertThat(Rows.toRows(evaluation.data().inputs())[2][1]).isZero();
    }

    @Test
    void names_a_label_that_the_model_does_not_know() {
        int[] labels = new int[40];
        labels[11] = 3;
        assertThatThrownBy(() -> evaluation(LabeledData.of("points", INPUTS, labels))
                        .epsilon(0.1)
                        .run())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "sample #11 of points has label 3 but the model has 3 classes: labels are counted from 0 to 2");
    }

    @Test
    void says_what_is_missing_in_a_plan() {
        assertThatThrownBy(() -> RobustnessEvaluation.of(MODEL, data()).run())
                .hasMessage("there is no attack to run: give at least one");
        assertThatThrownBy(() -> evaluation(data()).run()).hasMessage("there is no epsilon for One: give at least one");
        assertThatThrownBy(() -> RobustnessEvaluation.of(MODEL, data())
                        .attack(new OneStep("One"))
                        .epsilon(0.1)
                        .run())
                .hasMessage("the norm for One is missing: set one of [L∞, L2]");
        assertThatThrownBy(() -> evaluation(data()).norm(Norm.L1).epsilon(0.1).run())
                .hasMessage("One is not defined for the norm L1: use one of [L∞, L2]");
        assertThatThrownBy(() -> evaluation(data())
                        .attack(new OneStep("One"))
                        .epsilon(0.1)
                        .run())
                .hasMessage("One in L∞ is planned twice: name it once, with all its epsilons");
        assertThatThrownBy(() -> evaluation(data()).samples(0))
                .hasMessage("the number of samples is 0: give at least 1");
        assertThatThrownBy(() -> evaluation(data()).epsilon(0.1).batchSize(0).run())
                .hasMessage("the batch size is 0: give at least 1");
        assertThatThrownBy(() -> evaluation(data()).epsilon(0.1, 0.2).run())
                .hasMessage(
                        "the evaluation has 2 threat models (L∞ ε=0.1, L∞ ε=0.2): ask for the report of one of them");
        assertThatThrownBy(() -> LabeledData.of("points", INPUTS, new int[3]))
                .hasMessage("points has 40 inputs but 3 labels: give one label per input");
    }

    @Test
    void warns_of_data_that_hold_one_class_only() {
        LabeledData zeros = LabeledData.of("points", INPUTS, new int[40]);
        assertThat(evaluation(zeros).epsilon(0.01).evaluate().notes())
                .contains(
                        "the 40 samples hold only 1 of 3 classes: if the data are sorted, shuffle them before taking the first"
                                + " ones");
    }

    @Test
    void checks_gradients_only_where_an_attack_needs_them_and_reports_it() {
        assertThat(evaluation(data()).epsilon(0.1).evaluate().gradientCheck())
                .hasValueSatisfying(check -> assertThat(check.passed()).isTrue());
    }

    @Test
    void ids_survive_subsets_and_shuffles() {
        LabeledData shuffled = data().shuffled(1).first(10);
        for (int i = 0; i < 10; i++) {
            assertThat(Rows.toRows(shuffled.inputs())[i]).containsExactly(Rows.toRows(INPUTS)[(int) shuffled.id(i)]);
        }
        assertThat(data().sha256()).isEqualTo(data().sha256()).isNotEqualTo(shuffled.sha256());
    }
}
