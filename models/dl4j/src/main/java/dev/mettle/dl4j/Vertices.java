package dev.mettle.dl4j;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.jspecify.annotations.Nullable;

/**
 * A look at the vertices of a configuration.
 *
 * @param graph the configuration
 */
record Vertices(ComputationGraphConfiguration graph) {

    /** Return the name of the network's input. */
    String input() {
        return graph.getNetworkInputs().get(0);
    }

    /** Return the name of the vertex that the network ends in. */
    String output() {
        return graph.getNetworkOutputs().get(0);
    }

    /** Return a vertex, or null for a network input. */
    @Nullable
    GraphVertex vertex(String name) {
        return graph.getVertices().get(name);
    }

    /** Return the layer of a vertex, or null if it holds none. */
    @Nullable
    Layer layer(String name) {
        return vertex(name) instanceof LayerVertex layerVertex
                ? layerVertex.getLayerConf().getLayer()
                : null;
    }

    /** Return the names of the vertices that a vertex takes its inputs from. */
    List<String> before(String name) {
        List<String> inputs = graph.getVertexInputs().get(name);
        return inputs == null ? List.of() : inputs;
    }

    /** Return the names of the vertices that take the output of a vertex. */
    List<String> after(String name) {
        return graph.getVertexInputs().entrySet().stream()
                .filter(entry -> entry.getValue().contains(name))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Name a vertex and its type, such as {@code layer "conv1" (ConvolutionLayer)}. */
    String describe(String name) {
        Layer layer = layer(name);
        if (layer != null) {
            return "layer \"" + name + "\" (" + typeName(layer) + ")";
        }
        GraphVertex vertex = vertex(name);
        return "vertex \"" + name + "\" (" + (vertex == null ? "input" : typeName(vertex)) + ")";
    }

    private static String typeName(Object configuration) {
        String simple = configuration.getClass().getSimpleName();
        return simple.isEmpty() ? configuration.getClass().getName() : simple;
    }
}
