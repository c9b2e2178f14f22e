package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.AffineOptimum;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Attacks against the exact optimum of affine models in a box, sample by sample. */
class AffineOracleTests {

    private static final long[][] SHAPES = {{8}, {4, 6}, {5, 7, 7}};

    static Stream<Arguments> budgetAttacks() {
        List<Arguments> cases = new ArrayList<>();
        for (Attack attack : List.of(new Fgsm(), new Bim().withSteps(50), new Pgd().withSteps(400))) {
            for (Norm norm : attack.norms().stream().sorted().toList()) {
                for (long[] shape : SHAPES) {
                    cases.add(Arguments.of(attack, norm, shape));
                }
            }
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("budgetAttacks")
    void succeeds_just_above_the_optimum_and_never_below_it(Attack attack, Norm norm, long[] shape) {
        AffineModel model = AffineModel.random(2, 11, DataType.DOUBLE, shape);
        INDArray all = Samples.uniform(4, DataType.DOUBLE, shape);
        for (int i = 0; i < 4; i++) {
            INDArray input = Rows.select(all, new int[] {i});
            int[] label = model.predict(input);
            double optimum = AffineOptimum.distance(model, Rows.toRows(input)[0], label[0], norm);
            double above = norm == Norm.L0 ? optimum : 1.05 * optimum;
            double below = norm == Norm.L0 ? optimum - 1 : 0.999 * optimum;
            if (above <= norm.diameter(1, Rows.features(input))) {
                // from a random start PGD has a long way to go: let it cross the ball several times
                Attack tuned = attack instanceof Pgd pgd ? pgd.withStep(0.02 * above) : attack;
                assertThat(run(model, tuned, norm, above, input, label).get(0).status())
                        .as("sample %d at 1.05 × %s", i, optimum)
                        .isEqualTo(SampleStatus.BROKEN);
                assertThat(run(model, tuned, norm, below, input, label).get(0).status())
                        .as("sample %d at 0.999 × %s", i, optimum)
                        .isEqualTo(SampleStatus.ROBUST);
            }
        }
    }

    private static List<SampleOutcome> run(
            AffineModel model, Attack attack, Norm norm, double epsilon, INDArray inputs, int[] labels) {
        long[] ids = new long[labels.length];
        Arrays.setAll(ids, i -> i);
        ThreatModel threat = new ThreatModel(norm, epsilon, model.info().inputRange());
        return AttackEngine.of(model, 1)
                .run(attack, threat, inputs, labels, ids)
                .outcomes();
    }

    static Stream<Arguments> modelsAndShapes() {
        List<Arguments> cases = new ArrayList<>();
        for (int classes : new int[] {2, 7}) {
            for (long[] shape : SHAPES) {
                cases.add(Arguments.of(classes, shape));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("modelsAndShapes")
    void carlini_wagner_comes_close_to_the_optimum(int classes, long[] shape) {
        AffineModel model = AffineModel.random(classes, 12, DataType.DOUBLE, shape);
        CarliniWagner attack = new CarliniWagner(7, 300, 0.01, 1, 0, true);
        // With several classes the margin is a minimum of planes: the descent may settle on the second nearest of them.
        // Inside the box: arctanh is so steep at its edges that features there need thousands of steps to leave
        INDArray inputs = Samples.interior(8, DataType.DOUBLE, shape);
        int[] labels = model.predict(inputs);
        List<SampleOutcome> outcomes = run(model, attack, Norm.L2, ThreatModel.UNBOUNDED, inputs, labels);
        double[][] rows = Rows.toRows(inputs);
        int far = 0;
        for (int i = 0; i < labels.length; i++) {
            double optimum = AffineOptimum.distance(model, rows[i], labels[i], Norm.L2);
            if (optimum > 0.05) { // nearer ones need a smaller learning rate
                far++;
                assertThat(outcomes.get(i).breakingDistance(Norm.L2))
                        .as("sample %d", i)
                        .isBetween(0.999999 * optimum, (classes == 2 ? 1.05 : 1.25) * optimum);
            }
        }
        assertThat(far).isGreaterThanOrEqualTo(2);
    }

    @ParameterizedTest
    @MethodSource("modelsAndShapes")
    void carlini_wagner_reaches_the_confidence_it_is_asked_for(int classes, long[] shape) {
        AffineModel model = AffineModel.random(classes, 13, DataType.DOUBLE, shape);
        INDArray inputs = Samples.interior(4, DataType.DOUBLE, shape);
        int[] labels = model.predict(inputs);
        CarliniWagner attack = new CarliniWagner(10, 200, 0.02, 1, 0.5, true);
        for (SampleOutcome outcome : run(model, attack, Norm.L2, ThreatModel.UNBOUNDED, inputs, labels)) {
            assertThat(outcome.status()).isEqualTo(SampleStatus.BROKEN);
            double[] logits = model.logits(Rows.toRows(java.util.Objects.requireNonNull(outcome.adversarial()))[0]);
            double own = logits[outcome.label()];
            double best = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < logits.length; j++) {
                best = j == outcome.label() ? best : Math.max(best, logits[j]);
            }
            assertThat(best - own).isBetween(0.5, 0.6);
        }
    }
}
