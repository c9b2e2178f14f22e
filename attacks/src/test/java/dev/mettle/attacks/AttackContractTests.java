package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
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
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What every attack of the catalog owes, in every norm it knows. */
class AttackContractTests {

    private static final long[] IMAGE = {1, 8, 9};
    private static final int FEATURES = 72;
    private static final INDArray INPUTS = Samples.uniform(5, DataType.FLOAT, IMAGE);

    /** Fewer queries and steps: what is tested here doesn't depend on them. */
    private static final Map<String, String> SMALLER = Map.of(
            "queries", "120",
            "steps", "12",
            "search-steps", "2",
            "population", "12",
            "generations", "5",
            "samples", "10",
            "epochs", "2",
            "draws", "9",
            "initial-evaluations", "10");

    static Stream<Attack> attacks() {
        return AttackCatalog.entries().stream().map(entry -> smaller(entry.defaults()));
    }

    static Attack smaller(Attack attack) {
        Attack smaller = attack;
        for (Map.Entry<String, String> option : SMALLER.entrySet()) {
            if (smaller.parameters().containsKey(option.getKey())) {
                smaller = AttackOptions.with(smaller, Map.of(option.getKey(), option.getValue()));
            }
        }
        return smaller;
    }

    static Stream<Arguments> attacksAndNorms() {
        return attacks().flatMap(attack -> attack.norms().stream().sorted().map(norm -> Arguments.of(attack, norm)));
    }

    private static double epsilon(Norm norm) {
        return switch (norm) {
            case LINF -> 0.04;
            case L2 -> 0.15;
            case L1 -> 0.6;
            case L0 -> 3;
        };
    }

    private static ThreatModel threat(Attack attack, Norm norm, Box box) {
        return attack.transformation().isEmpty()
                ? new ThreatModel(norm, epsilon(norm), box)
                : ThreatModel.of(attack.transformation(), box);
    }

    private static AffineModel model(int classes) {
        return AffineModel.random(classes, 21, DataType.FLOAT, IMAGE);
    }

    private static List<SampleOutcome> run(
            Attack attack, LabelModel model, ThreatModel threat, INDArray inputs, int batchSize) {
        long[] ids = new long[(int) inputs.size(0)];
        Arrays.setAll(ids, i -> i);
        int[] labels = ids.length == 0 ? new int[0] : model.predict(inputs);
        AttackRun run = AttackEngine.of(model, 17).withBatchSize(batchSize).run(attack, threat, inputs, labels, ids);
        assertThat(run.outcomes()).hasSize(ids.length);
        return run.outcomes();
    }

    private static List<Object> facts(List<SampleOutcome> outcomes) {
        List<Object> facts = new ArrayList<>();
        for (SampleOutcome outcome : outcomes) {
            facts.add(outcome.status());
            facts.add(outcome.forwards());
            facts.add(outcome.backwards());
            facts.add(
                    outcome.adversarial() == null
                            ? List.of()
                            : Arrays.stream(Rows.toDoubles(outcome.adversarial()))
                                    .boxed()
                                    .toList());
        }
        return facts;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacksAndNorms")
    void runs_twice_alike_whatever_the_batch_and_changes_no_input(Attack attack, Norm norm) {
        AffineModel model = model(4);
        ThreatModel threat = threat(attack, norm, model.info().inputRange());
        INDArray before = INPUTS.dup();
        List<Object> first = facts(run(attack, model, threat, INPUTS, 8));
        assertThat(facts(run(attack, model, threat, INPUTS, 8)))
                .as("second run")
                .isEqualTo(first);
        assertThat(facts(run(attack, model, threat, INPUTS, 1)))
                .as("batches of 1")
                .isEqualTo(first);
        assertThat(facts(run(attack, model, threat, INPUTS, 3)))
                .as("batches of 3")
                .isEqualTo(first);
        assertThat(INPUTS).isEqualTo(before);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacksAndNorms")
    void holds_ball_and_box_and_spends_no_more_passes_than_it_says(Attack attack, Norm norm) {
        for (int classes : new int[] {2, 3, 7}) {
            AffineModel model = model(classes);
            ThreatModel threat = threat(attack, norm, model.info().inputRange());
            double[][] clean = Rows.toRows(INPUTS);
            Passes most = attack.passes(classes);
            List<SampleOutcome> outcomes = run(attack, model, threat, INPUTS, 8);
            for (int i = 0; i < outcomes.size(); i++) {
                SampleOutcome outcome = outcomes.get(i);
                assertThat(outcome.forwards()).as("forward passes").isLessThanOrEqualTo(most.forwards());
                assertThat(outcome.backwards()).as("backward passes").isLessThanOrEqualTo(most.backwards());
                INDArray adversarial = outcome.adversarial();
                if (adversarial != null) {
                    double[] point = Rows.toDoubles(adversarial);
                    assertThat(Distances.between(point, clean[i]).in(norm))
                            .isLessThanOrEqualTo(threat.epsilon() * (1 + 1e-6));
                    assertThat(Arrays.stream(point).min().orElseThrow()).isGreaterThanOrEqualTo(0);
                    assertThat(Arrays.stream(point).max().orElseThrow()).isLessThanOrEqualTo(1);
                    assertThat(model.predict(adversarial)[0]).isNotEqualTo(outcome.label());
                }
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void survives_an_empty_batch_and_a_model_that_never_changes_its_mind(Attack attack) {
        AffineModel constant = new AffineModel(
                new double[4][FEATURES], new double[] {1, 0, 0, 0}, Box.of(0, 1), DataType.FLOAT, IMAGE);
        for (Norm norm : attack.norms()) {
            ThreatModel threat = threat(attack, norm, Box.of(0, 1));
            SampleStatus expected = attack.access() == Access.GRADIENTS
                    ? SampleStatus.GRADIENT_ZERO
                    : attack.minimizesNorm() ? SampleStatus.SEARCH_FAILED : SampleStatus.ROBUST;
            ThreatModel asked = attack.minimizesNorm() ? threat.withEpsilon(ThreatModel.UNBOUNDED) : threat;
            assertThat(run(attack, constant, asked, INPUTS, 8))
                    .extracting(SampleOutcome::status)
                    .containsOnly(expected);
            assertThat(run(attack, constant, threat, Nd4j.zeros(DataType.FLOAT, 0, 1, 8, 9), 8))
                    .isEmpty();
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacksAndNorms")
    void reaches_the_target_or_nothing(Attack attack, Norm norm) {
        AffineModel model = model(4);
        ThreatModel threat = threat(attack, norm, model.info().inputRange()).withGoal(Goal.of(Goal.Kind.NEXT));
        for (SampleOutcome outcome : run(attack, model, threat, INPUTS, 8)) {
            if (outcome.status() == SampleStatus.BROKEN) {
                assertThat(outcome.adversarialLabel()).isEqualTo((outcome.label() + 1) % 4);
            }
        }
    }

    /** Features 0 to 9 are frozen, 10 to 12 whole numbers from 0 to 9, 13 to 15 a category, and all others have a scale. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("attacksAndNorms")
    void respects_masks_lattices_and_epsilons_per_feature(Attack attack, Norm norm) {
        double[] upper = new double[FEATURES];
        double[] scale = new double[FEATURES];
        for (int i = 0; i < FEATURES; i++) {
            upper[i] = i >= 10 && i < 13 ? 9 : 1;
            scale[i] = i >= 10 && i < 13 ? 10 : i % 2 == 0 ? 1 : 2;
        }
        Box box = Box.perFeature(new double[FEATURES], upper);
        Constraints constraints = Constraints.none()
                .frozen(IntStream.range(0, 10).toArray())
                .wholeNumbers(10, 11, 12)
                .oneHot(13, 15)
                .scale(scale);
        AffineModel random = model(4);
        AffineModel model = new AffineModel(random.weights(), new double[4], box, DataType.FLOAT, IMAGE);
        INDArray inputs = INPUTS.dup();
        for (int row = 0; row < 5; row++) {
            INDArray flat = Rows.matrix(inputs);
            for (int i = 10; i < 13; i++) {
                flat.putScalar(row, i, Math.rint(9 * flat.getDouble(row, i)));
            }
            for (int i = 13; i < 16; i++) {
                flat.putScalar(row, i, i == 13 + row % 3 ? 1 : 0);
            }
        }
        ThreatModel threat = (attack.transformation().isEmpty()
                        ? new ThreatModel(norm, norm == Norm.L0 ? 4 : 3 * epsilon(norm), box)
                        : ThreatModel.of(attack.transformation(), box))
                .withConstraints(constraints);
        double[][] clean = Rows.toRows(inputs);
        List<SampleOutcome> outcomes = run(attack, model, threat, inputs, 8);
        for (int i = 0; i < outcomes.size(); i++) {
            INDArray adversarial = outcomes.get(i).adversarial();
            if (adversarial != null) {
                double[] point = Rows.toDoubles(adversarial);
                assertThat(constraints.allows(point, clean[i])).isTrue();
                assertThat(box.firstViolation(point)).isEmpty();
                assertThat(Distances.between(point, clean[i], constraints).in(norm))
                        .isLessThanOrEqualTo(threat.epsilon() * (1 + 1e-6));
            }
        }
    }

    /** Knows its labels and nothing else. */
    private record Oracle(AffineModel model) implements LabelModel {
        @Override
        public ModelInfo info() {
            return model.info();
        }

        @Override
        public int[] predict(INDArray inputs) {
            return model.predict(inputs);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void needs_no_more_of_the_model_than_it_says(Attack attack) {
        if (attack.access() == Access.LABELS) {
            Norm norm = attack.norms().iterator().next();
            Oracle oracle = new Oracle(model(4));
            assertThat(run(attack, oracle, threat(attack, norm, Box.of(0, 1)), INPUTS, 8))
                    .hasSize(5);
        } else {
            assertThat(attack.access().offeredBy(new Oracle(model(4)))).isFalse();
        }
    }

    @Test
    void most_attacks_break_something_here() {
        // so that the tests above don't pass for want of adversarial examples
        long idle = attacksAndNorms()
                .filter(arguments -> {
                    Attack attack = (Attack) arguments.get()[0];
                    Norm norm = (Norm) arguments.get()[1];
                    AffineModel model = model(4);
                    return run(attack, model, threat(attack, norm, model.info().inputRange()), INPUTS, 8).stream()
                            .map(SampleOutcome::adversarial)
                            .noneMatch(Objects::nonNull);
                })
                .count();
        assertThat(idle).isLessThan(attacksAndNorms().count() / 4);
    }
}
