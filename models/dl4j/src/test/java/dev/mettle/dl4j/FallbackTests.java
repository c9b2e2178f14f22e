package dev.mettle.dl4j;

import static dev.mettle.dl4j.GradientOracle.batch;
import static dev.mettle.dl4j.GradientOracle.classifier;
import static dev.mettle.dl4j.GradientOracle.verify;
import static dev.mettle.dl4j.Networks.graph;
import static dev.mettle.dl4j.Networks.inputs;
import static dev.mettle.dl4j.Networks.layers;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Networks that can't be lowered run on Deeplearning4j's own layers, are as exact, and say why. */
class FallbackTests {

    private static final InputType SERIES = InputType.recurrent(3, 5);

    @SuppressWarnings("deprecation") // models with it are around
    static Stream<Arguments> networks() {
        return Stream.of(
                arguments(
                        layers(
                                SERIES,
                                new org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM.Builder()
                                        .nOut(4)
                                        .build(),
                                new GlobalPoolingLayer(PoolingType.AVG),
                                softmax()),
                        new long[] {3, 5},
                        "layer \"layer0\" (GravesBidirectionalLSTM) has no known operators"),
                arguments(
                        layers(
                                SERIES,
                                new MaskZeroLayer(new LSTM.Builder().nOut(4).build(), 0),
                                new GlobalPoolingLayer(PoolingType.AVG),
                                softmax()),
                        new long[] {3, 5},
                        "layer \"layer0\" (MaskZeroLayer) has no known operators"),
                arguments(
                        graph(Networks.graph()
                                .addVertex("reverse", new ReverseTimeSeriesVertex(), "in")
                                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "reverse", "in")
                                .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "sum")
                                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "lstm")
                                .addLayer("out", softmax(), "pool")
                                .setOutputs("out")
                                .setInputTypes(SERIES)),
                        new long[] {3, 5},
                        "vertex \"reverse\" (ReverseTimeSeriesVertex) has no known operators"));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void gradientsAreExactAndTheReportSaysWhoComputesThem(Object network, long[] shape, String obstacle) {
        Dl4jClassifier classifier = classifier(network).withInputShape(shape);

        verify(classifier, inputs(DataType.DOUBLE, batch(8, shape)), Networks.CLASSES);
        assertThat(classifier.operatorGraph()).isEmpty();
        assertThat(classifier.info().warnings())
                .containsExactly(
                        "gradients are computed by Deeplearning4j's own layers, which is slower, since " + obstacle);
    }
}
