package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Builds operator graphs with random weights. Tensors are called by their names. */
final class RandomGraph {

    static final String INPUT = "x";

    private final SampleRandom random;
    private final Map<String, INDArray> constants = new LinkedHashMap<>();
    private final List<OperatorGraph.Node> nodes = new ArrayList<>();

    RandomGraph(long seed) {
        this.random = SampleRandom.of(seed, "graph", 0, 0);
        constant(0, 0, 1);
    }

    /** Add an operator and return the name of what it puts out. */
    String add(Operator operator, String... inputs) {
        String output = "t" + nodes.size();
        nodes.add(new OperatorGraph.Node(operator, List.of(inputs), output));
        return output;
    }

    /** Add a constant of normal values, rounded to single precision, since it is also run there. */
    String constant(double mean, double deviation, long... shape) {
        int length =
                (int) IntStream.range(0, shape.length).mapToLong(i -> shape[i]).reduce(1, (a, b) -> a * b);
        double[] values = IntStream.range(0, length)
                .mapToDouble(i -> (float) (mean + deviation * random.gaussian()))
                .toArray();
        String name = "c" + constants.size();
        constants.put(name, Rows.fromDoubles(values, shape, DataType.DOUBLE));
        return name;
    }

    /** Add positive constants. */
    String positive(long... shape) {
        String name = constant(0, 0.4, shape);
        INDArray values = constants.get(name);
        double[] positive = Rows.toDoubles(values);
        for (int i = 0; i < positive.length; i++) {
            positive[i] = (float) Math.min(1, Math.abs(positive[i]));
        }
        constants.put(name, Rows.fromDoubles(positive, shape, DataType.DOUBLE));
        return name;
    }

    String dense(String x, long from, long to) {
        return add(new Operator.Gemm(), x, constant(0, 1 / Math.sqrt((double) from), from, to), constant(0, 0.3, to));
    }

    OperatorGraph output(String name) {
        return new OperatorGraph(INPUT, constants, nodes, name);
    }
}
