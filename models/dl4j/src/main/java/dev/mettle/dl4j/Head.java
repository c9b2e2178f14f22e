package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;

/**
 * Where a network turns logits into what it puts out: the last softmax or sigmoid, wherever the configuration has put it
 * (in the output layer, in a loss layer, in an activation layer, or in the dense layer before a loss layer).
 *
 * @param vertex the vertex whose activation makes scores of logits
 * @param activation that activation
 * @param outputs the number of outputs
 * @param warnings what limits the logits, as sentences
 */
record Head(String vertex, IActivation activation, int outputs, List<String> warnings) {

    /**
     * Find the head of a network.
     *
     * @throws ConfigurationException if its output activation is not softmax, sigmoid or identity, or if the number of its
     *     outputs can't be told
     */
    static Head of(Vertices vertices) {
        String vertex = vertices.output();
        while (passesThrough(vertices, vertex)) {
            vertex = vertices.before(vertex).get(0);
        }
        IActivation activation = activation(vertices.layer(vertex));
        if (activation == null) {
            activation = new ActivationIdentity();
        } else if (!isKnown(activation)) {
            throw new ConfigurationException("the output activation of " + vertices.describe(vertex) + " is "
                    + activation + ": Mettle reads logits from softmax, sigmoid and identity outputs");
        }
        return new Head(vertex, activation, outputs(vertices), warnings(vertices, vertex, activation));
    }

    /** Return the same network with logits as output: the activation of the head replaced by identity. */
    ComputationGraphConfiguration cutOff(ComputationGraphConfiguration graph) {
        ComputationGraphConfiguration cut = graph.clone();
        cut.setTopologicalOrder(graph.getTopologicalOrder());
        cut.setTopologicalOrderStr(graph.getTopologicalOrderStr());
        cut.setValidateOutputLayerConfig(false);
        if (!(activation instanceof ActivationIdentity)) {
            cut.getVertices()
                    .computeIfPresent(
                            vertex, (name, last) -> LayerCopy.rebuild(last, layer -> withIdentity(layer.clone())));
        }
        return cut;
    }

    private static Layer withIdentity(Layer layer) {
        if (layer instanceof ActivationLayer last) {
            last.setActivationFn(new ActivationIdentity());
        } else if (layer instanceof BaseLayer last) {
            last.setActivationFn(new ActivationIdentity());
        }
        return layer;
    }

    /** Return the number of classes. */
    int classes() {
        return isBinary() ? 2 : outputs;
    }

    /** Say whether a single sigmoid output stands for two classes. */
    boolean isBinary() {
        return outputs == 1 && activation instanceof ActivationSigmoid;
    }

    private static boolean isKnown(IActivation activation) {
        return activation instanceof ActivationSoftmax
                || activation instanceof ActivationSigmoid
                || activation instanceof ActivationIdentity;
    }

    /** Say whether a vertex puts out exactly what it gets from a layer that nobody else listens to: the head lies before it. */
    private static boolean passesThrough(Vertices vertices, String vertex) {
        Layer layer = vertices.layer(vertex);
        boolean identity = layer instanceof DropoutLayer
                || ((layer instanceof LossLayer || layer instanceof ActivationLayer)
                        && activation(layer) instanceof ActivationIdentity);
        return identity
                && vertices.vertex(vertex) instanceof LayerVertex configuration
                && configuration.getPreProcessor() == null
                && vertices.layer(vertices.before(vertex).get(0)) != null
                && vertices.after(vertices.before(vertex).get(0)).size() == 1;
    }

    /** Return the activation that ends a layer; null for layers that have none, or none that could be cut off. */
    private static @Nullable IActivation activation(@Nullable Layer layer) {
        if (layer instanceof ActivationLayer activation) {
            return activation.getActivationFn();
        }
        return layer instanceof BaseOutputLayer || layer instanceof LossLayer || layer instanceof DenseLayer
                ? ((BaseLayer) layer).getActivationFn()
                : null;
    }

    private static int outputs(Vertices vertices) {
        String vertex = vertices.output();
        while (vertices.layer(vertex) != null || vertices.vertex(vertex) instanceof LastTimeStepVertex) {
            Layer layer = vertices.layer(vertex);
            long outputs = layer == null ? 0 : outputs(layer);
            if (outputs > 0) {
                return Math.toIntExact(outputs);
            }
            vertex = vertices.before(vertex).get(0);
        }
        throw new ConfigurationException("the number of classes can't be read from the configuration, since "
                + vertices.describe(vertices.output())
                + " doesn't tell its outputs: end the network with an OutputLayer");
    }

    /** Return the number of outputs per sample, or 0 if it is that of the layer before. */
    private static long outputs(Layer layer) {
        if (layer instanceof Bidirectional both) {
            return both.getNOut();
        }
        if (layer instanceof BaseWrapperLayer wrapper) {
            return outputs(wrapper.getUnderlying());
        }
        return layer instanceof FeedForwardLayer feedForward
                        && !(layer instanceof LossLayer || layer instanceof DropoutLayer)
                ? feedForward.getNOut()
                : 0;
    }

    /** Warn of a softmax or sigmoid right before the head: what is called logits is squashed already. */
    private static List<String> warnings(Vertices vertices, String vertex, IActivation activation) {
        String before = vertex;
        Layer layer = vertices.layer(before);
        while (!(activation instanceof ActivationIdentity)
                && (layer instanceof LossLayer || layer instanceof ActivationLayer || layer instanceof DropoutLayer)) {
            before = vertices.before(before).get(0);
            layer = vertices.layer(before);
            IActivation earlier = activation(layer);
            if (earlier instanceof ActivationSoftmax || earlier instanceof ActivationSigmoid) {
                return List.of("the network applies " + earlier + " before its output activation " + activation
                        + ", so its logits are probabilities and their gradients vanish where it is confident: remove one of the"
                        + " two");
            }
        }
        return List.of();
    }
}
