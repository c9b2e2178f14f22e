package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.AffineOptimum;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class ApgdTests {

    private static final long[][] SHAPES = {{8}, {4, 6}, {5, 7, 7}};
    private static final List<Norm> NORMS = List.of(Norm.LINF, Norm.L2, Norm.L1);

    /**
     * With several classes a loss may lead past the nearest one; a target does not. In L1 the authors' step ignores the box, so
     * that it wastes itself on features that can't move any more: alone it needs up to 1.35 times the optimum here, through
     * larger balls not.
     */
    static Stream<Arguments> oracles() {
        List<Arguments> cases = new ArrayList<>();
        for (long[] shape : SHAPES) {
            for (Norm norm : List.of(Norm.LINF, Norm.L2)) {
                cases.add(Arguments.of(new Apgd(), norm, shape, 2, 1.05));
                cases.add(Arguments.of(new Apgd(Loss.DLR), norm, shape, 2, 1.05));
                cases.add(Arguments.of(new ApgdTargeted(), norm, shape, 2, 1.05));
                cases.add(Arguments.of(new ApgdTargeted(), norm, shape, 5, 1.05));
            }
            cases.add(Arguments.of(new Apgd(), Norm.L1, shape, 2, 1.35));
            cases.add(Arguments.of(new ApgdTargeted(), Norm.L1, shape, 5, 1.35));
            cases.add(Arguments.of(new Apgd().withLargeEpsilons(), Norm.L1, shape, 2, 1.05));
            cases.add(Arguments.of(new ApgdTargeted().withLargeEpsilons(), Norm.L1, shape, 5, 1.1));
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0} {1} {2} {3} classes")
    @MethodSource("oracles")
    void succeeds_just_above_the_optimum_and_never_below_it(
            Attack attack, Norm norm, long[] shape, int classes, double factor) {
        AffineModel model = AffineModel.random(classes, 21, DataType.DOUBLE, shape);
        INDArray all = Samples.uniform(6, DataType.DOUBLE, shape);
        for (int i = 0; i < 6; i++) {
            INDArray input = Rows.select(all, new int[] {i});
            int[] label = model.predict(input);
            double optimum = AffineOptimum.distance(model, Rows.toRows(input)[0], label[0], norm);
            if (factor * optimum > norm.diameter(1, Rows.features(input))) {
                continue;
            }
            assertThat(status(model, attack, norm, factor * optimum, input, label))
                    .as("sample %d at %s × %s", i, factor, optimum)
                    .isEqualTo(SampleStatus.BROKEN);
            assertThat(status(model, attack, norm, 0.999 * optimum, input, label))
                    .as("sample %d at 0.999 × %s", i, optimum)
                    .isEqualTo(SampleStatus.ROBUST);
        }
    }

    private static SampleStatus status(
            DifferentiableModel model, Attack attack, Norm norm, double epsilon, INDArray input, int[] label) {
        return run(model, attack, norm, epsilon, input, label).outcomes().get(0).status();
    }

    /** With two classes the target is the only other class, so that the same optimum holds. */
    @ParameterizedTest
    @EnumSource(names = {"LINF", "L2", "L1"})
    void reaches_a_target_just_above_the_optimum_and_never_below_it(Norm norm) {
        AffineModel model = AffineModel.random(2, 22, DataType.DOUBLE, 4, 6);
        INDArray input = Rows.select(Samples.uniform(4, DataType.DOUBLE, 4, 6), new int[] {2});
        int[] label = model.predict(input);
        double optimum = AffineOptimum.distance(model, Rows.toRows(input)[0], label[0], norm);
        for (Attack attack : List.of(new Apgd(), new Apgd(Loss.DLR), new ApgdTargeted())) {
            assertThat(targeted(model, attack, norm, 1.05 * optimum, input, label)
                            .status())
                    .isEqualTo(SampleStatus.BROKEN);
            assertThat(targeted(model, attack, norm, 0.999 * optimum, input, label)
                            .status())
                    .isEqualTo(SampleStatus.ROBUST);
        }
    }

    private static SampleOutcome targeted(
            DifferentiableModel model, Attack attack, Norm norm, double epsilon, INDArray input, int[] label) {
        ThreatModel threat =
                new ThreatModel(norm, epsilon, Box.of(0, 1), Goal.target(1 - label[0]), Constraints.none(), "");
        return AttackEngine.of(model, 1)
                .run(attack, threat, input, label, new long[] {0})
                .outcomes()
                .get(0);
    }

    /** The class that the targeted attack makes for counts only if the evaluation wants it. */
    @Test
    void tries_only_the_target_of_the_evaluation() {
        AffineModel model = AffineModel.random(5, 23, DataType.DOUBLE, 8);
        INDArray inputs = Samples.uniform(8, DataType.DOUBLE, 8);
        int[] labels = model.predict(inputs);
        ThreatModel threat =
                new ThreatModel(Norm.LINF, 0.4, Box.of(0, 1), Goal.of(Goal.Kind.NEXT), Constraints.none(), "");
        AttackRun run = AttackEngine.of(model, 1).run(new ApgdTargeted().withSteps(20), threat, inputs, labels, ids(8));
        int broken = 0;
        for (int i = 0; i < 8; i++) {
            SampleOutcome outcome = run.outcomes().get(i);
            if (outcome.status() == SampleStatus.BROKEN) {
                broken++;
                assertThat(model.predict(Objects.requireNonNull(outcome.adversarial())))
                        .containsExactly((labels[i] + 1) % 5);
            } else {
                assertThat(outcome.forwards()).isEqualTo(21);
            }
        }
        assertThat(broken).isBetween(1, 7);
    }

    static Stream<Arguments> costs() {
        return Stream.of(
                Arguments.of(new Apgd(), Norm.LINF, 101, 101),
                Arguments.of(new Apgd().withSteps(7).withRestarts(3), Norm.L2, 24, 24),
                Arguments.of(new Apgd().withSteps(10), Norm.L1, 11, 11),
                Arguments.of(new Apgd().withLargeEpsilons(), Norm.L1, 103, 103),
                Arguments.of(new ApgdTargeted().withSteps(10), Norm.LINF, 45, 44), // 4 wrong classes
                Arguments.of(new ApgdTargeted().withSteps(10).withTargets(2).withRestarts(2), Norm.L2, 46, 44),
                Arguments.of(new ApgdTargeted().withSteps(10).withLargeEpsilons(), Norm.L1, 53, 52));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("costs")
    void costs_a_robust_sample_as_many_passes_as_declared(Attack attack, Norm norm, long forwards, long backwards) {
        AffineModel model = AffineModel.random(5, 24, DataType.FLOAT, 8);
        INDArray inputs = Samples.uniform(3, DataType.FLOAT, 8);
        assertThat(attack.passes(5)).isEqualTo(new Passes(forwards, backwards));
        for (SampleOutcome outcome :
                run(model, attack, norm, 1e-6, inputs, model.predict(inputs)).outcomes()) {
            assertThat(outcome.status()).isEqualTo(SampleStatus.ROBUST);
            assertThat(outcome.forwards()).isEqualTo(forwards);
            assertThat(outcome.backwards()).isEqualTo(backwards);
        }
    }

    static Stream<Arguments> attacksAndNorms() {
        return Stream.of(
                        new Apgd().withSteps(25).withRestarts(2),
                        new Apgd(Loss.DLR).withSteps(25),
                        new Apgd().withSteps(25).withLargeEpsilons(),
                        new ApgdTargeted().withSteps(12))
                .flatMap(attack -> NORMS.stream().map(norm -> Arguments.of(attack, norm)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacksAndNorms")
    void results_depend_neither_on_the_batch_nor_on_an_earlier_run(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(5, 25, DataType.FLOAT, 4, 6);
        INDArray inputs = Samples.uniform(8, DataType.FLOAT, 4, 6);
        INDArray before = inputs.dup();
        int[] labels = model.predict(inputs);
        double epsilon = medianDistance(model, inputs, labels, norm);
        List<String> once = results(AttackEngine.of(model, 5), attack, norm, epsilon, inputs, labels);
        assertThat(once).anyMatch(result -> result.startsWith("BROKEN"));
        assertThat(once).anyMatch(result -> result.startsWith("ROBUST"));
        assertThat(results(AttackEngine.of(model, 5), attack, norm, epsilon, inputs, labels))
                .isEqualTo(once);
        assertThat(results(AttackEngine.of(model, 5).withBatchSize(3), attack, norm, epsilon, inputs, labels))
                .isEqualTo(once);
        assertThat(results(AttackEngine.of(model, 5).withBatchSize(1), attack, norm, epsilon, inputs, labels))
                .isEqualTo(once);
        assertThat(inputs).isEqualTo(before);
    }

    private static double medianDistance(AffineModel model, INDArray inputs, int[] labels, Norm norm) {
        double[][] rows = Rows.toRows(inputs);
        double[] distances = new double[labels.length];
        Arrays.setAll(distances, i -> AffineOptimum.distance(model, rows[i], labels[i], norm));
        Arrays.sort(distances);
        return (distances[3] + distances[4]) / 2;
    }

    private static List<String> results(
            AttackEngine engine, Attack attack, Norm norm, double epsilon, INDArray inputs, int[] labels) {
        return engine
                .run(attack, new ThreatModel(norm, epsilon, Box.of(0, 1)), inputs, labels, ids(labels.length))
                .outcomes()
                .stream()
                .map(outcome -> outcome.status() + " " + outcome.forwards() + " "
                        + (outcome.adversarial() == null ? "" : Arrays.toString(Rows.toDoubles(outcome.adversarial()))))
                .toList();
    }

    /** What ART's APGD loses, which judges the last iterate only. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacksAndNorms")
    void an_adversarial_point_on_the_way_counts_and_none_leaves_ball_or_box(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(5, 26, DataType.FLOAT, 4, 6);
        INDArray inputs = Samples.uniform(8, DataType.FLOAT, 4, 6);
        int[] labels = model.predict(inputs);
        double epsilon = medianDistance(model, inputs, labels, norm);
        boolean throughLargerBalls = norm == Norm.L1 && attack instanceof Apgd apgd && apgd.largeEpsilons();
        for (int i = 0; i < labels.length; i++) {
            INDArray input = Rows.select(inputs, new int[] {i});
            double[] clean = Rows.toRows(input)[0];
            Witness witness = new Witness(model);
            AttackRun run = AttackEngine.of(witness, 5)
                    .keepingBroken()
                    .run(
                            attack,
                            new ThreatModel(norm, epsilon, Box.of(0, 1)),
                            input,
                            new int[] {labels[i]},
                            new long[] {i});
            boolean seen = false;
            for (double[] query : witness.queries()) {
                double distance = Distances.between(query, clean).in(norm);
                assertThat(Arrays.stream(query).allMatch(value -> 0 <= value && value <= 1))
                        .isTrue();
                assertThat(distance).isLessThanOrEqualTo((throughLargerBalls ? 3 : 1) * epsilon * (1 + 1e-5));
                seen |= distance <= epsilon * (1 + 1e-5) && isWrong(model, query, labels[i]);
            }
            SampleOutcome outcome = run.outcomes().get(0);
            assertThat(outcome.status()).isEqualTo(seen ? SampleStatus.BROKEN : SampleStatus.ROBUST);
            if (seen) {
                assertThat(outcome.breakingDistance(norm)).isLessThanOrEqualTo(epsilon * (1 + 1e-6));
            }
            assertThat(run.unconfirmed()).isZero();
        }
    }

    private static boolean isWrong(AffineModel model, double[] sample, int label) {
        double[] logits = model.logits(sample);
        return Arrays.stream(logits).max().orElseThrow() > logits[label];
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void useless_gradients_end_in_a_status_and_not_in_an_exception(double gradient) {
        Witness model = new Witness(AffineModel.random(5, 27, DataType.FLOAT, 8)).withGradient(gradient);
        INDArray inputs = Samples.uniform(2, DataType.FLOAT, 8);
        int[] labels = model.predict(inputs);
        for (Norm norm : NORMS) {
            for (Attack attack : List.of(
                    new Apgd().withSteps(10), new ApgdTargeted().withSteps(10), new Apgd().withLargeEpsilons())) {
                for (SampleOutcome outcome :
                        run(model, attack, norm, 1e-4, inputs, labels).outcomes()) {
                    assertThat(outcome.status())
                            .isEqualTo(gradient == 0 ? SampleStatus.GRADIENT_ZERO : SampleStatus.GRADIENT_INVALID);
                }
            }
        }
    }

    @Test
    void no_sample_no_step_and_no_epsilon_are_no_trouble() {
        AffineModel model = AffineModel.random(3, 28, DataType.FLOAT, 8);
        INDArray inputs = Samples.uniform(2, DataType.FLOAT, 8);
        int[] labels = model.predict(inputs);
        for (Norm norm : NORMS) {
            for (Attack attack : List.of(
                    new Apgd().withSteps(1),
                    new ApgdTargeted().withSteps(1),
                    new Apgd().withSteps(1).withLargeEpsilons())) {
                assertThat(run(model, attack, norm, 0.1, Rows.select(inputs, new int[] {0}), new int[] {labels[0]})
                                .outcomes())
                        .hasSize(1);
                assertThat(run(model, attack, norm, 0, inputs, labels).outcomes())
                        .allMatch(outcome -> outcome.status() == SampleStatus.ROBUST);
                assertThat(AttackEngine.of(model, 1)
                                .run(attack, new ThreatModel(norm, 0.1, Box.of(0, 1)), inputs, new int[0], new long[0])
                                .outcomes())
                        .isEmpty();
            }
        }
    }

    /** Masked features stay, and a random start spends nothing on them. */
    @Test
    void random_starts_touch_the_sphere_with_the_features_that_may_move() {
        double[] clean = {0.5, 0.5, 0.5, 0.5};
        INDArray inputs = Rows.fromDoubles(clean, new long[] {1, 4}, DataType.DOUBLE);
        AffineModel model = new AffineModel(
                new double[][] {{1, 1, 1, 1}, {0, 0, 0, 0}}, new double[2], Box.of(0, 1), DataType.DOUBLE, 4);
        Witness witness = new Witness(model);
        ThreatModel threat = new ThreatModel(
                Norm.L2,
                0.2,
                Box.of(0, 1),
                Goal.untargeted(),
                Constraints.none().frozen(1, 2),
                "");
        AttackEngine.of(witness, 3).run(new Apgd().withSteps(1), threat, inputs, new int[] {0}, new long[] {0});
        double[] start = witness.queries().get(0);
        assertThat(start[1]).isEqualTo(0.5);
        assertThat(start[2]).isEqualTo(0.5);
        assertThat(Math.hypot(start[0] - 0.5, start[3] - 0.5)).isCloseTo(0.2, within(1e-12));
    }

    @Test
    void the_sparse_projection_is_the_one_of_the_perturbation_set() {
        SampleRandom random = SampleRandom.of(4, "projection", 0, 0);
        INDArray clean = Samples.uniform(20, DataType.DOUBLE, 30);
        double[] moved = Rows.toDoubles(clean);
        for (int i = 0; i < moved.length; i++) {
            moved[i] += (i % 3 == 0 ? 0.02 : 1) * random.gaussian();
        }
        for (double epsilon : new double[] {0, 1e-3, 0.5, 3, 100}) {
            INDArray expected = new ThreatModel(Norm.L1, Math.min(epsilon, 30), Box.of(0, 1))
                    .around(clean)
                    .project(Rows.fromDoubles(moved, new long[] {20, 30}, DataType.DOUBLE));
            double[][] rows = Rows.toRows(Rows.fromDoubles(moved, new long[] {20, 30}, DataType.DOUBLE));
            double[][] samples = Rows.toRows(clean);
            for (int i = 0; i < 20; i++) {
                Neighborhood around = Neighborhood.of(samples[i], new double[30], ones(30));
                assertThat(SparsePath.project(around, epsilon, rows[i]))
                        .containsExactly(Rows.toRows(expected)[i], within(1e-11));
            }
        }
    }

    private static double[] ones(int length) {
        double[] ones = new double[length];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Test
    void finds_the_kth_largest_value() {
        SampleRandom random = SampleRandom.of(4, "selection", 0, 0);
        for (int length : new int[] {1, 2, 3, 17, 100}) {
            double[] values = new double[length];
            Arrays.setAll(values, i -> random.below(20)); // with ties
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            for (int k = 1; k <= length; k++) {
                assertThat(SparsePath.kthLargest(values.clone(), k)).isEqualTo(sorted[length - k]);
            }
        }
    }

    @Test
    void is_named_as_in_the_literature() {
        assertThat(new Apgd().name()).isEqualTo("APGD-CE");
        assertThat(new Apgd(Loss.DLR).name()).isEqualTo("APGD-DLR");
        assertThat(new Apgd().withRestarts(5).label()).isEqualTo("APGD-CE-100×5");
        assertThat(new ApgdTargeted().name()).isEqualTo("APGD-T");
        assertThat(new Apgd().parameters().toString())
                .isEqualTo("{loss=cross-entropy, steps=100, restarts=1, rho=0.75, large-epsilons=false}");
        assertThat(AttackOptions.with(new Apgd(), new Apgd(Loss.DLR).parameters()))
                .isEqualTo(new Apgd(Loss.DLR));
        assertThat(new ApgdTargeted().parameters().toString())
                .isEqualTo("{targets=9, steps=100, restarts=1, rho=0.75, large-epsilons=false}");
    }

    @Test
    void refuses_parameters_out_of_range() {
        assertThatThrownBy(() -> new Apgd().withSteps(0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("APGD: steps is 0: give at least 1");
        assertThatThrownBy(() -> new Apgd(Loss.DLR, 100, 1, 1.5, false))
                .hasMessage("APGD: rho is 1.5: give a number between 0 and 1");
        assertThatThrownBy(() -> new ApgdTargeted().withTargets(0)).hasMessage("APGD-T: targets is 0: give at least 1");
    }

    private static AttackRun run(
            DifferentiableModel model, Attack attack, Norm norm, double epsilon, INDArray inputs, int[] labels) {
        return AttackEngine.of(model, 1)
                .run(attack, new ThreatModel(norm, epsilon, Box.of(0, 1)), inputs, labels, ids(labels.length));
    }

    private static long[] ids(int number) {
        return LongStream.range(0, number).toArray();
    }
}
