package dev.mettle.graph.nd4j;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Backend;
import dev.mettle.graph.Operator;
import dev.mettle.graph.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Convolutions over one to three spatial dimensions, and transposed ones. */
final class Convolutions {

    /** ND4J's numbers for layouts: channels first; weights {@code [out, in, kernel]} or {@code [kernel, …]}. */
    private static final int CHANNELS_FIRST = 0;

    private static final int KERNEL_FIRST = 0;
    private static final int KERNEL_LAST = 1;

    /** Images have up to this many channels. */
    static final long FEW_CHANNELS = 4;

    /** oneDNN fills channels up to blocks of this many. */
    private static final long BLOCK = 8;

    private Convolutions() {}

    static Buffer conv(Tape tape, Operator.Conv operator, Buffer... in) {
        Window window = operator.window();
        Padded padded = Padded.of(window, in[0]);
        if (!padded.isSymmetric()) {
            Buffer[] inside = in.clone();
            inside[0] = padded.pad(tape, in[0], 0);
            return conv(tape, new Operator.Conv(padded.plain(), operator.group()), inside);
        }
        if (window.rank() == 1) {
            Buffer y = conv(tape, new Operator.Conv(Padded.asImage(window), operator.group()), asImages(tape, in));
            return tape.reshape(y, y.size(0), y.size(1), y.size(3));
        }
        long[] shape = operator.outputShape(shapes(in));
        if (operator.group() != 1) {
            return depthwise(tape, operator, padded, shape, in);
        }
        return window.rank() == 3 ? conv3d(tape, padded, shape, in) : conv2d(tape, padded, shape, in);
    }

    static Buffer convTranspose(Tape tape, Operator.ConvTranspose operator, Buffer... in) {
        Window window = operator.window();
        Buffer x = in[0];
        Buffer w = in[1];
        if (window.rank() == 1) {
            Buffer y = convTranspose(tape, new Operator.ConvTranspose(Padded.asImage(window)), asImages(tape, in));
            return tape.reshape(y, y.size(0), y.size(1), y.size(3));
        }
        long[] shape = operator.outputShape(shapes(in));
        Padded padded = Padded.of(window, Buffer.of(shape, false)); // that of the convolution this is the gradient of
        Buffer y;
        if (padded.isSymmetric()) {
            y = scatter(tape, padded, x, w, shape);
        } else {
            long[] full = shape.clone();
            long[] begin = new long[shape.length];
            for (int i = 0; i < window.rank(); i++) {
                full[i + 2] += padded.before(i) + padded.after(i);
                begin[i + 2] = padded.before(i);
            }
            Padded plain = Padded.of(padded.plain(), Buffer.of(full, false));
            y = Layout.cut(tape, scatter(tape, plain, x, w, full), begin, shape);
        }
        if (in.length > 2) {
            tape.customInto(y, "biasadd", List.of(y, in[2]), channelsFirst());
        }
        tape.adjoint(
                y,
                dy -> tape.give(x, () -> {
                    Buffer around = padded.isSymmetric() ? dy : padded.pad(tape, dy, 0);
                    Padded inside = padded.isSymmetric() ? padded : Padded.of(padded.plain(), around);
                    return tape.custom(
                            window.rank() == 2 ? "conv2d" : "conv3dnew",
                            x.shape(),
                            List.of(around, w),
                            inside.convolution(0, CHANNELS_FIRST, KERNEL_LAST));
                }));
        return y;
    }

    private static Buffer conv2d(Tape tape, Padded padded, long[] shape, Buffer... in) {
        Buffer x = in[0];
        Buffer w = in[1];
        w.name(); // has to be a constant
        Buffer y = tape.custom("conv2d", shape, List.of(in), padded.convolution(0, CHANNELS_FIRST, KERNEL_LAST));
        tape.adjoint(y, dy -> tape.give(x, () -> scatter(tape, padded, dy, w, x.shape())));
        return y;
    }

    private static Buffer conv3d(Tape tape, Padded padded, long[] shape, Buffer... in) {
        Buffer x = in[0];
        Arguments arguments = padded.convolution(0, CHANNELS_FIRST, KERNEL_LAST);
        Buffer y = tape.custom("conv3dnew", shape, List.of(in), arguments);
        tape.adjoint(y, dy -> tape.give(x, () -> withParameterGradients(tape, "conv3dnew_bp", arguments, dy, in)));
        return y;
    }

    private static Buffer depthwise(Tape tape, Operator.Conv operator, Padded padded, long[] shape, Buffer... in) {
        Buffer x = in[0];
        Buffer w = in[1];
        long channels = x.size(1);
        if (operator.group() != channels || operator.window().rank() != 2) {
            throw new ConfigurationException("a convolution in " + operator.group() + " groups of " + channels
                    + " channels is not supported: only one group, or as many as channels in two dimensions");
        }
        long multiplier = w.size(0) / channels;
        long[] kernel = {w.size(2), w.size(3)};
        Buffer[] inputs = in.clone();
        inputs[1] = tape.derived(
                w,
                "kernel first, by channel",
                a -> a.reshape('c', channels, multiplier, kernel[0], kernel[1]).permute(2, 3, 0, 1));
        Arguments arguments = padded.convolution(0, CHANNELS_FIRST, KERNEL_FIRST);
        Buffer y = tape.custom("depthwise_conv2d", shape, List.of(inputs), arguments);
        tape.adjoint(
                y,
                dy -> tape.give(x, () -> withParameterGradients(tape, "depthwise_conv2d_bp", arguments, dy, inputs)));
        return y;
    }

    /** ND4J computes the gradients of weights and bias along with that of the input, which alone is returned. */
    private static Buffer withParameterGradients(Tape tape, String name, Arguments arguments, Buffer dy, Buffer... in) {
        List<Buffer> inputs = new ArrayList<>(List.of(in));
        inputs.add(dy);
        List<Buffer> outputs = new ArrayList<>();
        for (Buffer input : in) {
            outputs.add(Buffer.of(input.shape(), false));
        }
        tape.customInto(outputs, name, inputs, arguments);
        return outputs.get(0);
    }

    /**
     * Spread every value over its window, weighted by the kernel: the gradient of a convolution, and the transposed convolution.
     *
     * @param padded the window of the convolution; its padding is symmetric
     * @param y what the convolution puts out, or its gradient
     * @param w the weights of the convolution, {@code [channels of y, channels of x, kernel…]}
     * @param shape the shape of x
     */
    private static Buffer scatter(Tape tape, Padded padded, Buffer y, Buffer w, long... shape) {
        Window window = padded.original();
        if (window.rank() == 3) {
            return deconvolution(tape, padded, y, w, shape);
        }
        boolean accelerated = tape.dataType() == DataType.FLOAT && Backend.hasOneDnn();
        return accelerated && !padded.isDilated() && !wastesBlocks(window, y.size(1), shape[1])
                ? deconvolution(tape, padded, y, w, shape)
                : products(tape, padded, y, w, shape);
    }

    /**
     * Say whether oneDNN loses so much by filling up channels that products of matrices are faster: measured on kernels from 3 × 3 to 7
     * × 7 with 1 to 64 channels, 1.2 to 5 times towards images, and 1.1 to 2 times with large kernels and no stride.
     */
    private static boolean wastesBlocks(Window window, long from, long to) {
        if (to < FEW_CHANNELS) {
            return true;
        }
        boolean large = window.kernel().stream().reduce(1, (a, b) -> a * b) >= 25;
        boolean strided = window.strides().stream().anyMatch(stride -> stride != 1);
        return large && !strided && from >= 2 * BLOCK && to % BLOCK != 0 && to > BLOCK;
    }

    /** ND4J's operation, fast where oneDNN has it: about twice as fast as its gradient operation of convolutions. */
    private static Buffer deconvolution(Tape tape, Padded padded, Buffer y, Buffer w, long... shape) {
        Window window = padded.original();
        int rank = window.rank();
        long[] reached =
                shape.clone(); // windows may leave over some values at the end, and reach into the padding there
        for (int i = 0; i < rank; i++) {
            long end = (y.size(i + 2) - 1) * window.strides().get(i) + window.reach(i) - padded.before(i);
            reached[i + 2] = Math.min(shape[i + 2], end);
        }
        int[] kernelFirst = rank == 2 ? new int[] {2, 3, 1, 0} : new int[] {2, 3, 4, 1, 0};
        Buffer kernel = tape.derived(w, "kernel first", a -> a.permute(kernelFirst));
        Buffer x = tape.custom(
                rank == 2 ? "deconv2d" : "deconv3d",
                reached,
                List.of(y, kernel),
                padded.convolution(0, CHANNELS_FIRST, KERNEL_FIRST));
        return Arrays.equals(reached, shape) ? x : Layout.frame(tape, x, shape, new long[shape.length], 0);
    }

    private static Buffer products(Tape tape, Padded padded, Buffer y, Buffer w, long... shape) {
        return products(tape, padded, List.of(y), List.of(w), shape);
    }

    /**
     * The sum of what several tensors of one shape spread over their windows, each weighted by a kernel of its own: a product of matrices
     * gives what every place sends to its window; the windows are then added up.
     *
     * @param ys {@code [n, channels, height, width]}
     * @param ws one constant for each, {@code [channels of y, channels of x, kernel]}
     */
    static Buffer products(Tape tape, Padded padded, List<Buffer> ys, List<Buffer> ws, long... shape) {
        Window window = padded.original();
        Buffer first = ys.get(0);
        long n = first.size(0);
        long channels = first.size(1);
        long height = first.size(2);
        long width = first.size(3);
        long all = ys.size() * channels;
        int kernelHeight = window.kernel().get(0);
        int kernelWidth = window.kernel().get(1);
        long columns = shape[1] * kernelHeight * kernelWidth;
        // ND4J copies into a permuted view faster than it permutes into an array
        Buffer pixels = Buffer.of(new long[] {n, height, width, all}, first.differentiable());
        long[] own = {n, height, width, channels};
        for (int i = 0; i < ys.size(); i++) {
            long[] from = {0, 0, 0, i * channels};
            tape.copy(
                    ys.get(i),
                    pixels.view(first.shape(), a -> Views.region(a, from, own).permute(0, 3, 1, 2)));
        }
        Buffer rows = pixels.reshaped(n * height * width, all);
        List<INDArray> kernels = ws.stream().map(Buffer::array).toList();
        Buffer matrix = tape.derived(
                ws.get(0),
                "as matrix of " + ws.size(),
                kernel -> Nd4j.concat(0, kernels.toArray(INDArray[]::new)).reshape('c', all, columns));
        Buffer sent = tape.custom("matmul", new long[] {n * height * width, columns}, rows, matrix);
        long[] byPosition = {n, height, width, shape[1], kernelHeight, kernelWidth};
        Buffer windows = sent.view(
                new long[] {n, shape[1], kernelHeight, kernelWidth, height, width},
                a -> a.reshape('c', byPosition).permute(0, 3, 4, 5, 1, 2));
        Arguments arguments = Arguments.integers(
                window.strides().get(0),
                window.strides().get(1),
                padded.before(0),
                padded.before(1),
                shape[2],
                shape[3],
                window.dilations().get(0),
                window.dilations().get(1),
                0);
        return tape.custom("col2im", shape, List.of(windows), arguments.withFloating(0));
    }

    private static Arguments channelsFirst() {
        return Arguments.NONE.withBooleans(true);
    }

    /** Return inputs over a line as images of height 1. */
    private static Buffer[] asImages(Tape tape, Buffer... in) {
        Buffer[] images = in.clone();
        Buffer x = in[0];
        Buffer w = in[1];
        images[0] = tape.reshape(x, x.size(0), x.size(1), 1, x.size(2));
        images[1] = tape.derived(w, "as image", a -> a.reshape('c', w.size(0), w.size(1), 1, w.size(2)));
        return images;
    }

    private static List<long[]> shapes(Buffer... buffers) {
        return Arrays.stream(buffers).map(Buffer::shape).toList();
    }
}
