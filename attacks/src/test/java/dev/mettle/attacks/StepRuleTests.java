package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.AffineOptimum;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
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

/** MI-FGSM, and the ways in which PGD makes steps out of gradients. */
class StepRuleTests {

    private static final List<Norm> NORMS = List.of(Norm.LINF, Norm.L2, Norm.L1);
    private static final double[] SAMPLE = {0.39, 0.33, 0.35, 0.33, 0.98, 0.82};

    /** Against numbers from an independent implementation of the formulas in double precision (NumPy). */
    static Stream<Arguments> traces() {
        return Stream.of(
                Arguments.of(new MiFgsm(12, OptionalDouble.of(0.1), 0.9), Norm.LINF, 0.2, """
                        1 0.49 0.43 0.45 0.43 0.88 0.72
                        2 0.59 0.33 0.55 0.53 0.98 0.62
                        3 0.59 0.23 0.55 0.53 1 0.62
                        4 0.59 0.13 0.55 0.53 1 0.62
                        8 0.59 0.13 0.55 0.53 1 0.62
                        12 0.59 0.23 0.55 0.53 1 0.62
                        """),
                Arguments.of(new MiFgsm(12, OptionalDouble.of(0.2), 0.9), Norm.L2, 0.4, """
                        1 0.4560261324 0.3311390354 0.380824181 0.5150184376 0.9785039848 0.7986678181
                        2 0.5209855971 0.3353366393 0.4118371852 0.6988217739 0.9793965241 0.7667871249
                        3 0.5183537721 0.336143629 0.4114462385 0.6979387616 0.983691902 0.754278144
                        8 0.502244305 0.3349995824 0.4048169751 0.6864476091 1 0.6909175234
                        12 0.4918322501 0.3325901963 0.3981573297 0.6746623319 1 0.6538097102
                        """),
                Arguments.of(adam(0.1), Norm.LINF, 0.2, """
                        1 0.489999997 0.4299998244 0.4499999935 0.4299999989 0.8800001337 0.7200000094
                        2 0.5869397952 0.3604380595 0.55 0.53 0.9419130548 0.62
                        3 0.59 0.2770893238 0.55 0.53 1 0.62
                        4 0.59 0.1910815037 0.55 0.53 1 0.62
                        12 0.59 0.13 0.55 0.53 1 0.62
                        """),
                Arguments.of(adam(0.3), Norm.L2, 0.4, """
                        1 0.5124744834 0.4524742721 0.4724744792 0.4524744858 0.8575256766 0.6975255243
                        2 0.5849492343 0.3592644832 0.5500329503 0.5300707585 0.9460083314 0.6201463963
                        3 0.5825390702 0.2837188664 0.5517033678 0.5329481608 1 0.6264352582
                        8 0.5708206014 0.2040608905 0.5343921838 0.518721091 1 0.6335615016
                        12 0.5737296951 0.2155843751 0.5333161765 0.517424599 1 0.6278339253
                        """));
    }

    private static Pgd adam(double step) {
        return new Pgd(12, OptionalDouble.of(step), 1, false).withOptimizer(Optimizer.ADAM);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("traces")
    void follows_the_formula_step_by_step(Attack attack, Norm norm, double epsilon, String expected) {
        Witness model = new Witness(new TanhNetwork(() -> {}));
        INDArray input = Rows.fromDoubles(SAMPLE, new long[] {1, 6}, DataType.DOUBLE);
        AttackEngine.of(model, 0)
                .keepingBroken()
                .run(attack, new ThreatModel(norm, epsilon, Box.of(0, 1)), input, model.predict(input), new long[] {0});
        for (String line : expected.strip().split("\n", -1)) {
            double[] numbers = Arrays.stream(line.strip().split(" ", -1))
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            assertThat(model.queries().get((int) numbers[0]))
                    .as(line)
                    .containsExactly(Arrays.copyOfRange(numbers, 1, 7), within(1e-8));
        }
    }

    /**
     * g₁ = (0.9, 0.1) and g₂ = (−0.1, −0.9) add up to (0.8, −0.8). Foolbox takes the signs before it adds, and stands still at
     * (1, 1) − (1, 1) = 0; without momentum the second step goes back to the start.
     */
    @Test
    void mi_fgsm_adds_gradients_and_takes_the_sign_of_the_sum() {
        assertThat(afterTwoSteps(new MiFgsm(2, OptionalDouble.of(0.1), 1))).containsExactly(0.7, 0.5);
        assertThat(afterTwoSteps(new Pgd(2, OptionalDouble.of(0.1), 1, false).withOptimizer(Optimizer.MOMENTUM)))
                .containsExactly(0.7, 0.5);
        assertThat(afterTwoSteps(new MiFgsm(2, OptionalDouble.of(0.1), 0))).containsExactly(0.5, 0.5);
        assertThat(afterTwoSteps(new Pgd(2, OptionalDouble.of(0.1), 1, false))).containsExactly(0.5, 0.5);
    }

    /** Large gradients weigh no more than small ones: each is divided by its L1 norm. */
    @Test
    void mi_fgsm_does_not_care_how_large_a_gradient_is() {
        double[] gentle = {-0.2, 0.8};
        Scripted model = new Scripted(new double[][] {{900, 100}, gentle, {0, 0}});
        assertThat(lastQuery(model, new MiFgsm(2, OptionalDouble.of(0.1), 1))).containsExactly(0.7, 0.7);
    }

    private static double[] afterTwoSteps(Attack attack) {
        return lastQuery(new Scripted(new double[][] {{0.9, 0.1}, {-0.1, -0.9}}), attack);
    }

    private static double[] lastQuery(Scripted model, Attack attack) {
        INDArray input = Rows.fromDoubles(new double[] {0.5, 0.5}, new long[] {1, 2}, DataType.DOUBLE);
        AttackEngine.of(model, 0)
                .run(attack, new ThreatModel(Norm.LINF, 0.4, Box.of(0, 1)), input, new int[] {0}, new long[] {0});
        return Arrays.stream(model.queries.get(model.queries.size() - 1))
                .map(value -> Math.round(value * 1e9) / 1e9)
                .toArray();
    }

    /** Foolbox's Adam variants never call Adam: their steps are those of plain PGD. */
    @ParameterizedTest
    @EnumSource(names = {"LINF", "L2"})
    void optimizers_take_different_steps(Norm norm) {
        List<String> paths = new ArrayList<>();
        for (Optimizer optimizer : Optimizer.values()) {
            Witness model = new Witness(new TanhNetwork(() -> {}));
            INDArray input = Rows.fromDoubles(SAMPLE, new long[] {1, 6}, DataType.DOUBLE);
            AttackEngine.of(model, 0)
                    .keepingBroken()
                    .run(
                            new Pgd(10, OptionalDouble.of(0.05), 1, false).withOptimizer(optimizer),
                            new ThreatModel(norm, 0.3, Box.of(0, 1)),
                            input,
                            model.predict(input),
                            new long[] {0});
            paths.add(Arrays.deepToString(model.queries().toArray()));
        }
        assertThat(paths).doesNotHaveDuplicates();
    }

    static Stream<Attack> attacks() {
        return Stream.of(
                new MiFgsm().withSteps(100),
                new Pgd().withSteps(100).withOptimizer(Optimizer.MOMENTUM),
                new Pgd().withSteps(100).withOptimizer(Optimizer.ADAM),
                new Pgd().withSteps(100).withLoss(Loss.MARGIN),
                new Pgd().withSteps(100).withLoss(Loss.DLR));
    }

    /**
     * From the clean sample or a random start there is a long way to go: the steps are so large that they cross the ball several
     * times. Adam's steps go along the signs of a constant gradient, whatever the norm, and so reach the optimum in L∞ only.
     */
    @ParameterizedTest
    @MethodSource("attacks")
    void succeeds_just_above_the_optimum_and_never_below_it(Attack attack) {
        AffineModel model = AffineModel.random(2, 31, DataType.DOUBLE, 8);
        INDArray all = Samples.uniform(4, DataType.DOUBLE, 8);
        boolean isAdam = attack instanceof Pgd pgd && pgd.optimizer() == Optimizer.ADAM;
        for (Norm norm : NORMS) {
            for (int i = 0; i < 4; i++) {
                INDArray input = Rows.select(all, new int[] {i});
                int[] label = model.predict(input);
                double optimum = AffineOptimum.distance(model, Rows.toRows(input)[0], label[0], norm);
                if (1.05 * optimum > norm.diameter(1, 8)) {
                    continue;
                }
                Attack tuned = attack instanceof MiFgsm mi
                        ? mi.withStep(0.05 * optimum)
                        : ((Pgd) attack).withStep(0.05 * optimum);
                if (norm == Norm.LINF || !isAdam) {
                    assertThat(status(model, tuned, norm, 1.05 * optimum, input, label))
                            .as("%s, sample %d, above", norm, i)
                            .isEqualTo(SampleStatus.BROKEN);
                }
                assertThat(status(model, tuned, norm, 0.999 * optimum, input, label))
                        .as("%s, sample %d, below", norm, i)
                        .isEqualTo(SampleStatus.ROBUST);
            }
        }
    }

    private static SampleStatus status(
            DifferentiableModel model, Attack attack, Norm norm, double epsilon, INDArray input, int[] label) {
        return AttackEngine.of(model, 1)
                .run(attack, new ThreatModel(norm, epsilon, Box.of(0, 1)), input, label, new long[] {0})
                .outcomes()
                .get(0)
                .status();
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void results_depend_neither_on_the_batch_nor_on_an_earlier_run(Attack attack) {
        AffineModel model = AffineModel.random(5, 32, DataType.FLOAT, 4, 6);
        INDArray inputs = Samples.uniform(8, DataType.FLOAT, 4, 6);
        INDArray before = inputs.dup();
        for (Norm norm : NORMS) {
            List<String> once = results(model, attack, norm, 8, inputs);
            assertThat(once).anyMatch(result -> result.startsWith("BROKEN"));
            assertThat(once).anyMatch(result -> result.startsWith("ROBUST"));
            for (int batchSize : new int[] {8, 3, 1}) {
                assertThat(results(model, attack, norm, batchSize, inputs)).isEqualTo(once);
            }
        }
        assertThat(inputs).isEqualTo(before);
    }

    private static List<String> results(AffineModel model, Attack attack, Norm norm, int batchSize, INDArray inputs) {
        int[] labels = model.predict(inputs);
        double[][] rows = Rows.toRows(inputs);
        double[] distances = new double[labels.length];
        Arrays.setAll(distances, i -> AffineOptimum.distance(model, rows[i], labels[i], norm));
        Arrays.sort(distances);
        return AttackEngine.of(model, 5)
                .withBatchSize(batchSize)
                .run(
                        attack,
                        new ThreatModel(norm, (distances[3] + distances[4]) / 2, Box.of(0, 1)),
                        inputs,
                        labels,
                        LongStream.range(0, labels.length).toArray())
                .outcomes()
                .stream()
                .map(outcome -> outcome.status() + " " + outcome.forwards() + " "
                        + (outcome.adversarial() == null ? "" : Arrays.toString(Rows.toDoubles(outcome.adversarial()))))
                .toList();
    }

    /** torchattacks' MI-FGSM divides 0 by 0 here. */
    @ParameterizedTest
    @ValueSource(doubles = {0, Double.NaN, Double.POSITIVE_INFINITY})
    void useless_gradients_end_in_a_status_and_not_in_an_exception(double gradient) {
        Witness model = new Witness(AffineModel.random(5, 33, DataType.FLOAT, 8)).withGradient(gradient);
        INDArray inputs = Samples.uniform(2, DataType.FLOAT, 8);
        int[] labels = model.predict(inputs);
        attacks().forEach(attack -> {
            for (Norm norm : NORMS) {
                for (SampleOutcome outcome : AttackEngine.of(model, 1)
                        .run(attack, new ThreatModel(norm, 1e-4, Box.of(0, 1)), inputs, labels, new long[] {0, 1})
                        .outcomes()) {
                    assertThat(outcome.status())
                            .isEqualTo(gradient == 0 ? SampleStatus.GRADIENT_ZERO : SampleStatus.GRADIENT_INVALID);
                    assertThat(new Passes(outcome.forwards(), outcome.backwards()))
                            .isEqualTo(attack.passes(5));
                }
            }
        });
        if (gradient == 0) {
            assertThat(model.queries()).allSatisfy(query -> assertThat(query).doesNotContain(Double.NaN));
        }
    }

    @Test
    void a_gradient_that_vanishes_once_does_not_end_the_momentum() {
        Scripted model = new Scripted(new double[][] {{0, 0}, {0.6, -0.4}, {0, 0}});
        assertThat(lastQuery(model, new MiFgsm(3, OptionalDouble.of(0.1), 1))).containsExactly(0.7, 0.3);
    }

    @Test
    void are_named_with_what_tells_them_apart() {
        assertThat(new MiFgsm().name()).isEqualTo("MI-FGSM");
        assertThat(new MiFgsm().parameters().toString()).isEqualTo("{steps=10, step=auto, decay=1}");
        assertThat(new Pgd().label()).isEqualTo("PGD-40");
        assertThat(new Pgd().withLoss(Loss.DLR).withOptimizer(Optimizer.ADAM).label())
                .isEqualTo("PGD-40 DLR adam");
        assertThat(AttackCatalog.parse("pgd:loss=margin,optimizer=momentum"))
                .isEqualTo(new Pgd().withLoss(Loss.MARGIN).withOptimizer(Optimizer.MOMENTUM));
    }

    /** A model of two features that never errs, and whose gradients are written down beforehand. */
    private static final class Scripted implements DifferentiableModel {

        private final double[][] gradients;
        private final List<double[]> queries = new ArrayList<>();
        private int asked;

        Scripted(double[][] gradients) {
            this.gradients = gradients;
        }

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            return new InputGradient(logits(inputs), Rows.fromRows(new double[][] {gradients[asked++]}, inputs));
        }

        @Override
        public INDArray logits(INDArray inputs) {
            queries.add(Rows.toRows(inputs)[0]);
            return Rows.fromDoubles(new double[] {1, 0}, new long[] {1, 2}, DataType.DOUBLE);
        }

        @Override
        public int[] predict(INDArray inputs) {
            return new int[(int) inputs.size(0)];
        }

        @Override
        public DifferentiableModel inDoublePrecision() {
            return this;
        }

        @Override
        public ModelInfo info() {
            return new ModelInfo(
                    "script", ModelInfo.shape(2), 2, Box.of(0, 1), DataType.DOUBLE, "0".repeat(64), List.of());
        }
    }
}
