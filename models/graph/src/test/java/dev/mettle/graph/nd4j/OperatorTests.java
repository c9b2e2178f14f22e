package dev.mettle.graph.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import dev.mettle.graph.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every operator against finite differences in double precision, and single against double precision. */
class OperatorTests {

    private static final double STEP = 1e-5;

    static Stream<Arguments> operators() {
        return Stream.of(
                        matrices(),
                        convolutions(),
                        transposedConvolutions(),
                        poolings(),
                        pooledConvolutions(),
                        arithmetic(),
                        functions(),
                        reductions(),
                        layouts(),
                        recurrences())
                .flatMap(s -> s);
    }

    private static Stream<Arguments> matrices() {
        return Stream.of(
                one("Gemm", new Operator.Gemm(), shape(5), shape(5, 4)),
                one("Gemm with bias", new Operator.Gemm(), shape(5), shape(5, 4), shape(4)),
                one("Gemm, large", new Operator.Gemm(), shape(700), shape(700, 30), shape(30)),
                // attention-like: the input on both sides
                graph(
                        "MatMul",
                        shape(3, 4),
                        node(new Operator.Transpose(List.of(0, 2, 1)), "t", "x"),
                        node(new Operator.MatMul(), "scores", "x", "t"),
                        node(new Operator.Softmax(2), "weights", "scores"),
                        node(new Operator.MatMul(), "y", "weights", "x")));
    }

    private static Stream<Arguments> convolutions() {
        return Stream.of(
                conv("Conv", window(3, 1, 0, 1), shape(2, 6, 5), shape(3, 2, 3, 3), shape(3)),
                conv("Conv without bias", window(3, 1, 1, 1), shape(2, 6, 5), shape(3, 2, 3, 3)),
                conv("Conv, many channels", window(3, 1, 1, 1), shape(8, 6, 5), shape(16, 8, 3, 3), shape(16)),
                conv("Conv, odd channels", window(3, 1, 0, 1), shape(7, 6, 5), shape(5, 7, 3, 3), shape(5)),
                conv("Conv, strides", window(3, 2, 1, 1), shape(6, 7, 7), shape(4, 6, 3, 3), shape(4)),
                conv(
                        "Conv, strides, padding at one end",
                        window(3, 2, 1, 1),
                        shape(6, 8, 6),
                        shape(4, 6, 3, 3),
                        shape(4)),
                conv("Conv, strides, wide padding", window(5, 3, 2, 1), shape(8, 10, 9), shape(16, 8, 5, 5)),
                conv(
                        "Conv over a volume, padding at one end",
                        volume(3, 2, 1, 1),
                        shape(2, 6, 4, 4),
                        shape(3, 2, 3, 3, 3)),
                conv("Conv, strides that leave values over", window(3, 2, 0, 1), shape(6, 8, 6), shape(4, 6, 3, 3)),
                conv("Conv, strides beyond the kernel", window(1, 2, 0, 1), shape(6, 7, 8), shape(4, 6, 1, 1)),
                conv("Conv, strides beyond the kernel, few", window(1, 2, 0, 1), shape(2, 7, 8), shape(4, 2, 1, 1)),
                conv("Conv, dilated", window(2, 1, 1, 2), shape(6, 7, 6), shape(4, 6, 2, 2), shape(4)),
                conv("Conv, dilated, few channels", window(2, 1, 1, 2), shape(2, 7, 6), shape(4, 2, 2, 2), shape(4)),
                conv("Conv, same", same(3, 1, 1), shape(6, 7, 6), shape(4, 6, 3, 3), shape(4)),
                conv("Conv, same, even kernel", same(2, 1, 1), shape(6, 7, 6), shape(4, 6, 2, 2), shape(4)),
                conv("Conv, same, strides", same(3, 2, 1), shape(6, 8, 7), shape(4, 6, 3, 3), shape(4)),
                conv("Conv, same, dilated", same(3, 1, 2), shape(2, 8, 7), shape(4, 2, 3, 3), shape(4)),
                conv("Conv, one by one", window(1, 1, 0, 1), shape(6, 4, 4), shape(8, 6, 1, 1), shape(8)),
                conv(
                        "Conv, large image, few channels",
                        window(5, 1, 0, 1),
                        shape(1, 28, 28),
                        shape(20, 1, 5, 5),
                        shape(20)),
                conv(
                        "Conv, large kernel, odd channels",
                        window(5, 1, 1, 1),
                        shape(10, 8, 7),
                        shape(18, 10, 5, 5),
                        shape(18)),
                conv("Conv over a line", line(3, 1, 1, 1), shape(5, 7), shape(4, 5, 3), shape(4)),
                conv("Conv over a line, few channels", line(3, 2, 0, 1), shape(2, 8), shape(4, 2, 3), shape(4)),
                conv(
                        "Conv over a line, causal",
                        new Window(List.of(3), List.of(1), List.of(2), new Window.Explicit(List.of(4), List.of(0))),
                        shape(5, 7),
                        shape(4, 5, 3),
                        shape(4)),
                conv("Conv over a volume", volume(2, 1, 0, 1), shape(2, 4, 3, 4), shape(3, 2, 2, 2, 2), shape(3)),
                conv("Conv over a volume, strides", volume(3, 2, 1, 1), shape(2, 5, 5, 6), shape(3, 2, 3, 3, 3)),
                conv("Conv over a volume, dilated", volume(2, 1, 1, 2), shape(2, 4, 3, 4), shape(3, 2, 2, 2, 2)),
                one(
                        "Conv, depthwise",
                        new Operator.Conv(window(3, 1, 1, 1), 4),
                        shape(4, 6, 5),
                        shape(4, 1, 3, 3),
                        shape(4)),
                one(
                        "Conv, depthwise, multiplied, strides",
                        new Operator.Conv(window(3, 2, 0, 1), 3),
                        shape(3, 7, 8),
                        shape(6, 1, 3, 3)),
                one("Conv, depthwise, same", new Operator.Conv(same(2, 2, 1), 3), shape(3, 6, 7), shape(6, 1, 2, 2)));
    }

    private static Stream<Arguments> transposedConvolutions() {
        return Stream.of(
                one(
                        "ConvTranspose",
                        new Operator.ConvTranspose(window(3, 1, 0, 1)),
                        shape(6, 4, 5),
                        shape(6, 5, 3, 3),
                        shape(5)),
                one(
                        "ConvTranspose, strides, padding",
                        new Operator.ConvTranspose(window(3, 2, 1, 1)),
                        shape(6, 4, 5),
                        shape(6, 5, 3, 3)),
                one(
                        "ConvTranspose, few channels",
                        new Operator.ConvTranspose(window(2, 2, 0, 1)),
                        shape(2, 4, 5),
                        shape(2, 3, 2, 2),
                        shape(3)),
                one(
                        "ConvTranspose, same",
                        new Operator.ConvTranspose(same(3, 2, 1)),
                        shape(6, 4, 5),
                        shape(6, 5, 3, 3),
                        shape(5)),
                one(
                        "ConvTranspose, dilated",
                        new Operator.ConvTranspose(window(2, 1, 0, 2)),
                        shape(6, 4, 5),
                        shape(6, 5, 2, 2)),
                one(
                        "ConvTranspose over a volume",
                        new Operator.ConvTranspose(volume(2, 2, 0, 1)),
                        shape(3, 2, 3, 2),
                        shape(3, 2, 2, 2, 2),
                        shape(2)));
    }

    private static Stream<Arguments> poolings() {
        return Stream.of(
                one("MaxPool", new Operator.MaxPool(window(2, 2, 0, 1)), shape(3, 6, 4)),
                one("MaxPool, many values", new Operator.MaxPool(window(2, 2, 0, 1)), shape(8, 32, 34)),
                one("MaxPool, many values, threes", new Operator.MaxPool(window(3, 3, 0, 1)), shape(8, 33, 33)),
                one("MaxPool of single values", new Operator.MaxPool(window(1, 1, 0, 1)), shape(8, 32, 34)),
                one("MaxPool, values left over", new Operator.MaxPool(window(2, 2, 0, 1)), shape(3, 5, 7)),
                one("MaxPool, overlapping", new Operator.MaxPool(window(3, 2, 1, 1)), shape(3, 7, 6)),
                one("MaxPool, same", new Operator.MaxPool(same(3, 2, 1)), shape(3, 8, 7)),
                one("MaxPool, same, even", new Operator.MaxPool(same(2, 1, 1)), shape(3, 6, 5)),
                one("MaxPool over a line", new Operator.MaxPool(line(2, 2, 0, 1)), shape(3, 8)),
                one("MaxPool over a volume", new Operator.MaxPool(volume(2, 2, 0, 1)), shape(2, 4, 4, 2)),
                one("AveragePool", new Operator.AveragePool(window(2, 2, 0, 1), false), shape(3, 6, 4)),
                one("AveragePool, padded", new Operator.AveragePool(window(3, 2, 1, 1), false), shape(3, 6, 5)),
                one(
                        "AveragePool, padded, counting",
                        new Operator.AveragePool(window(3, 2, 1, 1), true),
                        shape(3, 6, 5)),
                one("AveragePool, same", new Operator.AveragePool(same(2, 1, 1), false), shape(3, 6, 5)),
                one("AveragePool, same, counting", new Operator.AveragePool(same(2, 1, 1), true), shape(3, 6, 5)),
                one("AveragePool over a line", new Operator.AveragePool(line(3, 1, 1, 1), false), shape(3, 8)),
                one("AveragePool over a volume", new Operator.AveragePool(volume(2, 2, 0, 1), true), shape(2, 4, 4, 2)),
                one("LpPool", new Operator.LpPool(window(2, 2, 0, 1), 2), shape(3, 6, 4)),
                one("LpPool, threes, padded", new Operator.LpPool(window(3, 1, 1, 1), 3), shape(3, 6, 4)));
    }

    /** Convolutions of few channels, whose output only a max pooling reads. */
    private static Stream<Arguments> pooledConvolutions() {
        return Stream.of(
                pooled("MaxPool of Conv", window(5, 1, 0, 1), window(2, 2, 0, 1), shape(1, 14, 12), shape(8, 1, 5, 5)),
                pooled(
                        "MaxPool of Conv, values left over",
                        window(3, 1, 1, 1),
                        window(2, 2, 0, 1),
                        shape(3, 9, 7),
                        shape(5, 3, 3, 3)),
                pooled(
                        "MaxPool of Conv, strides",
                        window(3, 2, 1, 1),
                        window(2, 2, 0, 1),
                        shape(2, 12, 14),
                        shape(4, 2, 3, 3)),
                pooled(
                        "MaxPool of Conv, threes",
                        window(3, 1, 0, 1),
                        window(3, 3, 0, 1),
                        shape(1, 11, 12),
                        shape(8, 1, 3, 3)),
                pooled("MaxPool of Conv, same", same(3, 1, 1), window(2, 2, 0, 1), shape(3, 8, 6), shape(4, 3, 3, 3)),
                pooled(
                        "MaxPool of Conv, same at one end",
                        same(2, 1, 1),
                        window(2, 2, 0, 1),
                        shape(3, 8, 6),
                        shape(4, 3, 2, 2)),
                pooled(
                        "MaxPool of Conv, overlapping",
                        window(3, 1, 0, 1),
                        window(3, 2, 0, 1),
                        shape(1, 9, 9),
                        shape(4, 1, 3, 3)),
                pooled(
                        "MaxPool of Conv, dilated",
                        window(2, 1, 0, 2),
                        window(2, 2, 0, 1),
                        shape(1, 8, 8),
                        shape(4, 1, 2, 2)),
                graph(
                        "MaxPool of Conv that others read, too",
                        shape(1, 6, 6),
                        Map.of("w", shape(4, 1, 3, 3)),
                        node(new Operator.Conv(window(3, 1, 0, 1), 1), "c", "x", "w"),
                        node(new Operator.MaxPool(window(2, 2, 0, 1)), "m", "c"),
                        node(new Operator.AveragePool(window(2, 2, 0, 1), true), "a", "c"),
                        node(new Operator.Add(), "y", "m", "a")));
    }

    private static Arguments pooled(String name, Window conv, Window pool, long[] sample, long... weights) {
        Map<String, long[]> constants = new LinkedHashMap<>();
        constants.put("w", weights);
        constants.put("b", shape(weights[0]));
        return graph(
                name,
                sample,
                constants,
                node(new Operator.Conv(conv, 1), "c", "x", "w", "b"),
                node(new Operator.MaxPool(pool), "y", "c"));
    }

    private static Stream<Arguments> arithmetic() {
        return Stream.of(
                        new Operator.Add(),
                        new Operator.Sub(),
                        new Operator.Mul(),
                        new Operator.Div(),
                        new Operator.Max(),
                        new Operator.Min())
                .flatMap(operator -> Stream.of(
                        one(operator.type() + " of a channel's constant", operator, shape(3, 4, 4), shape(3, 1, 1)),
                        one(operator.type() + " of a feature's constant", operator, shape(5), shape(5)),
                        graph(
                                operator.type() + " of two branches",
                                shape(4, 6),
                                node(new Operator.Tanh(), "a", "x"),
                                node(new Operator.Sigmoid(), "b", "x"),
                                node(operator, "y", "a", "b")),
                        graph(
                                operator.type() + " of a branch that broadcasts",
                                shape(4, 6),
                                node(new Operator.Exp(), "e", "x"),
                                node(new Operator.Reduce(Operator.Reduction.SUM, List.of(2)), "s", "e"),
                                node(operator, "y", "x", "s"))));
    }

    private static Stream<Arguments> functions() {
        return Stream.concat(
                Stream.of(
                                new Operator.Relu(),
                                new Operator.LeakyRelu(0.1),
                                new Operator.ThresholdedRelu(0.3),
                                new Operator.Elu(0.7),
                                new Operator.Selu(),
                                new Operator.Sigmoid(),
                                new Operator.Tanh(),
                                new Operator.Softplus(),
                                new Operator.Softsign(),
                                new Operator.HardSigmoid(0.2, 0.5),
                                new Operator.Clip(-0.5, 0.8),
                                new Operator.Abs(),
                                new Operator.Exp(),
                                new Operator.Pow(2),
                                new Operator.Pow(3))
                        .flatMap(function -> Stream.of(
                                one(function.toString(), function, shape(7)),
                                one(function + ", many values", function, shape(9000)))),
                Stream.of(
                        graph(
                                "Sqrt and Pow of positive values",
                                shape(6),
                                node(new Operator.Exp(), "e", "x"),
                                node(new Operator.Sqrt(), "s", "e"),
                                node(new Operator.Pow(-0.75), "y", "s")),
                        graph(
                                "Log of positive values",
                                shape(6),
                                node(new Operator.Softplus(), "s", "x"),
                                node(new Operator.Log(), "y", "s")),
                        one("PRelu", new Operator.PRelu(), shape(3, 4, 4), shape(3, 1, 1)),
                        one("Softmax", new Operator.Softmax(1), shape(6)),
                        one("Softmax of channels", new Operator.Softmax(1), shape(4, 3, 2)),
                        one("LRN", new Operator.LRN(5, 0.4, 0.75, 2), shape(7, 3, 4)),
                        one("LRN, even", new Operator.LRN(4, 0.4, 0.75, 1), shape(7, 3, 4))));
    }

    private static Stream<Arguments> reductions() {
        return Arrays.stream(Operator.Reduction.values())
                .flatMap(reduction -> Stream.of(
                        one("Reduce " + reduction + " of pixels", reduce(reduction, 2, 3), shape(3, 4, 5)),
                        one("Reduce " + reduction + " of channels", reduce(reduction, 1), shape(3, 4, 5)),
                        one("Reduce " + reduction + " of time", reduce(reduction, 2), shape(3, 5))));
    }

    private static Stream<Arguments> layouts() {
        return Stream.of(
                one("Reshape", new Operator.Reshape(List.of(0L, -1L)), shape(2, 3, 4)),
                one("Transpose", new Operator.Transpose(List.of(0, 3, 1, 2)), shape(2, 3, 4)),
                one("Transpose of single channels", new Operator.Transpose(List.of(0, 3, 1, 2)), shape(3, 4, 1)),
                one("Slice", new Operator.Slice(1, 1, 3), shape(4, 3)),
                one("Slice of the end", new Operator.Slice(2, -1, Integer.MAX_VALUE), shape(4, 3)),
                graph(
                        "Concat of branches",
                        shape(3, 2),
                        node(new Operator.Tanh(), "a", "x"),
                        node(new Operator.Exp(), "b", "x"),
                        node(new Operator.Concat(1), "y", "a", "x", "b")),
                one("Pad", new Operator.Pad(List.of(0L, 0L, 1L, 2L), List.of(0L, 0L, 0L, 3L), 0.5), shape(2, 3, 4)),
                graph(
                        "Expand",
                        shape(4),
                        Map.of("fixed", shape(1, 3)),
                        node(new Operator.Expand(), "wide", "fixed", "x"),
                        node(new Operator.Concat(1), "y", "x", "wide")),
                one("Split", new Operator.Split(1, 2, 1), shape(4, 3)),
                one("SpaceToDepth", new Operator.SpaceToDepth(2), shape(3, 4, 6)),
                one("Resize", new Operator.Resize(List.of(2L, 3L)), shape(3, 2, 4)),
                one("Resize of a line", new Operator.Resize(List.of(2L)), shape(3, 4)),
                one("Resize of a volume", new Operator.Resize(List.of(2L, 1L, 3L)), shape(2, 2, 3, 2)),
                graph(
                        "an input that is used three times",
                        shape(5),
                        node(new Operator.Tanh(), "a", "x"),
                        node(new Operator.Add(), "b", "a", "x"),
                        node(new Operator.Mul(), "y", "b", "x")));
    }

    private static Stream<Arguments> recurrences() {
        return Stream.of(Operator.Direction.values())
                .flatMap(direction -> Stream.of(
                        one(
                                "LSTM " + direction,
                                new Operator.LSTM(new Operator.Sigmoid(), new Operator.Tanh(), direction),
                                shape(3, 5),
                                shape(3, 16),
                                shape(4, 16),
                                shape(16)),
                        one(
                                "LSTM with peepholes " + direction,
                                new Operator.LSTM(new Operator.HardSigmoid(0.2, 0.5), new Operator.Tanh(), direction),
                                shape(3, 4),
                                shape(3, 16),
                                shape(4, 16),
                                shape(16),
                                shape(12)),
                        one(
                                "LSTM of one step " + direction,
                                new Operator.LSTM(new Operator.Sigmoid(), new Operator.Tanh(), direction),
                                shape(3, 1),
                                shape(3, 8),
                                shape(2, 8),
                                shape(8)),
                        one(
                                "RNN " + direction,
                                new Operator.RNN(new Operator.Tanh(), direction),
                                shape(3, 5),
                                shape(3, 4),
                                shape(4, 4),
                                shape(4))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operators")
    void gradientsEqualFiniteDifferences(String name, OperatorGraph graph, long[] sample) {
        Nd4jGraph exact = Nd4jGraph.of(graph);
        for (int n : new int[] {1, 3}) {
            INDArray x = random("inputs", DataType.DOUBLE, batch(n, sample));
            INDArray weights =
                    random("weights", DataType.DOUBLE, exact.logits(x).shape());
            InputGradient pass = exact.gradient(x, logits -> weights);

            double largest = 0;
            double scale = Math.max(1e-3, pass.gradient().norm2Number().doubleValue() / Math.sqrt(n));
            for (int attempt = 0; attempt < 3; attempt++) {
                INDArray direction = random("direction " + attempt, DataType.DOUBLE, x.shape());
                direction.divi(direction.norm2Number());
                double numeric = (value(exact, x.add(direction.mul(STEP)), weights)
                                - value(exact, x.sub(direction.mul(STEP)), weights))
                        / (2 * STEP);
                double analytic = pass.gradient().mul(direction).sumNumber().doubleValue();
                largest = Math.max(largest, Math.abs(numeric - analytic) / scale);
            }
            assertThat(largest).as("relative error, batch " + n).isLessThan(1e-7);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operators")
    void singlePrecisionFollowsDouble(String name, OperatorGraph graph, long[] sample) {
        INDArray x = random("inputs", DataType.FLOAT, batch(3, sample));
        Nd4jGraph exact = Nd4jGraph.of(graph);
        INDArray weights = random("weights", DataType.DOUBLE, exact.logits(x).shape());
        InputGradient expected = exact.gradient(x, logits -> weights);
        InputGradient actual = Nd4jGraph.of(graph.castTo(DataType.FLOAT)).gradient(x, logits -> weights);

        assertThat(actual.gradient().dataType()).isEqualTo(DataType.FLOAT);
        assertThat(actual.gradient().shape()).isEqualTo(x.shape());
        assertThat(distance(actual.logits(), expected.logits())).isLessThan(1e-5);
        assertThat(distance(actual.gradient(), expected.gradient())).isLessThan(1e-5);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operators")
    void samplesDoNotDependOnTheirBatch(String name, OperatorGraph graph, long[] sample) {
        Nd4jGraph exact = Nd4jGraph.of(graph);
        INDArray x = random("inputs", DataType.DOUBLE, batch(3, sample));
        INDArray weights = random("weights", DataType.DOUBLE, exact.logits(x).shape());
        InputGradient together = exact.gradient(x, logits -> weights);
        for (int i = 0; i < 3; i++) {
            int[] row = {i};
            InputGradient alone = exact.gradient(Rows.select(x, row), logits -> Rows.select(weights, row));
            assertThat(distance(alone.gradient(), Rows.select(together.gradient(), row)))
                    .isLessThan(1e-12);
            assertThat(distance(alone.logits(), Rows.select(together.logits(), row)))
                    .isLessThan(1e-12);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operators")
    void severalBackwardPassesFollowOneForwardPass(String name, OperatorGraph graph, long[] sample) {
        Nd4jGraph exact = Nd4jGraph.of(graph);
        INDArray x = random("inputs", DataType.DOUBLE, batch(3, sample));
        INDArray first = random("weights", DataType.DOUBLE, exact.logits(x).shape());
        INDArray second = random("other weights", DataType.DOUBLE, first.shape());
        InputGradients passes = exact.gradients(x, logits -> List.of(first, second, first));

        assertThat(passes.logits()).isEqualTo(exact.logits(x));
        assertThat(passes.gradients())
                .containsExactly(
                        exact.gradient(x, logits -> first).gradient(),
                        exact.gradient(x, logits -> second).gradient(),
                        exact.gradient(x, logits -> first).gradient());
    }

    /** Eleven samples run as sixteen, after sixteen others have left their traces. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("operators")
    void batchesOfAnySizeShareAProgram(String name, OperatorGraph graph, long[] sample) {
        Nd4jGraph exact = Nd4jGraph.of(graph);
        INDArray others = random("others", DataType.DOUBLE, batch(16, sample));
        exact.gradient(others, logits -> logits.dup());
        INDArray x = random("inputs", DataType.DOUBLE, batch(11, sample));
        INDArray weights = random("weights", DataType.DOUBLE, exact.logits(x).shape());
        InputGradient together = exact.gradient(x, logits -> weights);
        assertThat(together.gradient().shape()).isEqualTo(x.shape());
        assertThat(distance(together.logits(), exact.logits(x))).isLessThan(1e-12);
        for (int i : new int[] {0, 10}) {
            int[] row = {i};
            InputGradient alone = exact.gradient(Rows.select(x, row), logits -> Rows.select(weights, row));
            assertThat(distance(alone.gradient(), Rows.select(together.gradient(), row)))
                    .isLessThan(1e-12);
            assertThat(distance(alone.logits(), Rows.select(together.logits(), row)))
                    .isLessThan(1e-12);
        }
    }

    private static double value(Nd4jGraph graph, INDArray x, INDArray weights) {
        return graph.logits(x).mul(weights).sumNumber().doubleValue();
    }

    /** The distance relative to the size. */
    private static double distance(INDArray actual, INDArray expected) {
        INDArray reference = expected.castTo(DataType.DOUBLE);
        double size = Math.max(1e-12, reference.norm2Number().doubleValue());
        return actual.castTo(DataType.DOUBLE).sub(reference).norm2Number().doubleValue() / size;
    }

    private static Arguments one(String name, Operator operator, long[] sample, long[]... weights) {
        Map<String, long[]> constants = new LinkedHashMap<>();
        List<String> inputs = new ArrayList<>(List.of("x"));
        for (long[] weight : weights) {
            inputs.add("w" + constants.size());
            constants.put("w" + constants.size(), weight);
        }
        return graph(name, sample, constants, new OperatorGraph.Node(operator, inputs, "y"));
    }

    private static Arguments conv(String name, Window window, long[] sample, long[]... weights) {
        return one(name, new Operator.Conv(window, 1), sample, weights);
    }

    private static Arguments graph(String name, long[] sample, OperatorGraph.Node... nodes) {
        return graph(name, sample, Map.of(), nodes);
    }

    private static Arguments graph(
            String name, long[] sample, Map<String, long[]> constants, OperatorGraph.Node... nodes) {
        Map<String, INDArray> values = new LinkedHashMap<>();
        values.put("unused", random("unused", DataType.DOUBLE, 1)); // tells the type where there are no weights
        constants.forEach((key, shape) -> values.put(key, random(key, DataType.DOUBLE, shape)));
        return arguments(name, new OperatorGraph("x", values, List.of(nodes), "y"), sample);
    }

    private static OperatorGraph.Node node(Operator operator, String output, String... inputs) {
        return new OperatorGraph.Node(operator, List.of(inputs), output);
    }

    private static Operator reduce(Operator.Reduction reduction, Integer... axes) {
        return new Operator.Reduce(reduction, List.of(axes));
    }

    private static long[] shape(long... sizes) {
        return sizes;
    }

    private static long[] batch(long n, long... sample) {
        return IntStream.range(0, sample.length + 1)
                .mapToLong(i -> i == 0 ? n : sample[i - 1])
                .toArray();
    }

    private static Window window(int kernel, int stride, int padding, int dilation) {
        return Window.of(fill(2, kernel), fill(2, stride), fill(2, padding), fill(2, dilation));
    }

    private static Window same(int kernel, int stride, int dilation) {
        return Window.same(fill(2, kernel), fill(2, stride), fill(2, dilation));
    }

    private static Window line(int kernel, int stride, int padding, int dilation) {
        return Window.of(fill(1, kernel), fill(1, stride), fill(1, padding), fill(1, dilation));
    }

    private static Window volume(int kernel, int stride, int padding, int dilation) {
        return Window.of(fill(3, kernel), fill(3, stride), fill(3, padding), fill(3, dilation));
    }

    private static int[] fill(int rank, int value) {
        int[] values = new int[rank];
        Arrays.fill(values, value);
        return values;
    }

    /** Standard normal values, but for a gap around 0, where many functions have a kink. */
    static INDArray random(String what, DataType type, long... shape) {
        SampleRandom random = SampleRandom.of(7, what, 0, 0);
        int length = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
        double[] values = IntStream.range(0, length)
                .mapToDouble(i -> random.gaussian())
                .map(value -> value + Math.copySign(0.01, value))
                .toArray();
        return Rows.fromDoubles(values, shape, type);
    }
}
