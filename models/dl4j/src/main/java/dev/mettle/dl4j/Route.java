package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The way through a network: from the attacked input, with everything else held, to the output that counts.
 *
 * @param inputs the names of all inputs, in the network's order
 * @param input the attacked one
 * @param held the values of the others, each of batch size 1
 * @param outputs the names of all outputs, in the network's order
 * @param output the one that counts
 * @param mask which steps of the attacked series are there, shape {@code [1, time]} of zeros and ones; null if all are
 */
record Route(
        List<String> inputs,
        String input,
        Map<String, INDArray> held,
        List<String> outputs,
        String output,
        @Nullable INDArray mask) {

    /**
     * Find the way.
     *
     * @param network the network
     * @param attacked what is attacked; null if the network has one input and one output
     * @throws ConfigurationException if the network has several of them and nothing is said, or if what is said doesn't fit
     */
    static Route of(UserNetwork network, @Nullable Attacked attacked) {
        ComputationGraphConfiguration graph = network.graph();
        List<String> inputs = List.copyOf(graph.getNetworkInputs());
        List<String> outputs = List.copyOf(graph.getNetworkOutputs());
        if (attacked == null) {
            requireOneOfEach(network, inputs, outputs);
            return new Route(inputs, inputs.get(0), Map.of(), outputs, outputs.get(0), null);
        }
        if (network instanceof UserNetwork.Layers) {
            throw new ConfigurationException(
                    "a MultiLayerNetwork has one input and one output: leave out what is attacked");
        }
        requireKnown(network, "input", attacked.input(), inputs);
        attacked.held().keySet().forEach(name -> requireKnown(network, "input", name, inputs));
        String output = attacked.output();
        if (output == null && outputs.size() > 1) {
            throw new ConfigurationException("the " + network.kind() + " has the outputs " + names(outputs)
                    + ": say which one counts, for example with output(\"" + outputs.get(0) + "\")");
        }
        String counting = output == null ? outputs.get(0) : output;
        requireKnown(network, "output", counting, outputs);
        Set<String> missing = new LinkedHashSet<>(inputs);
        missing.remove(attacked.input());
        missing.removeAll(attacked.held().keySet());
        if (!missing.isEmpty()) {
            throw new ConfigurationException("the " + network.kind() + " has further inputs that need a value: "
                    + names(missing) + "; hold each of them, for example with holding(\""
                    + missing.iterator().next() + "\", …)");
        }
        Route route = new Route(inputs, attacked.input(), attacked.held(), outputs, counting, null);
        route.requireFit(new Vertices(graph, route));
        return route;
    }

    private static void requireOneOfEach(UserNetwork network, List<String> inputs, List<String> outputs) {
        if (inputs.size() == 1 && outputs.size() == 1) {
            return;
        }
        String held = inputs.size() == 1 ? "" : ".holding(\"" + inputs.get(1) + "\", …)";
        throw new ConfigurationException("the " + network.kind() + " has the inputs " + names(inputs)
                + " and the outputs "
                + names(outputs) + ": say which one is attacked and which one counts, as second argument, for example"
                + " Attacked.input(\"" + inputs.get(0) + "\").output(\"" + outputs.get(0) + "\")" + held);
    }

    private static void requireKnown(UserNetwork network, String kind, String name, List<String> known) {
        if (!known.contains(name)) {
            throw new ConfigurationException(
                    "the " + network.kind() + " has no " + kind + " \"" + name + "\", but " + names(known));
        }
    }

    private static String names(Collection<String> names) {
        return names.stream().map(name -> "\"" + name + "\"").collect(Collectors.joining(", "));
    }

    private void requireFit(Vertices vertices) {
        if (!vertices.needed().contains(input)) {
            throw new ConfigurationException(
                    "the output \"" + output + "\" doesn't depend on the input \"" + input + "\": attack another one");
        }
        held.forEach((name, value) -> {
            List<Long> expected = InputShapes.of(vertices, name);
            List<Long> given = ModelInfo.shape(Rows.sampleShape(value));
            if (expected != null && !fits(given, expected)) {
                throw new ConfigurationException("the input \"" + name + "\" is held at a value of shape "
                        + ModelInfo.formatShape(given) + ", but takes " + ModelInfo.formatShape(expected));
            }
        });
    }

    private static boolean fits(List<Long> given, List<Long> expected) {
        boolean fits = given.size() == expected.size();
        for (int axis = 0; fits && axis < given.size(); axis++) {
            fits = expected.get(axis) == ModelInfo.ANY_SIZE
                    || expected.get(axis).equals(given.get(axis));
        }
        return fits;
    }

    Route withMask(@Nullable INDArray steps) {
        return new Route(inputs, input, held, outputs, output, steps);
    }

    /** Say whether there is nothing but one input without a mask, and one output. */
    boolean isPlain() {
        return inputs.size() == 1 && outputs.size() == 1 && mask == null;
    }

    /**
     * Return the arrays for all inputs of the network, new ones but for the attacked input's.
     *
     * @param attacked the values of the attacked input, which the network may change
     */
    INDArray[] feed(INDArray attacked) {
        return inputs.stream()
                .map(name ->
                        name.equals(input) ? attacked : repeated(held.get(name), attacked.size(0), attacked.dataType()))
                .toArray(INDArray[]::new);
    }

    /**
     * Return the masks for all inputs of the network, null for those without; null if there is none at all.
     *
     * <p>They are of the default type, since Deeplearning4j's convolutions can't reduce masks of another one, and its layers cast.
     *
     * @param n the number of samples
     */
    INDArray @Nullable [] masks(long n) {
        return mask == null
                ? null
                : inputs.stream()
                        .map(name -> name.equals(input) ? repeated(mask, n, Nd4j.defaultFloatingPointType()) : null)
                        .toArray(INDArray[]::new);
    }

    /** Return the position of the output that counts. */
    int outputIndex() {
        return outputs.indexOf(output);
    }

    private static INDArray repeated(@Nullable INDArray one, long n, DataType type) {
        if (one == null) {
            throw new IllegalStateException("an input is neither attacked nor held");
        }
        INDArray cast = one.castTo(type);
        return n == 1 ? (cast == one ? one.dup('c') : cast) : cast.repeat(0, n);
    }
}
