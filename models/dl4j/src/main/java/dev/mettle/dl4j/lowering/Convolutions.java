package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Window;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Lowers convolutions of one to three dimensions. */
final class Convolutions {

    private Convolutions() {}

    static Tensor lower(Drawing drawing, ConvolutionLayer layer, Tensor x) throws NotLoweredException {
        boolean channelsLast = channelsLast(layer);
        Tensor inside = channelsLast ? drawing.channelsFirst(x) : x;
        Tensor bias = drawing.hasParameter("b") ? drawing.constant("b", Drawing.vector(drawing.parameter("b"))) : null;
        Tensor y;
        if (layer instanceof Deconvolution2D) {
            INDArray w = drawing.parameter("W"); // [in, out, kernel]
            y = add(drawing, new Operator.ConvTranspose(window(layer)), inside, drawing.constant("W", w), bias);
        } else if (layer instanceof Deconvolution3D) {
            INDArray w = drawing.parameter("W").permute(4, 3, 0, 1, 2).dup('c'); // was [kernel, out, in]
            y = add(drawing, new Operator.ConvTranspose(window(layer)), inside, drawing.constant("W", w), bias);
        } else if (layer instanceof DepthwiseConvolution2D) {
            y = depthwise(drawing, layer, inside, drawing.parameter("W").permute(2, 3, 0, 1), bias);
        } else if (layer instanceof SeparableConvolution2D) {
            Tensor spatial =
                    depthwise(drawing, layer, inside, drawing.parameter("W").permute(1, 0, 2, 3), null);
            Window point = Window.of(new int[] {1, 1}, new int[] {1, 1}, new int[] {0, 0}, new int[] {1, 1});
            Tensor mix = drawing.constant("pW", drawing.parameter("pW"));
            y = add(drawing, new Operator.Conv(point, 1), spatial, mix, bias);
        } else {
            INDArray w = drawing.parameter("W"); // [out, in, kernel]
            if (layer instanceof Convolution1DLayer) {
                // Deeplearning4j 1.0.0-M2.1 reads [out, in, kernel, 1] as if it were [kernel, in, out]
                w = w.reshape('c', w.size(2), w.size(1), w.size(0))
                        .permute(2, 1, 0)
                        .dup('c');
            }
            y = add(drawing, new Operator.Conv(window(layer), 1), inside, drawing.constant("W", w), bias);
        }
        Tensor outside = channelsLast ? drawing.channelsLast(y) : y;
        return Activations.lower(drawing, layer.getActivationFn(), outside);
    }

    private static boolean channelsLast(ConvolutionLayer layer) {
        if (layer instanceof Convolution1DLayer series) {
            return series.getRnnDataFormat() == RNNFormat.NWC;
        } else if (layer instanceof Convolution3D volumes) {
            return volumes.getDataFormat() == Convolution3D.DataFormat.NDHWC;
        } else if (layer instanceof Deconvolution3D volumes) {
            return volumes.getDataFormat() == Convolution3D.DataFormat.NDHWC;
        }
        return layer.getCnn2dDataFormat() == CNN2DFormat.NHWC;
    }

    /** One kernel per input channel and multiple of it: weights {@code [channels, multiple, kernel]}. */
    private static Tensor depthwise(
            Drawing drawing, ConvolutionLayer layer, Tensor x, INDArray byChannel, @Nullable Tensor bias)
            throws NotLoweredException {
        long channels = byChannel.size(0);
        INDArray w =
                byChannel.dup('c').reshape('c', channels * byChannel.size(1), 1, byChannel.size(2), byChannel.size(3));
        return add(
                drawing,
                new Operator.Conv(window(layer), Math.toIntExact(channels)),
                x,
                drawing.constant("W", w),
                bias);
    }

    /** A convolution over time whose kernel is one step, for what is done to every step alike. */
    static Tensor overTime(Drawing drawing, Tensor w, @Nullable Tensor bias, Tensor x) {
        int[] once = {1};
        return add(drawing, new Operator.Conv(Window.of(once, once, new int[] {0}, once), 1), x, w, bias);
    }

    private static Tensor add(Drawing drawing, Operator operator, Tensor x, Tensor w, @Nullable Tensor bias) {
        return bias == null ? drawing.add(operator, x, w) : drawing.add(operator, x, w, bias);
    }

    private static Window window(ConvolutionLayer layer) throws NotLoweredException {
        int rank = layer instanceof Convolution1DLayer
                ? 1
                : layer instanceof Convolution3D || layer instanceof Deconvolution3D ? 3 : 2;
        return window(
                layer.getConvolutionMode(),
                rank,
                layer.getKernelSize(),
                layer.getStride(),
                layer.getPadding(),
                layer.getDilation());
    }

    /** Return the window of a convolution or pooling. */
    static Window window(ConvolutionMode mode, int rank, int[] kernel, int[] strides, int[] padding, int[] dilations)
            throws NotLoweredException {
        int[] size = first(rank, kernel);
        int[] steps = first(rank, strides);
        int[] spread = first(rank, dilations);
        return switch (mode) {
            case Strict, Truncate -> Window.of(size, steps, first(rank, padding), spread);
            case Same -> Window.same(size, steps, spread);
            case Causal -> {
                if (rank != 1) {
                    throw new NotLoweredException("is causal in " + rank + " dimensions");
                }
                Window plain = Window.of(size, steps, new int[] {0}, spread);
                yield new Window(
                        plain.kernel(),
                        plain.strides(),
                        plain.dilations(),
                        new Window.Explicit(List.of(Math.toIntExact(plain.reach(0) - 1)), List.of(0)));
            }
        };
    }

    private static int[] first(int rank, int[] values) {
        return Arrays.copyOf(values, rank);
    }
}
