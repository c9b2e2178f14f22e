package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import dev.mettle.graph.Shapes;
import dev.mettle.graph.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Turns an operator graph in double precision into the steps of a {@link BoundNetwork}, for inputs of one shape. */
final class Compiler {

    private final OperatorGraph graph;
    private final Rounding rounding;
    private final Map<String, long[]> shapes;
    private final Map<String, Integer> tensors = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private int count = 1;

    private Compiler(OperatorGraph graph, long[] inputShape, Rounding rounding) {
        this.graph = graph;
        this.rounding = rounding;
        this.shapes = graph.shapes(inputShape);
        tensors.put(graph.input(), 0);
    }

    /**
     * Compile a graph.
     *
     * @param inputShape the shape of a batch of one
     * @throws ConfigurationException naming the operator for which no bounds are known
     */
    static BoundNetwork compile(OperatorGraph graph, long[] inputShape, Rounding rounding) {
        Compiler compiler = new Compiler(graph, inputShape, rounding);
        graph.nodes().forEach(compiler::add);
        Integer output = compiler.tensors.get(graph.output());
        if (output == null) {
            throw new ConfigurationException("the logits don't depend on the input: there is nothing to bound");
        }
        return new BoundNetwork(compiler.steps, compiler.count, output);
    }

    private void add(OperatorGraph.Node node) {
        Operator operator = node.operator();
        List<String> names = node.inputs();
        if (operator instanceof Operator.Reshape) {
            if (shape(node.output())[0] != 1) {
                throw unknown(node, "moves the batch");
            }
            tensors.put(node.output(), tensor(node, 0)); // the same values, in the same order
        } else if (operator instanceof Operator.Concat concat) {
            concat(node, concat.axis());
        } else if (operator instanceof Operator.Elementwise && !isConstant(names.get(0)) && !isConstant(names.get(1))) {
            sum(node);
        } else if (operator instanceof Operator.Elementwise) {
            withConstant(node);
        } else if (operator instanceof Operator.PRelu) {
            parametric(node);
        } else if (operator instanceof Operator.Function function) {
            Curve curve = Curves.of(function, rounding).orElseThrow(() -> unknown(node, "has no known bounds"));
            put(node, new CurveStep(tensor(node, 0), count, curve));
        } else if (operator instanceof Operator.MaxPool pool) {
            maximum(node, Members.ofWindows(pool.window(), shape(names.get(0)), shape(node.output())));
        } else if (operator instanceof Operator.Reduce reduce && reduce.reduction() == Operator.Reduction.MAX) {
            requireBatchKept(node, !reduce.axes().contains(0));
            maximum(node, Members.ofAxes(reduce.axes(), shape(names.get(0)), shape(node.output())));
        } else {
            linear(node);
        }
    }

    // ---------------------------------------------------------------------------------------------- linear operators

    private void linear(OperatorGraph.Node node) {
        Operator operator = node.operator();
        long[] x = shape(node.inputs().get(0));
        if (operator instanceof Operator.Gemm) {
            weighted(node, operator, x[1]);
        } else if (operator instanceof Operator.MatMul && x.length == 2) {
            weighted(node, operator, x[1]);
        } else if (operator instanceof Operator.Conv conv) {
            weighted(node, operator, size(conv.window()) * x[1] / conv.group());
        } else if (operator instanceof Operator.ConvTranspose conv) {
            weighted(node, operator, size(conv.window()) * x[1]);
        } else if (operator instanceof Operator.AveragePool pool) {
            weighted(node, operator, size(pool.window()));
        } else if (operator instanceof Operator.Reduce reduce) {
            requireBatchKept(node, !reduce.axes().contains(0));
            weighted(
                    node,
                    operator,
                    reduce.axes().stream().mapToLong(axis -> x[axis]).reduce(1, (a, b) -> a * b));
        } else if (operator instanceof Operator.Pad pad) {
            requireBatchKept(node, pad.before().get(0) == 0 && pad.after().get(0) == 0);
            layout(node, new Operator.Pad(pad.before(), pad.after(), 0));
        } else if (operator instanceof Operator.Slice slice) {
            requireBatchKept(node, slice.axis() != 0);
            layout(node, operator);
        } else if (operator instanceof Operator.Split split) {
            requireBatchKept(node, split.axis() != 0);
            layout(node, operator);
        } else if (operator instanceof Operator.Transpose transpose) {
            requireBatchKept(node, transpose.permutation().get(0) == 0);
            layout(node, operator);
        } else if (operator instanceof Operator.Resize || operator instanceof Operator.SpaceToDepth) {
            layout(node, operator);
        } else {
            throw unknown(node, "has no known bounds");
        }
    }

    private static long size(Window window) {
        return window.kernel().stream().mapToLong(k -> k).reduce(1, (a, b) -> a * b);
    }

    private void weighted(OperatorGraph.Node node, Operator linear, long terms) {
        LinearMap map = map(node, linear);
        put(node, new LinearStep(tensor(node, 0), count, map, rounding.ofSum(terms + 1, map.outputSize())));
    }

    private void layout(OperatorGraph.Node node, Operator linear) {
        put(node, new LayoutStep(tensor(node, 0), count, map(node, linear)));
    }

    private LinearMap map(OperatorGraph.Node node, Operator linear) {
        List<INDArray> weights = new ArrayList<>();
        for (String name : node.inputs().subList(1, node.inputs().size())) {
            if (!isConstant(name)) {
                throw unknown(node, "has weights that depend on the input");
            }
            weights.add(constant(name));
        }
        return LinearMap.of(node.operator(), linear, shape(node.inputs().get(0)), weights);
    }

    // ---------------------------------------------------------------------------------------------- two tensors

    private void concat(OperatorGraph.Node node, int axis) {
        requireBatchKept(node, axis != 0);
        List<Integer> inputs = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            inputs.add(tensor(node, i));
        }
        long[] y = shape(node.output());
        put(node, new ConcatStep(inputs, count, Math.toIntExact(Shapes.length(Arrays.copyOf(y, axis)))));
    }

    private void sum(OperatorGraph.Node node) {
        boolean difference = node.operator() instanceof Operator.Sub;
        if (!difference && !(node.operator() instanceof Operator.Add)) {
            throw unknown(node, "combines two tensors that depend on the input");
        }
        if (!Arrays.equals(shape(node.inputs().get(0)), shape(node.inputs().get(1)))) {
            throw unknown(node, "broadcasts a tensor that depends on the input");
        }
        put(node, new SumStep(tensor(node, 0), tensor(node, 1), count, difference, rounding.ofArithmetic()));
    }

    private void withConstant(OperatorGraph.Node node) {
        boolean constantFirst = isConstant(node.inputs().get(0));
        int variable = constantFirst ? 1 : 0;
        int x = tensor(node, variable);
        double[] constant = constantLike(
                node, node.inputs().get(1 - variable), node.inputs().get(variable));
        double[] ones = new double[constant.length];
        Arrays.fill(ones, 1);
        double[] zeros = new double[constant.length];
        double error = rounding.ofSum(1, constant.length);
        Operator operator = node.operator();
        if (operator instanceof Operator.Add) {
            put(node, new ScaleStep(x, count, ones, constant, error));
        } else if (operator instanceof Operator.Sub && constantFirst) {
            put(node, new ScaleStep(x, count, negative(ones), constant, error));
        } else if (operator instanceof Operator.Sub) {
            put(node, new ScaleStep(x, count, ones, negative(constant), error));
        } else if (operator instanceof Operator.Mul) {
            put(node, new ScaleStep(x, count, constant, zeros, error));
        } else if (operator instanceof Operator.Div && !constantFirst) {
            put(
                    node,
                    new ScaleStep(
                            x, count, Arrays.stream(constant).map(c -> 1 / c).toArray(), zeros, error));
        } else {
            throw unknown(node, "has no known bounds");
        }
    }

    private static double[] negative(double[] values) {
        return Arrays.stream(values).map(value -> -value).toArray();
    }

    private void parametric(OperatorGraph.Node node) {
        String slope = node.inputs().get(1);
        if (!isConstant(slope)) {
            throw unknown(node, "has slopes that depend on the input");
        }
        double[] slopes = constantLike(node, slope, node.inputs().get(0));
        if (Arrays.stream(slopes).anyMatch(value -> !(value >= 0 && value <= 1))) {
            throw unknown(node, "has a slope outside 0 to 1");
        }
        put(node, new CurveStep(tensor(node, 0), count, new Rectifier(slopes, rounding.ofArithmetic())));
    }

    /** Return a constant as it broadcasts to a tensor. */
    private double[] constantLike(OperatorGraph.Node node, String name, String tensor) {
        long[] shape = shape(tensor);
        if (!Arrays.equals(shape(node.output()), shape)) {
            throw unknown(node, "broadcasts a tensor that depends on the input");
        }
        long[] own = shape(name);
        double[] values = Rows.toDoubles(constant(name));
        double[] broadcast = new double[Math.toIntExact(Shapes.length(shape))];
        for (int i = 0; i < broadcast.length; i++) {
            long[] position = Members.position(i, shape);
            int index = 0;
            for (int axis = 0; axis < own.length; axis++) {
                long at = own[axis] == 1 ? 0 : position[axis + shape.length - own.length];
                index = Math.toIntExact(index * own[axis] + at);
            }
            broadcast[i] = values[index];
        }
        return broadcast;
    }

    // ---------------------------------------------------------------------------------------------- graph

    private void maximum(OperatorGraph.Node node, int[][] members) {
        put(node, new MaximumStep(tensor(node, 0), count, members));
    }

    private void put(OperatorGraph.Node node, Step step) {
        steps.add(step);
        tensors.put(node.output(), step.output());
        count++;
    }

    private int tensor(OperatorGraph.Node node, int input) {
        Integer tensor = tensors.get(node.inputs().get(input));
        if (tensor == null) {
            throw unknown(node, "takes a constant where a tensor that depends on the input is expected");
        }
        return tensor;
    }

    private boolean isConstant(String name) {
        return graph.constants().containsKey(name);
    }

    private INDArray constant(String name) {
        return Objects.requireNonNull(graph.constants().get(name));
    }

    private long[] shape(String name) {
        return Objects.requireNonNull(shapes.get(name));
    }

    private static void requireBatchKept(OperatorGraph.Node node, boolean kept) {
        if (!kept) {
            throw unknown(node, "moves the batch");
        }
    }

    private static ConfigurationException unknown(OperatorGraph.Node node, String why) {
        return new ConfigurationException("no bounds can be computed through the operator "
                + node.operator().type() + " that puts out \"" + node.output() + "\", since it " + why
                + ": bounds are known for dense, convolution, pooling, batch normalization and padding layers, sums and"
                + " concatenations, and monotone activations; certify other networks by randomized smoothing");
    }
}
