package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
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
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What all attacks by scores have in common: budgets, boxes, shapes, goals, and that no sample feels another. */
class ScoreAttackTests {

    private static final long[][] SHAPES = {{1}, {8}, {4, 6}, {5, 7, 7}, {1, 3, 11}, {2, 9, 2}, {3, 2, 5, 4}};

    private static final List<Attack> ATTACKS = List.of(
            new SquareAttack().withQueries(150),
            new Spsa().withQueries(150).withSamples(20),
            new Nes().withQueries(150).withSamples(20),
            new Simba().withQueries(150),
            Simba.dct().withQueries(150),
            new OnePixel().withPopulation(30).withGenerations(4));

    static Stream<Arguments> attacks() {
        return ATTACKS.stream()
                .flatMap(attack -> attack.norms().stream().sorted().map(norm -> Arguments.of(attack, norm)));
    }

    /** An epsilon that breaks some samples of an affine model and not others. */
    private static double middling(Norm norm, long features) {
        return switch (norm) {
            case LINF -> 0.12;
            case L2 -> 0.08 * Math.sqrt((double) features);
            case L1 -> 0.04 * features;
            case L0 -> 1;
        };
    }

    private static List<SampleOutcome> run(
            LogitModel model, Attack attack, ThreatModel threat, INDArray inputs, int batch) {
        return AttackEngine.of(model, 5)
                .withBatchSize(batch)
                .run(
                        attack,
                        threat,
                        inputs,
                        model.predict(inputs),
                        LongStream.range(0, inputs.size(0)).toArray())
                .outcomes();
    }

    private static ThreatModel threat(Norm norm, double epsilon) {
        return new ThreatModel(norm, epsilon, Box.of(0, 1));
    }

    private static String facts(SampleOutcome outcome) {
        return outcome.id() + " " + outcome.status() + " " + outcome.forwards() + " " + outcome.adversarialLabel() + " "
                + (outcome.adversarial() == null
                        ? "-"
                        : Arrays.toString(Rows.toDoubles(Objects.requireNonNull(outcome.adversarial()))));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void no_sample_feels_the_others_nor_the_runs_before(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(3, 21, DataType.DOUBLE, 2, 5, 6);
        INDArray inputs = Samples.uniform(12, DataType.DOUBLE, 2, 5, 6);
        INDArray before = inputs.dup();
        ThreatModel threat = threat(norm, middling(norm, 60));
        List<String> alone = run(model, attack, threat, inputs, 1).stream()
                .map(ScoreAttackTests::facts)
                .toList();
        for (int batch : new int[] {3, 8, 8, 128}) {
            assertThat(run(model, attack, threat, inputs, batch))
                    .extracting(ScoreAttackTests::facts)
                    .isEqualTo(alone);
        }
        assertThat(inputs).isEqualTo(before);
        assertThat(alone).anyMatch(facts -> facts.contains("BROKEN"));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void a_robust_sample_costs_the_whole_budget_and_no_query_more(Attack attack, Norm norm) {
        for (long[] shape : SHAPES) {
            Recorder model = Recorder.robust(shape);
            List<SampleOutcome> outcomes = run(
                    model,
                    attack,
                    threat(norm, norm == Norm.L0 ? 1 : 0.3),
                    Samples.uniform(3, DataType.FLOAT, shape),
                    128);
            assertThat(outcomes).allSatisfy(outcome -> {
                assertThat(outcome.status()).isEqualTo(SampleStatus.ROBUST);
                assertThat(outcome.forwards()).isEqualTo(attack.passes(2).forwards());
                assertThat(outcome.backwards()).isZero();
            });
            assertThat(model.rows()).isEqualTo(3 * attack.passes(2).forwards());
            assertThat(model.outside())
                    .as("rows outside of the box, of shape %s", Arrays.toString(shape))
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
    void budgets_need_not_be_multiples_of_a_step(int queries) {
        for (Attack attack : List.of(
                new Spsa().withQueries(queries).withSamples(2),
                new Nes().withQueries(queries).withSamples(4))) {
            List<SampleOutcome> outcomes =
                    run(Recorder.robust(6), attack, threat(Norm.LINF, 0.1), Samples.uniform(2, DataType.FLOAT, 6), 2);
            assertThat(outcomes)
                    .allSatisfy(outcome -> assertThat(outcome.forwards()).isEqualTo(queries));
        }
    }

    @Test
    void many_points_of_several_samples_share_a_model_call_of_at_most_1024_rows() {
        Recorder model = Recorder.robust(10);
        run(
                model,
                new OnePixel().withPopulation(64).withGenerations(1),
                threat(Norm.L0, 1),
                Samples.uniform(20, DataType.FLOAT, 10),
                128);
        assertThat(model.calls()).containsExactly(1024L, 256L, 1024L, 256L);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void scores_that_are_no_numbers_end_the_attack_without_a_success(Attack attack, Norm norm) {
        for (double score : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            Recorder model = new Recorder(point -> score, 8);
            INDArray inputs = Samples.interior(2, DataType.FLOAT, 8);
            List<SampleOutcome> outcomes = AttackEngine.of(model, 1)
                    .run(attack, threat(norm, 1), inputs, new int[2], new long[] {0, 1})
                    .outcomes();
            if (score != Double.POSITIVE_INFINITY) { // that is a clear success for the other class
                assertThat(outcomes).allSatisfy(outcome -> {
                    assertThat(outcome.status()).isEqualTo(SampleStatus.ROBUST);
                    assertThat(outcome.forwards()).isEqualTo(attack.passes(2).forwards());
                });
            }
        }
    }

    static Stream<Arguments> strongAttacks() {
        return Stream.of(
                        new SquareAttack().withQueries(600),
                        new Spsa().withSamples(10).withQueries(630).withLearningRate(0.05),
                        new Nes().withSamples(20).withQueries(630).withSteps(0.05, 0.001),
                        new Simba().withQueries(600),
                        Simba.dct().withQueries(600),
                        new OnePixel().withPixels(3).withPopulation(50).withGenerations(20))
                .flatMap(attack -> attack.norms().stream().sorted().map(norm -> Arguments.of(attack, norm)));
    }

    private static double large(Norm norm, long features) {
        return norm == Norm.L0 ? 3 : 4 * middling(norm, features);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("strongAttacks")
    void targets_are_reached_and_no_other_class_counts(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(4, 22, DataType.DOUBLE, 9);
        INDArray inputs = Samples.interior(16, DataType.DOUBLE, 9);
        ThreatModel threat = threat(norm, large(norm, 9));
        int[] labels = model.predict(inputs);
        double[][] scores = Rows.toRows(model.logits(inputs));
        Goal goal = Goal.of(Goal.Kind.MOST_LIKELY);
        List<SampleOutcome> broken = run(model, attack, threat.withGoal(goal), inputs, 128).stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .toList();
        assertThat(broken).hasSizeGreaterThan(1).allSatisfy(outcome -> {
            int i = (int) outcome.id();
            Aim aim = goal.aim(labels[i], 4, scores[i], SampleRandom.of(0, "", 0, 0));
            assertThat(outcome.adversarialLabel()).isEqualTo(aim.target());
        });
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("strongAttacks")
    void frozen_features_stay_and_a_sample_without_room_costs_its_budget(Attack attack, Norm norm) {
        AffineModel model = AffineModel.random(2, 23, DataType.DOUBLE, 12);
        INDArray inputs = Samples.interior(8, DataType.DOUBLE, 12);
        double epsilon = large(norm, 12);
        ThreatModel some =
                threat(norm, epsilon).withConstraints(Constraints.none().frozen(0, 3, 7, 11));
        double[][] clean = Rows.toRows(inputs);
        List<SampleOutcome> outcomes = run(model, attack, some, inputs, 128);
        assertThat(outcomes).anyMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        for (SampleOutcome outcome : outcomes) {
            if (outcome.adversarial() != null) {
                double[] found = Rows.toDoubles(Objects.requireNonNull(outcome.adversarial()));
                for (int feature : new int[] {0, 3, 7, 11}) {
                    assertThat(found[feature]).isEqualTo(clean[(int) outcome.id()][feature]);
                }
            }
        }
        ThreatModel none = threat(norm, epsilon)
                .withConstraints(
                        Constraints.none().frozen(IntStream.range(0, 12).toArray()));
        assertThat(run(model, attack, none, inputs, 128)).allSatisfy(outcome -> {
            assertThat(outcome.status()).isEqualTo(SampleStatus.ROBUST);
            assertThat(outcome.forwards()).isEqualTo(attack.passes(2).forwards());
        });
    }

    static Stream<Arguments> prefixes() {
        return Stream.of(
                Arguments.of(new SquareAttack().withQueries(40), new SquareAttack().withQueries(400), Norm.LINF),
                Arguments.of(new SquareAttack().withQueries(40), new SquareAttack().withQueries(400), Norm.L2),
                Arguments.of(new SquareAttack().withQueries(40), new SquareAttack().withQueries(400), Norm.L1),
                Arguments.of(new Simba().withQueries(40), new Simba().withQueries(400), Norm.L2),
                Arguments.of(Simba.dct().withQueries(40), Simba.dct().withQueries(400), Norm.LINF),
                Arguments.of(
                        new Spsa().withSamples(10).withQueries(42),
                        new Spsa().withSamples(10).withQueries(420),
                        Norm.LINF),
                Arguments.of(
                        new Nes().withSamples(20).withQueries(42),
                        new Nes().withSamples(20).withQueries(420),
                        Norm.LINF),
                Arguments.of(
                        new OnePixel().withPopulation(20).withGenerations(1),
                        new OnePixel().withPopulation(20).withGenerations(20),
                        Norm.L0));
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("prefixes")
    void more_queries_break_the_same_samples_and_more(Attack few, Attack many, Norm norm) {
        AffineModel model = AffineModel.random(3, 24, DataType.DOUBLE, 3, 4, 5);
        INDArray inputs = Samples.uniform(30, DataType.DOUBLE, 3, 4, 5);
        ThreatModel threat = threat(norm, norm == Norm.L0 ? 3 : norm == Norm.LINF ? 0.08 : 1.5 * middling(norm, 60));
        List<SampleOutcome> first = run(model, few, threat, inputs, 128);
        List<SampleOutcome> second = run(model, many, threat, inputs, 128);
        for (int i = 0; i < 30; i++) {
            if (first.get(i).status() == SampleStatus.BROKEN) {
                assertThat(facts(second.get(i))).isEqualTo(facts(first.get(i)));
            }
        }
        assertThat(second.stream().filter(outcome -> outcome.status() == SampleStatus.BROKEN))
                .hasSizeGreaterThan((int) first.stream()
                        .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                        .count());
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacks")
    void equal_samples_with_different_ids_take_different_ways(Attack attack, Norm norm) {
        Recorder model = Recorder.robust(2, 5, 5);
        INDArray one = Samples.interior(1, DataType.FLOAT, 2, 5, 5);
        INDArray twice = Rows.select(one, new int[] {0, 0});
        run(model, attack, threat(norm, norm == Norm.L0 ? 2 : 0.2), twice, 128);
        List<double[]> points = model.points();
        int last = points.size() - 1;
        assertThat(points.get(last)).isNotEqualTo(points.get(last - (attack instanceof OnePixel ? 30 : 1)));
    }

    /** The slope of an affine model is known: many directions must find it, at the edge of the box as well. */
    @Test
    void finite_differences_point_along_the_gradient() {
        double[] slope = {1, -2, 0.5, 3, 0, -1};
        Recorder model = new Recorder(
                point -> IntStream.range(0, 6)
                                .mapToDouble(i -> slope[i] * point[i])
                                .sum()
                        - 100,
                6);
        INDArray inputs =
                Rows.fromRows(new double[][] {{0, 1, 0.5, 0.5, 1, 0}}, Samples.interior(1, DataType.DOUBLE, 6));
        run(model, new Nes(2002, 2000, 0.01, 0, 0.01, 0.01, 5).withQueries(2001), threat(Norm.LINF, 0.3), inputs, 1);
        double[] moved = model.points().get(model.points().size() - 1);
        assertThat(moved).containsExactly(new double[] {0.01, 0.99, 0.51, 0.51, moved[4], 0}, within(1e-6));
    }

    /** A model of two classes whose second logit is a function of the input; remembers what it was asked. */
    private static final class Recorder implements LogitModel {

        private final ToDoubleFunction<double[]> score;
        private final long[] shape;
        private final List<double[]> points = new ArrayList<>();
        private final List<Long> calls = new ArrayList<>();

        Recorder(ToDoubleFunction<double[]> score, long... shape) {
            this.score = score;
            this.shape = shape;
        }

        static Recorder robust(long... shape) {
            return new Recorder(point -> -1 - Arrays.stream(point).sum(), shape);
        }

        long rows() {
            return calls.stream().mapToLong(Long::longValue).sum();
        }

        List<Long> calls() {
            return calls;
        }

        List<double[]> points() {
            return points;
        }

        long outside() {
            return points.stream()
                    .filter(point -> Arrays.stream(point).anyMatch(value -> value < 0 || value > 1))
                    .count();
        }

        @Override
        public ModelInfo info() {
            return new ModelInfo(
                    "recorder", ModelInfo.shape(shape), 2, Box.of(0, 1), DataType.FLOAT, "0".repeat(64), List.of());
        }

        @Override
        public int[] predict(INDArray inputs) {
            return Logits.argMax(scores(inputs));
        }

        @Override
        public INDArray logits(INDArray inputs) {
            calls.add(inputs.size(0));
            points.addAll(Arrays.asList(Rows.toRows(inputs)));
            return scores(inputs);
        }

        private INDArray scores(INDArray inputs) {
            double[][] rows = Rows.toRows(inputs);
            double[] logits = new double[2 * rows.length];
            for (int row = 0; row < rows.length; row++) {
                logits[2 * row + 1] = score.applyAsDouble(rows[row]);
            }
            return Rows.fromDoubles(logits, new long[] {rows.length, 2}, DataType.DOUBLE);
        }
    }
}
