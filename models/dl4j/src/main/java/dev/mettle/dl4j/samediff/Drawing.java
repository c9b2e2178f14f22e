package dev.mettle.dl4j.samediff;

import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An operator graph under construction, for a batch of two samples. Tensors are named after the variable that is being lowered. */
final class Drawing {

    /** The batch size that shapes are worked out for; the finished graph takes any. */
    static final long BATCH = 2;

    private final Map<String, INDArray> constants = new LinkedHashMap<>();
    private final List<OperatorGraph.Node> nodes = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private String scope = "";

    /** Go on with another variable. */
    void enter(String variable) {
        scope = variable;
    }

    /** Take the input of the network. */
    Tensor input(String name, List<Long> sampleShape) {
        names.add(name);
        long[] shape = new long[sampleShape.size() + 1];
        shape[0] = BATCH;
        for (int i = 0; i < sampleShape.size(); i++) {
            shape[i + 1] = sampleShape.get(i);
        }
        return Tensor.computed(name, shape);
    }

    /** Append an operator. */
    Tensor add(Operator operator, Tensor... inputs) {
        List<String> from = new ArrayList<>();
        List<long[]> shapes = new ArrayList<>();
        for (Tensor input : inputs) {
            from.add(input.name());
            shapes.add(input.shape());
        }
        long[] shape = operator.outputShape(shapes);
        String output = unused(scope + "/" + operator.type());
        nodes.add(new OperatorGraph.Node(operator, from, output));
        return Tensor.computed(output, shape);
    }

    /** Add a constant; the graph has all of them in one floating-point type. */
    Tensor constant(String name, INDArray value) {
        INDArray own = value.castTo(DataType.DOUBLE).dup('c');
        INDArray ranked = own.rank() == 0 ? own.reshape(new long[] {1}) : own;
        String unused = unused(scope + "/" + name);
        constants.put(unused, ranked);
        return Tensor.constant(unused, ranked);
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

    Tensor plus(Tensor a, Tensor b) {
        return add(new Operator.Add(), a, b);
    }

    Tensor minus(Tensor a, Tensor b) {
        return add(new Operator.Sub(), a, b);
    }

    Tensor times(Tensor a, Tensor b) {
        return add(new Operator.Mul(), a, b);
    }

    Tensor over(Tensor a, Tensor b) {
        return add(new Operator.Div(), a, b);
    }

    Tensor reduce(Operator.Reduction reduction, List<Integer> axes, Tensor x) {
        return add(new Operator.Reduce(reduction, axes), x);
    }

    /** Give the values of each sample another shape; the first size is the batch and stays. */
    Tensor reshape(Tensor x, long... shape) {
        List<Long> sizes = new ArrayList<>(List.of(0L));
        for (int i = 1; i < shape.length; i++) {
            sizes.add(shape[i]);
        }
        return add(new Operator.Reshape(sizes), x);
    }

    /** Bring {@code [n, …, channels]} into the order {@code [n, channels, …]}. */
    Tensor channelsFirst(Tensor x) {
        return add(Operator.Transpose.channelsFirst(x.rank()), x);
    }

    /** Bring {@code [n, channels, …]} into the order {@code [n, …, channels]}. */
    Tensor channelsLast(Tensor x) {
        return add(Operator.Transpose.channelsLast(x.rank()), x);
    }

    OperatorGraph graph(String input, Tensor output) {
        if (constants.isEmpty()) {
            constants.put("type", Nd4j.zeros(DataType.DOUBLE, 1)); // a graph without weights computes in it
        }
        return new OperatorGraph(input, constants, nodes, output.name());
    }
}
