package dev.mettle.dl4j;

import static dev.mettle.dl4j.Networks.dense;
import static dev.mettle.dl4j.Networks.inputs;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mettle.core.ConfigurationException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class SeveralInputsTests {

    private static final InputType FEATURES = InputType.feedForward(5);
    private static final InputType IMAGE = InputType.convolutional(5, 5, 2);
    private static final InputType SERIES = InputType.recurrent(3, 4);

    private static INDArray age() {
        return Nd4j.createFromArray(new double[][] {{0.3, -0.7, 1.1}});
    }

    /** Two inputs, "in" {@code [n, 5]} and "age" {@code [n, 3]}, and the outputs "label" and "price". */
    private static ComputationGraph person() {
        return Networks.graph(Networks.graph()
                .addInputs("age")
                .addLayer("a", dense(6), "in")
                .addLayer("norm", new BatchNormalization(), "a")
                .addLayer("b", dense(4), "age")
                .addVertex("both", new MergeVertex(), "norm", "b")
                .addLayer("label", softmax(), "both")
                .addLayer(
                        "price",
                        new OutputLayer.Builder(LossFunction.MSE)
                                .nOut(1)
                                .activation(Activation.SOFTPLUS)
                                .build(),
                        "b")
                .setOutputs("price", "label")
                .setInputTypes(FEATURES, InputType.feedForward(3)));
    }

    private static Attacked attackedPerson() {
        return Attacked.input("in").output("label").holding("age", age());
    }

    private record Case(String name, ComputationGraph network, Attacked attacked, List<Long> shape, String output) {

        @Override
        public String toString() {
            return name;
        }

        /** Return what the network itself puts out, every input repeated to the batch by hand. */
        INDArray scores(INDArray x) {
            INDArray[] all = network.getConfiguration().getNetworkInputs().stream()
                    .map(input -> input.equals(attacked.input()) ? x.dup() : rows(attacked.held(), input, x.size(0)))
                    .toArray(INDArray[]::new);
            int position = network.getConfiguration().getNetworkOutputs().indexOf(output);
            return network.output(false, all)[position];
        }

        private static INDArray rows(Map<String, INDArray> held, String input, long n) {
            INDArray[] rows = new INDArray[(int) n];
            Arrays.fill(rows, held.get(input));
            return Nd4j.concat(0, rows);
        }
    }

    static Stream<Case> cases() {
        INDArray image = inputs(DataType.DOUBLE, 1, 2, 5, 5);
        INDArray series = inputs(DataType.DOUBLE, 1, 3, 4);
        return Stream.of(
                new Case(
                        "the first of two inputs, the second of two outputs",
                        person(),
                        attackedPerson(),
                        List.of(5L),
                        "label"),
                new Case(
                        "the second of two inputs, one output",
                        Networks.graph(Networks.graph()
                                .addInputs("features")
                                .addLayer(
                                        "conv",
                                        new ConvolutionLayer.Builder(2, 2)
                                                .nOut(3)
                                                .build(),
                                        "in")
                                .addLayer("flat", dense(6), "conv")
                                .addLayer("a", dense(6), "features")
                                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Product), "flat", "a")
                                .addLayer("out", softmax(), "sum")
                                .setOutputs("out")
                                .setInputTypes(IMAGE, FEATURES)),
                        Attacked.input("features").holding("in", image),
                        List.of(5L),
                        "out"),
                new Case(
                        "a series at whose steps features are repeated, with another output per step",
                        Networks.graph(Networks.graph()
                                .addInputs("features")
                                .addLayer("a", dense(2), "features")
                                .addVertex("repeated", new DuplicateToTimeSeriesVertex("in"), "a")
                                .addVertex("both", new MergeVertex(), "in", "repeated")
                                .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "both")
                                .addVertex("last", new LastTimeStepVertex("in"), "lstm")
                                .addLayer("out", softmax(), "last")
                                .addLayer(
                                        "steps",
                                        new RnnOutputLayer.Builder(LossFunction.MCXENT)
                                                .nOut(3)
                                                .activation(Activation.SOFTMAX)
                                                .build(),
                                        "lstm")
                                .setOutputs("out", "steps")
                                .setInputTypes(SERIES, FEATURES)),
                        Attacked.input("features").output("out").holding("in", series),
                        List.of(5L),
                        "out"),
                new Case(
                        "one input, two outputs",
                        Networks.graph(Networks.graph()
                                .addLayer("a", dense(6), "in")
                                .addLayer("first", softmax(), "a")
                                .addLayer("second", softmax(), "a")
                                .setOutputs("first", "second")
                                .setInputTypes(FEATURES)),
                        Attacked.input("in").output("second"),
                        List.of(5L),
                        "second"));
    }

    private static Stream<Arguments> casesAndBatches() {
        return cases().flatMap(each -> Stream.of(1L, 3L).map(n -> Arguments.arguments(each, n)));
    }

    @ParameterizedTest(name = "{0}, batch {1}")
    @MethodSource("casesAndBatches")
    void logitsAndGradientsAreThoseOfTheOutputThatCounts(Case each, long n) {
        INDArray x = inputs(DataType.DOUBLE, Networks.batch(n, each.shape.get(0)));
        Dl4jClassifier classifier =
                Dl4jClassifier.of(each.network, each.attacked).withInputRange(-9, 9);

        Differences.verify(classifier, x, each.scores(x), 1e-12);
        assertThat(classifier.predict(x)).isEqualTo(each.scores(x).argMax(1).toIntVector());
    }

    @Test
    void theShapeIsThatOfTheAttackedInput() {
        assertThat(Dl4jClassifier.of(person(), attackedPerson())
                        .withInputRange(-9, 9)
                        .info()
                        .inputShape())
                .containsExactly(5L);
        assertThat(Dl4jClassifier.of(
                                person(),
                                Attacked.input("age").output("label").holding("in", inputs(DataType.DOUBLE, 1, 5)))
                        .withInputRange(-9, 9)
                        .info()
                        .inputShape())
                .containsExactly(3L);
    }

    @Test
    void theOriginalIsComparedInDoublePrecision() {
        ComputationGraph network = person().convertDataType(DataType.FLOAT);
        INDArray x = inputs(DataType.FLOAT, 3, 5);
        Dl4jClassifier single = Dl4jClassifier.of(network, attackedPerson()).withInputRange(-9, 9);
        INDArray exact = Dl4jClassifier.of(network.convertDataType(DataType.DOUBLE), attackedPerson())
                .withInputRange(-9, 9)
                .logits(x.castTo(DataType.DOUBLE));

        assertThat(single.inDoublePrecision().logits(x.castTo(DataType.DOUBLE))).isEqualTo(exact);
        assertThat(single.logits(x).castTo(DataType.DOUBLE).equalsWithEps(exact, 1e-5))
                .isTrue();
    }

    @Test
    void whatIsHeldIsCopiedAndBelongsToTheHash() {
        INDArray age = age();
        Attacked attacked = Attacked.input("in").output("label").holding("age", age);
        Dl4jClassifier classifier = Dl4jClassifier.of(person(), attacked).withInputRange(-9, 9);
        INDArray x = inputs(DataType.DOUBLE, 3, 5);
        INDArray before = classifier.logits(x);
        String sha256 = classifier.info().sha256();

        age.addi(1);

        assertThat(classifier.logits(x)).isEqualTo(before);
        assertThat(classifier.info().sha256())
                .isEqualTo(sha256)
                .isNotEqualTo(Dl4jClassifier.of(
                                person(), Attacked.input("in").output("label").holding("age", age))
                        .withInputRange(-9, 9)
                        .info()
                        .sha256());
    }

    @Test
    void aGraphIsLoadedWithWhatIsAttacked(@TempDir Path directory) throws IOException {
        ComputationGraph network = person();
        File file = directory.resolve("person.zip").toFile();
        ModelSerializer.writeModel(network, file, false);
        INDArray x = inputs(DataType.DOUBLE, 3, 5);

        Dl4jClassifier loaded =
                Dl4jClassifier.load(file.toPath(), attackedPerson()).withInputRange(-9, 9);

        assertThat(loaded.logits(x))
                .isEqualTo(Dl4jClassifier.of(network, attackedPerson())
                        .withInputRange(-9, 9)
                        .logits(x));
        refused(
                () -> Dl4jClassifier.load(file.toPath()),
                "the ComputationGraph has the inputs \"in\", \"age\" and the outputs \"price\", \"label\": say which one is"
                        + " attacked and which one counts, as second argument, for example"
                        + " Attacked.input(\"in\").output(\"price\").holding(\"age\", …)");
    }

    @Test
    void aChainOfLayersHasOneInputAndOneOutput(@TempDir Path directory) throws IOException {
        File file = directory.resolve("chain.zip").toFile();
        ModelSerializer.writeModel(Networks.small(), file, false);

        refused(
                () -> Dl4jClassifier.load(file.toPath(), Attacked.input("in")),
                "a MultiLayerNetwork has one input and one output: leave out what is attacked");
    }

    @Test
    void unknownNamesAreReportedWithTheKnownOnes() {
        refused(
                () -> Dl4jClassifier.of(person(), Attacked.input("image")),
                "the ComputationGraph has no input \"image\", but \"in\", \"age\"");
        refused(
                () -> Dl4jClassifier.of(person(), attackedPerson().holding("size", age())),
                "the ComputationGraph has no input \"size\", but \"in\", \"age\"");
        refused(
                () -> Dl4jClassifier.of(person(), attackedPerson().output("class")),
                "the ComputationGraph has no output \"class\", but \"price\", \"label\"");
    }

    @Test
    void whatIsMissingIsReported() {
        refused(
                () -> Dl4jClassifier.of(person(), Attacked.input("in").output("label")),
                "the ComputationGraph has further inputs that need a value: \"age\"; hold each of them, for example with"
                        + " holding(\"age\", …)");
        refused(
                () -> Dl4jClassifier.of(person(), Attacked.input("in").holding("age", age())),
                "the ComputationGraph has the outputs \"price\", \"label\": say which one counts, for example with"
                        + " output(\"price\")");
    }

    @Test
    void anOutputThatDoesNotDependOnTheAttackedInputIsReported() {
        refused(
                () -> Dl4jClassifier.of(
                        person(), Attacked.input("in").output("price").holding("age", age())),
                "the output \"price\" doesn't depend on the input \"in\": attack another one");
    }

    @Test
    void whatIsHeldIsOneFiniteValueOfAnotherInput() {
        refused(() -> attackedPerson().holding("in", age()), "the input \"in\" is attacked: hold the other inputs");
        refused(() -> attackedPerson().holding("age", age()), "the input \"age\" is held twice: give it one value");
        refused(
                () -> Attacked.input("in").holding("age", Nd4j.zeros(DataType.DOUBLE, 2, 3)),
                "the input \"age\" is held at a value of shape [2, 3]: give one value for all samples, with the batch size 1"
                        + " as first dimension");
        refused(
                () -> Attacked.input("in").holding("age", Nd4j.createFromArray(1.0, 2.0, 3.0)),
                "the input \"age\" is held at a value of shape [3]: give one value for all samples, with the batch size 1"
                        + " as first dimension");
        refused(
                () -> Attacked.input("in").holding("age", Nd4j.createFromArray(new double[][] {{1, Double.NaN, 3}})),
                "the input \"age\" is held at NaN: give finite values");
    }

    @Test
    void aHeldValueOfAnotherShapeIsReported() {
        refused(
                () -> Dl4jClassifier.of(
                        person(),
                        Attacked.input("in").output("label").holding("age", Nd4j.zeros(DataType.DOUBLE, 1, 4))),
                "the input \"age\" is held at a value of shape 4, but takes 3");
    }

    @Test
    void onlyTheOutputThatCountsHasToBeSupported() {
        refused(
                () -> Dl4jClassifier.of(
                        person(), Attacked.input("age").output("price").holding("in", inputs(DataType.DOUBLE, 1, 5))),
                "the output activation of layer \"price\" (OutputLayer) is softplus: Mettle reads logits from softmax,"
                        + " sigmoid and identity outputs");
    }

    @Test
    @SuppressWarnings("deprecation") // models with such a layer are around, and it is not lowered
    void aLayerWithoutOperatorsIsNamed() {
        ComputationGraph network = Networks.graph(Networks.graph()
                .addLayer(
                        "a",
                        new org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM.Builder()
                                .nOut(6)
                                .build(),
                        "in")
                .addLayer("pool", new GlobalPoolingLayer(), "a")
                .addLayer("first", softmax(), "pool")
                .addLayer("second", softmax(), "pool")
                .setOutputs("first", "second")
                .setInputTypes(InputType.recurrent(3, 5)));

        refused(
                () -> Dl4jClassifier.of(network, Attacked.input("in").output("second")),
                "the model ComputationGraph has several inputs or outputs and can't be attacked, since layer \"a\""
                        + " (GravesBidirectionalLSTM) has no known operators: replace it");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatExceptionOfType(ConfigurationException.class).isThrownBy(call).withMessage(message);
    }
}
