package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What every minimum-norm attack keeps to, and what other libraries' versions of them get wrong. */
class MinimumNormPropertyTests {

    private static final long[] SHAPE = {4, 6};

    static Stream<Arguments> attacks() {
        List<Arguments> cases = new ArrayList<>();
        for (Attack attack : List.of(
                new Ddn().withSteps(30),
                new DeepFool().withSteps(30),
                new Fmn().withSteps(30),
                new Fab().withSteps(15).withRestarts(2),
                new FabTargeted().withSteps(15).withTargets(2).withRestarts(2))) {
            for (Norm norm : attack.norms().stream().sorted().toList()) {
                cases.add(Arguments.of(attack, norm));
            }
        }
        return cases.stream();
    }

    private static List<SampleOutcome> run(
            DifferentiableModel model, Attack attack, ThreatModel threat, INDArray inputs, int batchSize) {
        int[] labels = model.predict(inputs);
        return AttackEngine.of(model, 3)
                .withBatchSize(batchSize)
                .run(
                        attack,
                        threat,
                        inputs,
                        labels,
                        IntStream.range(0, labels.length).asLongStream().toArray())
                .outcomes();
    }

    private static ThreatModel unbounded(Norm norm) {
        return new ThreatModel(norm, ThreatModel.UNBOUNDED, Box.of(0, 1));
    }

    private static double[] distances(List<SampleOutcome> outcomes, Norm norm) {
        return outcomes.stream()
                .mapToDouble(outcome -> outcome.breakingDistance(norm))
                .toArray();
    }

    private static double[] example(SampleOutcome outcome) {
        return Rows.toRows(Objects.requireNonNull(outcome.adversarial()))[0];
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void results_depend_on_nothing_but_the_sample(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(4, 21, DataType.FLOAT, SHAPE);
        INDArray inputs = Samples.uniform(8, DataType.FLOAT, SHAPE);
        INDArray before = inputs.dup();
        List<SampleOutcome> one = run(model, attack, unbounded(norm), inputs, 1);
        for (int batchSize : new int[] {3, 8, 8}) { // the last one a second time, by the same object
            List<SampleOutcome> outcomes = run(model, attack, unbounded(norm), inputs, batchSize);
            for (int i = 0; i < 8; i++) {
                assertThat(outcomes.get(i).status()).isEqualTo(SampleStatus.BROKEN);
                assertThat(example(outcomes.get(i))).containsExactly(example(one.get(i)));
                assertThat(outcomes.get(i).forwards()).isEqualTo(one.get(i).forwards());
                assertThat(outcomes.get(i).backwards()).isEqualTo(one.get(i).backwards());
            }
        }
        assertThat(inputs).isEqualTo(before);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void passes_are_as_declared(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(4, 21, DataType.DOUBLE, SHAPE);
        Passes most = attack.passes(4);
        for (SampleOutcome outcome :
                run(model, attack, unbounded(norm), Samples.uniform(8, DataType.DOUBLE, SHAPE), 8)) {
            assertThat(outcome.forwards()).isLessThanOrEqualTo(most.forwards());
            assertThat(outcome.backwards()).isLessThanOrEqualTo(most.backwards());
            if (!(attack instanceof DeepFool)) { // which stops at the first example
                assertThat(outcome.forwards()).isEqualTo(most.forwards());
                assertThat(outcome.backwards()).isEqualTo(most.backwards());
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void a_sample_that_no_step_can_break_costs_what_is_declared(Attack attack, Norm norm) {
        double[][] weights = new double[4][24];
        for (int j = 0; j < 4; j++) {
            weights[j][j] = 1e-3;
        }
        AffineModel model = new AffineModel(weights, new double[] {10, 0, 0, 0}, Box.of(0, 1), DataType.DOUBLE, SHAPE);
        List<SampleOutcome> outcomes =
                run(model, attack, unbounded(norm), Samples.interior(2, DataType.DOUBLE, SHAPE), 2);
        for (SampleOutcome outcome : outcomes) {
            assertThat(outcome.status()).isNotEqualTo(SampleStatus.BROKEN);
            Passes most = attack.passes(4);
            if (!(attack instanceof DeepFool)) { // which stops where it can't move any more
                assertThat(outcome.forwards()).isEqualTo(most.forwards());
                assertThat(outcome.backwards()).isEqualTo(most.backwards());
            } else {
                assertThat(outcome.forwards()).isBetween(2L, most.forwards());
                assertThat(outcome.backwards()).isBetween(3L, most.backwards());
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void two_and_three_classes_and_no_samples_work(Attack attack, Norm norm) {
        for (int classes : new int[] {2, 3}) {
            AffineModel model = AffineModel.random(classes, 22, DataType.DOUBLE, SHAPE);
            assertThat(run(model, attack, unbounded(norm), Samples.interior(5, DataType.DOUBLE, SHAPE), 5))
                    .allMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        }
        AffineModel model = AffineModel.random(3, 22, DataType.DOUBLE, SHAPE);
        assertThat(AttackEngine.of(model, 0)
                        .run(
                                attack,
                                unbounded(norm),
                                Samples.interior(1, DataType.DOUBLE, SHAPE),
                                new int[0],
                                new long[0])
                        .outcomes())
                .isEmpty();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void frozen_features_stay_and_the_box_holds(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 23, DataType.FLOAT, SHAPE);
        INDArray inputs = Samples.uniform(8, DataType.FLOAT, SHAPE);
        ThreatModel threat = unbounded(norm).withConstraints(Constraints.none().frozen(0, 1, 2, 3, 10, 23));
        double[][] clean = Rows.toRows(inputs);
        int broken = 0;
        List<SampleOutcome> outcomes = run(model, attack, threat, inputs, 8);
        for (int i = 0; i < 8; i++) {
            if (outcomes.get(i).status() == SampleStatus.BROKEN) {
                broken++;
                double[] example = example(outcomes.get(i));
                assertThat(Arrays.stream(example)).allMatch(value -> value >= 0 && value <= 1);
                for (int frozen : new int[] {0, 1, 2, 3, 10, 23}) {
                    assertThat(example[frozen]).isEqualTo(clean[i][frozen]);
                }
            }
        }
        assertThat(broken).isGreaterThanOrEqualTo(6);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void stops_at_a_sample_as_soon_as_it_is_broken_within_a_budget(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(4, 21, DataType.DOUBLE, SHAPE);
        INDArray inputs = Samples.uniform(8, DataType.DOUBLE, SHAPE);
        double[] nearest = distances(run(model, attack, unbounded(norm), inputs, 8), norm);
        double epsilon =
                norm == Norm.L0 ? 24 : 1.5 * Arrays.stream(nearest).sorted().toArray()[4];
        List<SampleOutcome> outcomes = AttackEngine.of(model, 3)
                .stoppingWithinEpsilon()
                .run(attack, new ThreatModel(norm, epsilon, Box.of(0, 1)), inputs, model.predict(inputs), new long[] {
                    0, 1, 2, 3, 4, 5, 6, 7
                })
                .outcomes();
        Passes most = attack.passes(4);
        int early = 0;
        for (int i = 0; i < 8; i++) {
            if (nearest[i] <= epsilon / 1.5) {
                assertThat(outcomes.get(i).status()).as("sample %d", i).isEqualTo(SampleStatus.BROKEN);
                assertThat(outcomes.get(i).breakingDistance(norm)).isLessThanOrEqualTo(epsilon * (1 + 1e-6));
                early += outcomes.get(i).forwards() < most.forwards() ? 1 : 0;
            }
        }
        assertThat(early).isGreaterThanOrEqualTo(4);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void gradients_that_are_no_use_end_in_a_status(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 24, DataType.DOUBLE, SHAPE);
        INDArray inputs = Samples.interior(4, DataType.DOUBLE, SHAPE);
        Attack fromClean = attack.restarts() > 1 ? AttackOptions.with(attack, Map.of("restarts", "1")) : attack;
        for (double value : new double[] {0, Double.NaN, Double.POSITIVE_INFINITY}) {
            for (SampleOutcome outcome : run(new Numb(model, value), fromClean, unbounded(norm), inputs, 4)) {
                // DDN goes on at random, and may hit
                SampleStatus expected = value == 0 ? SampleStatus.GRADIENT_ZERO : SampleStatus.GRADIENT_INVALID;
                assertThat(outcome.status() == expected
                                || (attack instanceof Ddn && outcome.status() == SampleStatus.BROKEN))
                        .as("%s with gradient %s", outcome.status(), value)
                        .isTrue();
            }
        }
    }

    @Test
    void ddn_walks_at_random_where_the_gradient_is_zero() {
        AffineModel model = AffineModel.random(2, 24, DataType.DOUBLE, SHAPE);
        List<SampleOutcome> outcomes = run(
                new Numb(model, 0),
                new Ddn().withSteps(200),
                unbounded(Norm.L2),
                Samples.interior(6, DataType.DOUBLE, SHAPE),
                6);
        assertThat(outcomes).anyMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void more_steps_break_no_less(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(4, 25, DataType.DOUBLE, SHAPE);
        INDArray inputs = Samples.uniform(8, DataType.DOUBLE, SHAPE);
        Attack few = AttackOptions.with(attack, Map.of("steps", "6"));
        long broken = run(model, few, unbounded(norm), inputs, 8).stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .count();
        assertThat(run(model, attack, unbounded(norm), inputs, 8))
                .filteredOn(outcome -> outcome.status() == SampleStatus.BROKEN)
                .hasSizeGreaterThanOrEqualTo((int) broken);
    }

    /** Logits of 1000 and more saturate the softmax in float32; the direction of the cross-entropy must survive. */
    @Test
    void ddn_is_not_fooled_by_a_saturated_softmax() {
        AffineModel soft = AffineModel.random(3, 26, DataType.FLOAT, SHAPE);
        double[][] weights = Arrays.stream(soft.weights())
                .map(row -> Arrays.stream(row).map(w -> 1e4 * w).toArray())
                .toArray(double[][]::new);
        double[] bias =
                Arrays.stream(soft.logits(new double[24])).map(b -> 1e4 * b).toArray();
        AffineModel sure = new AffineModel(weights, bias, Box.of(0, 1), DataType.FLOAT, SHAPE);
        INDArray inputs = Samples.interior(6, DataType.FLOAT, SHAPE);
        double[] ours = distances(run(sure, new Ddn(), unbounded(Norm.L2), inputs, 6), Norm.L2);
        double[] theirs = distances(run(soft, new Fmn().withSteps(200), unbounded(Norm.L2), inputs, 6), Norm.L2);
        for (int i = 0; i < 6; i++) {
            assertThat(ours[i]).isCloseTo(theirs[i], within(0.1 * theirs[i]));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 16, 256})
    void ddn_returns_examples_on_the_levels_it_is_given(int levels) {
        AffineModel model = AffineModel.random(3, 27, DataType.DOUBLE, SHAPE);
        INDArray inputs =
                Samples.uniform(8, DataType.DOUBLE, SHAPE).muli(levels - 1).addi(0.5);
        inputs = org.nd4j.linalg.ops.transforms.Transforms.floor(inputs, false).divi(levels - 1);
        int broken = 0;
        for (SampleOutcome outcome : run(model, new Ddn().withLevels(levels), unbounded(Norm.L2), inputs, 8)) {
            if (outcome.status() == SampleStatus.BROKEN) {
                broken++;
                for (double value : example(outcome)) {
                    assertThat(value * (levels - 1)).isCloseTo(Math.rint(value * (levels - 1)), within(1e-9));
                }
            }
        }
        assertThat(broken).isGreaterThanOrEqualTo(levels == 2 ? 1 : 8);
    }

    /**
     * torchattacks and ART leave out the constant 10⁻⁴: where the box cuts steps short, the margin then falls to exactly zero, a tie
     * that goes to the true class.
     */
    @Test
    void deep_fool_crosses_the_boundary_where_the_box_cuts_its_steps_short() {
        double[][] weights = new double[2][24];
        for (int i = 0; i < 24; i++) {
            weights[1][i] = i < 6 ? 1 : 4; // features 6 and on can't move: they are at 1
        }
        AffineModel model = new AffineModel(weights, new double[] {74, 0}, Box.of(0, 1), DataType.FLOAT, SHAPE);
        double[] clean = new double[24];
        Arrays.fill(clean, 6, 24, 1);
        INDArray input = Rows.fromDoubles(clean, new long[] {1, 4, 6}, DataType.FLOAT);
        double[] x = clean.clone(); // the step without the constant, in float32 as there
        for (int step = 0; step < 3000; step++) {
            double margin = (float) (model.logits(x)[0] - model.logits(x)[1]);
            assertThat(margin).isNotNegative();
            for (int i = 0; i < 24; i++) {
                x[i] = (float)
                        Math.min(x[i] + 1.02 * margin * weights[1][i] / RowVectors.dot(weights[1], weights[1]), 1);
            }
        }
        List<SampleOutcome> outcomes = run(model, new DeepFool().withSteps(3000), unbounded(Norm.L2), input, 1);
        assertThat(outcomes.get(0).status()).isEqualTo(SampleStatus.BROKEN);
        assertThat(outcomes.get(0).breakingDistance(Norm.L2)).isCloseTo(2 / Math.sqrt(6), within(0.01));
    }

    @Test
    void deep_fool_considers_the_most_likely_classes_only() {
        AffineModel model = AffineModel.random(7, 28, DataType.DOUBLE, SHAPE);
        INDArray inputs = Samples.interior(8, DataType.DOUBLE, SHAPE);
        double[][] rows = Rows.toRows(inputs);
        List<SampleOutcome> outcomes = run(model, new DeepFool().withCandidates(2), unbounded(Norm.L2), inputs, 8);
        for (int i = 0; i < 8; i++) {
            assertThat(outcomes.get(i).backwards()).isEqualTo(outcomes.get(i).forwards());
            double[] logits = model.logits(rows[i]);
            logits[outcomes.get(i).label()] = Double.NEGATIVE_INFINITY;
            double[] sorted = Arrays.stream(logits).sorted().toArray();
            if (logits[outcomes.get(i).adversarialLabel()] != sorted[6]) {
                // it went for the runner-up, and met another class on the way
                assertThat(outcomes.get(i).forwards()).isLessThanOrEqualTo(3);
            }
        }
    }

    /**
     * Foolbox's L2 projection of FMN divides norms by themselves and so does nothing; that of adversarial-library clamps the product
     * instead of the factor, and so stretches short perturbations to the sphere.
     */
    @ParameterizedTest
    @EnumSource(Norm.class)
    void projections_reach_the_ball_and_leave_its_points_alone(Norm norm) {
        SampleRandom random = SampleRandom.of(1, "balls", 0, 0);
        for (int round = 0; round < 50; round++) {
            PerturbedSample sample = sample(random);
            double[] delta = new double[12];
            Arrays.setAll(delta, i -> random.gaussian());
            double radius = norm == Norm.L0 ? 1 + random.below(11) : random.uniform(0.05, 1.2);
            BallProjection.project(sample, delta, norm, radius);
            assertThat(RowVectors.norm(delta, norm)).isLessThanOrEqualTo(radius * (1 + 1e-12));
            sample.moveTo(delta);
            double[] inside = sample.delta();
            assertThat(RowVectors.norm(inside, norm)).isLessThanOrEqualTo(radius * (1 + 1e-12));
            double[] again = inside.clone();
            BallProjection.project(sample, again, norm, radius);
            assertThat(again).containsExactly(inside, within(1e-12));
        }
    }

    /** No point of ball and box is nearer than the projection: against shifts between random pairs of features. */
    @ParameterizedTest
    @EnumSource(Norm.class)
    void projections_are_the_nearest_points_of_ball_and_box(Norm norm) {
        SampleRandom random = SampleRandom.of(2, "balls", 0, 0);
        for (int round = 0; round < 50; round++) {
            PerturbedSample sample = sample(random);
            double[] far = new double[12];
            Arrays.setAll(far, i -> random.gaussian());
            double radius = norm == Norm.L0 ? 1 + random.below(11) : random.uniform(0.05, 1.2);
            double[] projected = far.clone();
            BallProjection.project(sample, projected, norm, radius);
            sample.moveTo(projected);
            double[] nearest = sample.delta();
            double distance = RowVectors.norm(RowVectors.minus(far, nearest), Norm.L2);
            for (int attempt = 0; attempt < 200; attempt++) {
                double[] other = nearest.clone();
                int from = random.below(12);
                int to = random.below(12);
                double amount = random.uniform(0, 0.3);
                other[from] -= Math.signum(other[from]) * Math.min(amount, Math.abs(other[from]));
                other[to] += Math.signum(far[to]) * amount;
                sample.moveTo(other);
                double[] allowed = sample.delta();
                if (RowVectors.norm(allowed, norm) <= radius) {
                    assertThat(RowVectors.norm(RowVectors.minus(far, allowed), Norm.L2))
                            .isGreaterThanOrEqualTo(distance - 1e-12);
                }
            }
        }
    }

    private static PerturbedSample sample(SampleRandom random) {
        double[] clean = new double[12];
        double[] lower = new double[12];
        double[] upper = new double[12];
        for (int i = 0; i < 12; i++) {
            clean[i] = random.below(3) == 0 ? random.below(2) : random.uniform(0, 1);
            upper[i] = 1;
        }
        return new PerturbedSample(clean, lower, upper);
    }

    /** The first start is the clean sample; the others lie on the sphere of half of epsilon, at another place for every sample. */
    @ParameterizedTest
    @EnumSource(
            value = Norm.class,
            names = {"LINF", "L2", "L1"})
    void restarts_of_fab_begin_at_half_of_epsilon(Norm norm) {
        AffineModel model = AffineModel.random(3, 29, DataType.DOUBLE, SHAPE);
        INDArray inputs = Samples.interior(1, DataType.DOUBLE, SHAPE);
        double epsilon = norm.diameter(1e-3, 24);
        for (Attack attack :
                List.of(new Fab().withSteps(1).withRestarts(3), new FabTargeted(1, 1, 3, 1.05, 0.9, 0.1))) {
            Listening listening = new Listening(model, new ArrayList<>());
            AttackEngine.of(listening, 3)
                    .stoppingWithinEpsilon()
                    .run(
                            attack,
                            new ThreatModel(norm, epsilon, Box.of(0, 1)),
                            inputs,
                            model.predict(inputs),
                            new long[] {0});
            List<INDArray> starts = listening.queries();
            assertThat(starts).hasSize(3);
            assertThat(norm.distances(starts.get(0), inputs)[0]).isZero();
            assertThat(norm.distances(starts.get(1), inputs)[0]).isCloseTo(epsilon / 2, within(1e-12));
            assertThat(norm.distances(starts.get(2), inputs)[0]).isCloseTo(epsilon / 2, within(1e-12));
            assertThat(norm.distances(starts.get(2), starts.get(1))[0]).isGreaterThan(epsilon / 10);
        }
    }

    @Test
    void parameters_out_of_range_are_named() {
        assertThatThrownBy(() -> new Ddn(1, 0.05, 1, 0)).hasMessage("DDN: steps is 1: give at least 2");
        assertThatThrownBy(() -> new Ddn(9, 1.5, 1, 0))
                .hasMessage("DDN: gamma is 1.5: give a number above 0 and below 1");
        assertThatThrownBy(() -> new Ddn(9, 0.05, 1, 1))
                .hasMessage("DDN: levels is 1: give 0 for no rounding, or at least 2, such as 256");
        assertThatThrownBy(() -> new DeepFool(9, 1, 0.02, false))
                .hasMessage("DeepFool: candidates is 1: give at least 2");
        assertThatThrownBy(() -> new Fmn(9, 1, 2, 0.05, 0.001))
                .hasMessage("FMN: final-step is 2: give a number above 0 and at most initial-step, 1");
        assertThatThrownBy(() -> new Fab(9, 1, 0.9, 0.9, 0.1)).hasMessage("FAB: eta is 0.9: give at least 1");
        assertThatThrownBy(() -> new FabTargeted(9, 0, 1, 1.05, 0.9, 0.1))
                .hasMessage("FAB-T: targets is 0: give at least 1");
    }

    /** Keeps the points at which it was asked for gradients. */
    private record Listening(AffineModel model, List<INDArray> queries) implements WrappedModel {

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            return model.gradient(inputs, lossGradient);
        }

        @Override
        public InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
            queries.add(inputs.dup());
            return WrappedModel.super.gradients(inputs, lossGradients);
        }
    }

    /** A model whose gradient is everywhere the same number. */
    private record Numb(AffineModel model, double value) implements WrappedModel {

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            InputGradient pass = model.gradient(inputs, lossGradient);
            return new InputGradient(pass.logits(), pass.gradient().assign(value));
        }
    }
}
