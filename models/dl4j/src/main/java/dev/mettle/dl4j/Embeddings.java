package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Cuts off embeddings, whose inputs are indices and have no gradient. */
final class Embeddings {

    private Embeddings() {}

    /**
     * Return the layers behind the first one, with a copy of their parameters.
     *
     * @throws ConfigurationException if the first layer is no embedding, or the only layer
     */
    static MultiLayerNetwork behind(MultiLayerNetwork network) {
        MultiLayerConfiguration configuration =
                network.getLayerWiseConfigurations().clone();
        List<NeuralNetConfiguration> layers = configuration.getConfs();
        Layer first = layers.get(0).getLayer();
        if (!(first instanceof EmbeddingLayer || first instanceof EmbeddingSequenceLayer) || layers.size() < 2) {
            throw new ConfigurationException(
                    "the first of " + layers.size() + " layers is a "
                            + first.getClass().getSimpleName()
                            + ": only what is behind an EmbeddingLayer or EmbeddingSequenceLayer can be taken alone; use Dl4jClassifier.of");
        }
        Map<Integer, InputPreProcessor> preProcessors = new HashMap<>();
        configuration.getInputPreProcessors().forEach((layer, preProcessor) -> {
            if (layer > 0) {
                preProcessors.put(layer - 1, preProcessor);
            }
        });
        configuration.setConfs(new ArrayList<>(layers.subList(1, layers.size())));
        configuration.setInputPreProcessors(preProcessors);
        INDArray parameters = network.params();
        long from = network.getLayer(0).numParams();
        INDArray behind = parameters
                .reshape('c', 1, parameters.length())
                .get(NDArrayIndex.all(), NDArrayIndex.interval(from, parameters.length()))
                .dup('c');
        MultiLayerNetwork rest = new MultiLayerNetwork(configuration);
        rest.init(behind.reshape('c', 1, parameters.length() - from), true);
        return rest;
    }
}
