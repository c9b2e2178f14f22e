package dev.mettle.defenses.certification.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import dev.mettle.graph.Shapes;
import dev.mettle.graph.Window;
import dev.mettle.graph.nd4j.Nd4jGraph;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class BoundNetworkTests {

    private static final Box BOX = Box.of(0, 1);
    private static final int BOXES = 75;
    private static final int POINTS = 64;
    private static final Norm[] NORMS = {Norm.LINF, Norm.L2, Norm.L1};
    private static final double[] RADII = {0, 0.02, 0.1, 0.4};

    private static Arguments of(String name, OperatorGraph graph, long... inputShape) {
        return Arguments.of(name, graph, inputShape);
    }

    private static Window window(int kernel, int stride, int padding) {
        return Window.of(
                new int[] {kernel, kernel}, new int[] {stride, stride}, new int[] {padding, padding}, new int[] {1, 1});
    }

    static Stream<Arguments> networks() {
        return Stream.of(
                dense(),
                deep(),
                function("leaky", new Operator.LeakyRelu(0.1)),
                function("elu", new Operator.Elu(1.5)),
                function("selu", new Operator.Selu()),
                function("sigmoid", new Operator.Sigmoid()),
                function("tanh", new Operator.Tanh()),
                function("softplus", new Operator.Softplus()),
                function("softsign", new Operator.Softsign()),
                function("hard sigmoid", new Operator.HardSigmoid(0.2, 0.5)),
                function("clip", new Operator.Clip(-0.5, 0.75)),
                parametric(),
                convolution("strided convolution", window(3, 2, 0), 1),
                convolution("padded convolution", window(3, 1, 1), 1),
                convolution("convolution with values left over", window(2, 4, 0), 1),
                convolution(
                        "same convolution, dilated",
                        Window.same(new int[] {3, 3}, new int[] {2, 2}, new int[] {2, 2}),
                        1),
                convolution("depthwise convolution", window(3, 1, 1), 2),
                transposedConvolution(),
                pooled("max pooling", new Operator.MaxPool(window(2, 2, 0))),
                pooled("overlapping max pooling, padded", new Operator.MaxPool(window(3, 2, 1))),
                pooled("average pooling", new Operator.AveragePool(window(2, 2, 0), true)),
                pooled("average pooling, padding not counted", new Operator.AveragePool(window(3, 2, 1), false)),
                pooled("global average", new Operator.Reduce(Operator.Reduction.MEAN, List.of(2, 3))),
                pooled("global maximum", new Operator.Reduce(Operator.Reduction.MAX, List.of(2, 3))),
                residual(),
                normalized(),
                layouts(),
                series());
    }

    private static Arguments dense() {
        RandomGraph graph = new RandomGraph(1);
        String hidden = graph.add(new Operator.Relu(), graph.dense(RandomGraph.INPUT, 6, 12));
        return of("dense", graph.output(graph.dense(hidden, 12, 3)), 1, 6);
    }

    private static Arguments deep() {
        RandomGraph graph = new RandomGraph(2);
        String x = graph.add(new Operator.Relu(), graph.dense(RandomGraph.INPUT, 5, 10));
        x = graph.add(new Operator.Relu(), graph.dense(x, 10, 10));
        x = graph.add(new Operator.MatMul(), x, graph.constant(0, 0.3, 10, 8));
        x = graph.add(new Operator.Relu(), x);
        return of("deep", graph.output(graph.dense(x, 8, 4)), 1, 5);
    }

    private static Arguments function(String name, Operator.Function function) {
        RandomGraph graph = new RandomGraph(3);
        String x = graph.add(function, graph.dense(RandomGraph.INPUT, 5, 10));
        x = graph.add(function, graph.dense(x, 10, 6));
        return of(name, graph.output(graph.dense(x, 6, 3)), 1, 5);
    }

    private static Arguments parametric() {
        RandomGraph graph = new RandomGraph(4);
        String x = graph.dense(RandomGraph.INPUT, 5, 10);
        x = graph.add(new Operator.PRelu(), x, graph.positive(10));
        return of("parametric", graph.output(graph.dense(x, 10, 3)), 1, 5);
    }

    private static Arguments convolution(String name, Window window, int group) {
        RandomGraph graph = new RandomGraph(5);
        Operator.Conv conv = new Operator.Conv(window, group);
        long[] w = {4, 2 / group, window.kernel().get(0), window.kernel().get(1)};
        String x = graph.add(conv, RandomGraph.INPUT, graph.constant(0, 0.4, w), graph.constant(0, 0.2, 4));
        return of(name, flattened(graph, graph.add(new Operator.Relu(), x), 1, 2, 7, 7), 1, 2, 7, 7);
    }

    private static Arguments transposedConvolution() {
        RandomGraph graph = new RandomGraph(6);
        Operator up = new Operator.ConvTranspose(window(3, 2, 1));
        String x = graph.add(up, RandomGraph.INPUT, graph.constant(0, 0.4, 2, 3, 3, 3), graph.constant(0, 0.2, 3));
        return of(
                "transposed convolution", flattened(graph, graph.add(new Operator.Relu(), x), 1, 2, 4, 4), 1, 2, 4, 4);
    }

    private static Arguments pooled(String name, Operator pooling) {
        RandomGraph graph = new RandomGraph(7);
        Operator.Conv conv = new Operator.Conv(window(3, 1, 1), 1);
        String x = graph.add(conv, RandomGraph.INPUT, graph.constant(0, 0.4, 3, 1, 3, 3), graph.constant(0, 0.2, 3));
        x = graph.add(new Operator.Relu(), graph.add(pooling, x));
        return of(name, flattened(graph, x, 1, 1, 6, 6), 1, 1, 6, 6);
    }

    /** Two blocks, the second of which ends in a difference. */
    private static Arguments residual() {
        RandomGraph graph = new RandomGraph(8);
        String x = graph.add(new Operator.Relu(), graph.dense(RandomGraph.INPUT, 5, 8));
        String inner = graph.dense(graph.add(new Operator.Relu(), graph.dense(x, 8, 8)), 8, 8);
        x = graph.add(new Operator.Relu(), graph.add(new Operator.Add(), x, inner));
        inner = graph.dense(graph.add(new Operator.Relu(), graph.dense(x, 8, 8)), 8, 8);
        x = graph.add(new Operator.Sub(), inner, x);
        x = graph.add(new Operator.Add(), x, x);
        return of("residual", graph.output(graph.dense(graph.add(new Operator.Relu(), x), 8, 3)), 1, 5);
    }

    /** Batch normalization before and after a convolution, and the other constants. */
    private static Arguments normalized() {
        RandomGraph graph = new RandomGraph(9);
        String x = graph.add(new Operator.Mul(), RandomGraph.INPUT, graph.constant(1, 0.8, 2, 1, 1));
        x = graph.add(new Operator.Add(), x, graph.constant(0, 1, 2, 1, 1));
        x = graph.add(
                new Operator.Conv(window(3, 1, 1), 1),
                x,
                graph.constant(0, 0.3, 3, 2, 3, 3),
                graph.constant(0, 0.2, 3));
        x = graph.add(new Operator.Relu(), graph.add(new Operator.Mul(), x, graph.constant(0, 1, 3, 1, 1)));
        x = graph.add(new Operator.Sub(), x, graph.constant(0, 1, 1));
        x = graph.add(new Operator.Sub(), graph.constant(0.5, 0, 1), x);
        x = graph.add(new Operator.Div(), x, graph.constant(2, 0.1, 3, 1, 1));
        return of("constants", flattened(graph, graph.add(new Operator.Relu(), x), 1, 2, 4, 4), 1, 2, 4, 4);
    }

    private static Arguments layouts() {
        RandomGraph graph = new RandomGraph(10);
        String x =
                graph.add(new Operator.Pad(List.of(0L, 0L, 1L, 0L), List.of(0L, 0L, 1L, 2L), 0.5), RandomGraph.INPUT);
        x = graph.add(new Operator.SpaceToDepth(2), x); // [1, 8, 3, 3]
        String first = graph.add(new Operator.Slice(1, 0, 3), x);
        String second = graph.add(new Operator.Split(1, 2, 1), x);
        x = graph.add(new Operator.Concat(1), first, second, first); // [1, 10, 3, 3]
        x = graph.add(Operator.Transpose.channelsLast(4), graph.add(new Operator.Resize(List.of(2L, 1L)), x));
        return of("layouts", flattened(graph, x, 1, 2, 4, 4), 1, 2, 4, 4);
    }

    private static Arguments series() {
        RandomGraph graph = new RandomGraph(11);
        Window three = Window.of(new int[] {3}, new int[] {1}, new int[] {1}, new int[] {1});
        Operator.Conv conv = new Operator.Conv(three, 1);
        String x = graph.add(conv, RandomGraph.INPUT, graph.constant(0, 0.4, 4, 2, 3), graph.constant(0, 0.2, 4));
        Window two = Window.of(new int[] {2}, new int[] {2}, new int[] {0}, new int[] {1});
        x = graph.add(new Operator.Relu(), graph.add(new Operator.MaxPool(two), x));
        return of("series", flattened(graph, x, 1, 2, 8), 1, 2, 8);
    }

    private static OperatorGraph flattened(RandomGraph graph, String x, long... inputShape) {
        long[] shape = graph.output(x).shapes(inputShape).get(x);
        long features = Shapes.length(shape);
        String flat = graph.add(new Operator.Reshape(List.of(0L, -1L)), x);
        String hidden = graph.add(new Operator.Relu(), graph.dense(flat, features, 6));
        return graph.output(graph.dense(hidden, 6, 3));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void enclose_what_a_network_computes(String name, OperatorGraph graph, long[] inputShape) {
        Nd4jGraph exact = Nd4jGraph.of(graph);
        Nd4jGraph single = Nd4jGraph.of(graph.castTo(DataType.FLOAT));
        BoundNetwork network = Compiler.compile(graph, inputShape, Rounding.of(DataType.FLOAT));
        BoundNetwork precise = Compiler.compile(graph, inputShape, Rounding.of(DataType.DOUBLE));
        int features = (int) Shapes.length(inputShape);
        SampleRandom random = SampleRandom.of(1, name, 0, 0);
        for (int box = 0; box < BOXES; box++) {
            Norm norm = NORMS[box % NORMS.length];
            double radius = RADII[box / NORMS.length % RADII.length];
            double[] center = new double[features];
            for (int i = 0; i < features; i++) {
                center[i] = (float) Math.max(0, Math.min(1, random.uniform(-0.2, 1.2)));
            }
            double[][] points = points(center, norm, radius, random);
            INDArray batch = Rows.fromDoubles(
                    Arrays.stream(points).flatMapToDouble(Arrays::stream).toArray(),
                    batch(inputShape),
                    DataType.DOUBLE);
            InputRegion region = InputRegion.of(center, norm, radius, BOX);
            if (box % 5 == 0) {
                requireEnclosed(precise, region, Rows.toRows(exact.logits(batch)));
            } else {
                requireEnclosed(network, region, Rows.toRows(single.logits(batch)));
            }
        }
    }

    private static void requireEnclosed(BoundNetwork network, InputRegion region, double[][] logits) {
        int outputs = logits[0].length;
        double[][] functions = functions(outputs);
        for (BoundMethod method : BoundMethod.values()) {
            Bounds[] all = method == BoundMethod.IBP
                    ? network.intervals(region)
                    : network.intervals(region, method == BoundMethod.CROWN);
            double[] intervals = network.intervalBounds(functions, all);
            double[] linear = network.linearBounds(functions, all, region);
            for (int f = 0; f < functions.length; f++) {
                double least = least(functions[f], logits);
                assertThat(least).as("%s intervals", method).isGreaterThanOrEqualTo(intervals[f]);
                assertThat(least).as("%s linear", method).isGreaterThanOrEqualTo(linear[f]);
            }
        }
    }

    private static double least(double[] factors, double[][] points) {
        double least = Double.POSITIVE_INFINITY;
        for (double[] point : points) {
            double value = 0;
            for (int j = 0; j < factors.length; j++) {
                value += factors[j] * point[j];
            }
            least = Math.min(least, value);
        }
        return least;
    }

    /** Every logit, its negative, and a difference. */
    private static double[][] functions(int outputs) {
        double[][] functions = new double[2 * outputs + 1][outputs];
        for (int j = 0; j < outputs; j++) {
            functions[2 * j][j] = 1;
            functions[2 * j + 1][j] = -1;
        }
        functions[2 * outputs][0] = 1;
        functions[2 * outputs][1] = -1;
        return functions;
    }

    private static long[] batch(long[] inputShape) {
        long[] shape = inputShape.clone();
        shape[0] = POINTS;
        return shape;
    }

    /** Draw points of the ball, cut by the box, in single precision; most of them on its border. */
    private static double[][] points(double[] center, Norm norm, double radius, SampleRandom random) {
        double[][] points = new double[POINTS][center.length];
        for (int p = 0; p < POINTS; p++) {
            double[] step = new double[center.length];
            double size = 0;
            for (int i = 0; i < step.length; i++) {
                step[i] = switch (norm) {
                    case LINF -> p % 4 == 0 ? random.uniform(-1, 1) : random.sign();
                    case L2 -> random.gaussian();
                    default -> random.sign() * random.exponential() * (random.below(3) == 0 ? 1 : 0);
                };
                size = switch (norm) {
                    case LINF -> 1;
                    case L2 -> Math.hypot(size, step[i]);
                    default -> size + Math.abs(step[i]);
                };
            }
            for (int i = 0; i < step.length; i++) {
                double moved = center[i] + (size == 0 ? 0 : radius * step[i] / size);
                points[p][i] = (float) Math.max(0, Math.min(1, moved));
            }
        }
        return points;
    }

    /** Around intervals that both share, linear bounds may be looser; the better of both is what is used. At every neuron. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void linear_bounds_at_neurons_tighten_intervals(String name, OperatorGraph graph, long[] inputShape) {
        BoundNetwork network = Compiler.compile(graph, inputShape, Rounding.of(DataType.DOUBLE));
        SampleRandom random = SampleRandom.of(2, name, 0, 0);
        double[] center = new double[(int) Shapes.length(inputShape)];
        Arrays.setAll(center, i -> random.uniform(0, 1));
        for (Norm norm : NORMS) {
            InputRegion region = InputRegion.of(center, norm, 0.1, BOX);
            Bounds[] intervals = network.intervals(region);
            Bounds[] tighter = network.intervals(region, true);
            for (int tensor = 0; tensor < intervals.length; tensor++) {
                for (int i = 0; i < intervals[tensor].size(); i++) {
                    double rounding = 1e-12 * (1 + intervals[tensor].magnitude(i));
                    assertThat(tighter[tensor].lower(i)).isGreaterThanOrEqualTo(intervals[tensor].lower(i) - rounding);
                    assertThat(tighter[tensor].upper(i)).isLessThanOrEqualTo(intervals[tensor].upper(i) + rounding);
                }
            }
        }
    }

    @Test
    void name_an_operator_without_bounds() {
        RandomGraph graph = new RandomGraph(12);
        String softmax = graph.add(new Operator.Softmax(1), graph.dense(RandomGraph.INPUT, 3, 4));
        OperatorGraph whole = graph.output(graph.dense(softmax, 4, 2));
        assertThatThrownBy(() -> Compiler.compile(whole, new long[] {1, 3}, Rounding.of(DataType.FLOAT)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "no bounds can be computed through the operator Softmax that puts out \"t1\", since it has no known bounds:"
                                + " bounds are known for dense, convolution, pooling, batch normalization and padding layers, sums and"
                                + " concatenations, and monotone activations; certify other networks by randomized smoothing");
    }

    @Test
    void name_a_product_of_tensors() {
        RandomGraph graph = new RandomGraph(13);
        String x = graph.dense(RandomGraph.INPUT, 3, 4);
        OperatorGraph whole = graph.output(graph.add(new Operator.Mul(), x, graph.add(new Operator.Sigmoid(), x)));
        assertThatThrownBy(() -> Compiler.compile(whole, new long[] {1, 3}, Rounding.of(DataType.FLOAT)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("no bounds can be computed through the operator Mul that puts out \"t2\","
                        + " since it combines two tensors that depend on the input: ");
    }
}
