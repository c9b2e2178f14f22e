package dev.mettle.dl4j;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.jspecify.annotations.Nullable;

/**
 * A look at those vertices of a configuration that one of its outputs needs.
 *
 * @param graph the configuration
 * @param input the name of the attacked input
 * @param output the name of the vertex that the network ends in
 * @param needed the names of the vertices and inputs that the output needs, itself included
 */
record Vertices(ComputationGraphConfiguration graph, String input, String output, Set<String> needed) {

    /** Look at what a route needs. */
    Vertices(ComputationGraphConfiguration graph, Route route) {
        this(graph, route.input(), route.output(), neededBy(graph, route.output()));
    }

    private static Set<String> neededBy(ComputationGraphConfiguration graph, String output) {
        Set<String> needed = new LinkedHashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(output));
        while (!open.isEmpty()) {
            String name = open.pop();
            if (needed.add(name)) {
                open.addAll(graph.getVertexInputs().getOrDefault(name, List.of()));
            }
        }
        return needed;
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

    /** Return the names of the needed vertices that take the output of a vertex. */
    List<String> after(String name) {
        return graph.getVertexInputs().entrySet().stream()
                .filter(entry -> entry.getValue().contains(name) && needed.contains(entry.getKey()))
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
