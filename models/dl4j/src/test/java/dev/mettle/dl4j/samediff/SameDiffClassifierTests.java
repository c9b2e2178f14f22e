package dev.mettle.dl4j.samediff;

import static dev.mettle.dl4j.samediff.Graphs.batch;
import static dev.mettle.dl4j.samediff.Graphs.inputs;
import static dev.mettle.dl4j.samediff.Graphs.labels;
import static dev.mettle.dl4j.samediff.Graphs.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.LocalResponseNormalizationConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;

class SameDiffClassifierTests {

    private static final long[] FEATURES = {5};
    private static final LogitLoss LOSS = new CrossEntropy();

    // ---------------------------------------------------------------------------------------------- what it is

    @Test
    void itDescribesItself() {
        ModelInfo info = model(Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x)))
                .withName("digits")
                .info();

        assertThat(info.name()).isEqualTo("digits");
        assertThat(info.inputShape()).containsExactly(5L);
        assertThat(info.classes()).isEqualTo(4);
        assertThat(info.dataType()).isEqualTo(DataType.FLOAT);
        assertThat(info.sha256()).hasSize(64);
        assertThat(info.warnings()).isEmpty();
    }

    @Test
    void theHashIsThatOfOperationsAndWeights() {
        SameDiff graph = Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x.mul(1.00001)));
        String hash = model(graph).info().sha256();

        assertThat(model(Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x.mul(1.00001))))
                        .info()
                        .sha256())
                .isEqualTo(hash);
        assertThat(model(Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x.mul(1.00002))))
                        .info()
                        .sha256())
                .isNotEqualTo(hash);
        weightsOf(graph).muli(1.001);
        assertThat(model(graph).info().sha256()).isNotEqualTo(hash);
    }

    @Test
    void batchesOfAnySizeAreTakenInAnyOrder() {
        SameDiffClassifier model = model(Graphs.classifier(DataType.DOUBLE, new long[] {3, 6, 7}, this::convolutional));
        INDArray x = inputs(DataType.DOUBLE, 7, 3, 6, 7);
        INDArray all =
                model.gradient(x, logits -> LOSS.gradients(logits, labels(7))).gradient();

        for (int n : new int[] {1, 7, 2, 5, 1}) {
            INDArray some = model.gradient(Rows.slice(x, 0, n), logits -> LOSS.gradients(logits, labels(n)))
                    .gradient();
            assertThat(some.distance2(Rows.slice(all, 0, n))).isLessThan(1e-12);
            assertThat(model.predict(Rows.slice(x, 0, n))).hasSize(n);
        }
    }

    @Test
    void inputsAreNotChanged() {
        SameDiffClassifier model = model(Graphs.classifier(DataType.DOUBLE, FEATURES, x -> tanh(x)));
        INDArray x = inputs(DataType.DOUBLE, 3, 5);
        INDArray copy = x.dup();

        model.predict(x);
        model.originalLogits(x);
        model.gradient(x, logits -> LOSS.gradients(logits, labels(3)));

        assertThat(x.distance1(copy)).isZero();
    }

    @Test
    void everyPassPutsOutTheSame() {
        // whatever the cache of SameDiff's own sessions does
        SameDiff graph = Graphs.classifier(
                DataType.FLOAT,
                FEATURES,
                x -> x.getSameDiff().nn().relu(x.getSameDiff().nn().linear(x, weights(x, 5, 6), weights(x, 6)), 0));
        SameDiffClassifier model = model(graph);
        INDArray x = inputs(DataType.FLOAT, 3, 5);
        INDArray expected = model.inDoublePrecision().logits(x).castTo(DataType.FLOAT);

        for (int pass = 0; pass < 5; pass++) {
            assertThat(model.originalLogits(x).distance2(expected)).isLessThan(1e-5);
        }
    }

    @Test
    void whatTheGraphLearnsLaterIsSeen() {
        SameDiff graph = Graphs.classifier(DataType.DOUBLE, FEATURES, x -> tanh(x));
        SameDiffClassifier model = model(graph);
        SameDiffClassifier again = model.withName("again");
        INDArray x = inputs(DataType.DOUBLE, 3, 5);
        INDArray before = model.logits(x);

        weightsOf(graph).muli(2);

        assertThat(model.logits(x).distance2(before.mul(2))).isLessThan(1e-12);
        assertThat(again.originalLogits(x).distance2(before.mul(2))).isLessThan(1e-12);
    }

    @Test
    void aCopyInDoublePrecisionIsASnapshot() {
        SameDiff graph = Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x));
        SameDiffClassifier exact = model(graph).inDoublePrecision();
        INDArray x = inputs(DataType.FLOAT, 3, 5);
        INDArray before = exact.logits(x);

        weightsOf(graph).muli(2);

        assertThat(exact.logits(x).distance2(before)).isZero();
        assertThat(exact.originalLogits(x).distance2(before)).isLessThan(1e-12);
        assertThat(exact.inDoublePrecision()).isSameAs(exact);
    }

    @Test
    void aGraphThatWasSavedAndLoadedIsTheSame(@TempDir Path directory) {
        SameDiff graph = Graphs.classifier(DataType.DOUBLE, new long[] {3, 6, 7}, this::convolutional);
        File file = directory.resolve("model.fb").toFile();
        graph.save(file, false);
        INDArray x = inputs(DataType.DOUBLE, 3, 3, 6, 7);

        SameDiffClassifier loaded = model(SameDiff.load(file, false));

        assertThat(loaded.logits(x).distance2(model(graph).logits(x))).isLessThan(1e-12);
        GradientCheck check = GradientCheck.of(loaded, x, labels(3));
        assertThat(check.passed()).as(check.message()).isTrue();
    }

    @Test
    void severalThreadsGetWhatOneGets() throws Exception {
        SameDiffClassifier model = model(Graphs.classifier(DataType.DOUBLE, new long[] {3, 6, 7}, this::convolutional));
        List<INDArray> inputs = new ArrayList<>();
        List<INDArray> gradients = new ArrayList<>();
        List<int[]> predictions = new ArrayList<>();
        INDArray x = inputs(DataType.DOUBLE, 24, 3, 6, 7);
        for (int i = 0; i < 8; i++) {
            INDArray part = Rows.slice(x, 3L * i, 3L * i + 3);
            inputs.add(part);
            gradients.add(model.gradient(part, logits -> LOSS.gradients(logits, labels(3)))
                    .gradient());
            predictions.add(model.predict(part));
        }
        ExecutorService threads = Executors.newFixedThreadPool(2);
        List<Future<Boolean>> results = new ArrayList<>();
        for (int call = 0; call < 80; call++) {
            int i = call % 8;
            results.add(threads.submit(() -> {
                INDArray gradient = model.gradient(inputs.get(i), logits -> LOSS.gradients(logits, labels(3)))
                        .gradient();
                return gradient.distance2(gradients.get(i)) == 0
                        && Arrays.equals(model.predict(inputs.get(i)), predictions.get(i));
            }));
        }
        threads.shutdown();

        for (Future<Boolean> result : results) {
            assertThat(result.get()).isTrue();
        }
    }

    // ---------------------------------------------------------------------------------------------- heads

    @Test
    void behindASoftmaxTheLogitsAreItsInput() {
        SameDiff graph = Graphs.classifier(DataType.DOUBLE, FEATURES, x -> tanh(x));
        graph.identity(graph.nn().softmax(graph.getVariable("logits"))).rename("probabilities");
        SameDiffClassifier model =
                SameDiffClassifier.of(graph, "x", "probabilities").withInputRange(-4, 4);
        INDArray x = inputs(DataType.DOUBLE, 6, 5);

        assertThat(model.logits(x).distance2(model(graph).logits(x))).isLessThan(1e-12);
        assertThat(model.predict(x)).isEqualTo(model(graph).predict(x));
        assertThat(model.info().warnings()).isEmpty();
        GradientCheck check = GradientCheck.of(model, x, labels(6));
        assertThat(check.passed()).as(check.message()).isTrue();
    }

    @Test
    void aSingleSigmoidOutputIsTwoClasses() {
        SameDiff graph = Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x));
        SDVariable hidden = graph.getVariable("logits");
        SDVariable single = hidden.mmul(weights(hidden, 4, 1)).rename("z");
        graph.nn().sigmoid(single).rename("score");
        SameDiffClassifier model = SameDiffClassifier.of(graph, "x", "score").withInputRange(-4, 4);
        INDArray x = inputs(DataType.FLOAT, 9, 5);
        double[] score = Rows.toDoubles(graph.outputSingle(Map.of("x", x), "score"));

        double[][] logits = Rows.toRows(model.logits(x));
        int[] labels = model.predict(x);
        for (int i = 0; i < score.length; i++) {
            assertThat(logits[i][0]).isZero();
            assertThat(1 / (1 + Math.exp(-logits[i][1]))).isEqualTo(score[i], Offset.offset(1e-6));
            assertThat(labels[i]).isEqualTo(score[i] > 0.5 ? 1 : 0);
        }
        assertThat(labels).contains(0, 1);
        assertThat(model.info().classes()).isEqualTo(2);
        GradientCheck check = GradientCheck.of(model, x, new int[] {0, 1, 0, 1, 0, 1, 0, 1, 0});
        assertThat(check.passed()).as(check.message()).isTrue();
    }

    @Test
    void softmaxTwiceIsWarnedOf() {
        SameDiff graph = Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x));
        SDVariable once = graph.nn().softmax(graph.getVariable("logits"));
        graph.nn().softmax(once).rename("twice");

        assertThat(SameDiffClassifier.of(graph, "x", "twice")
                        .withInputRange(0, 1)
                        .info()
                        .warnings())
                .containsExactly(
                        "the model applies softmax before its last softmax, so its logits are probabilities and"
                                + " their gradients vanish where it is confident: remove one of the two");
    }

    // ---------------------------------------------------------------------------------------------- refusals

    @Test
    void unknownOperationsAreRefusedByName() {
        refused(
                new long[] {3, 6, 7},
                x -> x.getSameDiff()
                        .cnn()
                        .localResponseNormalization(
                                "normal",
                                x,
                                LocalResponseNormalizationConfig.builder()
                                        .alpha(0.01)
                                        .beta(0.75)
                                        .bias(1)
                                        .depth(3)
                                        .build())
                        .mul("twice", x.getSameDiff().constant(2f)),
                "the variable \"normal\" is computed by the operation lrn, which Mettle has no gradient for: build it from"
                        + " the operations listed in docs/samediff.md");
        refused(
                FEATURES,
                x -> x.getSameDiff().math().sin("sine", x).mul("m", x),
                "the variable \"sine\" is computed by the operation sin, which Mettle has no gradient for: build it from"
                        + " the operations listed in docs/samediff.md");
    }

    @Test
    void dropoutIsRefusedSinceSameDiffAppliesItAtInference() {
        refused(
                FEATURES,
                x -> x.getSameDiff().nn().dropout("dropped", x, 0.5).mul("m", x),
                "the variable \"dropped\" is computed by the operation dropout, which SameDiff 1.0.0-M2.1 applies at"
                        + " inference too, so that its outputs are random: build the graph to be evaluated without it");
    }

    @Test
    void settingsThatAreNotKnownAreRefused() {
        refused(
                FEATURES,
                x -> x.getSameDiff().nn().relu("cut", x, 0.5).mul("m", x),
                "the variable \"cut\" is computed by the operation relu, which has the cutoff 0.5 here: Mettle knows it"
                        + " with cutoff 0 only");
        refused(
                FEATURES,
                x -> x.castTo("cast", DataType.DOUBLE).castTo("back", DataType.FLOAT),
                "the variable \"cast\" is computed by the operation cast, which turns FLOAT into DOUBLE: keep the whole"
                        + " model in one type");
        refused(
                new long[] {3, 6, 7},
                x -> x.getSameDiff().nn().softmax("soft", x, 1).mul("m", x),
                "the variable \"soft\" is computed by the operation softmax, which runs along axis 1 of 4, where ND4J"
                        + " 1.0.0-M2.1 with oneDNN computes something else: bring that axis to the end with permute");
        refused(
                new long[] {3, 6, 7},
                x -> x.mean("mean", true, -1),
                "the variable \"hidden\" is computed by the operation reduce_mean, which keeps the dimensions of the axes"
                        + " [-1], for which ND4J 1.0.0-M2.1 computes wrong values: count axes from 0, in rising order");
    }

    @Test
    void whatMixesTheSamplesOfABatchIsRefused() {
        refused(
                FEATURES,
                x -> x.sub("centered", x.mean("mean", true, 0)),
                "the variable \"mean\" is computed by the operation reduce_mean, which runs along the axes [0] of 2 and so"
                        + " mixes the samples of a batch: leave out axis 0");
        refused(
                new long[] {4},
                x -> x.reshape(-1, 2).reshape(-1, 4),
                "the variable \"reshape\" is computed by the operation reshape, which mixes the samples of a batch here,"
                        + " since the shape [-1, 2] doesn't leave their 4 values together");
        refused(
                FEATURES,
                x -> x.reshape(1, 5),
                "the variable \"hidden\" is computed by the operation reshape, which gives the fixed batch size 1 in the"
                        + " shape [1, 5]: give -1 instead");
        refused(
                FEATURES,
                x -> x.getSameDiff().permute("turned", x, 1, 0).permute(1, 0).mul("m", x),
                "the variable \"turned\" is computed by the operation permute, which moves the axis of the batch here:"
                        + " leave axis 0 where it is");
        refused(
                FEATURES,
                x -> x.mul("weighted", x.mean("row", false, 1)),
                "the variable \"hidden\" is computed by the operation multiply, which broadcasts one sample's values to"
                        + " another one's here, since its inputs have 2 and 1 dimensions: give both the same number");
        refused(
                FEATURES,
                x -> x.getSameDiff().mmul("gram", x, x, false, true, false).mmul(x),
                "the variable \"gram\" is computed by the operation matmul, which mixes the samples of a batch here: the"
                        + " samples must be the rows of its first input, and its second input constant");
    }

    @Test
    void aConstantForEachSampleOfABatchIsRefused() {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 5);
        x.add("logits", weights(x, 2, 5));

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> SameDiffClassifier.of(graph, "x", "logits"))
                .withMessage("the SameDiff graph takes batches of one size only: the operator Add can't take inputs of"
                        + " shape [3, 5] and [2, 5]");
    }

    @Test
    void variablesThatDoNotFitAreRefused() {
        SameDiff graph = Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x));
        SDVariable other = graph.placeHolder("other", DataType.FLOAT, -1, 4);
        graph.getVariable("logits").add("sum", other);
        graph.var("free", Nd4j.ones(4)).add("shifted", 1);
        graph.getVariable("logits").sum("single", true, 1);
        graph.getVariable("logits").sum("flat", false, 1);

        refused(
                graph,
                "z",
                "logits",
                "the SameDiff graph has no variable \"z\": its placeholders are [other, x], and the last"
                        + " variable it computes is \"flat\"");
        refused(
                graph,
                "hidden",
                "logits",
                "the variable \"hidden\" is no placeholder, and so can't be the input: the"
                        + " placeholders are [other, x]");
        refused(graph, "x", "shifted", "the variable \"shifted\" doesn't depend on the placeholder \"x\"");
        refused(
                graph,
                "x",
                "sum",
                "the output also depends on the placeholder \"other\": Mettle attacks models with one"
                        + " input; make the other one a constant");
        refused(
                graph,
                "x",
                "single",
                "the model SameDiff has 1 output: a classifier needs at least two, or a single one"
                        + " with sigmoid activation");
        refused(
                graph,
                "x",
                "flat",
                "the variable \"flat\" has the shape [1] for one sample: logits have the shape" + " [1, classes]");
    }

    @Test
    void weightsThatAreNotFiniteAreRefused() {
        SameDiff graph = Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x));
        weightsOf(graph).putScalar(0, Double.NaN);

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> model(graph))
                .withMessage("the SameDiff graph holds NaN in its variable \"" + weightNameOf(graph)
                        + "\": its training diverged, or the file is damaged");
    }

    @Test
    void aMissingInputRangeIsReported() {
        SameDiffClassifier model =
                SameDiffClassifier.of(Graphs.classifier(DataType.FLOAT, FEATURES, x -> tanh(x)), "x", "logits");

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(model::info)
                .withMessage("the model SameDiff has no input range: declare the valid range of its inputs, for example"
                        + " with withInputRange(0, 1)");
    }

    @Test
    void aShapeThatThePlaceholderDoesNotTellHasToBeDeclared() {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 3, -1, -1);
        convolutional(x).mean(false, 2, 3).rename("logits");
        SameDiffClassifier model = model(graph);

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> model.predict(inputs(DataType.FLOAT, 2, 3, 6, 7)))
                .withMessage("the shape of the inputs of the model SameDiff can't be read from the placeholder \"x\" of"
                        + " shape [-1, 3, -1, -1]: declare it with withInputShape(…), without the batch dimension");
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> model.withInputShape(2, 6, 7))
                .withMessage(
                        "the input shape [2, 6, 7] doesn't fit the placeholder \"x\" of shape [-1, 3, -1, -1]: give"
                                + " the shape of one sample, without the batch dimension");
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> model.withInputShape(3, 0, 7))
                .withMessage("the input shape [3, 0, 7] is not the shape of a sample: give positive sizes, without the"
                        + " batch dimension");
        assertThat(model.withInputShape(3, 6, 7).predict(inputs(DataType.FLOAT, 2, 3, 6, 7)))
                .hasSize(2);
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> model.withInputShape(3, 6, 7).predict(inputs(DataType.FLOAT, 2, 3, 6, 8)))
                .withMessage(
                        "samples of shape 3×6×8 don't fit the model SameDiff, which takes 3×6×7: bring them into the"
                                + " model's layout");
    }

    @Test
    void aPlaceholderWithAFixedBatchSizeIsRefused() {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, 8, 5);
        x.mul("logits", 2);

        refused(
                graph,
                "x",
                "logits",
                "the placeholder \"x\" of shape [8, 5] takes batches of one size only: give -1 as its" + " first size");
    }

    private static void refused(long[] shape, UnaryOperator<SDVariable> hidden, String message) {
        SameDiff graph = SameDiff.create();
        SDVariable y = hidden.apply(graph.placeHolder("x", DataType.FLOAT, batch(-1, shape)))
                .rename("hidden");
        y.mul("logits", 2);
        refused(graph, "x", "logits", message);
    }

    private static void refused(SameDiff graph, String input, String logits, String message) {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> SameDiffClassifier.of(graph, input, logits))
                .withMessage(message);
    }

    private static SDVariable tanh(SDVariable x) {
        return x.getSameDiff().nn().tanh(x);
    }

    private SDVariable convolutional(SDVariable x) {
        SameDiff graph = x.getSameDiff();
        SDVariable y = graph.cnn()
                .conv2d(
                        x,
                        weights(x, 3, 3, 3, 4),
                        weights(x, 4),
                        Conv2DConfig.builder().kH(3).kW(3).build());
        return graph.cnn()
                .maxPooling2d(
                        graph.nn().relu(y, 0),
                        Pooling2DConfig.builder().kH(2).kW(2).sH(2).sW(2).build());
    }

    private static SameDiffClassifier model(SameDiff graph) {
        return SameDiffClassifier.of(graph, "x", "logits").withInputRange(-4, 4);
    }

    private static String weightNameOf(SameDiff graph) {
        return graph.variables().stream()
                .filter(variable -> variable.getVariableType() == VariableType.VARIABLE)
                .map(SDVariable::name)
                .findFirst()
                .orElseThrow();
    }

    private static INDArray weightsOf(SameDiff graph) {
        return graph.getVariable(weightNameOf(graph)).getArr();
    }
}
