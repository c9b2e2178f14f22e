package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.UniversalPerturbation.Optimizer;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class UniversalPerturbationTests {

    private static final UniversalPerturbation ATTACK = new UniversalPerturbation();

    private static List<SampleOutcome> run(
            DifferentiableModel model,
            UniversalPerturbation attack,
            Norm norm,
            double epsilon,
            INDArray x,
            int[] labels) {
        return run(AttackEngine.of(model, 1), model, attack, norm, epsilon, x, labels);
    }

    private static List<SampleOutcome> run(
            AttackEngine engine,
            DifferentiableModel model,
            UniversalPerturbation attack,
            Norm norm,
            double epsilon,
            INDArray x,
            int[] labels) {
        long[] ids = IntStream.range(0, labels.length).asLongStream().toArray();
        return engine.run(attack, new ThreatModel(norm, epsilon, model.info().inputRange()), x, labels, ids)
                .outcomes();
    }

    /** An affine model of two classes in a box so wide that nothing is clipped, and samples that it all gives one label. */
    private record OneSided(AffineModel model, INDArray inputs) {

        /** Label 0 for all. */
        int[] labels() {
            return new int[(int) inputs.size(0)];
        }

        static OneSided of(int samples, long... shape) {
            AffineModel random = AffineModel.random(2, 21, DataType.DOUBLE, shape);
            AffineModel model =
                    new AffineModel(random.weights(), new double[] {0.3, 0}, Box.of(-50, 50), DataType.DOUBLE, shape);
            INDArray all = Samples.uniform(4 * samples, DataType.DOUBLE, shape);
            int[] predicted = model.predict(all);
            int[] chosen = IntStream.range(0, predicted.length)
                    .filter(i -> predicted[i] == 0)
                    .limit(samples)
                    .toArray();
            return new OneSided(model, Rows.select(all, chosen));
        }

        double[] optima(Norm norm) {
            double[] w = model.weights()[0].clone();
            Arrays.setAll(w, i -> w[i] - model.weights()[1][i]);
            double dual = norm == Norm.LINF
                    ? Arrays.stream(w).map(Math::abs).sum()
                    : Math.sqrt(Arrays.stream(w).map(v -> v * v).sum());
            return Arrays.stream(Rows.toRows(inputs))
                    .mapToDouble(row -> (model.logits(row)[0] - model.logits(row)[1]) / dual)
                    .toArray();
        }
    }

    /** All samples are on one side of one plane: the best δ is the same for all, and breaks those nearer than epsilon. */
    @ParameterizedTest
    @CsvSource({"LINF, 8", "LINF, 4-6", "LINF, 5-7-7", "L2, 8", "L2, 4-6", "L2, 5-7-7"})
    void breaks_exactly_the_samples_within_epsilon_of_one_plane(Norm norm, String dimensions) {
        long[] shape =
                Arrays.stream(dimensions.split("-")).mapToLong(Long::parseLong).toArray();
        for (int samples : new int[] {1, 3, 8}) {
            OneSided side = OneSided.of(samples, shape);
            double[] optima = side.optima(norm);
            double median = Arrays.stream(optima).sorted().toArray()[optima.length / 2];
            for (double epsilon : new double[] {0.999 * median, 1.001 * median}) {
                for (Optimizer optimizer : Optimizer.values()) {
                    if (optimizer == Optimizer.DEEPFOOL && norm == Norm.LINF) {
                        continue; // its steps are shortest in L2
                    }
                    List<SampleOutcome> outcomes =
                            run(side.model, ATTACK.withOptimizer(optimizer), norm, epsilon, side.inputs, side.labels());
                    for (int i = 0; i < optima.length; i++) {
                        assertThat(outcomes.get(i).status())
                                .as("sample %d of %d at %s, %s", i, samples, optima[i], optimizer)
                                .isEqualTo(optima[i] < epsilon ? SampleStatus.BROKEN : SampleStatus.ROBUST);
                    }
                }
            }
        }
    }

    /** Samples on either side of a plane: no δ breaks both kinds, though one after the other does while δ is being fitted. */
    @ParameterizedTest
    @EnumSource
    void only_the_final_perturbation_counts(Optimizer optimizer) {
        AffineModel model = new AffineModel(
                new double[][] {{1, 0}, {-1, 0}}, new double[] {0, 0}, Box.of(-1, 1), DataType.DOUBLE, 2);
        INDArray x = Rows.fromDoubles(new double[] {0.1, 0, 0.1, 0, -0.1, 0}, new long[] {3, 2}, DataType.DOUBLE);
        List<SampleOutcome> outcomes = run(
                model, ATTACK.withBatchSize(1).withStep(0.5).withOptimizer(optimizer), Norm.LINF, 0.3, x, new int[] {
                    0, 0, 1
                });
        List<SampleStatus> statuses =
                outcomes.stream().map(SampleOutcome::status).toList();
        assertThat(statuses.get(0)).isEqualTo(statuses.get(1)).isNotEqualTo(statuses.get(2));
    }

    @ParameterizedTest
    @EnumSource
    void all_adversarial_examples_are_one_perturbation_away(Optimizer optimizer) {
        AffineModel random = AffineModel.random(5, 3, DataType.DOUBLE, 4, 6);
        AffineModel model = new AffineModel(random.weights(), new double[5], Box.of(-9, 9), DataType.DOUBLE, 4, 6);
        INDArray x = Samples.uniform(40, DataType.DOUBLE, 4, 6);
        double[][] clean = Rows.toRows(x);
        List<SampleOutcome> outcomes = run(model, ATTACK.withOptimizer(optimizer), Norm.LINF, 0.2, x, model.predict(x));
        double[] delta = null;
        int broken = 0;
        for (int i = 0; i < 40; i++) {
            if (outcomes.get(i).status() == SampleStatus.BROKEN) {
                double[] point =
                        Rows.toDoubles(Objects.requireNonNull(outcomes.get(i).adversarial()));
                int row = i;
                double[] difference = IntStream.range(0, 24)
                        .mapToDouble(j -> point[j] - clean[row][j])
                        .toArray();
                if (delta != null) {
                    assertThat(difference).usingComparatorWithPrecision(1e-12).containsExactly(delta);
                }
                delta = difference;
                broken++;
            }
        }
        assertThat(broken).isGreaterThan(10);
        assertThat(x).isEqualTo(Samples.uniform(40, DataType.DOUBLE, 4, 6));
    }

    /** The reference code for L2 stretches every δ to the full length. */
    @Test
    void a_short_perturbation_is_not_stretched() {
        OneSided side = OneSided.of(5, 8);
        LabeledData data = LabeledData.of(side.inputs, side.labels());
        INDArray delta = ATTACK.withEpochs(1).withBatchSize(5).withStep(0.25).fit(side.model, data, Norm.L2, 4);
        assertThat(delta.norm2Number().doubleValue()).isBetween(0.999999, 1.000001);
        assertThat(delta.shape()).containsExactly(8);
    }

    @Test
    void costs_what_it_says() {
        OneSided side = OneSided.of(30, 8);
        double epsilon = 1e-3 * Arrays.stream(side.optima(Norm.LINF)).min().orElseThrow();
        for (UniversalPerturbation attack : List.of(ATTACK, ATTACK.withEpochs(3).withBatchSize(7))) {
            Passes declared = attack.passes(2);
            assertThat(declared).isEqualTo(new Passes(2L * attack.epochs() + 1, attack.epochs()));
            assertThat(run(side.model, attack, Norm.LINF, epsilon, side.inputs, side.labels()))
                    .allSatisfy(outcome -> {
                        assertThat(outcome.status()).isEqualTo(SampleStatus.ROBUST);
                        assertThat(new Passes(outcome.forwards(), outcome.backwards()))
                                .isEqualTo(declared);
                    });
        }
        UniversalPerturbation original =
                ATTACK.withOptimizer(Optimizer.DEEPFOOL).withEpochs(2);
        AffineModel model = AffineModel.random(6, 2, DataType.DOUBLE, 8);
        INDArray x = Samples.uniform(20, DataType.DOUBLE, 8);
        assertThat(run(model, original, Norm.L2, 0.01, x, model.predict(x))).allSatisfy(outcome -> {
            assertThat(outcome.forwards())
                    .isLessThanOrEqualTo(original.passes(6).forwards());
            assertThat(outcome.backwards())
                    .isLessThanOrEqualTo(original.passes(6).backwards());
        });
    }

    @Test
    void the_model_never_gets_more_than_128_rows_and_the_batch_size_of_the_engine_does_not_matter() {
        AffineModel affine = AffineModel.random(3, 4, DataType.DOUBLE, 8);
        INDArray x = Samples.uniform(300, DataType.DOUBLE, 8);
        int[] labels = affine.predict(x);
        Watched watched = new Watched(affine, gradient -> gradient);
        UniversalPerturbation attack = ATTACK.withEpochs(3).withBatchSize(128);
        List<SampleOutcome> outcomes = run(watched, attack, Norm.LINF, 0.1, x, labels);
        assertThat(watched.mostRows).isEqualTo(128);
        assertThat(run(AttackEngine.of(affine, 1).withBatchSize(7), affine, attack, Norm.LINF, 0.1, x, labels))
                .usingRecursiveComparison()
                .isEqualTo(outcomes);
    }

    @Test
    void a_second_run_is_the_same_to_the_bit() {
        AffineModel model = AffineModel.random(4, 4, DataType.FLOAT, 8);
        INDArray x = Samples.uniform(50, DataType.FLOAT, 8);
        assertThat(run(model, ATTACK, Norm.L2, 0.2, x, model.predict(x)))
                .usingRecursiveComparison()
                .isEqualTo(run(model, ATTACK, Norm.L2, 0.2, x, model.predict(x)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, Double.NaN, Double.POSITIVE_INFINITY})
    void a_gradient_that_is_worth_nothing_ends_well(double value) {
        AffineModel affine = AffineModel.random(3, 4, DataType.DOUBLE, 8);
        INDArray x = Samples.uniform(6, DataType.DOUBLE, 8);
        Watched model = new Watched(affine, gradient -> gradient.dup().assign(value));
        for (Optimizer optimizer : Optimizer.values()) {
            List<SampleOutcome> outcomes =
                    run(model, ATTACK.withOptimizer(optimizer), Norm.LINF, 0.1, x, affine.predict(x));
            assertThat(outcomes)
                    .allMatch(outcome -> outcome.status()
                            == (value == 0 ? SampleStatus.GRADIENT_ZERO : SampleStatus.GRADIENT_INVALID));
        }
    }

    @Test
    void no_samples_are_no_trouble() {
        AffineModel model = AffineModel.random(3, 4, DataType.DOUBLE, 8);
        assertThat(run(model, ATTACK, Norm.LINF, 0.1, Samples.uniform(1, DataType.DOUBLE, 8), new int[0]))
                .isEmpty();
    }

    /** Towards class 1, on a plane: as above, with the margin of the target. */
    @ParameterizedTest
    @EnumSource
    void leads_to_a_target(Optimizer optimizer) {
        AffineModel random = AffineModel.random(4, 8, DataType.DOUBLE, 12);
        AffineModel model = new AffineModel(random.weights(), new double[4], Box.of(-9, 9), DataType.DOUBLE, 12);
        INDArray all = Samples.uniform(40, DataType.DOUBLE, 12);
        int[] predicted = model.predict(all);
        int[] chosen = IntStream.range(0, 40).filter(i -> predicted[i] != 1).toArray();
        INDArray x = Rows.select(all, chosen);
        ThreatModel threat = new ThreatModel(Norm.LINF, 3, Box.of(-9, 9)).withGoal(Goal.target(1));
        List<SampleOutcome> outcomes = AttackEngine.of(model, 1)
                .run(
                        ATTACK.withOptimizer(optimizer),
                        threat,
                        x,
                        IntStream.of(chosen).map(i -> predicted[i]).toArray(),
                        IntStream.of(chosen).asLongStream().toArray())
                .outcomes();
        assertThat(outcomes).allMatch(outcome -> outcome.adversarialLabel() == 1);
    }

    @Test
    void what_was_fitted_works_the_same_as_a_fixed_perturbation() {
        AffineModel model = AffineModel.random(5, 3, DataType.DOUBLE, 4, 6);
        INDArray x = Samples.uniform(40, DataType.DOUBLE, 4, 6);
        int[] labels = model.predict(x);
        INDArray delta = ATTACK.fit(model, LabeledData.of(x, labels), Norm.LINF, 0.1);
        long[] ids = IntStream.range(0, 40).asLongStream().toArray();
        List<SampleOutcome> fixed = AttackEngine.of(model, 1)
                .run(new FixedPerturbation(delta), new ThreatModel(Norm.LINF, 0.1, Box.of(0, 1)), x, labels, ids)
                .outcomes();
        List<SampleOutcome> fitted = run(model, ATTACK, Norm.LINF, 0.1, x, labels);
        assertThat(fixed)
                .extracting(SampleOutcome::status)
                .containsExactlyElementsOf(
                        fitted.stream().map(SampleOutcome::status).toList());
        assertThat(fixed).allMatch(outcome -> outcome.forwards() == 1 && outcome.backwards() == 0);
        assertThat(fixed).anyMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        assertThatThrownBy(() -> AttackEngine.of(model, 1)
                        .run(
                                new FixedPerturbation(delta),
                                new ThreatModel(Norm.LINF, 0.05, Box.of(0, 1)),
                                x,
                                labels,
                                ids))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Fixed perturbation: δ has L∞ 0.1, more than ε = 0.05: allow more, or scale δ down");
        assertThatThrownBy(() -> AttackEngine.of(model, 1)
                        .run(
                                new FixedPerturbation(delta.reshape(new long[] {24})),
                                new ThreatModel(Norm.LINF, 0.1, Box.of(0, 1)),
                                x,
                                labels,
                                ids))
                .hasMessage("Fixed perturbation: δ has shape [24] but a sample has [4, 6]: give one value per feature");
    }

    @Test
    void refuses_parameters_out_of_range() {
        assertThatThrownBy(() -> ATTACK.withEpochs(0)).hasMessage("UAP: epochs is 0: give at least 1");
        assertThatThrownBy(() -> ATTACK.withBatchSize(0)).hasMessage("UAP: batch-size is 0: give at least 1");
        assertThatThrownBy(() -> ATTACK.withBatchSize(129)).hasMessage("UAP: batch-size is 129: give at most 128");
        assertThatThrownBy(() -> ATTACK.withStep(3)).hasMessage("UAP: step is 3: give at most 2");
        assertThatThrownBy(() -> ATTACK.within(Norm.L1, 1)).isInstanceOf(ConfigurationException.class);
    }

    /**
     * The first digits that the network gets right. The same ascent in PyTorch, in float32 with its own clip, fools 60 of 100 and 331
     * of 500 with the best of 40 settings: at the edge of the box its gradient counts where it can't do anything.
     */
    @ParameterizedTest
    @CsvSource({"100, 60", "500, 331"})
    void fools_at_least_as_many_digits_as_in_pytorch(int samples, long pytorch) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load("mlp", DataType.FLOAT, false))
                .withInputRange(0, 1);
        LabeledData digits = LabeledData.load(Path.of("../examples/src/main/resources/digits-test.npz"))
                .scaled(1 / 255.0);
        INDArray inputs = digits.inputs().castTo(DataType.FLOAT);
        boolean[] wrong = model.misclassifies(inputs, digits.labels());
        int[] right = IntStream.range(0, wrong.length)
                .filter(i -> !wrong[i])
                .limit(samples)
                .toArray();
        INDArray x = Rows.select(inputs, right);
        int[] labels = IntStream.of(right).map(i -> digits.labels()[i]).toArray();
        for (Loss loss : List.of(Loss.MARGIN, Loss.CROSS_ENTROPY)) {
            assertThat(count(run(model, ATTACK.withLoss(loss), Norm.LINF, 0.1, x, labels)))
                    .as("%s", loss)
                    .isGreaterThanOrEqualTo(pytorch);
        }
    }

    private static long count(List<SampleOutcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .count();
    }

    /** Watches the size of batches, and may spoil gradients. */
    private static final class Watched implements WrappedModel {

        private final DifferentiableModel model;
        private final UnaryOperator<INDArray> spoil;
        private long mostRows;

        Watched(DifferentiableModel model, UnaryOperator<INDArray> spoil) {
            this.model = model;
            this.spoil = spoil;
        }

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            mostRows = Math.max(mostRows, inputs.size(0));
            InputGradient pass = model.gradient(inputs, lossGradient);
            return new InputGradient(pass.logits(), spoil.apply(pass.gradient()));
        }

        @Override
        public INDArray logits(INDArray inputs) {
            mostRows = Math.max(mostRows, inputs.size(0));
            return model.logits(inputs);
        }

        @Override
        public DifferentiableModel model() {
            return model;
        }
    }
}
