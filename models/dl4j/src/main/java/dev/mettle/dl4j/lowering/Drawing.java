package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An operator graph under construction. Tensors are named after the vertex that is being lowered. */
final class Drawing {

    private final Map<String, INDArray> parameters;
    private final Map<String, INDArray> masks;
    private final Map<String, INDArray> constants = new LinkedHashMap<>();
    private final List<OperatorGraph.Node> nodes = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final Map<String, Tensor> vertices = new HashMap<>();
    private String scope = "";

    /**
     * Begin.
     *
     * @param parameters the network's parameters by vertex and name, such as {@code conv1_W}
     * @param masks the masks that layers and inputs have, by name of the vertex
     */
    Drawing(Map<String, INDArray> parameters, Map<String, INDArray> masks) {
        this.parameters = parameters;
        this.masks = masks;
    }

    /** Go on with another vertex. */
    void enter(String vertex) {
        scope = vertex;
    }

    /** Return the mask of the vertex that is being lowered, or null if it has none. */
    @Nullable
    INDArray mask() {
        return mask(scope);
    }

    /** Return the mask of a vertex or an input, or null if it has none. */
    @Nullable
    INDArray mask(String name) {
        return masks.get(name);
    }

    /** Return what a vertex puts out. */
    Tensor output(String vertex) {
        Tensor tensor = vertices.get(vertex);
        if (tensor == null) {
            throw new IllegalStateException("the vertex " + vertex + " is needed before it is lowered");
        }
        return tensor;
    }

    void setOutput(String vertex, Tensor tensor) {
        vertices.put(vertex, tensor);
    }

    /** Take an input of the network. */
    Tensor input(String name, int rank) {
        names.add(name);
        Tensor tensor = new Tensor(name, rank);
        vertices.put(name, tensor);
        return tensor;
    }

    /** Append an operator whose output has the rank of its first input. */
    Tensor add(Operator operator, Tensor... inputs) {
        return add(operator, inputs[0].rank(), inputs);
    }

    /** Append an operator. */
    Tensor add(Operator operator, int rank, Tensor... inputs) {
        String output = unused(scope + "/" + operator.type());
        List<String> names = new ArrayList<>();
        for (Tensor input : inputs) {
            names.add(input.name());
        }
        nodes.add(new OperatorGraph.Node(operator, names, output));
        return new Tensor(output, rank, inputs[0].perStep());
    }

    /** Return a parameter of the vertex that is being lowered, in double precision. */
    INDArray parameter(String name) {
        INDArray parameter = parameters.get(scope + "_" + name);
        if (parameter == null) {
            throw new IllegalStateException("the vertex " + scope + " has no parameter " + name);
        }
        return parameter.castTo(DataType.DOUBLE).dup('c');
    }

    /** Return the values of a parameter in one dimension. */
    static INDArray vector(INDArray parameter) {
        return parameter.dup('c').reshape(new long[] {parameter.length()});
    }

    boolean hasParameter(String name) {
        return parameters.containsKey(scope + "_" + name);
    }

    /** Add a constant, in double precision. */
    Tensor constant(String name, INDArray value) {
        String own = unused(scope + "/" + name);
        constants.put(own, value);
        return new Tensor(own, value.rank());
    }

    Tensor constant(double value) {
        return constant(String.valueOf(value), Nd4j.createFromArray(value));
    }

    private String unused(String name) {
        String unused = name;
        for (int i = 2; !names.add(unused); i++) {
            unused = name + i;
        }
        return unused;
    }

    Tensor reshape(Tensor x, Long... shape) {
        return add(new Operator.Reshape(List.of(shape)), shape.length, x);
    }

    Tensor transpose(Tensor x, Integer... permutation) {
        return add(new Operator.Transpose(List.of(permutation)), x);
    }

    /** Bring {@code [n, …, channels]} into the order {@code [n, channels, …]}. */
    Tensor channelsFirst(Tensor x) {
        return add(Operator.Transpose.channelsFirst(x.rank()), x);
    }

    /** Bring {@code [n, channels, …]} into the order {@code [n, …, channels]}. */
    Tensor channelsLast(Tensor x) {
        return add(Operator.Transpose.channelsLast(x.rank()), x);
    }

    OperatorGraph graph(String input, Tensor output, DataType type) {
        if (constants.isEmpty()) {
            constants.put("type", Nd4j.zeros(DataType.DOUBLE, 1)); // a graph without weights computes in it
        }
        return new OperatorGraph(input, constants, nodes, output.name())
                .simplified()
                .castTo(type);
    }
}
