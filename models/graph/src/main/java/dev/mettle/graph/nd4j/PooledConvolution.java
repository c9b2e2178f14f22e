package dev.mettle.graph.nd4j;

import dev.mettle.core.numeric.Backend;
import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import dev.mettle.graph.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A convolution of few channels whose output only a max pooling reads, as in the first layers of most image classifiers: the first
 * values of all pooling windows are one convolution with a larger stride, the second values another, and so on. So the values need
 * not be sorted into layers for {@link Maximum}, nor their gradients sorted back, which costs more than the convolution itself. The
 * gradients of all layers together are one product of matrices.
 */
final class PooledConvolution {

    private PooledConvolution() {}

    /** Return the convolutions of a graph whose output only a max pooling reads, and these. */
    static Map<OperatorGraph.Node, OperatorGraph.Node> in(OperatorGraph graph) {
        Map<String, List<OperatorGraph.Node>> readers = new HashMap<>();
        for (OperatorGraph.Node node : graph.nodes()) {
            for (String name : node.inputs()) {
                readers.computeIfAbsent(name, key -> new ArrayList<>()).add(node);
            }
        }
        Map<OperatorGraph.Node, OperatorGraph.Node> poolings = new HashMap<>();
        for (OperatorGraph.Node node : graph.nodes()) {
            List<OperatorGraph.Node> own = readers.getOrDefault(node.output(), List.of());
            if (node.operator() instanceof Operator.Conv
                    && !node.output().equals(graph.output())
                    && own.size() == 1
                    && own.get(0).operator() instanceof Operator.MaxPool) {
                poolings.put(node, own.get(0));
            }
        }
        return poolings;
    }

    /** Say whether this is faster than one after the other: for few channels, on oneDNN. */
    static boolean pays(Tape tape, OperatorGraph.Node convolution, OperatorGraph.Node pooling, Buffer... in) {
        Operator.Conv conv = (Operator.Conv) convolution.operator();
        Window window = conv.window();
        List<long[]> shapes = Arrays.stream(in).map(Buffer::shape).toList();
        return tape.dataType() == DataType.FLOAT
                && Backend.hasOneDnn()
                && conv.group() == 1
                && window.rank() == 2
                && in[0].size(1) <= Convolutions.FEW_CHANNELS
                && in[1].isConstant()
                && window.dilations().stream().allMatch(dilation -> dilation == 1)
                && Padded.of(window, in[0]).isSymmetric()
                && Pooling.tiles(window(pooling), Buffer.of(conv.outputShape(shapes), false));
    }

    private static Window window(OperatorGraph.Node pooling) {
        return ((Operator.MaxPool) pooling.operator()).window();
    }

    /** Append the steps of both. */
    static Buffer apply(Tape tape, OperatorGraph.Node convolution, OperatorGraph.Node pooling, Buffer... in) {
        Window window = ((Operator.Conv) convolution.operator()).window();
        Padded padded = Padded.of(window, in[0]);
        List<Integer> tile = window(pooling).kernel();
        List<Integer> reach = spatial(i ->
                window.kernel().get(i) + (tile.get(i) - 1) * window.strides().get(i));
        List<Integer> steps = spatial(i -> window.strides().get(i) * tile.get(i));
        Operator.Conv strided = new Operator.Conv(
                new Window(reach, steps, window.dilations(), new Window.Explicit(padded.before(), padded.after())), 1);
        Buffer[] layers = new Buffer[tile.get(0) * tile.get(1)];
        Buffer[] kernels = new Buffer[layers.length];
        for (int i = 0; i < layers.length; i++) {
            int down = i / tile.get(1) * window.strides().get(0);
            int right = i % tile.get(1) * window.strides().get(1);
            kernels[i] = tape.derived(
                    in[1], "at " + down + "," + right + " in " + reach, kernel -> framed(kernel, reach, down, right));
            Buffer[] inputs = in.clone();
            inputs[1] = kernels[i];
            layers[i] = Convolutions.conv(tape, strided, inputs);
        }
        Buffer largest = Maximum.of(tape, layers);
        tape.adjoint(
                largest,
                dy -> tape.give(in[0], () -> {
                    Buffer[] parts = new Buffer[layers.length];
                    for (int i = 0; i < parts.length; i++) {
                        parts[i] = Buffer.of(dy.shape(), false);
                    }
                    Maximum.share(tape, dy, largest, layers, i -> parts[i]);
                    return Convolutions.products(
                            tape, Padded.of(strided.window(), in[0]), List.of(parts), List.of(kernels), in[0].shape());
                }));
        return largest;
    }

    private static List<Integer> spatial(IntFunction<Integer> value) {
        return IntStream.range(0, 2).mapToObj(value).toList();
    }

    /** Put a kernel into a larger one of zeros. */
    private static INDArray framed(INDArray kernel, List<Integer> size, int down, int right) {
        long[] shape = {kernel.size(0), kernel.size(1), size.get(0), size.get(1)};
        INDArray larger = Nd4j.zeros(kernel.dataType(), shape);
        Views.region(larger, new long[] {0, 0, down, right}, kernel.shape()).assign(kernel);
        return larger;
    }
}
