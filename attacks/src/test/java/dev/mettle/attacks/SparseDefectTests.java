package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What other libraries get wrong in these attacks, and what every attack must hold. */
class SparseDefectTests {

    private static final Box UNIT = Box.of(0, 1);

    static Stream<Arguments> attacks() {
        List<Arguments> cases = new ArrayList<>();
        for (Attack attack : List.of(
                new CarliniWagner(4, 100, 0.1, 0.1, 0, true),
                new CarliniWagnerLinf().withSteps(30),
                new CarliniWagnerL0().withSteps(30),
                new Ead().withSteps(60),
                new SigmaZero().withSteps(60),
                new BrendelBethge().withSteps(40),
                new Jsma().withGamma(1).withTargets(2))) {
            attack.norms().stream().sorted().forEach(norm -> cases.add(Arguments.of(attack, norm)));
        }
        return cases.stream();
    }

    private static List<SampleOutcome> run(
            DifferentiableModel model, Attack attack, ThreatModel threat, INDArray inputs, int[] labels, int batch) {
        return AttackEngine.of(model, 5)
                .withBatchSize(batch)
                .run(
                        attack,
                        threat,
                        inputs,
                        labels,
                        LongStream.range(0, labels.length).toArray())
                .outcomes();
    }

    private static List<SampleOutcome> run(DifferentiableModel model, Attack attack, Norm norm, INDArray inputs) {
        ThreatModel threat =
                new ThreatModel(norm, ThreatModel.UNBOUNDED, model.info().inputRange());
        return run(model, attack, threat, inputs, model.predict(inputs), 128);
    }

    private static double[] adversarial(SampleOutcome outcome) {
        return Rows.toDoubles(Objects.requireNonNull(outcome.adversarial()));
    }

    /** torchattacks puts a 0 in the place of the true class, which wins where all logits are negative. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void logits_may_all_be_negative(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 3, DataType.DOUBLE, 8);
        double[] bias =
                Arrays.stream(model.logits(new double[8])).map(b -> b - 100).toArray();
        AffineModel negative = new AffineModel(model.weights(), bias, UNIT, DataType.DOUBLE, 8);
        INDArray inputs = Samples.interior(4, DataType.DOUBLE, 8);
        List<SampleOutcome> expected = run(model, attack, norm, inputs);
        List<SampleOutcome> outcomes = run(negative, attack, norm, inputs);
        for (int i = 0; i < 4; i++) {
            assertThat(outcomes.get(i).status()).isEqualTo(expected.get(i).status());
            assertThat(outcomes.get(i).breakingDistance(norm))
                    .isBetween(
                            0.99 * expected.get(i).breakingDistance(norm),
                            1.01 * expected.get(i).breakingDistance(norm));
        }
    }

    /** torchattacks' C&W can't move a feature that is exactly 0 or 1, since its arctanh is infinite. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void features_at_the_edge_of_the_box_move(Attack attack, Norm norm) {
        // All features at 0; each moves class 1 ahead as it rises
        double[][] weights = {{-1, -1, -1, -1, -1, -1, -1, -1}, {1, 1, 1, 1, 1, 1, 1, 1}};
        AffineModel model = new AffineModel(weights, new double[] {2, 0}, UNIT, DataType.DOUBLE, 8);
        SampleOutcome outcome =
                run(model, attack, norm, Nd4j.zeros(DataType.DOUBLE, 1, 8)).get(0);
        assertThat(outcome.status()).isEqualTo(SampleStatus.BROKEN);
    }

    /** Foolbox gives back a black image where C&W and EAD fail, which may well be misclassified. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void a_failure_is_a_status_and_not_a_black_image(Attack attack, Norm norm) {
        // Class 1 wins nowhere in the box but near 0, and its gradient leads away from there
        DifferentiableModel model = new Misleading(UnaryOperator.identity());
        INDArray inputs = Nd4j.valueArrayOf(new long[] {2, 4}, 0.6, DataType.DOUBLE);
        for (SampleOutcome outcome : run(model, attack, norm, inputs)) {
            assertThat(outcome.status()).isEqualTo(SampleStatus.SEARCH_FAILED);
            assertThat(outcome.adversarial()).isNull();
            assertThat(outcome.distances()).isNull();
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void a_gradient_that_is_zero_or_none_ends_in_a_status(Attack attack, Norm norm) {
        INDArray inputs = Nd4j.valueArrayOf(new long[] {2, 4}, 0.6, DataType.DOUBLE);
        for (double value : new double[] {0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            DifferentiableModel model = new Misleading(gradient -> gradient.assign(value));
            for (SampleOutcome outcome : run(model, attack, norm, inputs)) {
                // an infinite gradient has a sign, and may lead to an adversarial example: that is proof
                assertThat(outcome.status())
                        .as("gradient %s", value)
                        .isIn(
                                Double.isInfinite(value)
                                        ? List.of(SampleStatus.GRADIENT_INVALID, SampleStatus.BROKEN)
                                        : List.of(
                                                value == 0
                                                        ? SampleStatus.GRADIENT_ZERO
                                                        : SampleStatus.GRADIENT_INVALID));
            }
        }
    }

    /** {@code z = (0, 0.05 − mean(x))}, whose gradient may be changed: class 1 wins in a corner that random points don't hit. */
    private record Misleading(UnaryOperator<INDArray> lie) implements DifferentiableModel {

        @Override
        public ModelInfo info() {
            return new ModelInfo("misleading", ModelInfo.shape(4), 2, UNIT, DataType.DOUBLE, "0".repeat(64), List.of());
        }

        @Override
        public INDArray logits(INDArray inputs) {
            double[][] rows = Rows.toRows(inputs);
            double[] logits = new double[2 * rows.length];
            for (int i = 0; i < rows.length; i++) {
                logits[2 * i + 1] = 0.001 - Arrays.stream(rows[i]).average().orElseThrow();
            }
            return Rows.fromDoubles(logits, new long[] {rows.length, 2}, DataType.DOUBLE);
        }

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            INDArray logits = logits(inputs);
            INDArray weights = lossGradient.apply(logits);
            double[][] gradient = new double[(int) inputs.size(0)][4];
            for (int i = 0; i < gradient.length; i++) {
                Arrays.fill(gradient[i], weights.getDouble(i, 1) / 4); // the wrong sign
            }
            return new InputGradient(logits, lie.apply(Rows.fromRows(gradient, inputs)));
        }

        @Override
        public DifferentiableModel inDoublePrecision() {
            return this;
        }

        @Override
        public int[] predict(INDArray inputs) {
            return dev.mettle.core.model.Logits.argMax(logits(inputs));
        }

        @Override
        public Judgement[] judge(INDArray inputs, Aim[] aims) {
            return Logits.judge(logits(inputs), aims);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void results_depend_neither_on_the_batch_nor_on_the_run_and_inputs_stay(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 3, DataType.DOUBLE, 4, 6);
        INDArray inputs = Samples.uniform(8, DataType.DOUBLE, 4, 6);
        INDArray before = inputs.dup();
        int[] labels = model.predict(inputs);
        ThreatModel threat = new ThreatModel(norm, ThreatModel.UNBOUNDED, UNIT);
        List<SampleOutcome> together = run(model, attack, threat, inputs, labels, 8);
        for (int batch : new int[] {1, 3, 8}) {
            List<SampleOutcome> outcomes = run(model, attack, threat, inputs, labels, batch);
            for (int i = 0; i < 8; i++) {
                assertThat(outcomes.get(i).status()).isEqualTo(together.get(i).status());
                assertThat(outcomes.get(i).forwards()).isEqualTo(together.get(i).forwards());
                assertThat(outcomes.get(i).backwards())
                        .isEqualTo(together.get(i).backwards());
                assertThat(outcomes.get(i).distances())
                        .isEqualTo(together.get(i).distances());
                if (together.get(i).status() == SampleStatus.BROKEN) {
                    assertThat(adversarial(outcomes.get(i))).containsExactly(adversarial(together.get(i)));
                }
            }
        }
        assertThat(inputs).isEqualTo(before);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void passes_stay_within_the_declared_ones_and_failures_spend_no_more(Attack attack, Norm norm) {
        Passes declared = attack.passes(3);
        AffineModel model = AffineModel.random(3, 3, DataType.DOUBLE, 24);
        for (SampleOutcome outcome : run(model, attack, norm, Samples.uniform(8, DataType.DOUBLE, 24))) {
            assertThat(outcome.forwards()).isBetween(1L, declared.forwards());
            assertThat(outcome.backwards()).isBetween(1L, declared.backwards());
        }
        Passes two = attack.passes(2);
        DifferentiableModel stubborn = new Misleading(UnaryOperator.identity());
        INDArray inputs = Nd4j.valueArrayOf(new long[] {2, 4}, 0.6, DataType.DOUBLE);
        for (SampleOutcome outcome : run(stubborn, attack, norm, inputs)) {
            assertThat(outcome.forwards()).isLessThanOrEqualTo(two.forwards());
            assertThat(outcome.backwards()).isLessThanOrEqualTo(two.backwards());
        }
    }

    @Test
    void query_budgets_are_exact_where_nothing_ends_early() {
        DifferentiableModel stubborn = new Misleading(UnaryOperator.identity());
        INDArray input = Nd4j.valueArrayOf(new long[] {1, 4}, 0.6, DataType.DOUBLE);
        SampleOutcome ead = run(stubborn, new Ead(3, 20, 0.01, 0.01, 0.05, 0, false), Norm.L1, input)
                .get(0);
        assertThat(ead.forwards()).isEqualTo(60);
        assertThat(ead.backwards()).isEqualTo(60);
        SampleOutcome sigma =
                run(stubborn, new SigmaZero().withSteps(17), Norm.L0, input).get(0);
        assertThat(sigma.forwards()).isEqualTo(17);
        assertThat(sigma.backwards()).isEqualTo(17);
        // 4 weights: 1, 2, 4, 8
        SampleOutcome linf = run(stubborn, new CarliniWagnerLinf(10, 0.05, 1, 2, 16, 0.9, 0.01, 0), Norm.LINF, input)
                .get(0);
        assertThat(linf.forwards()).isEqualTo(40);
        SampleOutcome l0 = run(stubborn, new CarliniWagnerL0(10, 0.05, 1, 2, 16, 0, 1000), Norm.L0, input)
                .get(0);
        assertThat(l0.backwards()).isEqualTo(40);
        SampleOutcome bb = run(stubborn, new BrendelBethge().withStartDraws(7), Norm.L2, input)
                .get(0);
        assertThat(bb.forwards()).isEqualTo(7 + 20);
        assertThat(bb.backwards()).isEqualTo(20);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void an_empty_batch_is_no_trouble(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 3, DataType.DOUBLE, 8);
        ThreatModel threat = new ThreatModel(norm, ThreatModel.UNBOUNDED, UNIT);
        INDArray none = Nd4j.create(DataType.DOUBLE, 0, 8);
        assertThat(run(model, attack, threat, none, new int[0], 128)).isEmpty();
    }

    /** Zero-width features would be 0/0 in tanh space. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void frozen_features_stay_and_the_box_holds_to_the_last_digit(Attack attack, Norm norm) {
        Box box = Box.perFeature(new double[] {-3, 0, 0, 10, 0, 0, 0, 0}, new double[] {-1, 1, 255, 12, 1, 0.5, 1, 1});
        AffineModel random = AffineModel.random(3, 9, DataType.FLOAT, 8);
        double[][] weights = random.weights();
        for (double[] row : weights) {
            row[2] /= 255;
        }
        double[] bias = new double[3]; // the middle of the box is a tie
        for (int k = 0; k < 3; k++) {
            for (int j = 0; j < 8; j++) {
                bias[k] -= weights[k][j] * (box.lower(j) + box.upper(j)) / 2;
            }
        }
        AffineModel model = new AffineModel(weights, bias, box, DataType.FLOAT, 8);
        double[][] samples = Rows.toRows(Samples.uniform(6, DataType.FLOAT, 8));
        for (double[] sample : samples) {
            Arrays.setAll(sample, j -> box.lower(j) + sample[j] * (box.upper(j) - box.lower(j)));
        }
        INDArray inputs = Rows.fromRows(samples, Nd4j.create(DataType.FLOAT, 6, 8));
        ThreatModel threat = new ThreatModel(norm, ThreatModel.UNBOUNDED, box)
                .withConstraints(Constraints.none().frozen(1, 4));
        int broken = 0;
        List<SampleOutcome> outcomes = run(model, attack, threat, inputs, model.predict(inputs), 128);
        double[][] clean = Rows.toRows(inputs);
        for (int i = 0; i < 6; i++) {
            if (outcomes.get(i).status() == SampleStatus.BROKEN) {
                broken++;
                double[] point = adversarial(outcomes.get(i));
                assertThat(point[1]).isEqualTo(clean[i][1]);
                assertThat(point[4]).isEqualTo(clean[i][4]);
                for (int j = 0; j < 8; j++) {
                    assertThat(point[j]).isBetween((double) (float) box.lower(j), (double) (float) box.upper(j));
                }
            }
        }
        assertThat(broken).isGreaterThanOrEqualTo(3);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void targeted_runs_end_in_the_target_only(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 3, DataType.DOUBLE, 24);
        INDArray inputs = Samples.interior(8, DataType.DOUBLE, 24);
        int[] labels = model.predict(inputs);
        int[] own = java.util.stream.IntStream.range(0, 8)
                .filter(i -> labels[i] != 2)
                .toArray();
        INDArray others = Rows.select(inputs, own);
        ThreatModel threat = new ThreatModel(norm, ThreatModel.UNBOUNDED, UNIT).withGoal(Goal.target(2));
        int broken = 0;
        for (SampleOutcome outcome : run(model, attack, threat, others, model.predict(others), 128)) {
            if (outcome.status() == SampleStatus.BROKEN) {
                broken++;
                assertThat(outcome.adversarialLabel()).isEqualTo(2);
            }
        }
        assertThat(broken).isEqualTo(own.length);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void a_budget_run_leaves_broken_samples_alone(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 3, DataType.DOUBLE, 24);
        INDArray inputs = Samples.interior(4, DataType.DOUBLE, 24);
        List<SampleOutcome> nearest = run(model, attack, norm, inputs);
        double wide = norm.diameter(1, 24);
        AttackEngine engine = AttackEngine.of(model, 5).stoppingWithinEpsilon();
        List<SampleOutcome> within = engine.run(
                        attack, new ThreatModel(norm, wide, UNIT), inputs, model.predict(inputs), new long[] {0, 1, 2, 3
                        })
                .outcomes();
        for (int i = 0; i < 4; i++) {
            assertThat(within.get(i).status()).isEqualTo(nearest.get(i).status());
            assertThat(within.get(i).forwards())
                    .isLessThanOrEqualTo(nearest.get(i).forwards());
        }
        assertThat(within.stream().mapToLong(SampleOutcome::backwards).sum())
                .isLessThanOrEqualTo(
                        nearest.stream().mapToLong(SampleOutcome::backwards).sum());
    }

    /** The nearest iterate is kept, so a longer run of the same schedule only adds to what a shorter one found. */
    @Test
    void more_weights_and_more_starts_never_lose_an_example() {
        AffineModel model = AffineModel.random(5, 3, DataType.DOUBLE, 24);
        INDArray inputs = Samples.uniform(8, DataType.DOUBLE, 24);
        double[] before = new double[8];
        Arrays.fill(before, Double.POSITIVE_INFINITY);
        for (int weights = 1; weights <= 7; weights++) {
            List<SampleOutcome> outcomes = run(model, new Ead().withSearchSteps(weights), Norm.L1, inputs);
            for (int i = 0; i < 8; i++) {
                double distance = outcomes.get(i).status() == SampleStatus.BROKEN
                        ? outcomes.get(i).breakingDistance(Norm.L1)
                        : Double.POSITIVE_INFINITY;
                assertThat(distance).isLessThanOrEqualTo(before[i]);
                before[i] = distance;
            }
        }
        assertThat(before).doesNotContain(Double.POSITIVE_INFINITY);
        double[] pairs = new double[8];
        Arrays.fill(pairs, Double.POSITIVE_INFINITY);
        for (int targets = 1; targets <= 4; targets++) {
            Attack attack = new Jsma().withGamma(1).withTargets(targets);
            List<SampleOutcome> outcomes = run(model, attack, Norm.L0, inputs);
            for (int i = 0; i < 8; i++) {
                double distance = outcomes.get(i).status() == SampleStatus.BROKEN
                        ? outcomes.get(i).breakingDistance(Norm.L0)
                        : Double.POSITIVE_INFINITY;
                assertThat(distance).isLessThanOrEqualTo(pairs[i]);
                pairs[i] = distance;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.5, 2})
    void ead_reaches_the_confidence_it_is_asked_for(double kappa) {
        AffineModel model = AffineModel.random(4, 13, DataType.DOUBLE, 24);
        INDArray inputs = Samples.interior(4, DataType.DOUBLE, 24);
        for (SampleOutcome outcome : run(model, new Ead().withConfidence(kappa), Norm.L1, inputs)) {
            double[] logits = model.logits(adversarial(outcome));
            double margin = logits[outcome.adversarialLabel()] - logits[outcome.label()];
            assertThat(margin).isBetween(kappa, kappa + 0.5);
        }
    }

    /**
     * ART takes the two features with the largest gradients of the target class, whatever they do for the other classes. The
     * saliency of a pair weighs both.
     */
    @Test
    void jsma_takes_the_most_salient_pair_rather_than_the_largest_gradients_of_the_target() {
        double[][] weights = {
            {3.0, 2.9, -2.0, -1.0, 0.0}, // the class at first: features 0 and 1 lift it even more than the target
            {2.0, 1.9, 1.0, 1.5, 0.1}
        };
        AffineModel model = new AffineModel(weights, new double[] {1, 0}, UNIT, DataType.DOUBLE, 5);
        INDArray input = Nd4j.valueArrayOf(new long[] {1, 5}, 0.2, DataType.DOUBLE);
        SampleOutcome outcome =
                run(model, new Jsma().withGamma(0.4), Norm.L0, input).get(0);
        assertThat(outcome.status()).isEqualTo(SampleStatus.BROKEN);
        assertThat(adversarial(outcome)).containsExactly(0.2, 0.2, 1, 1, 0.2);
    }

    /** A pair may help although one of its features alone does not; and saturated features are out of the search. */
    @Test
    void jsma_weighs_pairs_and_skips_saturated_features() {
        double[][] weights = {{-9, -5, 0.5, 0}, {9, 4, 3, 0.1}};
        AffineModel model = new AffineModel(weights, new double[] {20, 0}, UNIT, DataType.DOUBLE, 4);
        INDArray input = Rows.fromDoubles(new double[] {1, 0, 0, 0.5}, new long[] {1, 4}, DataType.DOUBLE);
        SampleOutcome outcome =
                run(model, new Jsma().withGamma(1), Norm.L0, input).get(0);
        // of (1, 2), (1, 3), (2, 3): alpha 7, 4.1, 3.1; beta −4.5, −5, 0.5
        assertThat(adversarial(outcome)).containsExactly(1, 1, 1, 0.5);
    }

    @Test
    void jsma_lowers_features_where_theta_is_negative() {
        double[][] weights = {{5, 4, 1, 0}, {-5, -4, 3, 0.1}};
        AffineModel model = new AffineModel(weights, new double[] {0, 0}, UNIT, DataType.DOUBLE, 4);
        INDArray input = Nd4j.valueArrayOf(new long[] {1, 4}, 0.5, DataType.DOUBLE);
        SampleOutcome outcome =
                run(model, new Jsma().withTheta(-1), Norm.L0, input).get(0);
        assertThat(adversarial(outcome)).containsExactly(0, 0, 0.5, 0.5);
    }

    /** Foolbox's trust region grows with the batch, and adversarial-library's σ-zero knows no targets. */
    @Test
    void sigma_zero_finds_the_one_feature_that_decides() {
        double[][] weights = {{1, 1, 1, 1, 0}, {1, 1, 1, 1, 9}};
        AffineModel model = new AffineModel(weights, new double[] {4, 0}, UNIT, DataType.DOUBLE, 5);
        INDArray input = Nd4j.valueArrayOf(new long[] {1, 5}, 0.25, DataType.DOUBLE);
        SampleOutcome outcome = run(model, new SigmaZero(), Norm.L0, input).get(0);
        assertThat(outcome.breakingDistance(Norm.L0)).isEqualTo(1);
    }
}
