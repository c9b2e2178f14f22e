package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Writes a {@link Program}: kernels append the steps of their forward pass, and leave behind how a gradient goes backward; the
 * tape then appends the backward pass in reverse order.
 *
 * <p>Only gradients on a path from the output to the input are computed. Since every buffer is written once, a gradient may be
 * shared instead of copied.
 */
final class Tape {

    /** One operation: what it reads and writes decides how long buffers live. */
    record Step(List<Buffer> reads, List<Buffer> writes, Supplier<Runnable> build) {}

    /** How the gradient of an output goes on to the inputs. */
    private record Adjoint(Buffer output, Consumer<Buffer> backward) {}

    private final DataType dataType;
    private final boolean withGradient;
    private final Constants constants;
    private final List<Step> steps = new ArrayList<>();
    private final List<Adjoint> adjoints = new ArrayList<>();
    private final Map<Buffer, Buffer> gradients = new HashMap<>();

    Tape(DataType dataType, boolean withGradient, Constants constants) {
        this.dataType = dataType;
        this.withGradient = withGradient;
        this.constants = constants;
    }

    DataType dataType() {
        return dataType;
    }

    List<Step> steps() {
        return steps;
    }

    /** Append the steps of an operator. */
    Buffer apply(Operator operator, Buffer... inputs) {
        return Kernels.apply(this, operator, inputs);
    }

    // ---------------------------------------------------------------------------------------------- forward

    /** Append a named operation of ND4J that writes a new buffer. */
    Buffer custom(String name, long[] shape, List<Buffer> inputs, Arguments arguments) {
        Buffer output = Buffer.of(shape, anyDifferentiable(inputs));
        customInto(output, name, inputs, arguments);
        return output;
    }

    Buffer custom(String name, long[] shape, Buffer... inputs) {
        return custom(name, shape, List.of(inputs), Arguments.NONE);
    }

    /** Append a named operation of ND4J that writes a given buffer, or a view of it. */
    void customInto(Buffer output, String name, List<Buffer> inputs, Arguments arguments) {
        customInto(List.of(output), name, inputs, arguments);
    }

    void customInto(List<Buffer> outputs, String name, List<Buffer> inputs, Arguments arguments) {
        step(inputs, outputs, () -> NativeOp.of(name, arrays(inputs), arrays(outputs), arguments));
    }

    /** Append an operation of ND4J on single values, that writes a new buffer. */
    Buffer transform(Buffer x, BiFunction<INDArray, INDArray, Op> operation) {
        Buffer output = Buffer.of(x.shape(), x.differentiable());
        step(List.of(x), List.of(output), () -> {
            Op op = operation.apply(x.array(), output.array());
            return () -> Nd4j.getExecutioner().exec(op);
        });
        return output;
    }

    /** Append a copy, between views if need be. */
    void copy(Buffer from, Buffer to) {
        step(List.of(from), List.of(to), () -> {
            INDArray source = from.array();
            INDArray target = to.array();
            return () -> target.assign(source);
        });
    }

    /** Append a step that sets all values of a buffer. */
    void fill(Buffer target, double value) {
        step(List.of(), List.of(target), () -> {
            INDArray array = target.array();
            return () -> array.assign(value);
        });
    }

    private void step(List<Buffer> reads, List<Buffer> writes, Supplier<Runnable> build) {
        steps.add(new Step(reads, writes, build));
    }

    /** Return a constant made from another one, once for all programs of a graph. */
    Buffer derived(Buffer from, String how, UnaryOperator<INDArray> derivation) {
        String name = from.name() + " " + how;
        return Buffer.constant(name, constants.get(name, () -> derivation.apply(from.array())));
    }

    /** Return a constant of shape {@code [1]}. */
    Buffer scalar(double value) {
        String name = "scalar " + value;
        return Buffer.constant(
                name, constants.get(name, () -> Nd4j.createFromArray(value).castTo(dataType)));
    }

    /** Return a constant row of ones, of shape {@code [1, length]}. */
    Buffer ones(long length) {
        String name = "ones " + length;
        return Buffer.constant(name, constants.get(name, () -> Nd4j.ones(dataType, 1, length)));
    }

    // ---------------------------------------------------------------------------------------------- backward

    /** Say how the gradient of an output goes on to the inputs, which {@link #give} takes. */
    void adjoint(Buffer output, Consumer<Buffer> backward) {
        if (withGradient && output.differentiable()) {
            adjoints.add(new Adjoint(output, backward));
        }
    }

    /** Add to the gradient of a buffer; the supplier appends the steps, and is not asked where no gradient is needed. */
    void give(Buffer to, Supplier<Buffer> gradient) {
        if (to.differentiable()) {
            Buffer part = gradient.get();
            Buffer before = gradients.get(to);
            gradients.put(to, before == null ? part : custom("add", to.shape(), before, part));
        }
    }

    /** Return the gradient that has reached a buffer, or null if none has. */
    @Nullable
    Buffer gradient(Buffer of) {
        return gradients.get(of);
    }

    /** Append the backward pass, from a given gradient of the output; returns the gradient of the input, or null if none arrives. */
    @Nullable
    Buffer backward(Buffer output, Buffer outputGradient, Buffer input) {
        gradients.put(output, outputGradient);
        for (int i = adjoints.size() - 1; i >= 0; i--) {
            Adjoint adjoint = adjoints.get(i);
            Buffer gradient = gradients.get(adjoint.output());
            if (gradient != null) {
                adjoint.backward().accept(gradient);
            }
        }
        return gradients.get(input);
    }

    // ---------------------------------------------------------------------------------------------- views with
    // gradients

    /** Return the same values in another shape, without a copy. */
    Buffer reshape(Buffer x, long... shape) {
        if (x.hasShape(shape)) {
            return x;
        }
        Buffer y = x.view(shape, a -> a.reshape('c', shape));
        adjoint(y, dy -> give(x, () -> dy.reshaped(x.shape())));
        return y;
    }

    /** Return the parts {@code [n / count, …]} that the first dimension consists of, without a copy. */
    List<Buffer> split(Buffer x, int count) {
        long rows = x.size(0) / count;
        List<Buffer> parts = new ArrayList<>();
        long[] shape = x.shape();
        shape[0] = rows;
        for (int i = 0; i < count; i++) {
            long from = i * rows;
            parts.add(x.view(shape, a -> Views.slice(a, 0, from, from + rows)));
        }
        // registered for the part that the backward pass reaches last, when all have their gradients
        Function<Buffer, Buffer> gradientOf = part -> {
            Buffer known = gradients.get(part);
            if (known != null) {
                return known;
            }
            Buffer zero = Buffer.of(part.shape(), false);
            fill(zero, 0);
            return zero;
        };
        if (withGradient && x.differentiable()) {
            Buffer whole = x.view(x.shape(), a -> a);
            gradients.put(whole, whole); // a mark, so that the adjoint below runs
            adjoints.add(new Adjoint(
                    whole,
                    mark -> give(
                            x,
                            () -> custom(
                                    "concat",
                                    x.shape(),
                                    parts.stream().map(gradientOf).toList(),
                                    Arguments.integers(0)))));
        }
        return parts;
    }

    private static boolean anyDifferentiable(List<Buffer> buffers) {
        return buffers.stream().anyMatch(Buffer::differentiable);
    }

    private static INDArray[] arrays(List<Buffer> buffers) {
        return buffers.stream().map(Buffer::array).toArray(INDArray[]::new);
    }
}
