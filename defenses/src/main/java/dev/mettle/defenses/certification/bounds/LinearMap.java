package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.numeric.Rows;
import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import dev.mettle.graph.Shapes;
import dev.mettle.graph.nd4j.Nd4jGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * An operator that is linear in its first input, up to a constant, run alone on ND4J in double precision: forward, with the absolute
 * values of its weights, and transposed. Batches are flat arrays of rows in C order.
 */
final class LinearMap {

    private static final String X = "x";
    private static final String Y = "y";

    private final long[] inputShape;
    private final long[] outputShape;
    private final Nd4jGraph forward;
    private final Nd4jGraph magnitude;
    private final Optional<Nd4jGraph> transposed;
    private final double[] offset;

    private LinearMap(
            long[] inputShape,
            long[] outputShape,
            Nd4jGraph forward,
            Nd4jGraph magnitude,
            Optional<Nd4jGraph> transposed) {
        this.inputShape = inputShape;
        this.outputShape = outputShape;
        this.forward = forward;
        this.magnitude = magnitude;
        this.transposed = transposed;
        this.offset = forward(new double[inputSize()], 1);
    }

    /**
     * Make an operator ready to run.
     *
     * @param operator the operator
     * @param linear the same without its constant part, as far as that is no input
     * @param inputShape the shape of its first input, batch of one
     * @param weights its other inputs: weights and, optionally, a bias
     */
    static LinearMap of(Operator operator, Operator linear, long[] inputShape, List<INDArray> weights) {
        List<long[]> shapes = new ArrayList<>(List.of(inputShape));
        weights.forEach(weight -> shapes.add(weight.shape()));
        List<INDArray> absolute = weights.stream()
                .limit(1)
                .map(weight -> Transforms.abs(weight, true))
                .toList();
        Optional<Nd4jGraph> transposed = operator instanceof Operator.Gemm || operator instanceof Operator.MatMul
                ? Optional.of(graph(
                        new Operator.Gemm(), List.of(weights.get(0).transpose().dup('c'))))
                : Optional.empty();
        return new LinearMap(
                inputShape,
                operator.outputShape(shapes),
                graph(operator, weights),
                graph(linear, absolute),
                transposed);
    }

    private static Nd4jGraph graph(Operator operator, List<INDArray> weights) {
        Map<String, INDArray> constants = new LinkedHashMap<>();
        constants.put("type", Nd4j.zeros(DataType.DOUBLE, 1)); // a graph without weights computes in it
        List<String> inputs = new ArrayList<>(List.of(X));
        for (INDArray weight : weights) {
            String name = "w" + inputs.size();
            constants.put(name, weight);
            inputs.add(name);
        }
        return Nd4jGraph.of(new OperatorGraph(X, constants, List.of(new OperatorGraph.Node(operator, inputs, Y)), Y));
    }

    int inputSize() {
        return Math.toIntExact(Shapes.length(inputShape));
    }

    int outputSize() {
        return Math.toIntExact(Shapes.length(outputShape));
    }

    /** Return what zeros are mapped to. */
    double[] offset() {
        return offset;
    }

    /** Apply the operator to some rows. */
    double[] forward(double[] x, int rows) {
        return run(forward, x, inputShape, rows);
    }

    /** Apply the operator with the absolute values of its weights, without its constant part. */
    double[] magnitude(double[] x, int rows) {
        return run(magnitude, x, inputShape, rows);
    }

    /** Apply the transpose of the linear part to rows of the output's size. */
    double[] transposed(double[] y, int rows) {
        if (transposed.isPresent()) {
            return run(transposed.get(), y, outputShape, rows);
        }
        INDArray zeros = Nd4j.zeros(DataType.DOUBLE, batch(inputShape, rows));
        INDArray gradient = batch(y, outputShape, rows);
        INDArray result = forward.gradient(zeros, output -> gradient).gradient();
        Rows.release(zeros);
        Rows.release(gradient);
        return taken(result);
    }

    private static double[] run(Nd4jGraph graph, double[] values, long[] shape, int rows) {
        INDArray batch = batch(values, shape, rows);
        INDArray result = graph.logits(batch);
        Rows.release(batch);
        return taken(result);
    }

    private static double[] taken(INDArray result) {
        double[] values = Rows.toDoubles(result);
        Rows.release(result);
        return values;
    }

    private static INDArray batch(double[] values, long[] shape, int rows) {
        return Rows.fromDoubles(values, batch(shape, rows), DataType.DOUBLE);
    }

    private static long[] batch(long[] shape, int rows) {
        long[] batch = shape.clone();
        batch[0] *= rows;
        return batch;
    }
}
