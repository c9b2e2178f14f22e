package dev.mettle.graph;

import dev.mettle.graph.OperatorGraph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rewrites a graph into a smaller one that computes the same function: constant scales and shifts, such as those of batch
 * normalization, move into the weights before them; transposes cancel; maxima are taken before monotone functions, which then have
 * less to do; and what doesn't reach the output goes.
 */
final class Simplification {

    private final String input;
    private String output;
    private final Map<String, INDArray> constants;
    private List<Node> nodes;

    private Simplification(OperatorGraph graph) {
        this.input = graph.input();
        this.output = graph.output();
        this.constants = new LinkedHashMap<>(graph.constants());
        this.nodes = new ArrayList<>(graph.nodes());
    }

    static OperatorGraph of(OperatorGraph graph) {
        Simplification work = new Simplification(graph);
        boolean changed = true;
        while (changed) {
            changed = work.cancelTransposes() || work.foldIntoWeights() || work.poolBeforeFunctions();
        }
        return work.reachable();
    }

    // ---------------------------------------------------------------------------------------------- constants

    /** Find a product with or a sum of one constant per channel, right behind weights, and compute it into them. */
    private boolean foldIntoWeights() {
        for (Node node : nodes) {
            boolean scale = node.operator() instanceof Operator.Mul;
            if ((scale || node.operator() instanceof Operator.Add)
                    && constants.containsKey(node.inputs().get(1))) {
                Optional<Node> weights = onlyProducer(node.inputs().get(0));
                if (weights.isPresent() && fold(weights.get(), node, scale)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean fold(Node weighted, Node node, boolean scale) {
        int outputs = outputAxis(weighted.operator());
        INDArray factor = constants.get(node.inputs().get(1));
        INDArray weights = constants.get(
                weighted.inputs().get(Math.min(1, weighted.inputs().size() - 1)));
        if (outputs < 0 || weights == null || factor == null) {
            return false;
        }
        long channels = weights.size(outputs);
        int trailing = weighted.operator() instanceof Operator.Gemm ? 0 : weights.rank() - 2;
        if (!isPerChannel(factor.shape(), channels, trailing)) {
            return false;
        }
        INDArray flat = factor.reshape(new long[] {channels});
        INDArray bias =
                weighted.inputs().size() > 2 ? constants.get(weighted.inputs().get(2)) : null;
        INDArray newBias = bias;
        INDArray newWeights = weights;
        if (scale) {
            long[] shape = new long[weights.rank()];
            Arrays.fill(shape, 1);
            shape[outputs] = channels;
            newWeights = weights.mul(flat.reshape('c', shape));
            newBias = bias == null ? null : bias.mul(flat);
        } else {
            newBias = bias == null ? flat.dup() : bias.add(flat);
        }
        List<String> inputs = new ArrayList<>(
                List.of(weighted.inputs().get(0), constant(weighted.output() + " weights", newWeights)));
        if (newBias != null) {
            inputs.add(constant(weighted.output() + " bias", newBias));
        }
        nodes.set(nodes.indexOf(weighted), new Node(weighted.operator(), inputs, weighted.output()));
        nodes.remove(node);
        rename(node.output(), weighted.output());
        return true;
    }

    /** Return the axis of the outputs in the weights of an operator, or −1 if it has none. */
    private static int outputAxis(Operator operator) {
        if (operator instanceof Operator.Conv) {
            return 0;
        }
        return operator instanceof Operator.Gemm || operator instanceof Operator.ConvTranspose ? 1 : -1;
    }

    /** Say whether a constant has shape {@code [channels, 1, …]}. */
    private static boolean isPerChannel(long[] shape, long channels, int trailing) {
        return shape.length == trailing + 1 && shape[0] == channels && Shapes.length(shape) == channels;
    }

    private String constant(String name, INDArray value) {
        constants.put(name, value);
        return name;
    }

    // ---------------------------------------------------------------------------------------------- transposes

    /** Let two transposes cancel, or move one behind the function or sum that follows it, where it may meet another. */
    private boolean cancelTransposes() {
        for (Node node : nodes) {
            if (node.operator() instanceof Operator.Transpose second) {
                Optional<Node> before = onlyProducer(node.inputs().get(0));
                if (before.isPresent() && before.get().operator() instanceof Operator.Transpose first) {
                    List<Integer> both = second.permutation().stream()
                            .map(axis -> first.permutation().get(axis))
                            .toList();
                    replace(before.get(), node, both);
                    return true;
                }
            } else if (node.operator() instanceof Operator.Function
                    || node.operator() instanceof Operator.Elementwise) {
                if (sink(node)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void replace(Node first, Node second, List<Integer> permutation) {
        int position = nodes.indexOf(second);
        List<Integer> identity = IntStream.range(0, permutation.size()).boxed().toList();
        if (permutation.equals(identity)) {
            nodes.remove(second);
            rename(second.output(), first.inputs().get(0));
        } else {
            nodes.set(position, new Node(new Operator.Transpose(permutation), first.inputs(), second.output()));
        }
        nodes.remove(first);
    }

    /** Move equal transposes of all inputs behind an operator on single values. */
    private boolean sink(Node node) {
        Operator.Transpose common = null;
        List<Node> before = new ArrayList<>();
        for (String name : node.inputs()) {
            Optional<Node> producer = onlyProducer(name);
            if (producer.isEmpty()
                    || !(producer.get().operator() instanceof Operator.Transpose transpose)
                    || (common != null && !common.equals(transpose))) {
                return false;
            }
            common = transpose;
            before.add(producer.get());
        }
        if (common == null) {
            return false;
        }
        String transposed = before.get(0).output();
        int position = nodes.indexOf(node);
        List<String> plain =
                before.stream().map(transpose -> transpose.inputs().get(0)).toList();
        rename(node.output(), transposed);
        nodes.set(position, new Node(node.operator(), plain, node.output()));
        nodes.add(position + 1, new Node(common, List.of(node.output()), transposed));
        nodes.removeAll(before);
        return true;
    }

    // ---------------------------------------------------------------------------------------------- functions

    /** Exchange a monotone function and the maximum behind it. */
    private boolean poolBeforeFunctions() {
        for (Node pool : nodes) {
            if (pool.operator() instanceof Operator.MaxPool) {
                Optional<Node> function = onlyProducer(pool.inputs().get(0));
                if (function.isPresent()
                        && function.get().operator() instanceof Operator.Function monotone
                        && monotone.isMonotone()) {
                    Node before = function.get();
                    int position = nodes.indexOf(pool);
                    rename(pool.output(), before.output());
                    nodes.set(position, new Node(pool.operator(), before.inputs(), pool.output()));
                    nodes.add(position + 1, new Node(monotone, List.of(pool.output()), before.output()));
                    nodes.remove(before);
                    return true;
                }
            }
        }
        return false;
    }

    // ---------------------------------------------------------------------------------------------- graph

    /** Return the node that puts out a tensor which only one other takes. */
    private Optional<Node> onlyProducer(String tensor) {
        long takers = nodes.stream()
                .flatMap(node -> node.inputs().stream())
                .filter(tensor::equals)
                .count();
        return tensor.equals(output) || takers != 1
                ? Optional.empty()
                : nodes.stream().filter(node -> node.output().equals(tensor)).findFirst();
    }

    /** Let everyone who takes a tensor, the graph's output included, take another one. */
    private void rename(String from, String to) {
        output = output.equals(from) ? to : output;
        nodes = nodes.stream()
                .map(node -> new Node(
                        node.operator(),
                        node.inputs().stream()
                                .map(name -> name.equals(from) ? to : name)
                                .toList(),
                        node.output()))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** Return what the output needs. */
    private OperatorGraph reachable() {
        Set<String> needed = new HashSet<>(Set.of(output));
        List<Node> kept = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (needed.contains(node.output())) {
                kept.add(0, node);
                needed.addAll(node.inputs());
            }
        }
        Map<String, INDArray> used = new LinkedHashMap<>(constants);
        used.keySet().retainAll(needed);
        return new OperatorGraph(input, used.isEmpty() ? constants : used, kept, output);
    }
}
