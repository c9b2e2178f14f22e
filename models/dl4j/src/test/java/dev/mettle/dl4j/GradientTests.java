package dev.mettle.dl4j;

import static dev.mettle.dl4j.GradientOracle.LOSS;
import static dev.mettle.dl4j.GradientOracle.batch;
import static dev.mettle.dl4j.GradientOracle.classifier;
import static dev.mettle.dl4j.GradientOracle.relativeError;
import static dev.mettle.dl4j.GradientOracle.verify;
import static dev.mettle.dl4j.Networks.dense;
import static dev.mettle.dl4j.Networks.graph;
import static dev.mettle.dl4j.Networks.inputs;
import static dev.mettle.dl4j.Networks.labels;
import static dev.mettle.dl4j.Networks.layers;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.dropout.AlphaDropout;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.dropout.SpatialDropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Input gradients against finite differences of the logits, in double precision. */
class GradientTests {

    private static final InputType IMAGE = InputType.convolutional(5, 5, 2);
    private static final InputType SERIES = InputType.recurrent(3, 5);
    private static final InputType FEATURES = InputType.feedForward(5);

    static Stream<Arguments> networks() {
        return Stream.of(
                        features("dense", dense(6)),
                        features(
                                "dense with layer norm",
                                new DenseLayer.Builder()
                                        .nOut(6)
                                        .hasLayerNorm(true)
                                        .build()),
                        features(
                                "parametric ReLU",
                                dense(6),
                                new PReLULayer.Builder().inputShape(6).build()),
                        features("batch norm of features", dense(6), new BatchNormalization()),
                        features("batch norm first", new BatchNormalization(), dense(6)),
                        features(
                                "batch norm last",
                                dense(6),
                                new BatchNormalization(),
                                dense(5),
                                new BatchNormalization()),
                        features(
                                "batch norm with variance",
                                dense(6),
                                new BatchNormalization.Builder()
                                        .useLogStd(false)
                                        .build()),
                        features(
                                "batch norm with gamma and beta locked",
                                dense(6),
                                new BatchNormalization.Builder(true)
                                        .gamma(2)
                                        .beta(0.5)
                                        .build()),
                        features(
                                "batch norm with gamma locked, which is ignored",
                                dense(6),
                                new BatchNormalization.Builder(true)
                                        .gamma(2)
                                        .useLogStd(false)
                                        .build()),
                        features(
                                "dropout",
                                new DenseLayer.Builder().nOut(6).dropOut(0.5).build(),
                                dense(5)),
                        features("dropout layer", dense(6), new DropoutLayer(0.5)),
                        features("alpha dropout", dense(6), new DropoutLayer.Builder(new AlphaDropout(0.5)).build()),
                        features("Gaussian dropout", dense(6), new DropoutLayer(new GaussianDropout(0.5))),
                        features("Gaussian noise", dense(6), new DropoutLayer(new GaussianNoise(0.5))),
                        features(
                                "DropConnect",
                                new DenseLayer.Builder()
                                        .nOut(6)
                                        .weightNoise(new DropConnect(0.5))
                                        .build()),
                        features("frozen layers", new FrozenLayer(dense(6)), new FrozenLayerWithBackprop(dense(5))),
                        features("frozen batch norm", dense(6), new FrozenLayer(new BatchNormalization())),
                        features("frozen dropout", dense(6), new FrozenLayer(new DropoutLayer(0.5))),
                        image("convolution", convolution(3)),
                        image(
                                "convolution, strides and padding",
                                new ConvolutionLayer.Builder(3, 3)
                                        .nOut(3)
                                        .stride(2, 2)
                                        .padding(1, 1)
                                        .build()),
                        image(
                                "convolution, same, dilated",
                                new ConvolutionLayer.Builder(2, 2)
                                        .nOut(3)
                                        .convolutionMode(ConvolutionMode.Same)
                                        .dilation(2, 2)
                                        .build()),
                        image("max pooling", convolution(3), pooling(PoolingType.MAX)),
                        image("average pooling", convolution(3), pooling(PoolingType.AVG)),
                        image(
                                "batch norm of channels",
                                convolution(3),
                                new BatchNormalization(),
                                pooling(PoolingType.MAX)),
                        image("batch norm before convolution", new BatchNormalization(), convolution(3)),
                        image(
                                "batch norm with variance, channels",
                                convolution(3),
                                new BatchNormalization.Builder()
                                        .useLogStd(false)
                                        .build()),
                        image(
                                "locked batch norm of channels",
                                convolution(3),
                                new BatchNormalization.Builder(true)
                                        .gamma(2)
                                        .beta(0.5)
                                        .useLogStd(false)
                                        .build()),
                        image(
                                "ignored gamma, channels",
                                convolution(3),
                                new BatchNormalization.Builder(true).gamma(2).build()),
                        image(
                                "convolution, batch norm, activation",
                                new ConvolutionLayer.Builder(3, 3)
                                        .nOut(3)
                                        .activation(Activation.IDENTITY)
                                        .build(),
                                new BatchNormalization(),
                                new ActivationLayer(Activation.RELU)),
                        image("spatial dropout", convolution(3), new DropoutLayer(new SpatialDropout(0.5))),
                        image("global average pooling", convolution(3), new GlobalPoolingLayer(PoolingType.AVG)),
                        image("global max pooling", convolution(3), new GlobalPoolingLayer(PoolingType.MAX)),
                        image("local response normalization", convolution(3), new LocalResponseNormalization()),
                        image(
                                "depthwise convolution",
                                new DepthwiseConvolution2D.Builder(3, 3)
                                        .depthMultiplier(2)
                                        .build()),
                        image(
                                "deconvolution",
                                new Deconvolution2D.Builder(2, 2).nOut(3).build()),
                        image(
                                "padding and upsampling",
                                new ZeroPaddingLayer(1, 1),
                                new Upsampling2D.Builder(2).build(),
                                convolution(3)),
                        image("frozen convolution", new FrozenLayer(convolution(3)), new BatchNormalization()),
                        arguments(
                                "images without convolution", layers(IMAGE, dense(6), softmax()), new long[] {2, 5, 5}),
                        arguments(
                                "flat images",
                                layers(InputType.convolutionalFlat(5, 5, 2), convolution(3), softmax()),
                                new long[] {50}),
                        arguments(
                                "channels last",
                                layers(
                                        InputType.convolutional(5, 5, 2, CNN2DFormat.NHWC),
                                        convolutionBuilder(3)
                                                .dataFormat(CNN2DFormat.NHWC)
                                                .build(),
                                        new BatchNormalization.Builder()
                                                .dataFormat(CNN2DFormat.NHWC)
                                                .build(),
                                        softmax()),
                                new long[] {5, 5, 2}),
                        series(
                                "LSTM, last step",
                                new LastTimeStep(new LSTM.Builder().nOut(4).build())),
                        series(
                                "LSTM with dropout, pooled",
                                new LSTM.Builder().nOut(4).dropOut(0.5).build(),
                                new GlobalPoolingLayer(PoolingType.MAX)),
                        series(
                                "simple recurrent",
                                new LastTimeStep(new SimpleRnn.Builder()
                                        .nOut(4)
                                        .dropOut(0.5)
                                        .weightNoise(new DropConnect(0.5))
                                        .build())),
                        series(
                                "bidirectional",
                                new Bidirectional(
                                        new LSTM.Builder().nOut(3).dropOut(0.5).build()),
                                new GlobalPoolingLayer(PoolingType.AVG)),
                        series(
                                "frozen LSTM",
                                new FrozenLayer(new LastTimeStep(
                                        new LSTM.Builder().nOut(4).dropOut(0.5).build()))),
                        series(
                                "one-dimensional convolution",
                                new Convolution1DLayer.Builder(2).nOut(4).build(),
                                new GlobalPoolingLayer(PoolingType.AVG)))
                .filter(network -> !(Networks.ND4J_M1 && network.get()[0].equals("dense with layer norm")));
    }

    static Stream<Arguments> heads() {
        return Stream.of(
                head("softmax", Activation.SOFTMAX, LossFunction.MCXENT, 4),
                head("softmax, likelihood", Activation.SOFTMAX, LossFunction.NEGATIVELOGLIKELIHOOD, 4),
                head("several sigmoids", Activation.SIGMOID, LossFunction.XENT, 4),
                head("one sigmoid", Activation.SIGMOID, LossFunction.XENT, 1),
                head("identity", Activation.IDENTITY, LossFunction.MSE, 4),
                arguments("loss layer", layers(FEATURES, dense(6), logits(), lossLayer(Activation.SOFTMAX)), 4),
                arguments(
                        "softmax in the dense layer",
                        layers(FEATURES, dense(6), denseWith(Activation.SOFTMAX), lossLayer(Activation.IDENTITY)),
                        4),
                arguments(
                        "softmax in an activation layer",
                        layers(
                                FEATURES,
                                dense(6),
                                logits(),
                                new ActivationLayer(Activation.SOFTMAX),
                                lossLayer(Activation.IDENTITY)),
                        4),
                arguments(
                        "no output layer",
                        layers(FEATURES, dense(6), logits(), new ActivationLayer(Activation.SOFTMAX)),
                        4),
                arguments("dense softmax at the end", layers(FEATURES, dense(6), denseWith(Activation.SOFTMAX)), 4),
                arguments(
                        "dropout at the end",
                        layers(FEATURES, denseWith(Activation.SOFTMAX), new DropoutLayer(0.5)),
                        4),
                arguments(
                        "pooled at the end", layers(IMAGE, convolution(4), new GlobalPoolingLayer(PoolingType.AVG)), 4),
                arguments("frozen output layer", layers(FEATURES, dense(6), new FrozenLayerWithBackprop(softmax())), 4),
                arguments(
                        "center loss",
                        layers(
                                FEATURES,
                                dense(6),
                                new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                                        .nOut(4)
                                        .activation(Activation.SOFTMAX)
                                        .lambda(0.1)
                                        .build()),
                        4));
    }

    static Stream<Arguments> graphs() {
        return Stream.of(
                arguments(
                        "chain",
                        graph(Networks.graph()
                                .addLayer("a", dense(6), "in")
                                .addLayer("out", softmax(), "a")
                                .setOutputs("out")
                                .setInputTypes(FEATURES)),
                        new long[] {5}),
                arguments(
                        "merge, sum, product and scale, with an order that differs from that of the names",
                        graph(Networks.graph()
                                .addLayer("z", dense(6), "in")
                                .addLayer("m", dense(6), "in")
                                .addLayer("a", dense(6), "in")
                                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "z", "a")
                                .addVertex("product", new ElementWiseVertex(ElementWiseVertex.Op.Product), "m", "a")
                                .addVertex("scale", new ScaleVertex(0.5), "product")
                                .addVertex("both", new MergeVertex(), "sum", "scale", "in")
                                .addLayer("b", dense(7), "both")
                                .addLayer("out", softmax(), "b")
                                .setOutputs("out")
                                .setInputTypes(FEATURES)),
                        new long[] {5}),
                arguments("residual network with batch norm and dropout", residual(), new long[] {2, 5, 5}),
                arguments(
                        "frozen vertex",
                        graph(Networks.graph()
                                .addVertex(
                                        "a",
                                        new FrozenVertex(new LayerVertex(
                                                new org.deeplearning4j.nn.conf.NeuralNetConfiguration.Builder()
                                                        .dataType(DataType.DOUBLE)
                                                        .layer(new DenseLayer.Builder()
                                                                .name("a")
                                                                .nIn(5)
                                                                .nOut(6)
                                                                .dropOut(0.5)
                                                                .activation(Activation.TANH)
                                                                .build())
                                                        .build(),
                                                null)),
                                        "in")
                                .addLayer(
                                        "out",
                                        new OutputLayer.Builder(LossFunction.MCXENT)
                                                .nIn(6)
                                                .nOut(4)
                                                .activation(Activation.SOFTMAX)
                                                .build(),
                                        "a")
                                .setOutputs("out")),
                        new long[] {5}),
                arguments(
                        "last time step of an LSTM",
                        graph(Networks.graph()
                                .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "in")
                                .addVertex("last", new LastTimeStepVertex("in"), "lstm")
                                .addLayer("out", softmax(), "last")
                                .setOutputs("out")
                                .setInputTypes(SERIES)),
                        new long[] {3, 5}),
                arguments(
                        "softmax in the dense layer before a loss layer",
                        graph(Networks.graph()
                                .addLayer("a", dense(6), "in")
                                .addLayer("probabilities", denseWith(Activation.SOFTMAX), "a")
                                .addLayer("out", lossLayer(Activation.IDENTITY), "probabilities")
                                .setOutputs("out")
                                .setInputTypes(FEATURES)),
                        new long[] {5}),
                arguments(
                        "no output layer",
                        graph(Networks.graph()
                                .addLayer("a", dense(6), "in")
                                .addLayer("out", denseWith(Activation.SOFTMAX), "a")
                                .setOutputs("out")
                                .setInputTypes(FEATURES)),
                        new long[] {5}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"networks", "graphs"})
    void gradientsAreThoseOfInference(String name, Object network, long[] shape) {
        verify(classifier(network), inputs(DataType.DOUBLE, batch(8, shape)), 4);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"networks", "graphs"})
    void aSampleAloneHasTheGradientItHasInABatch(String name, Object network, long[] shape) {
        Dl4jClassifier classifier = classifier(network);
        INDArray batch = inputs(DataType.DOUBLE, batch(8, shape));
        InputGradient together = classifier.gradient(batch, logits -> LOSS.gradients(logits, labels(8, 4)));

        InputGradient alone = classifier.gradient(
                Rows.select(batch, new int[] {5}), logits -> LOSS.gradients(logits, new int[] {5 % 4}));

        assertThat(relativeError(alone.gradient(), Rows.slice(together.gradient(), 5, 6)))
                .isLessThan(1e-12);
        assertThat(relativeError(alone.logits(), Rows.slice(together.logits(), 5, 6)))
                .isLessThan(1e-12);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("heads")
    void logitsAndGradientsAreThoseBeforeTheOutputActivation(String name, MultiLayerNetwork network, int outputs) {
        long[] shape = network.getLayer(0).conf().getLayer() instanceof ConvolutionLayer
                ? new long[] {8, 2, 5, 5}
                : new long[] {8, 5};
        Dl4jClassifier classifier = classifier(network);
        INDArray x = inputs(DataType.DOUBLE, shape);

        verify(classifier, x, Math.max(2, outputs));

        double[][] scores = Rows.toRows(network.output(x, false));
        double[][] logits = Rows.toRows(classifier.logits(x));
        for (int i = 0; i < scores.length; i++) {
            if (name.contains("sigmoid")) {
                assertThat(sigmoid(Arrays.copyOfRange(logits[i], outputs == 1 ? 1 : 0, logits[i].length)))
                        .containsExactly(scores[i], org.assertj.core.data.Offset.offset(1e-12));
            } else if (name.equals("identity") || name.equals("pooled at the end")) {
                assertThat(logits[i]).containsExactly(scores[i], org.assertj.core.data.Offset.offset(1e-12));
            } else {
                assertThat(probabilities(logits[i]))
                        .containsExactly(scores[i], org.assertj.core.data.Offset.offset(1e-12));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Activation.class, mode = EnumSource.Mode.EXCLUDE, names = "RRELU")
    void everyActivationIsDifferentiatedAsItIsComputed(Activation activation) {
        Dl4jClassifier inDense = classifier(layers(
                FEATURES,
                new DenseLayer.Builder().nOut(6).activation(activation).build(),
                softmax()));
        Dl4jClassifier asLayer = classifier(layers(FEATURES, logits(), new ActivationLayer(activation), softmax()));

        verify(inDense, inputs(DataType.DOUBLE, 8, 5), 4);
        verify(asLayer, inputs(DataType.DOUBLE, 8, 5), 4);
    }

    @Test
    void separableConvolutionIsExact() {
        Dl4jClassifier classifier = classifier(
                layers(IMAGE, new SeparableConvolution2D.Builder(3, 3).nOut(3).build(), softmax()));

        verify(classifier, inputs(DataType.DOUBLE, 8, 2, 5, 5), 4);
    }

    @Test
    void theGradientCheckRejectsDeeplearning4jsOwnGradientUnderBatchNormalization() {
        MultiLayerNetwork network = layers(FEATURES, dense(6), new BatchNormalization(), softmax());
        Dl4jClassifier classifier = classifier(network);

        GradientCheck own =
                GradientCheck.of(new OwnGradient(classifier, network), inputs(DataType.DOUBLE, 8, 5), labels(8, 4));
        GradientCheck twin = GradientCheck.of(classifier, inputs(DataType.DOUBLE, 8, 5), labels(8, 4));

        assertThat(own.passed()).isFalse();
        assertThat(own.largestError()).isGreaterThan(0.01);
        assertThat(own.message()).startsWith("input gradients differ from finite differences");
        assertThat(twin.passed()).as(twin.message()).isTrue();
    }

    /** What a user of Deeplearning4j would write. */
    private record OwnGradient(Dl4jClassifier classifier, MultiLayerNetwork network) implements DifferentiableModel {

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            LogitLossFunction loss = new LogitLossFunction();
            ((OutputLayer) network.getOutputLayer().conf().getLayer()).setLossFn(loss);
            loss.prepare(lossGradient);
            INDArray gradient = network.calculateGradients(
                            inputs, inputs.ulike().reshape(inputs.shape()), null, null)
                    .getSecond();
            loss.takeLogits();
            return new InputGradient(classifier.logits(inputs), gradient);
        }

        @Override
        public DifferentiableModel inDoublePrecision() {
            return this;
        }

        @Override
        public INDArray logits(INDArray inputs) {
            return classifier.logits(inputs);
        }

        @Override
        public ModelInfo info() {
            return classifier.info();
        }

        @Override
        public int[] predict(INDArray inputs) {
            return classifier.predict(inputs);
        }
    }

    private static double[] probabilities(double[] logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(z -> Math.exp(z) / sum).toArray();
    }

    private static double[] sigmoid(double[] logits) {
        return Arrays.stream(logits).map(z -> 1 / (1 + Math.exp(-z))).toArray();
    }

    private static Arguments features(String name, Layer... hidden) {
        return arguments(name, layers(FEATURES, withOutput(hidden)), new long[] {5});
    }

    private static Arguments image(String name, Layer... hidden) {
        return arguments(name, layers(IMAGE, withOutput(hidden)), new long[] {2, 5, 5});
    }

    private static Arguments series(String name, Layer... hidden) {
        return arguments(name, layers(SERIES, withOutput(hidden)), new long[] {3, 5});
    }

    private static Arguments head(String name, Activation activation, LossFunction loss, int outputs) {
        Layer output = new OutputLayer.Builder(loss)
                .nOut(outputs)
                .activation(activation)
                .build();
        return arguments(name, layers(FEATURES, dense(6), output), outputs);
    }

    private static Layer[] withOutput(Layer... hidden) {
        Layer[] all = Arrays.copyOf(hidden, hidden.length + 1);
        all[hidden.length] = softmax();
        return all;
    }

    private static ConvolutionLayer convolution(int outputs) {
        return convolutionBuilder(outputs).build();
    }

    private static ConvolutionLayer.Builder convolutionBuilder(int outputs) {
        return new ConvolutionLayer.Builder(3, 3).nOut(outputs);
    }

    private static SubsamplingLayer pooling(PoolingType type) {
        return new SubsamplingLayer.Builder(type).kernelSize(2, 2).stride(2, 2).build();
    }

    private static DenseLayer logits() {
        return denseWith(Activation.IDENTITY);
    }

    private static DenseLayer denseWith(Activation activation) {
        return new DenseLayer.Builder().nOut(4).activation(activation).build();
    }

    private static LossLayer lossLayer(Activation activation) {
        return new LossLayer.Builder(LossFunction.MCXENT).activation(activation).build();
    }

    private static ComputationGraph residual() {
        return graph(Networks.graph()
                .addLayer("stem", sameConvolution(3), "in")
                .addLayer("norm", new BatchNormalization(), "stem")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "norm")
                .addLayer("inner", sameConvolution(3), "relu")
                .addLayer(
                        "innerNorm",
                        new BatchNormalization.Builder().useLogStd(false).build(),
                        "inner")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "innerNorm", "relu")
                .addLayer("end", new ActivationLayer(Activation.RELU), "add")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "end")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .nOut(4)
                                .dropOut(0.5)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "pool")
                .setOutputs("out")
                .setInputTypes(IMAGE));
    }

    private static ConvolutionLayer sameConvolution(int outputs) {
        return convolutionBuilder(outputs)
                .convolutionMode(ConvolutionMode.Same)
                .activation(Activation.IDENTITY)
                .updater(new Sgd(0.1))
                .build();
    }
}
