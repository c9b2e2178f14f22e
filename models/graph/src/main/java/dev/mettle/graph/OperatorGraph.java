package dev.mettle.graph;

import dev.mettle.core.ConfigurationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An inference network as plain data: operators that take tensors by name and put out one tensor each.
 *
 * <p>Immutable. It knows nothing of the library that the network came from, nor of what runs it.
 *
 * @param input the name of the tensor under attack, whose first dimension is the batch
 * @param constants the weights, by name; all of one floating-point type
 * @param nodes the operators, each after those whose outputs it takes
 * @param output the name of the tensor that holds the logits, shape {@code [n, classes]}
 */
public record OperatorGraph(String input, Map<String, INDArray> constants, List<Node> nodes, String output) {

    /**
     * An operator at work.
     *
     * @param operator what is computed
     * @param inputs the names of the tensors it takes
     * @param output the name of the tensor it puts out
     */
    public record Node(Operator operator, List<String> inputs, String output) {

        /** Create the node. */
        public Node {
            inputs = List.copyOf(inputs);
        }
    }

    /**
     * Create a graph.
     *
     * @throws ConfigurationException if a node takes a tensor that doesn't exist yet, or puts out one that exists already
     */
    public OperatorGraph {
        constants = Collections.unmodifiableMap(new LinkedHashMap<>(constants));
        nodes = List.copyOf(nodes);
        Set<String> known = new HashSet<>(constants.keySet());
        known.add(input);
        for (Node node : nodes) {
            for (String name : node.inputs()) {
                if (!known.contains(name)) {
                    throw new ConfigurationException("the operator that puts out \"" + node.output() + "\" takes \""
                            + name + "\", which is neither the input nor a constant nor put out before it");
                }
            }
            if (!known.add(node.output())) {
                throw new ConfigurationException("the tensor \"" + node.output() + "\" is put out twice");
            }
        }
        if (!known.contains(output)) {
            throw new ConfigurationException("no operator puts out \"" + output + "\"");
        }
    }

    /** Return the floating-point type that the graph computes in. */
    public DataType dataType() {
        return constants.values().stream().findFirst().map(INDArray::dataType).orElse(DataType.FLOAT);
    }

    /** Return the shapes of all tensors for an input of the given shape, batch included. */
    public Map<String, long[]> shapes(long... inputShape) {
        Map<String, long[]> shapes = new HashMap<>();
        shapes.put(input, inputShape);
        constants.forEach((name, value) -> shapes.put(name, value.shape()));
        for (Node node : nodes) {
            shapes.put(
                    node.output(),
                    node.operator()
                            .outputShape(node.inputs().stream().map(shapes::get).toList()));
        }
        return shapes;
    }

    /**
     * Print the graph, one operator per line with the shape it puts out.
     *
     * @param inputShape the shape of the input, batch included
     */
    public String describe(long... inputShape) {
        Map<String, long[]> shapes = shapes(inputShape);
        List<String[]> lines = new ArrayList<>();
        lines.add(new String[] {input, "input", "", Arrays.toString(inputShape)});
        for (Node node : nodes) {
            lines.add(new String[] {
                node.output(),
                text(node.operator()),
                node.inputs().stream()
                        .map(name -> constants.containsKey(name)
                                ? name + " "
                                        + Arrays.toString(constants.get(name).shape())
                                : name)
                        .collect(Collectors.joining(", ")),
                Arrays.toString(shapes.get(node.output()))
            });
        }
        int[] widths = new int[4];
        lines.forEach(line -> Arrays.setAll(widths, i -> Math.max(widths[i], line[i].length())));
        return lines.stream()
                .map(line -> String.format(
                                Locale.ROOT,
                                "%-" + widths[0] + "s  %-" + widths[3] + "s  = %s%s",
                                line[0],
                                line[3],
                                line[1],
                                line[2].isEmpty() ? "" : "(" + line[2] + ")")
                        .stripTrailing())
                .collect(Collectors.joining("\n"));
    }

    /** Print an operator with its attributes, such as {@code Conv{5×5, strides 2×2}}. */
    private static String text(Operator operator) {
        if (operator instanceof Operator.Reduce reduce) {
            return reduce.type() + "{axes " + reduce.axes() + "}";
        }
        String record = operator.toString();
        String attributes = record.substring(record.indexOf('[') + 1, record.length() - 1)
                .replace("window=", "")
                .replace("permutation=", "")
                .replace("shape=", "")
                .replace(", group=1", "")
                .replace("[]", "")
                .replace(String.valueOf(Integer.MAX_VALUE), "…")
                .replace('=', ' ');
        return operator.type() + (attributes.isEmpty() ? "" : "{" + attributes + "}");
    }

    /**
     * Return a smaller graph that computes the same function: scales and shifts folded into weights, transposes cancelled, poolings
     * moved before monotone functions, unused parts gone.
     */
    public OperatorGraph simplified() {
        return Simplification.of(this);
    }

    /** Return the same graph in another floating-point type. */
    public OperatorGraph castTo(DataType type) {
        Map<String, INDArray> cast = new LinkedHashMap<>();
        constants.forEach((name, value) -> cast.put(name, value.castTo(type)));
        return new OperatorGraph(input, cast, nodes, output);
    }

    @Override
    public String toString() {
        return nodes.size() + " operators from " + input + " to " + output;
    }
}
