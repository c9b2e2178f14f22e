package dev.mettle.dl4j;

import static dev.mettle.dl4j.Networks.dense;
import static dev.mettle.dl4j.Networks.inputs;
import static dev.mettle.dl4j.Networks.layers;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class MaskTests {

    private static final InputType SERIES = InputType.recurrent(3, 6);

    private static INDArray mask(double... steps) {
        return Nd4j.createFromArray(new double[][] {steps}).castTo(DataType.FLOAT);
    }

    private static final List<INDArray> MASKS =
            List.of(mask(1, 1, 1, 1, 0, 0), mask(0, 1, 1, 0, 0, 1), mask(0, 0, 1, 1, 1, 0), mask(1, 1, 1, 1, 1, 1));

    @SuppressWarnings("deprecation") // models with GravesLSTM are around
    static Stream<Arguments> networks() {
        return Stream.of(
                series("maximum", lstm(), new GlobalPoolingLayer(PoolingType.MAX)),
                series("average", lstm(), new GlobalPoolingLayer(PoolingType.AVG)),
                series("sum", lstm(), new GlobalPoolingLayer(PoolingType.SUM)),
                series(
                        "norm",
                        lstm(),
                        new GlobalPoolingLayer.Builder(PoolingType.PNORM)
                                .pnorm(2)
                                .build()),
                series(
                        "norm of another power",
                        lstm(),
                        new GlobalPoolingLayer.Builder(PoolingType.PNORM)
                                .pnorm(3)
                                .build()),
                series("simple recurrent", rnn(), new GlobalPoolingLayer(PoolingType.AVG)),
                series("bidirectional LSTM", new Bidirectional(lstm()), new GlobalPoolingLayer(PoolingType.AVG)),
                series("bidirectional", new Bidirectional(rnn()), new GlobalPoolingLayer(PoolingType.MAX)),
                series(
                        "bidirectional, multiplied",
                        new Bidirectional(Bidirectional.Mode.MUL, rnn()),
                        new GlobalPoolingLayer(PoolingType.SUM)),
                series("last step of an LSTM", new LastTimeStep(lstm())),
                series("last step of a simple recurrent layer", rnn(), new LastTimeStep(rnn())),
                series(
                        "last step of an LSTM with peepholes",
                        new LastTimeStep(new org.deeplearning4j.nn.conf.layers.GravesLSTM.Builder()
                                .nOut(4)
                                .build())),
                series(
                        "batch norm and activation at every step",
                        dense(4),
                        new BatchNormalization(),
                        new ActivationLayer(Activation.SOFTPLUS),
                        rnn(),
                        new ActivationLayer(Activation.SIGMOID),
                        new GlobalPoolingLayer(PoolingType.AVG)),
                series("last step, bidirectional", new LastTimeStep(new Bidirectional(lstm()))),
                series("frozen", new FrozenLayer(rnn()), new FrozenLayer(new LastTimeStep(lstm()))),
                series(
                        "dense at every step",
                        dense(4),
                        lstm(),
                        dense(5),
                        rnn(),
                        new GlobalPoolingLayer(PoolingType.SUM)),
                series("convolution", convolution(1), new GlobalPoolingLayer(PoolingType.AVG)),
                series("strides", convolution(2), rnn(), new GlobalPoolingLayer(PoolingType.AVG)),
                series(
                        "pooling",
                        rnn(),
                        new Subsampling1DLayer.Builder(SubsamplingLayer.PoolingType.MAX, 2, 2).build(),
                        new GlobalPoolingLayer(PoolingType.AVG),
                        dense(4)),
                series(
                        "attention",
                        rnn(),
                        new SelfAttentionLayer.Builder()
                                .nOut(4)
                                .nHeads(2)
                                .projectInput(true)
                                .build(),
                        new GlobalPoolingLayer(PoolingType.SUM)),
                series(
                        "attention without projection",
                        rnn(),
                        new SelfAttentionLayer.Builder()
                                .nIn(3)
                                .nOut(3)
                                .nHeads(1)
                                .projectInput(false)
                                .build(),
                        new GlobalPoolingLayer(PoolingType.MAX)),
                arguments(
                        "last step in a graph",
                        Networks.graph(Networks.graph()
                                .addLayer("lstm", lstm(), "in")
                                .addLayer("rnn", rnn(), "in")
                                .addVertex("both", new MergeVertex(), "lstm", "rnn")
                                .addVertex("last", new LastTimeStepVertex("in"), "both")
                                .addLayer("out", softmax(), "last")
                                .setOutputs("out")
                                .setInputTypes(SERIES))),
                arguments(
                        "pooling of two branches",
                        Networks.graph(Networks.graph()
                                .addLayer("lstm", lstm(), "in")
                                .addLayer("dense", dense(2), "in")
                                .addLayer("rnn", rnn(), "dense")
                                .addVertex("both", new MergeVertex(), "lstm", "rnn")
                                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "both")
                                .addLayer("out", softmax(), "pool")
                                .setOutputs("out")
                                .setInputTypes(SERIES))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void logitsAndGradientsAreThoseOfTheMaskedNetwork(String name, Object network) {
        for (INDArray mask : MASKS) {
            for (long n : new long[] {1, 3}) {
                INDArray x = inputs(DataType.DOUBLE, n, 3, 6);
                // Deeplearning4j's LastTimeStep copies to single precision
                double tolerance = name.contains("last step") || name.equals("frozen") ? 1e-6 : 1e-12;
                Differences.verify(
                        classifier(network).withInputShape(3, 6).withInputMask(mask),
                        x,
                        scores(network, x, mask),
                        tolerance);
            }
        }
    }

    @Test
    void theAttackedOneOfSeveralInputsHasTheMask() {
        ComputationGraph network = Networks.graph(Networks.graph()
                .addInputs("features")
                .addLayer("rnn", rnn(), "in")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "rnn")
                .addLayer("dense", dense(2), "features")
                .addVertex("both", new MergeVertex(), "pool", "dense")
                .addLayer("out", softmax(), "both")
                .setOutputs("out")
                .setInputTypes(SERIES, InputType.feedForward(2)));
        INDArray features = inputs(DataType.DOUBLE, 1, 2);
        INDArray mask = mask(1, 1, 1, 1, 0, 0);
        INDArray x = inputs(DataType.DOUBLE, 1, 3, 6);

        Differences.verify(
                Dl4jClassifier.of(network, Attacked.input("in").holding("features", features))
                        .withInputRange(-9, 9)
                        .withInputMask(mask),
                x,
                network.output(false, new INDArray[] {x.dup(), features}, new INDArray[] {mask, null})[0],
                1e-12);
    }

    @Test
    void featuresThatComeLastAreRefusedUnderAMask() {
        MultiLayerNetwork network = layers(
                InputType.recurrent(3, 6, RNNFormat.NWC),
                new SimpleRnn.Builder().nOut(3).dataFormat(RNNFormat.NWC).build(),
                new GlobalPoolingLayer(PoolingType.AVG),
                softmax());

        refused(
                () -> classifier(network).withInputMask(mask(1, 1, 1, 1, 0, 0)),
                "the model MultiLayerNetwork takes ?×3: only time series [features, time] may have an input mask");
    }

    @Test
    void paddingHasNoGradient() {
        Dl4jClassifier classifier = classifier(pooled(lstm())).withInputMask(mask(1, 1, 1, 1, 0, 0));

        double[][] gradient = Rows.toRows(classifier
                .gradient(inputs(DataType.DOUBLE, 1, 3, 6), z -> new CrossEntropy().gradients(z, new int[] {1}))
                .gradient());

        for (int i = 0; i < gradient[0].length; i++) {
            assertThat(gradient[0][i] == 0).isEqualTo(i % 6 >= 4);
        }
    }

    @Test
    void theNetworkKeepsNoMask() {
        MultiLayerNetwork network = pooled(rnn());
        INDArray x = inputs(DataType.DOUBLE, 3, 3, 6);
        INDArray before = network.output(x, false).dup();
        Dl4jClassifier plain = classifier(network);
        Dl4jClassifier masked = plain.withInputMask(mask(1, 1, 1, 1, 0, 0));
        String sha256 = plain.info().sha256();
        INDArray logits = plain.logits(x);

        masked.predict(x);
        masked.logits(x);

        assertThat(network.output(x, false)).isEqualTo(before);
        assertThat(plain.logits(x)).isEqualTo(logits).isNotEqualTo(masked.logits(x));
        assertThat(plain.info().sha256())
                .isEqualTo(sha256)
                .isNotEqualTo(masked.info().sha256());
        assertThat(masked.withInputMask(mask(1, 1, 1, 1, 1, 1, 1)).info().inputShape())
                .containsExactly(3L, 7L);
    }

    @Test
    void aMaskTellsTheLengthOfTheSeries() {
        Dl4jClassifier classifier = classifier(pooled(lstm())).withInputMask(mask(1, 1, 1, 1, 0, 0));

        assertThat(classifier.info().inputShape()).containsExactly(3L, 6L);
        refused(
                () -> classifier.predict(inputs(DataType.DOUBLE, 1, 3, 5)),
                "samples of shape 3×5 don't fit the model MultiLayerNetwork, which takes 3×6: bring them into the model's"
                        + " layout");
        refused(
                () -> classifier(pooled(lstm())).withInputShape(3, 6).withInputMask(mask(1, 1, 0)),
                "the input mask has 3 steps, but the model MultiLayerNetwork takes 3×6: give one value per step");
    }

    @Test
    void aMaskIsOneRowOfZerosAndOnes() {
        Dl4jClassifier classifier = classifier(pooled(lstm()));

        refused(
                () -> classifier.withInputMask(Nd4j.ones(DataType.DOUBLE, 2, 6)),
                "the input mask has the shape [2, 6]: give one mask for all samples, shape [1, time]");
        refused(
                () -> classifier.withInputMask(mask(1, 0.5, 0)),
                "the input mask holds 0.5: give 1 for steps that are there, and 0 for padding");
        refused(
                () -> classifier.withInputMask(mask(0, 0, 0)),
                "the input mask holds nothing but zeros: give 1 for steps that are there");
    }

    @Test
    void onlySeriesHaveMasks() {
        refused(
                () -> classifier(layers(InputType.feedForward(5), dense(6), softmax()))
                        .withInputMask(mask(1, 1, 0)),
                "the model MultiLayerNetwork takes 5: only time series [features, time] may have an input mask");
    }

    @Test
    void aLayerWhoseWayWithMasksIsNotKnownIsNamed() {
        refused(
                () -> classifier(layers(
                                SERIES,
                                lstm(),
                                new Upsampling1D.Builder(2).build(),
                                new GlobalPoolingLayer(PoolingType.AVG),
                                softmax()))
                        .withInputMask(mask(1, 1, 1, 1, 0, 0)),
                "the model MultiLayerNetwork can't be attacked under an input mask, since layer \"layer1\" (Upsampling1D) gets"
                        + " a mask, and what it does with it is not known: leave out the mask, or replace the layer");
    }

    @Test
    void aDeclaredShapeIsEnough() {
        MultiLayerNetwork network = layers(SERIES, new GlobalPoolingLayer(PoolingType.AVG), softmax());
        INDArray mask = mask(1, 1, 1, 1, 0, 0);
        INDArray x = inputs(DataType.DOUBLE, 3, 3, 6);

        Differences.verify(
                classifier(network).withInputShape(3, 6).withInputMask(mask), x, scores(network, x, mask), 1e-12);
        refused(
                () -> classifier(network).withInputMask(mask),
                "the shape of the inputs of the model MultiLayerNetwork can't be read from its configuration: declare it with"
                        + " withInputShape(…), without the batch dimension");
    }

    @Test
    void timeDistributedLayersAreRefusedSinceTheirMaskDependsOnTheBatch() {
        MultiLayerNetwork network = pooled(new TimeDistributed(dense(4)));
        INDArray mask = mask(1, 1, 1, 1, 0, 0);
        INDArray x = inputs(DataType.DOUBLE, 2, 3, 6);
        INDArray together = scores(network, x, mask).getRow(1);
        assertThat(together.equalsWithEps(
                        scores(network, Rows.slice(x, 1, 2), mask).getRow(0), 1e-3))
                .isFalse();

        refused(
                () -> classifier(network).withInputMask(mask),
                "the model MultiLayerNetwork can't be attacked under an input mask, since layer \"layer0\" (TimeDistributed)"
                        + " gets a mask, which Deeplearning4j 1.0.0-M2.1 lays over the wrong steps: leave out the mask, or"
                        + " replace the layer");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatExceptionOfType(ConfigurationException.class).isThrownBy(call).withMessage(message);
    }

    private static INDArray scores(Object network, INDArray x, INDArray mask) {
        INDArray masks =
                Nd4j.concat(0, Stream.generate(() -> mask).limit(x.size(0)).toArray(INDArray[]::new));
        return network instanceof MultiLayerNetwork chain
                ? chain.output(x.dup(), false, masks, null)
                : ((ComputationGraph) network).output(false, new INDArray[] {x.dup()}, new INDArray[] {masks})[0];
    }

    private static Dl4jClassifier classifier(Object network) {
        Dl4jClassifier classifier = network instanceof MultiLayerNetwork chain
                ? Dl4jClassifier.of(chain)
                : Dl4jClassifier.of((ComputationGraph) network);
        return classifier.withInputRange(-9, 9);
    }

    private static MultiLayerNetwork pooled(Layer layer) {
        return layers(SERIES, layer, new GlobalPoolingLayer(PoolingType.AVG), softmax());
    }

    private static LSTM lstm() {
        return new LSTM.Builder().nOut(4).build();
    }

    private static SimpleRnn rnn() {
        return new SimpleRnn.Builder().nOut(3).build();
    }

    private static Layer convolution(int stride) {
        return new Convolution1DLayer.Builder(2)
                .nOut(4)
                .stride(stride)
                .convolutionMode(ConvolutionMode.Same)
                .build();
    }

    private static Arguments series(String name, Layer... hidden) {
        Layer[] all = Arrays.copyOf(hidden, hidden.length + 1);
        all[hidden.length] = softmax();
        return arguments(name, layers(SERIES, all));
    }
}
