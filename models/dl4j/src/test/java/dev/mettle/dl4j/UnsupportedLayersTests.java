package dev.mettle.dl4j;

import static dev.mettle.dl4j.Networks.dense;
import static dev.mettle.dl4j.Networks.layers;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mettle.core.ConfigurationException;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SpaceToBatchLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What is known not to work is refused by name. */
class UnsupportedLayersTests {

    private static final InputType IMAGE = InputType.convolutional(6, 6, 2);
    private static final InputType SERIES = InputType.recurrent(3, 5);
    private static final InputType FEATURES = InputType.feedForward(5);

    private static final String SAME_DIFF =
            " is built on SameDiff, whose input gradients in Deeplearning4j 1.0.0-M2.1 are twice too large: use another layer";
    private static final String RANDOMIZED =
            " uses the activation RReLU, which Deeplearning4j 1.0.0-M2.1 doesn't differentiate as"
                    + " it computes it: use LEAKYRELU";

    static Stream<Arguments> unsupported() {
        return Stream.of(
                arguments(
                        layers(
                                IMAGE,
                                new LocallyConnected2D.Builder()
                                        .kernelSize(2, 2)
                                        .nOut(2)
                                        .build(),
                                softmax()),
                        "layer \"layer0\" (LocallyConnected2D)" + SAME_DIFF),
                arguments(
                        layers(
                                FEATURES,
                                dense(4),
                                new ActivationLayer.Builder()
                                        .name("noisy")
                                        .activation(Activation.RRELU)
                                        .build(),
                                softmax()),
                        "layer \"noisy\" (ActivationLayer)" + RANDOMIZED),
                arguments(
                        layers(
                                FEATURES,
                                new FrozenLayer(new DenseLayer.Builder()
                                        .name("noisy")
                                        .nOut(4)
                                        .activation(Activation.RRELU)
                                        .build()),
                                softmax()),
                        "layer \"layer0\" (DenseLayer)" + RANDOMIZED),
                arguments(
                        layers(
                                SERIES,
                                new LastTimeStep(new LSTM.Builder()
                                        .nOut(4)
                                        .gateActivationFunction(Activation.RRELU)
                                        .build()),
                                softmax()),
                        "layer \"layer0\" (LastTimeStep)" + RANDOMIZED),
                arguments(
                        layers(
                                InputType.feedForward(1),
                                new EmbeddingLayer.Builder().nIn(9).nOut(4).build(),
                                softmax()),
                        "layer \"layer0\" (EmbeddingLayer) takes indices, which have no gradient: attack the part of the network"
                                + " behind the embedding (Dl4jClassifier.behindEmbedding)"),
                arguments(
                        layers(
                                InputType.recurrent(9),
                                new EmbeddingSequenceLayer.Builder()
                                        .nIn(9)
                                        .nOut(4)
                                        .build(),
                                new GlobalPoolingLayer(),
                                softmax()),
                        "layer \"layer0\" (EmbeddingSequenceLayer) takes indices, which have no gradient: attack the part of the"
                                + " network behind the embedding (Dl4jClassifier.behindEmbedding)"),
                arguments(
                        layers(
                                SERIES,
                                new LSTM.Builder().nOut(4).build(),
                                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                                        .nOut(4)
                                        .activation(Activation.SOFTMAX)
                                        .build()),
                        "layer \"layer1\" (RnnOutputLayer) puts out one label per time step: Mettle needs a classifier with one"
                                + " label per sample; put a LastTimeStep or GlobalPoolingLayer before an OutputLayer"),
                arguments(
                        layers(
                                SERIES,
                                new LSTM.Builder().nOut(4).build(),
                                new RnnLossLayer.Builder(LossFunction.MCXENT)
                                        .activation(Activation.SOFTMAX)
                                        .build()),
                        "layer \"layer1\" (RnnLossLayer) puts out one label per time step: Mettle needs a classifier with one"
                                + " label per sample; put a LastTimeStep or GlobalPoolingLayer before an OutputLayer"),
                arguments(
                        layers(
                                SERIES,
                                new LastTimeStep(new SimpleRnn.Builder()
                                        .nOut(4)
                                        .hasLayerNorm(true)
                                        .build()),
                                softmax()),
                        "layer \"layer0\" (LastTimeStep) normalizes its recurrence, which Mettle doesn't support: use SimpleRnn without"
                                + " layer normalization, or LSTM"),
                arguments(
                        layers(IMAGE, new SpaceToBatchLayer.Builder<>(new int[] {2, 2}).build(), softmax()),
                        "layer \"layer0\" (SpaceToBatchLayer) changes the number of samples: Mettle needs a classifier with one"
                                + " label per sample"),
                arguments(
                        layers(
                                IMAGE,
                                new ConvolutionLayer.Builder(3, 3).nOut(4).build(),
                                new CnnLossLayer.Builder(LossFunction.MCXENT)
                                        .activation(Activation.SOFTMAX)
                                        .build()),
                        "layer \"layer1\" (CnnLossLayer) puts out one label per pixel: Mettle needs a classifier with one label per"
                                + " sample"),
                arguments(
                        layers(
                                FEATURES,
                                dense(4),
                                new OutputLayer.Builder(LossFunction.MSE)
                                        .nOut(4)
                                        .activation(Activation.RELU)
                                        .build()),
                        "the output activation of layer \"layer1\" (OutputLayer) is relu: Mettle reads logits from softmax, sigmoid"
                                + " and identity outputs"),
                arguments(
                        layers(
                                FEATURES,
                                dense(4),
                                new OutputLayer.Builder(LossFunction.MSE)
                                        .nOut(1)
                                        .activation(Activation.IDENTITY)
                                        .build()),
                        "the model MultiLayerNetwork has 1 output: a classifier needs at least two, or a single one with sigmoid"
                                + " activation"));
    }

    @ParameterizedTest
    @MethodSource("unsupported")
    void anUnsupportedLayerIsNamed(MultiLayerNetwork network, String message) {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.of(network))
                .withMessage(message);
    }

    @Test
    void aVertexBuiltOnSameDiffIsNamed() {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.of(Networks.graph(Networks.graph()
                        .addVertex(
                                "attention",
                                new AttentionVertex.Builder()
                                        .nInQueries(3)
                                        .nInKeys(3)
                                        .nInValues(3)
                                        .nOut(4)
                                        .nHeads(1)
                                        .projectInput(true)
                                        .build(),
                                "in",
                                "in",
                                "in")
                        .addLayer("pool", new GlobalPoolingLayer(), "attention")
                        .addLayer("out", softmax(), "pool")
                        .setOutputs("out")
                        .setInputTypes(SERIES))))
                .withMessage("vertex \"attention\" (AttentionVertex)" + SAME_DIFF);
    }

    @Test
    void severalInputsAndOutputsAreNamed() {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.of(Networks.graph(Networks.graph()
                        .addInputs("other")
                        .addLayer("a", dense(6), "in")
                        .addLayer("b", dense(6), "other")
                        .addLayer("first", softmax(), "a")
                        .addLayer("second", softmax(), "b")
                        .addLayer("third", softmax(), "a", "b")
                        .setOutputs("first", "second", "third")
                        .setInputTypes(FEATURES, FEATURES))))
                .withMessage(
                        "the ComputationGraph has the inputs \"in\", \"other\" and the outputs \"first\", \"second\", \"third\":"
                                + " say which one is attacked and which one counts, as second argument, for example"
                                + " Attacked.input(\"in\").output(\"first\").holding(\"other\", …)");
    }

    @Test
    void halfPrecisionIsRefused() {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.of(Networks.small().convertDataType(DataType.FLOAT16)))
                .withMessage(
                        "the model MultiLayerNetwork computes in HALF: convert it with convertDataType(DataType.FLOAT)");
    }
}
