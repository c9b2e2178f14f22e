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

import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PoolHelperVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.Upsampling3D;
import org.deeplearning4j.nn.conf.layers.ZeroPadding1DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPadding3DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping1D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping3D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.RepeatVector;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every layer and vertex that is lowered, in every format and mode, against finite differences of the original network. */
class LoweringTests {

    private static final InputType FEATURES = InputType.feedForward(6);
    private static final InputType IMAGE = InputType.convolutional(6, 6, 2);
    private static final InputType LAST = InputType.convolutional(6, 6, 2, CNN2DFormat.NHWC);
    private static final InputType VOLUME = InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 4, 4, 4, 2);
    private static final InputType SERIES = InputType.recurrent(3, 5, RNNFormat.NCW);
    private static final InputType SERIES_LAST = InputType.recurrent(3, 5, RNNFormat.NWC);

    static Stream<Arguments> networks() {
        return Stream.of(features(), images(), channelsLast(), volumes(), series(), graphs())
                .flatMap(networks -> networks);
    }

    private static Stream<Arguments> features() {
        return Stream.of(
                features(
                        "precise GELU",
                        new DenseLayer.Builder()
                                .nOut(5)
                                .activation(new ActivationGELU(true))
                                .build()),
                features(
                        "ReLU with a slope",
                        new DenseLayer.Builder()
                                .nOut(5)
                                .activation(new ActivationReLU(null, null, 0.2))
                                .build()),
                features(
                        "ReLU with a maximum",
                        new DenseLayer.Builder()
                                .nOut(5)
                                .activation(new ActivationReLU(1.0, null, null))
                                .build()),
                features(
                        "ReLU with a threshold, a slope and a maximum",
                        new DenseLayer.Builder()
                                .nOut(5)
                                .activation(new ActivationReLU(1.0, 0.1, 0.2))
                                .build()),
                features("autoencoder", new AutoEncoder.Builder().nOut(5).build()),
                features(
                        "elementwise multiplication",
                        new ElementWiseMultiplicationLayer.Builder()
                                .nIn(6)
                                .nOut(6)
                                .build()),
                features(
                        "dense without bias",
                        new DenseLayer.Builder().nOut(5).hasBias(false).build()),
                features(
                        "repeated over time",
                        new RepeatVector.Builder<>(3).build(),
                        new LastTimeStep(new LSTM.Builder().nOut(4).build())));
    }

    private static Stream<Arguments> images() {
        return Stream.of(
                image(
                        "strict",
                        new ConvolutionLayer.Builder(2, 2).nOut(3).stride(2, 2).build()),
                image(
                        "truncated, strides that leave pixels over",
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(3)
                                .stride(2, 2)
                                .convolutionMode(ConvolutionMode.Truncate)
                                .build()),
                image(
                        "same, strides",
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(3)
                                .stride(2, 2)
                                .convolutionMode(ConvolutionMode.Same)
                                .build()),
                image(
                        "same, even kernel",
                        new ConvolutionLayer.Builder(2, 2)
                                .nOut(3)
                                .convolutionMode(ConvolutionMode.Same)
                                .build()),
                image(
                        "dilated",
                        new ConvolutionLayer.Builder(2, 2)
                                .nOut(3)
                                .dilation(2, 2)
                                .build()),
                image(
                        "without bias",
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(3)
                                .hasBias(false)
                                .build()),
                image(
                        "oblong",
                        new ConvolutionLayer.Builder(3, 2)
                                .nOut(3)
                                .stride(1, 2)
                                .padding(1, 0)
                                .build()),
                image(
                        "depthwise, strides, same",
                        new DepthwiseConvolution2D.Builder(3, 3)
                                .depthMultiplier(2)
                                .stride(2, 2)
                                .convolutionMode(ConvolutionMode.Same)
                                .build()),
                image(
                        "separable",
                        new SeparableConvolution2D.Builder(3, 3)
                                .depthMultiplier(2)
                                .nOut(4)
                                .padding(1, 1)
                                .build()),
                image(
                        "deconvolution, strides",
                        new Deconvolution2D.Builder(3, 3).nOut(3).stride(2, 2).build()),
                image(
                        "deconvolution, same",
                        new Deconvolution2D.Builder(3, 3)
                                .nOut(3)
                                .stride(2, 2)
                                .convolutionMode(ConvolutionMode.Same)
                                .build()),
                image(
                        "deconvolution, padding",
                        new Deconvolution2D.Builder(3, 3).nOut(3).padding(1, 1).build()),
                image(
                        "max pooling, overlapping",
                        smooth(),
                        pooling(PoolingType.MAX).kernelSize(3, 3).padding(1, 1).build()),
                image(
                        "max pooling, same",
                        smooth(),
                        pooling(PoolingType.MAX)
                                .kernelSize(3, 3)
                                .convolutionMode(ConvolutionMode.Same)
                                .build()),
                image(
                        "average pooling, padding",
                        smooth(),
                        pooling(PoolingType.AVG).kernelSize(3, 3).padding(1, 1).build()),
                image(
                        "average pooling, padding counts",
                        smooth(),
                        pooling(PoolingType.AVG)
                                .kernelSize(3, 3)
                                .padding(1, 1)
                                .avgPoolIncludePadInDivisor(true)
                                .build()),
                image(
                        "average pooling, same",
                        smooth(),
                        pooling(PoolingType.AVG)
                                .kernelSize(3, 3)
                                .convolutionMode(ConvolutionMode.Same)
                                .build()),
                image(
                        "p-norm pooling",
                        smooth(),
                        pooling(PoolingType.PNORM).pnorm(2).build()),
                image(
                        "p-norm pooling, threes",
                        smooth(),
                        pooling(PoolingType.PNORM).pnorm(3).build()),
                image("upsampling", new Upsampling2D.Builder(2).build()),
                image(
                        "upsampling, oblong",
                        new Upsampling2D.Builder(2).size(new int[] {2, 1}).build()),
                image("zero padding", new ZeroPaddingLayer.Builder(1, 0, 2, 1).build(), smooth()),
                image("cropping", smooth(), new Cropping2D.Builder(1, 0, 2, 1).build()),
                image("space to depth", smooth(), new SpaceToDepthLayer.Builder<>(2, CNN2DFormat.NCHW).build()),
                image(
                        "local response normalization",
                        smooth(),
                        new LocalResponseNormalization.Builder().n(3).k(1).build()),
                image(
                        "parametric ReLU",
                        new PReLULayer.Builder().inputShape(2, 6, 6).build()),
                image(
                        "parametric ReLU, shared",
                        new PReLULayer.Builder()
                                .inputShape(2, 6, 6)
                                .sharedAxes(2, 3)
                                .build()),
                image("sum over pixels", smooth(), new GlobalPoolingLayer(PoolingType.SUM)),
                image(
                        "p-norm over pixels",
                        smooth(),
                        new GlobalPoolingLayer.Builder(PoolingType.PNORM)
                                .pnorm(2)
                                .build()),
                image(
                        "mean over pixels, not collapsed",
                        smooth(),
                        new GlobalPoolingLayer.Builder(PoolingType.AVG)
                                .collapseDimensions(false)
                                .build(),
                        new ConvolutionLayer.Builder(1, 1).nOut(4).build()),
                image("softmax of channels' rows", smooth(), new ActivationLayer(Activation.SOFTMAX)),
                image("batch norm, frozen", smooth(), new FrozenLayer(new BatchNormalization())));
    }

    private static Stream<Arguments> channelsLast() {
        CNN2DFormat format = CNN2DFormat.NHWC;
        return Stream.of(
                last(
                        "channels last: convolution, norm, pooling, convolution",
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(3)
                                .dataFormat(format)
                                .activation(Activation.IDENTITY)
                                .build(),
                        new BatchNormalization.Builder().dataFormat(format).build(),
                        new ActivationLayer(Activation.TANH),
                        pooling(PoolingType.MAX).dataFormat(format).build(),
                        new ConvolutionLayer.Builder(2, 2)
                                .nOut(3)
                                .dataFormat(format)
                                .build()),
                last(
                        "channels last: depthwise",
                        new DepthwiseConvolution2D.Builder(3, 3)
                                .depthMultiplier(2)
                                .dataFormat(format)
                                .build()),
                last(
                        "channels last: separable",
                        new SeparableConvolution2D.Builder(3, 3)
                                .nOut(4)
                                .dataFormat(format)
                                .build()),
                last(
                        "channels last: deconvolution",
                        new Deconvolution2D.Builder(2, 2)
                                .nOut(3)
                                .dataFormat(format)
                                .build()),
                last(
                        "channels last: padding, upsampling, cropping",
                        new ZeroPaddingLayer.Builder(1, 0, 2, 1)
                                .dataFormat(format)
                                .build(),
                        new Upsampling2D.Builder(2).dataFormat(format).build(),
                        new Cropping2D.Builder(1, 0, 2, 1).dataFormat(format).build()),
                last("channels last: space to depth", new SpaceToDepthLayer.Builder<>(2, format).build()),
                last(
                        "channels last: mean over pixels",
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(3)
                                .dataFormat(format)
                                .build(),
                        new GlobalPoolingLayer.Builder(PoolingType.AVG)
                                .poolingDimensions(1, 2)
                                .build()));
    }

    private static Stream<Arguments> volumes() {
        return Stream.of(
                volume("volumes", new Convolution3D.Builder(2, 2, 2).nOut(3).build()),
                volume(
                        "volumes, same, strides",
                        new Convolution3D.Builder(3, 3, 3)
                                .nOut(3)
                                .stride(2, 2, 2)
                                .convolutionMode(ConvolutionMode.Same)
                                .build()),
                volume(
                        "volumes, max pooling",
                        new Convolution3D.Builder(1, 1, 1).nOut(3).build(),
                        new Subsampling3DLayer.Builder(PoolingType.MAX)
                                .kernelSize(2, 2, 2)
                                .stride(2, 2, 2)
                                .build()),
                volume(
                        "volumes, average pooling",
                        new Subsampling3DLayer.Builder(PoolingType.AVG)
                                .kernelSize(2, 2, 2)
                                .stride(2, 2, 2)
                                .build()),
                volume(
                        "volumes, padding",
                        new ZeroPadding3DLayer.Builder(1, 0, 2).build(),
                        new Convolution3D.Builder(2, 2, 2).nOut(2).build(),
                        new GlobalPoolingLayer(PoolingType.AVG)),
                volume(
                        "volumes, cropping",
                        new Cropping3D.Builder(1, 0, 1, 1, 0, 1).build(),
                        new Convolution3D.Builder(2, 2, 2).nOut(2).build(),
                        new GlobalPoolingLayer(PoolingType.AVG)),
                volume(
                        "volumes, upsampling",
                        new Upsampling3D.Builder(2).build(),
                        new Convolution3D.Builder(2, 2, 2).nOut(2).build(),
                        new GlobalPoolingLayer(PoolingType.AVG)),
                volume(
                        "volumes, deconvolution",
                        new Deconvolution3D.Builder()
                                .kernelSize(2, 2, 2)
                                .nOut(2)
                                .build()),
                volume(
                        "volumes, mean over all",
                        new Convolution3D.Builder(2, 2, 2).nOut(3).build(),
                        new GlobalPoolingLayer(PoolingType.AVG)));
    }

    @SuppressWarnings("deprecation") // GravesLSTM is deprecated, but models with it are around
    private static Stream<Arguments> series() {
        return Stream.of(
                series(
                        "Graves LSTM",
                        new LastTimeStep(new org.deeplearning4j.nn.conf.layers.GravesLSTM.Builder()
                                .nOut(4)
                                .build())),
                series(
                        "LSTM with other activations",
                        new LastTimeStep(new LSTM.Builder()
                                .nOut(4)
                                .activation(Activation.SOFTSIGN)
                                .gateActivationFunction(Activation.HARDSIGMOID)
                                .build())),
                series(
                        "two LSTMs",
                        new LSTM.Builder().nOut(4).build(),
                        new LastTimeStep(new LSTM.Builder().nOut(3).build())),
                series("simple recurrence", new SimpleRnn.Builder().nOut(4).build(), mean()),
                series(
                        "both ways, sum",
                        new Bidirectional(
                                Bidirectional.Mode.ADD,
                                new LSTM.Builder().nOut(3).build()),
                        mean()),
                series(
                        "both ways, product",
                        new Bidirectional(
                                Bidirectional.Mode.MUL,
                                new LSTM.Builder().nOut(3).build()),
                        mean()),
                series(
                        "both ways, average",
                        new Bidirectional(
                                Bidirectional.Mode.AVERAGE,
                                new SimpleRnn.Builder().nOut(3).build()),
                        mean()),
                series(
                        "both ways, last step",
                        new LastTimeStep(new Bidirectional(
                                Bidirectional.Mode.CONCAT,
                                new LSTM.Builder().nOut(3).build()))),
                series("dense over time", new TimeDistributed(dense(4)), mean()),
                series(
                        "dense between recurrences",
                        new LSTM.Builder().nOut(4).build(),
                        dense(5),
                        new LastTimeStep(new LSTM.Builder().nOut(3).build())),
                series(
                        "convolution over time, same",
                        new Convolution1DLayer.Builder(3)
                                .nOut(4)
                                .convolutionMode(ConvolutionMode.Same)
                                .build(),
                        mean()),
                series(
                        "convolution over time, causal",
                        new Convolution1DLayer.Builder(2)
                                .nOut(4)
                                .dilation(2)
                                .convolutionMode(ConvolutionMode.Causal)
                                .build(),
                        mean()),
                series(
                        "convolution over time, strides",
                        new Convolution1DLayer.Builder(2).nOut(4).stride(2).build(),
                        mean()),
                series(
                        "max pooling over time",
                        new Subsampling1DLayer.Builder(PoolingType.MAX)
                                .kernelSize(2)
                                .stride(2)
                                .build(),
                        mean()),
                series(
                        "average pooling over time",
                        new Subsampling1DLayer.Builder(PoolingType.AVG)
                                .kernelSize(2)
                                .stride(1)
                                .build(),
                        mean()),
                series(
                        "padding over time",
                        new ZeroPadding1DLayer.Builder(1, 2).build(),
                        new LastTimeStep(new LSTM.Builder().nOut(3).build())),
                series("cropping over time", new Cropping1D.Builder(1, 2).build(), mean()),
                series(
                        "upsampling over time",
                        new Upsampling1D.Builder(2).build(),
                        new LastTimeStep(new LSTM.Builder().nOut(3).build())),
                series("sum over time", new GlobalPoolingLayer(PoolingType.SUM)),
                series("maximum over time", new GlobalPoolingLayer(PoolingType.MAX)),
                series(
                        "p-norm over time",
                        new GlobalPoolingLayer.Builder(PoolingType.PNORM)
                                .pnorm(3)
                                .build()),
                series(
                        "self-attention",
                        new SelfAttentionLayer.Builder()
                                .nOut(4)
                                .nHeads(2)
                                .headSize(3)
                                .projectInput(true)
                                .build(),
                        mean()),
                series(
                        "self-attention without projection",
                        new SelfAttentionLayer.Builder()
                                .nIn(3)
                                .nOut(3)
                                .nHeads(1)
                                .projectInput(false)
                                .build(),
                        mean()),
                arguments(
                        "features last: LSTM",
                        layers(
                                SERIES_LAST,
                                new LastTimeStep(new LSTM.Builder()
                                        .nOut(4)
                                        .dataFormat(RNNFormat.NWC)
                                        .build()),
                                softmax()),
                        new long[] {5, 3}),
                arguments(
                        "features last: convolution",
                        layers(
                                SERIES_LAST,
                                new Convolution1DLayer.Builder(2)
                                        .nOut(4)
                                        .rnnDataFormat(RNNFormat.NWC)
                                        .build(),
                                new GlobalPoolingLayer.Builder(PoolingType.MAX)
                                        .poolingDimensions(1)
                                        .build(),
                                softmax()),
                        new long[] {5, 3}));
    }

    private static Stream<Arguments> graphs() {
        return Stream.of(
                arguments(
                        "subset, shift, difference, mean, maximum",
                        graph(Networks.graph()
                                .addLayer("a", dense(6), "in")
                                .addLayer("b", dense(6), "in")
                                .addVertex("difference", new ElementWiseVertex(ElementWiseVertex.Op.Subtract), "a", "b")
                                .addVertex("mean", new ElementWiseVertex(ElementWiseVertex.Op.Average), "a", "b", "in")
                                .addVertex("maximum", new ElementWiseVertex(ElementWiseVertex.Op.Max), "a", "b", "in")
                                .addVertex("part", new SubsetVertex(1, 3), "difference")
                                .addVertex("shift", new ShiftVertex(0.5), "mean")
                                .addVertex("all", new MergeVertex(), "part", "shift", "maximum")
                                .addLayer("out", softmax(), "all")
                                .setOutputs("out")
                                .setInputTypes(FEATURES)),
                        new long[] {6}),
                arguments(
                        "stacked and unstacked",
                        graph(Networks.graph()
                                .addLayer("a", dense(5), "in")
                                .addLayer("b", dense(5), "in")
                                .addVertex("stack", new StackVertex(), "a", "b")
                                .addLayer("shared", dense(4), "stack")
                                .addVertex("first", new UnstackVertex(0, 2), "shared")
                                .addVertex("second", new UnstackVertex(1, 2), "shared")
                                .addVertex("both", new MergeVertex(), "first", "second")
                                .addLayer("out", softmax(), "both")
                                .setOutputs("out")
                                .setInputTypes(FEATURES)),
                        new long[] {6}),
                arguments(
                        "L2 norm of features",
                        graph(Networks.graph()
                                .addLayer("a", dense(5), "in")
                                .addVertex("norm", new L2NormalizeVertex(), "a")
                                .addLayer("out", softmax(), "norm")
                                .setOutputs("out")
                                .setInputTypes(FEATURES)),
                        new long[] {6}),
                arguments(
                        "images merged, pool helper",
                        graph(Networks.graph()
                                .addLayer("a", smooth(), "in")
                                .addLayer("b", smooth(), "in")
                                .addVertex("both", new MergeVertex(), "b", "a")
                                .addVertex("helper", new PoolHelperVertex(), "both")
                                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "helper")
                                .addLayer("out", softmax(), "pool")
                                .setOutputs("out")
                                .setInputTypes(IMAGE)),
                        new long[] {2, 6, 6}),
                arguments(
                        "reshape and preprocessor",
                        graph(Networks.graph()
                                .addLayer("a", smooth(), "in")
                                .addVertex("reshape", new ReshapeVertex(-1, 6, 3, 6), "a")
                                .addVertex(
                                        "flat",
                                        new PreprocessorVertex(new CnnToFeedForwardPreProcessor(3, 6, 6)),
                                        "reshape")
                                .addLayer("out", softmax(), "flat")
                                .setOutputs("out")
                                .setInputTypes(IMAGE)),
                        new long[] {2, 6, 6}),
                arguments(
                        "features repeated along a series",
                        graph(Networks.graph()
                                .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "in")
                                .addVertex("last", new LastTimeStepVertex("in"), "lstm")
                                .addVertex("repeat", new DuplicateToTimeSeriesVertex("in"), "last")
                                .addVertex("both", new MergeVertex(), "repeat", "lstm")
                                .addLayer("again", new LSTM.Builder().nOut(3).build(), "both")
                                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "again")
                                .addLayer("out", softmax(), "pool")
                                .setOutputs("out")
                                .setInputTypes(SERIES)),
                        new long[] {3, 5}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"networks", "dev.mettle.dl4j.GradientTests#networks", "dev.mettle.dl4j.GradientTests#graphs"})
    void isLowered(String name, Object network, long[] shape) {
        assertThat(classifier(network).withInputShape(shape).operatorGraph()).isPresent();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void gradientsAreThoseOfTheOriginalNetwork(String name, Object network, long[] shape) {
        Dl4jClassifier classifier = classifier(network).withInputShape(shape);
        verify(classifier, inputs(DataType.DOUBLE, batch(8, shape)), Networks.CLASSES);
        verify(classifier, inputs(DataType.DOUBLE, batch(1, shape)), Networks.CLASSES);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void aSampleAloneHasTheGradientItHasInABatch(String name, Object network, long[] shape) {
        Dl4jClassifier classifier = classifier(network).withInputShape(shape);
        INDArray x = inputs(DataType.DOUBLE, batch(8, shape));
        InputGradient together = classifier.gradient(x, logits -> LOSS.gradients(logits, labels(8, Networks.CLASSES)));

        InputGradient alone = classifier.gradient(
                Rows.select(x, new int[] {5}), logits -> LOSS.gradients(logits, new int[] {5 % Networks.CLASSES}));

        assertThat(relativeError(alone.gradient(), Rows.slice(together.gradient(), 5, 6)))
                .isLessThan(1e-12);
    }

    @ParameterizedTest
    @EnumSource(value = Activation.class, mode = EnumSource.Mode.EXCLUDE, names = "RRELU")
    void everyActivationIsLowered(Activation activation) {
        assertThat(classifier(layers(FEATURES, dense(5), new ActivationLayer(activation), softmax()))
                        .operatorGraph())
                .isPresent();
    }

    private static ConvolutionLayer smooth() {
        return new ConvolutionLayer.Builder(1, 1).nOut(3).build();
    }

    private static SubsamplingLayer.Builder pooling(PoolingType type) {
        return new SubsamplingLayer.Builder(type).kernelSize(2, 2).stride(2, 2);
    }

    private static GlobalPoolingLayer mean() {
        return new GlobalPoolingLayer(PoolingType.AVG);
    }

    private static Arguments features(String name, Layer... hidden) {
        return arguments(name, layers(FEATURES, withOutput(hidden)), new long[] {6});
    }

    private static Arguments image(String name, Layer... hidden) {
        return arguments(name, layers(IMAGE, withOutput(hidden)), new long[] {2, 6, 6});
    }

    private static Arguments last(String name, Layer... hidden) {
        return arguments(name, layers(LAST, withOutput(hidden)), new long[] {6, 6, 2});
    }

    private static Arguments volume(String name, Layer... hidden) {
        return arguments(name, layers(VOLUME, withOutput(hidden)), new long[] {2, 4, 4, 4});
    }

    private static Arguments series(String name, Layer... hidden) {
        return arguments(name, layers(SERIES, withOutput(hidden)), new long[] {3, 5});
    }

    private static Layer[] withOutput(Layer... hidden) {
        List<Layer> all = new ArrayList<>(Arrays.asList(hidden));
        all.add(softmax());
        return all.toArray(Layer[]::new);
    }
}
