package dev.mettle.dl4j;

import static dev.mettle.dl4j.GradientOracle.verify;
import static dev.mettle.dl4j.Networks.dense;
import static dev.mettle.dl4j.Networks.layers;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.Logits;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class EmbeddingsTests {

    @Test
    void sequencesAreAttackedBehindTheirEmbedding() {
        MultiLayerNetwork network = layers(
                InputType.feedForward(7),
                new EmbeddingSequenceLayer.Builder()
                        .nIn(7)
                        .nOut(3)
                        .inputLength(5)
                        .activation(Activation.IDENTITY)
                        .build(),
                new LastTimeStep(new LSTM.Builder().nOut(4).build()),
                softmax());
        INDArray words = Nd4j.createFromArray(new double[][] {{0, 1, 2, 3, 4}, {6, 5, 4, 3, 2}, {1, 1, 0, 6, 6}});

        isTheRestOfTheNetwork(network, words);
    }

    @Test
    void singleIndicesAreAttackedBehindTheirEmbedding() {
        MultiLayerNetwork network = layers(
                InputType.feedForward(7),
                new EmbeddingLayer.Builder().nIn(7).nOut(5).build(),
                dense(6),
                softmax());

        isTheRestOfTheNetwork(network, Nd4j.createFromArray(new double[][] {{0}, {3}, {6}}));
    }

    private static void isTheRestOfTheNetwork(MultiLayerNetwork network, INDArray indices) {
        INDArray embedded = network.feedForwardToLayer(0, indices, false).get(1);
        Dl4jClassifier classifier = Dl4jClassifier.behindEmbedding(network).withInputRange(-9, 9);

        assertThat(classifier.predict(embedded)).isEqualTo(Logits.argMax(network.output(indices, false)));
        verify(classifier, embedded, Networks.CLASSES);
    }

    @Test
    void aNetworkWithoutEmbeddingIsRefused() {
        MultiLayerNetwork network = layers(InputType.feedForward(7), dense(6), softmax());

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.behindEmbedding(network))
                .withMessage("the first of 2 layers is a DenseLayer: only what is behind an EmbeddingLayer or"
                        + " EmbeddingSequenceLayer can be taken alone; use Dl4jClassifier.of");
    }
}
