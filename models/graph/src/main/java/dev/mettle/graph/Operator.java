package dev.mettle.graph;

import dev.mettle.core.ConfigurationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The vocabulary of an {@link OperatorGraph}: operators named and defined as in ONNX, as far as inference needs them.
 *
 * <p>Tensors are in C order; images are {@code [n, channels, height, width]} ("NCHW"), time series {@code [n, features, time]}.
 * The first dimension is always the batch.
 */
public sealed interface Operator {

    /** Return the ONNX name, such as {@code Conv}. */
    default String type() {
        return getClass().getSimpleName();
    }

    /**
     * Return the shape of the output.
     *
     * @param inputs the shapes of all inputs, in order
     * @throws ConfigurationException if the inputs don't fit together
     */
    long[] outputShape(List<long[]> inputs);

    // ---------------------------------------------------------------------------------------------- matrices

    /** {@code y = x · w + b}: inputs x {@code [n, k]}, w {@code [k, m]} and, optionally, b {@code [m]}. */
    record Gemm() implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            long[] w = inputs.get(1);
            Shapes.require(x.length == 2 && w.length == 2 && x[1] == w[0], this, inputs);
            return new long[] {x[0], w[1]};
        }
    }

    /** {@code y = a · b} over the last two dimensions; the leading ones, equal in a and b, count matrices. */
    record MatMul() implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] a = inputs.get(0);
            long[] b = inputs.get(1);
            int rank = a.length;
            Shapes.require(
                    rank == b.length
                            && rank >= 2
                            && a[rank - 1] == b[rank - 2]
                            && Arrays.equals(a, 0, rank - 2, b, 0, rank - 2),
                    this,
                    inputs);
            long[] y = a.clone();
            y[rank - 1] = b[rank - 1];
            return y;
        }
    }

    // ---------------------------------------------------------------------------------------------- windows

    /**
     * Convolution over one, two or three spatial dimensions: inputs x {@code [n, c, spatial…]}, w
     * {@code [m, c / group, kernel…]} and, optionally, b {@code [m]}.
     *
     * @param window strides, padding and dilations; the kernel is that of w
     * @param group 1, or c for a depthwise convolution
     */
    record Conv(Window window, int group) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            long[] w = inputs.get(1);
            Shapes.require(x.length == w.length && x.length > 2 && x[1] == w[1] * group, this, inputs);
            return window.outputShape(x, w[0]);
        }
    }

    /**
     * Transposed convolution: inputs x {@code [n, c, spatial…]}, w {@code [c, m, kernel…]} and, optionally, b {@code [m]}.
     *
     * @param window strides, padding and dilations of the convolution whose input gradient this is; the kernel is that of w
     */
    record ConvTranspose(Window window) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            long[] w = inputs.get(1);
            Shapes.require(x.length == w.length && x.length > 2 && x[1] == w[0], this, inputs);
            return window.transposedShape(x, w[1]);
        }
    }

    /** Largest value per window; padding never wins. */
    record MaxPool(Window window) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            return window.outputShape(inputs.get(0), inputs.get(0)[1]);
        }
    }

    /**
     * Mean value per window.
     *
     * @param countIncludePad whether padding counts as zeros in the mean
     */
    record AveragePool(Window window, boolean countIncludePad) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            return window.outputShape(inputs.get(0), inputs.get(0)[1]);
        }
    }

    /** {@code (Σ|x|^p)^(1/p)} per window; padding counts as zeros. */
    record LpPool(Window window, int p) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            return window.outputShape(inputs.get(0), inputs.get(0)[1]);
        }
    }

    // ---------------------------------------------------------------------------------------------- arithmetic

    /** An operator on two tensors that broadcast as in NumPy. */
    sealed interface Elementwise extends Operator permits Add, Sub, Mul, Div, Max, Min {
        @Override
        default long[] outputShape(List<long[]> inputs) {
            return Shapes.broadcast(inputs.get(0), inputs.get(1), this, inputs);
        }
    }

    /** {@code a + b}, broadcasting. */
    record Add() implements Elementwise {}

    /** {@code a − b}, broadcasting. */
    record Sub() implements Elementwise {}

    /** {@code a · b}, broadcasting. */
    record Mul() implements Elementwise {}

    /** {@code a / b}, broadcasting. */
    record Div() implements Elementwise {}

    /** The larger of a and b, broadcasting; where both are equal, the gradient goes to a. */
    record Max() implements Elementwise {}

    /** The smaller of a and b, broadcasting; where both are equal, the gradient goes to a. */
    record Min() implements Elementwise {}

    // ---------------------------------------------------------------------------------------------- functions

    /** An operator on single values. */
    sealed interface Function extends Operator
            permits Relu,
                    LeakyRelu,
                    ThresholdedRelu,
                    Elu,
                    Selu,
                    Sigmoid,
                    Tanh,
                    Softplus,
                    Softsign,
                    HardSigmoid,
                    Clip,
                    Abs,
                    Exp,
                    Log,
                    Sqrt,
                    Pow {
        @Override
        default long[] outputShape(List<long[]> inputs) {
            return inputs.get(0).clone();
        }

        /** Say whether the function never falls, so that it may trade places with a maximum. */
        default boolean isMonotone() {
            return true;
        }
    }

    /** {@code max(0, x)}. */
    record Relu() implements Function {}

    /** {@code x} above 0, else {@code alpha · x}. */
    record LeakyRelu(double alpha) implements Function {
        @Override
        public boolean isMonotone() {
            return alpha >= 0;
        }
    }

    /** {@code x} above alpha, else 0. */
    record ThresholdedRelu(double alpha) implements Function {
        @Override
        public boolean isMonotone() {
            return alpha >= 0;
        }
    }

    /** {@code x} above 0, else {@code alpha · (exp(x) − 1)}. */
    record Elu(double alpha) implements Function {
        @Override
        public boolean isMonotone() {
            return alpha >= 0;
        }
    }

    /** {@code 1.0507 · Elu(x)} with {@code alpha = 1.6733} (self-normalizing, Klambauer 2017). */
    record Selu() implements Function {}

    /** {@code 1 / (1 + exp(−x))}. */
    record Sigmoid() implements Function {}

    /** Hyperbolic tangent. */
    record Tanh() implements Function {}

    /** {@code log(1 + exp(x))}. */
    record Softplus() implements Function {}

    /** {@code x / (1 + |x|)}. */
    record Softsign() implements Function {}

    /** {@code max(0, min(1, alpha · x + beta))}. */
    record HardSigmoid(double alpha, double beta) implements Function {
        @Override
        public boolean isMonotone() {
            return alpha >= 0;
        }
    }

    /** {@code max(min, min(max, x))}. */
    record Clip(double min, double max) implements Function {}

    /** {@code |x|}. */
    record Abs() implements Function {
        @Override
        public boolean isMonotone() {
            return false;
        }
    }

    /** {@code exp(x)}. */
    record Exp() implements Function {}

    /** Natural logarithm of a positive value. */
    record Log() implements Function {}

    /** Square root; its gradient at 0 is taken as 0. */
    record Sqrt() implements Function {}

    /** {@code x} to a constant power; x may be negative only if the power is whole. */
    record Pow(double exponent) implements Function {
        @Override
        public boolean isMonotone() {
            return false;
        }
    }

    /** {@code x} above 0, else {@code slope · x}: inputs x and slope, which broadcasts to x. */
    record PRelu() implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            return Shapes.broadcast(inputs.get(0), inputs.get(1), this, inputs);
        }
    }

    /** {@code exp(x) / Σ exp(x)} along an axis. */
    record Softmax(int axis) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            return inputs.get(0).clone();
        }
    }

    /** Local response normalization across channels: {@code x / (bias + alpha / size · Σ x²)^beta} over {@code size} channels around. */
    record LRN(int size, double alpha, double beta, double bias) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            return inputs.get(0).clone();
        }
    }

    // ---------------------------------------------------------------------------------------------- reductions

    /** The kinds of {@link Reduce}. */
    enum Reduction {
        /** Sum. */
        SUM,
        /** Mean. */
        MEAN,
        /** Largest value; in a tie the gradient goes to the first. */
        MAX
    }

    /**
     * {@code ReduceSum}, {@code ReduceMean} or {@code ReduceMax} over some axes, which stay as size 1.
     *
     * @param reduction what to compute
     * @param axes the axes, counted from 0, in order
     */
    record Reduce(Reduction reduction, List<Integer> axes) implements Operator {

        /** Create the operator. */
        public Reduce {
            axes = List.copyOf(axes);
        }

        @Override
        public String type() {
            return switch (reduction) {
                case SUM -> "ReduceSum";
                case MEAN -> "ReduceMean";
                case MAX -> "ReduceMax";
            };
        }

        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] shape = inputs.get(0).clone();
            axes.forEach(axis -> shape[axis] = 1);
            return shape;
        }
    }

    // ---------------------------------------------------------------------------------------------- shapes

    /**
     * The same values in another shape.
     *
     * @param shape the new shape; 0 keeps the size at that position, −1 (once) takes what is left
     */
    record Reshape(List<Long> shape) implements Operator {

        /** Create the operator. */
        public Reshape {
            shape = List.copyOf(shape);
        }

        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            long[] y = new long[shape.size()];
            long known = 1;
            int open = -1;
            for (int i = 0; i < y.length; i++) {
                y[i] = shape.get(i) == 0 && i < x.length ? x[i] : shape.get(i);
                if (y[i] < 0) {
                    open = i;
                } else {
                    known *= y[i];
                }
            }
            if (open >= 0) {
                y[open] = Shapes.length(x) / Math.max(1, known);
            }
            Shapes.require(Shapes.length(y) == Shapes.length(x), this, inputs);
            return y;
        }
    }

    /**
     * The same values with axes in another order.
     *
     * @param permutation position i of the output is axis {@code permutation[i]} of the input
     */
    record Transpose(List<Integer> permutation) implements Operator {

        /** Create the operator. */
        public Transpose {
            permutation = List.copyOf(permutation);
        }

        /** Bring {@code [n, …, channels]} into the order {@code [n, channels, …]}. */
        public static Transpose channelsFirst(int rank) {
            List<Integer> order = new ArrayList<>(List.of(0, rank - 1));
            IntStream.range(1, rank - 1).forEach(order::add);
            return new Transpose(order);
        }

        /** Bring {@code [n, channels, …]} into the order {@code [n, …, channels]}. */
        public static Transpose channelsLast(int rank) {
            List<Integer> order = new ArrayList<>(List.of(0));
            IntStream.range(2, rank).forEach(order::add);
            order.add(1);
            return new Transpose(order);
        }

        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            Shapes.require(permutation.size() == x.length, this, inputs);
            return permutation.stream().mapToLong(axis -> x[axis]).toArray();
        }
    }

    /**
     * A range along one axis.
     *
     * @param axis the axis
     * @param start the first position; negative counts from the end
     * @param end the position after the last; negative counts from the end, {@link Integer#MAX_VALUE} is the end
     */
    record Slice(int axis, int start, int end) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] shape = inputs.get(0).clone();
            long size = shape[axis];
            shape[axis] = to(size) - from(size);
            Shapes.require(shape[axis] > 0 && from(size) >= 0, this, inputs);
            return shape;
        }

        /** Return the first position on an axis of the given size. */
        public long from(long size) {
            return start < 0 ? size + start : start;
        }

        /** Return the position after the last on an axis of the given size. */
        public long to(long size) {
            return end < 0 ? size + end : Math.min(end, size);
        }
    }

    /**
     * One of the equal parts that an axis is cut into.
     *
     * @param axis the axis
     * @param parts how many parts
     * @param index which one, counted from 0
     */
    record Split(int axis, int parts, int index) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] shape = inputs.get(0).clone();
            Shapes.require(shape[axis] % parts == 0 && index < parts, this, inputs);
            shape[axis] /= parts;
            return shape;
        }
    }

    /** Several tensors one after another along an axis. */
    record Concat(int axis) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] shape = inputs.get(0).clone();
            for (long[] other : inputs.subList(1, inputs.size())) {
                boolean fits = other.length == shape.length;
                for (int i = 0; fits && i < shape.length; i++) {
                    fits = i == axis || other[i] == shape[i];
                }
                Shapes.require(fits, this, inputs);
                shape[axis] += other[axis];
            }
            return shape;
        }
    }

    /**
     * A border of a constant value.
     *
     * @param before how many values before, per axis
     * @param after how many values after, per axis
     * @param value the value
     */
    record Pad(List<Long> before, List<Long> after, double value) implements Operator {

        /** Create the operator. */
        public Pad {
            before = List.copyOf(before);
            after = List.copyOf(after);
        }

        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] shape = inputs.get(0).clone();
            Shapes.require(before.size() == shape.length && after.size() == shape.length, this, inputs);
            for (int i = 0; i < shape.length; i++) {
                shape[i] += before.get(i) + after.get(i);
            }
            return shape;
        }
    }

    /** The first input, of batch size 1, repeated to the batch size of the second, whose values don't matter. */
    record Expand() implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] shape = inputs.get(0).clone();
            Shapes.require(shape[0] == 1, this, inputs);
            shape[0] = inputs.get(1)[0];
            return shape;
        }
    }

    /**
     * Nearest-neighbor enlargement of the spatial dimensions by whole factors.
     *
     * @param scales one factor per spatial dimension
     */
    record Resize(List<Long> scales) implements Operator {

        /** Create the operator. */
        public Resize {
            scales = List.copyOf(scales);
        }

        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] shape = inputs.get(0).clone();
            Shapes.require(shape.length == scales.size() + 2, this, inputs);
            for (int i = 0; i < scales.size(); i++) {
                shape[i + 2] *= scales.get(i);
            }
            return shape;
        }
    }

    /**
     * Blocks of pixels become channels: {@code [n, c, h, w]} turns into {@code [n, blockSize² · c, h / blockSize, w / blockSize]};
     * channels of the same pixel stay together.
     */
    record SpaceToDepth(int blockSize) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            Shapes.require(x.length == 4 && x[2] % blockSize == 0 && x[3] % blockSize == 0, this, inputs);
            return new long[] {x[0], x[1] * blockSize * blockSize, x[2] / blockSize, x[3] / blockSize};
        }
    }

    // ---------------------------------------------------------------------------------------------- recurrence

    /** The directions of a recurrent operator. */
    enum Direction {
        /** From the first step to the last. */
        FORWARD,
        /** From the last step to the first; outputs stand at the steps they belong to. */
        REVERSE
    }

    /**
     * Long short-term memory without initial state: inputs x {@code [n, features, time]}, w {@code [features, 4·units]},
     * r {@code [units, 4·units]}, b {@code [4·units]}, and, optionally, peepholes p {@code [3·units]} for input, output and
     * forget gate; output {@code [n, units, time]}. The gates stand in the order input, output, forget, cell, as in ONNX.
     *
     * @param gate the activation of the gates
     * @param cell the activation of cell input and cell output
     * @param direction the direction
     */
    record LSTM(Function gate, Function cell, Direction direction) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            long[] r = inputs.get(2);
            Shapes.require(x.length == 3 && x[1] == inputs.get(1)[0] && r[1] == 4 * r[0], this, inputs);
            return new long[] {x[0], r[0], x[2]};
        }
    }

    /**
     * Simple recurrence {@code h = f(x · w + h · r + b)} without initial state: inputs x {@code [n, features, time]},
     * w {@code [features, units]}, r {@code [units, units]}, b {@code [units]}; output {@code [n, units, time]}.
     *
     * @param activation f
     * @param direction the direction
     */
    record RNN(Function activation, Direction direction) implements Operator {
        @Override
        public long[] outputShape(List<long[]> inputs) {
            long[] x = inputs.get(0);
            long[] r = inputs.get(2);
            Shapes.require(x.length == 3 && x[1] == inputs.get(1)[0] && r[1] == r[0], this, inputs);
            return new long[] {x[0], r[0], x[2]};
        }
    }
}
