package dev.mettle.dl4j.samediff;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Window;
import java.util.Map;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Lowers convolutions and poolings of images. Their first nine arguments are kernel, strides, padding and dilations by height and
 * width, and the padding mode.
 */
final class Windows {

    private static final int SAME = 1;

    private Windows() {}

    static void register(Map<String, Rules.Rule> rules) {
        rules.put("conv2d", Windows::convolution);
        rules.put("depthwise_conv2d", Windows::depthwise);
        rules.put(
                "maxpool2d",
                (drawing, op) ->
                        pool(drawing, op, new Operator.MaxPool(window(op, op.integer(0, 0), op.integer(1, 0)))));
        rules.put("avgpool2d", Windows::average);
    }

    private static Tensor convolution(Drawing drawing, Operation op) {
        INDArray given = op.constant(1, "weights");
        op.require(given.rank() == 4, "takes weights of " + given.rank() + " dimensions here instead of four");
        INDArray w = switch (op.integer(10, 0)) {
            case 0 -> given.permute(3, 2, 0, 1); // YXIO
            case 1 -> given; // OIYX
            case 2 -> given.permute(0, 3, 1, 2); // OYXI
            default -> throw op.refusal("has weights of the unknown format " + op.integer(10, 0));
        };
        return convolve(drawing, op, w, 1);
    }

    /** One kernel per input channel and multiple of it. */
    private static Tensor depthwise(Drawing drawing, Operation op) {
        INDArray given = op.constant(1, "weights");
        op.require(given.rank() == 4, "takes weights of " + given.rank() + " dimensions here instead of four");
        op.require(op.integer(10, 0) == 0, "has weights of another format than YXIO here: Mettle knows that one only");
        long channels = given.size(2);
        INDArray w = given.permute(2, 3, 0, 1)
                .dup('c')
                .reshape('c', channels * given.size(3), 1, given.size(0), given.size(1));
        return convolve(drawing, op, w, Math.toIntExact(channels));
    }

    private static Tensor convolve(Drawing drawing, Operation op, INDArray w, int group) {
        Operator conv = new Operator.Conv(window(op, Math.toIntExact(w.size(2)), Math.toIntExact(w.size(3))), group);
        Tensor weights = drawing.constant("weights", w);
        if (!op.has(2)) {
            return onChannelsFirst(drawing, op, op.integer(9, 0) != 0, x -> drawing.add(conv, x, weights));
        }
        INDArray given = op.constant(2, "biases");
        Tensor bias = drawing.constant("bias", given.dup('c').reshape(new long[] {given.length()}));
        return onChannelsFirst(drawing, op, op.integer(9, 0) != 0, x -> drawing.add(conv, x, weights, bias));
    }

    private static Tensor average(Drawing drawing, Operation op) {
        boolean countsPadding = op.integer(9, 0) != 0;
        return pool(
                drawing, op, new Operator.AveragePool(window(op, op.integer(0, 0), op.integer(1, 0)), countsPadding));
    }

    private static Tensor pool(Drawing drawing, Operation op, Operator pool) {
        return onChannelsFirst(drawing, op, op.integer(10, 0) != 0, x -> drawing.add(pool, x));
    }

    private static Tensor onChannelsFirst(
            Drawing drawing, Operation op, boolean channelsLast, Function<Tensor, Tensor> inside) {
        Tensor x = op.input(0);
        op.require(x.rank() == 4, "takes an input of " + x.rank() + " dimensions here: images have four");
        return channelsLast ? drawing.channelsLast(inside.apply(drawing.channelsFirst(x))) : inside.apply(x);
    }

    private static Window window(Operation op, int height, int width) {
        int[] kernel = {height, width};
        int[] strides = {op.integer(2, 1), op.integer(3, 1)};
        int[] padding = {op.integer(4, 0), op.integer(5, 0)};
        int[] dilations = {op.integer(6, 1), op.integer(7, 1)};
        int mode = op.integer(8, 0);
        op.require(mode == 0 || mode == SAME, "has a causal padding, which Mettle doesn't know for images");
        return mode == SAME ? Window.same(kernel, strides, dilations) : Window.of(kernel, strides, padding, dilations);
    }
}
