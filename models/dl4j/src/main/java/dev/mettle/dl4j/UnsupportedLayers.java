package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Cnn3DLossLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SpaceToBatchLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.samediff.AbstractSameDiffLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffVertex;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationRReLU;

/**
 * The layers that are known not to work, each with its reason. A layer that is not listed is not thereby trusted: the
 * gradients of every network are checked before its first attack.
 */
final class UnsupportedLayers {

    private static final String ONE_LABEL = ": Mettle needs a classifier with one label per sample";

    private static final String SAME_DIFF =
            "is built on SameDiff, whose input gradients in Deeplearning4j 1.0.0-M2.1 are twice too large: use another layer";

    private UnsupportedLayers() {}

    /**
     * Refuse a network with a layer that is known not to work.
     *
     * @throws ConfigurationException if there is one; the message names it
     */
    static void refuse(Vertices vertices) {
        refuse(vertices, UnsupportedLayers::reason, null);
    }

    /**
     * Refuse a network with a layer that Deeplearning4j doesn't differentiate correctly, since it can't be lowered either.
     *
     * @throws ConfigurationException if there is one; the message names it
     */
    static void refuseUndifferentiated(Vertices vertices) {
        refuse(vertices, layer -> isSameDiff(layer) ? SAME_DIFF : null, SAME_DIFF);
    }

    private static void refuse(
            Vertices vertices, Function<Layer, @Nullable String> reason, @Nullable String ofSameDiffVertices) {
        for (String name : vertices.graph().getVertices().keySet()) {
            if (!vertices.needed().contains(name)) {
                continue;
            }
            Layer layer = vertices.layer(name);
            String found = layer != null
                    ? reason.apply(layer)
                    : vertices.vertex(name) instanceof SameDiffVertex ? ofSameDiffVertices : null;
            if (found != null) {
                throw new ConfigurationException(vertices.describe(name) + " " + found);
            }
        }
    }

    private static boolean isSameDiff(Layer layer) {
        return layer instanceof AbstractSameDiffLayer
                || (layer instanceof BaseWrapperLayer wrapper && isSameDiff(wrapper.getUnderlying()))
                || (layer instanceof FrozenLayer frozen && isSameDiff(frozen.getLayer()))
                || (layer instanceof Bidirectional both && isSameDiff(both.getFwd()));
    }

    private static @Nullable String reason(Layer layer) {
        if (layer instanceof BaseWrapperLayer wrapper) {
            return reason(wrapper.getUnderlying());
        }
        if (layer instanceof Bidirectional both) {
            return reason(both.getFwd());
        }
        if (layer instanceof EmbeddingLayer || layer instanceof EmbeddingSequenceLayer) {
            return "takes indices, which have no gradient: attack the part of the network behind the embedding (Dl4jClassifier.behindEmbedding)";
        }
        if (layer instanceof RnnOutputLayer || layer instanceof RnnLossLayer) {
            return "puts out one label per time step" + ONE_LABEL
                    + "; put a LastTimeStep or GlobalPoolingLayer before an OutputLayer";
        }
        if (layer instanceof CnnLossLayer || layer instanceof Cnn3DLossLayer) {
            return "puts out one label per pixel" + ONE_LABEL;
        }
        if (layer instanceof SimpleRnn recurrent && recurrent.isHasLayerNorm()) {
            return "normalizes its recurrence, which Mettle doesn't support: use SimpleRnn without layer normalization, or LSTM";
        }
        if (layer instanceof SpaceToBatchLayer) {
            return "changes the number of samples" + ONE_LABEL;
        }
        if (layer instanceof Yolo2OutputLayer) {
            return "puts out bounding boxes" + ONE_LABEL;
        }
        if (layer instanceof OCNNOutputLayer) {
            return "detects anomalies" + ONE_LABEL;
        }
        return randomized(layer)
                ? "uses the activation RReLU, which Deeplearning4j 1.0.0-M2.1 doesn't differentiate as it computes it: use LEAKYRELU"
                : null;
    }

    private static boolean randomized(Layer layer) {
        return (layer instanceof ActivationLayer activation && isRandomized(activation.getActivationFn()))
                || (layer instanceof BaseLayer base && isRandomized(base.getActivationFn()))
                || (layer instanceof AbstractLSTM lstm && isRandomized(lstm.getGateActivationFn()));
    }

    private static boolean isRandomized(@Nullable IActivation activation) {
        return activation instanceof ActivationRReLU;
    }
}
