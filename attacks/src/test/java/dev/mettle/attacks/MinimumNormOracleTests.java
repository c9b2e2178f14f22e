package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.AffineOptimum;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Minimum-norm attacks against the exact optimum of affine models in a box, sample by sample. */
class MinimumNormOracleTests {

    private static final long[][] SHAPES = {{8}, {4, 6}, {5, 7, 7}};
    private static final double ROUNDING = 1 - 1e-6;

    private static List<SampleOutcome> run(
            AffineModel model, Attack attack, Norm norm, Goal goal, INDArray inputs, int[] labels) {
        long[] ids = new long[labels.length];
        Arrays.setAll(ids, i -> i);
        return AttackEngine.of(model, 1)
                .run(
                        attack,
                        new ThreatModel(
                                        norm,
                                        ThreatModel.UNBOUNDED,
                                        model.info().inputRange())
                                .withGoal(goal),
                        inputs,
                        labels,
                        ids)
                .outcomes();
    }

    /** Attacks with the norms in which they come within five per cent where there is one boundary. */
    static Stream<Arguments> oneBoundary() {
        List<Arguments> cases = new ArrayList<>();
        for (long[] shape : SHAPES) {
            cases.add(Arguments.of(new Ddn(), Norm.L2, shape));
            for (Norm norm : List.of(Norm.LINF, Norm.L2)) {
                // its steps are cut short by the box, so that it may need many
                cases.add(Arguments.of(new DeepFool().withSteps(2000), norm, shape));
            }
            for (Norm norm : List.of(Norm.LINF, Norm.L2, Norm.L1)) {
                cases.add(Arguments.of(new Fmn().withSteps(200), norm, shape));
                cases.add(Arguments.of(new Fab(), norm, shape));
                cases.add(Arguments.of(new FabTargeted(), norm, shape));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("oneBoundary")
    void comes_within_five_per_cent_of_the_optimum_in_the_box(Attack attack, Norm norm, long[] shape) {
        AffineModel model = AffineModel.random(2, 11, DataType.DOUBLE, shape);
        for (int batch : new int[] {1, 3, 8}) {
            INDArray inputs = Samples.uniform(batch, DataType.DOUBLE, shape); // a tenth of the features at the edge
            int[] labels = model.predict(inputs);
            double[][] rows = Rows.toRows(inputs);
            List<SampleOutcome> outcomes = run(model, attack, norm, Goal.untargeted(), inputs, labels);
            int checked = 0;
            for (int i = 0; i < batch; i++) {
                double optimum = AffineOptimum.distance(model, rows[i], labels[i], norm);
                if (Double.isFinite(optimum)) {
                    // the constant in DeepFool's steps, which is there to cross the boundary
                    double slack = attack instanceof DeepFool ? 2e-4 : 0;
                    assertThat(outcomes.get(i).breakingDistance(norm))
                            .as("sample %d of %d", i, batch)
                            .isBetween(ROUNDING * optimum, 1.05 * optimum + slack);
                    checked++;
                }
            }
            assertThat(checked).isPositive();
        }
    }

    static Stream<Arguments> severalBoundaries() {
        List<Arguments> cases = new ArrayList<>();
        for (long[] shape : SHAPES) {
            for (Norm norm : List.of(Norm.LINF, Norm.L2)) {
                cases.add(Arguments.of(new DeepFool(), norm, shape, 1.05));
                cases.add(Arguments.of(new Fab(), norm, shape, 1.05));
            }
            for (Norm norm : List.of(Norm.LINF, Norm.L2, Norm.L1)) {
                cases.add(Arguments.of(new FabTargeted(), norm, shape, 1.05));
                // follows the leading class, which may not be the nearest
                cases.add(Arguments.of(new Fmn().withSteps(200), norm, shape, 1.2));
            }
            // takes the class with the nearest boundary by the dual norm, which knows no box
            cases.add(Arguments.of(new Fab(), Norm.L1, shape, 1.2));
        }
        // the gradient of its cross-entropy mixes all classes where logits are close: here by little
        cases.add(Arguments.of(new Ddn(), Norm.L2, SHAPES[2], 1.05));
        return cases.stream();
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("severalBoundaries")
    void comes_near_the_optimum_among_seven_classes(Attack attack, Norm norm, long[] shape, double factor) {
        AffineModel model = AffineModel.random(7, 11, DataType.DOUBLE, shape);
        INDArray inputs = Samples.interior(8, DataType.DOUBLE, shape);
        int[] labels = model.predict(inputs);
        double[][] rows = Rows.toRows(inputs);
        List<SampleOutcome> outcomes = run(model, attack, norm, Goal.untargeted(), inputs, labels);
        for (int i = 0; i < 8; i++) {
            double optimum = AffineOptimum.distance(model, rows[i], labels[i], norm);
            double slack = attack instanceof DeepFool ? 2e-4 : 0;
            assertThat(outcomes.get(i).breakingDistance(norm))
                    .as("sample %d", i)
                    .isBetween(ROUNDING * optimum, factor * optimum + slack);
        }
    }

    /** FMN in L0 is a heuristic: it keeps the largest changes, not those that gain most. Long steps take features to the edge. */
    @Test
    void fmn_changes_at_most_one_feature_too_many() {
        int exact = 0;
        for (long[] shape : SHAPES) {
            AffineModel model = AffineModel.random(2, 11, DataType.DOUBLE, shape);
            INDArray inputs = Samples.uniform(8, DataType.DOUBLE, shape);
            int[] labels = model.predict(inputs);
            double[][] rows = Rows.toRows(inputs);
            List<SampleOutcome> outcomes =
                    run(model, new Fmn().withInitialStep(30), Norm.L0, Goal.untargeted(), inputs, labels);
            for (int i = 0; i < 8; i++) {
                double optimum = AffineOptimum.distance(model, rows[i], labels[i], Norm.L0);
                double found = outcomes.get(i).breakingDistance(Norm.L0);
                assertThat(found).as("sample %d", i).isBetween(optimum, optimum + 1);
                exact += found == optimum ? 1 : 0;
            }
        }
        assertThat(exact).isGreaterThanOrEqualTo(20);
    }

    static Stream<Arguments> targeted() {
        List<Arguments> cases = new ArrayList<>();
        for (Attack attack : List.of(
                new Ddn(),
                new DeepFool().withSteps(2000),
                new Fmn().withSteps(400),
                new Fab().withSteps(200),
                new FabTargeted().withSteps(200))) {
            for (Goal.Kind kind : List.of(Goal.Kind.NEXT, Goal.Kind.LEAST_LIKELY)) {
                cases.add(Arguments.of(attack, kind));
            }
        }
        return cases.stream();
    }

    /** The optimum is a projection on an intersection of half-spaces and box, which Dykstra's algorithm finds. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("targeted")
    void reaches_the_target_near_the_optimum(Attack attack, Goal.Kind kind) {
        long[] shape = SHAPES[2];
        AffineModel model = AffineModel.random(3, 12, DataType.DOUBLE, shape);
        INDArray inputs = Samples.uniform(6, DataType.DOUBLE, shape);
        int[] labels = model.predict(inputs);
        double[][] rows = Rows.toRows(inputs);
        List<SampleOutcome> outcomes = run(model, attack, Norm.L2, Goal.of(kind), inputs, labels);
        for (int i = 0; i < labels.length; i++) {
            SampleOutcome outcome = outcomes.get(i);
            assertThat(outcome.status()).isEqualTo(SampleStatus.BROKEN);
            int target = kind == Goal.Kind.NEXT ? (labels[i] + 1) % 3 : leastLikely(model.logits(rows[i]));
            assertThat(outcome.adversarialLabel()).isEqualTo(target);
            double optimum = targetedOptimum(model, rows[i], target);
            assertThat(outcome.breakingDistance(Norm.L2)).as("sample %d", i).isBetween(0.999 * optimum, 1.1 * optimum);
        }
    }

    private static int leastLikely(double[] logits) {
        int least = 0;
        for (int j = 1; j < logits.length; j++) {
            least = logits[j] < logits[least] ? j : least;
        }
        return least;
    }

    private static double targetedOptimum(AffineModel model, double[] sample, int target) {
        int classes = model.weights().length;
        double[] x = sample.clone();
        double[][] corrections = new double[classes][sample.length]; // one per other class, and one for the box
        for (int round = 0; round < 3000; round++) {
            for (int set = 0; set < classes; set++) {
                double[] before = new double[x.length];
                for (int i = 0; i < x.length; i++) {
                    before[i] = x[i] + corrections[set][i];
                }
                x = before.clone();
                if (set == target) {
                    for (int i = 0; i < x.length; i++) {
                        x[i] = Math.min(Math.max(x[i], 0), 1);
                    }
                } else {
                    double[] logits = model.logits(x);
                    double[] slope = RowVectors.minus(model.weights()[target], model.weights()[set]);
                    double step = Math.max(0, logits[set] - logits[target]) / RowVectors.dot(slope, slope);
                    for (int i = 0; i < x.length; i++) {
                        x[i] += step * slope[i];
                    }
                }
                corrections[set] = RowVectors.minus(before, x);
            }
        }
        return RowVectors.norm(RowVectors.minus(x, sample), Norm.L2);
    }

    /** Lengths of the literature are for inputs from 0 to 1; the same problem in other units has the same solution. */
    @Test
    void boxes_of_other_widths_only_change_the_unit() {
        long[] shape = {24};
        AffineModel unit = AffineModel.random(3, 5, DataType.DOUBLE, shape);
        double[][] weights = Arrays.stream(unit.weights())
                .map(row -> Arrays.stream(row).map(w -> w / 256).toArray())
                .toArray(double[][]::new);
        double[] bias = unit.logits(new double[24]);
        for (int j = 0; j < 3; j++) { // x = (x' + 128) / 256
            bias[j] += 128 * Arrays.stream(weights[j]).sum();
        }
        AffineModel wide = new AffineModel(weights, bias, Box.of(-128, 128), DataType.DOUBLE, shape);
        INDArray inputs = Samples.uniform(5, DataType.DOUBLE, shape);
        INDArray wideInputs = inputs.mul(256).subi(128);
        int[] labels = unit.predict(inputs);
        for (Attack attack : List.of(new Ddn(), new DeepFool(), new Fmn(), new Fab(), new FabTargeted())) {
            List<SampleOutcome> expected = run(unit, attack, Norm.L2, Goal.untargeted(), inputs, labels);
            List<SampleOutcome> outcomes = run(wide, attack, Norm.L2, Goal.untargeted(), wideInputs, labels);
            for (int i = 0; i < 5; i++) {
                assertThat(outcomes.get(i).breakingDistance(Norm.L2) / 256)
                        .as("%s, sample %d", attack, i)
                        .isCloseTo(expected.get(i).breakingDistance(Norm.L2), within(1e-6));
            }
        }
    }
}
