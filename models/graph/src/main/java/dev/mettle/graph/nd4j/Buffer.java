package dev.mettle.graph.nd4j;

import dev.mettle.graph.Shapes;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The place of one tensor in a {@link Program}: a constant, memory of its own, or a view of another buffer. It gets its array once
 * the whole program is known and memory is planned.
 *
 * <p>A buffer is written by one step (or, through views, by several), and only read from then on.
 */
final class Buffer {

    private final long[] shape;
    private final @Nullable Buffer base;
    private final @Nullable UnaryOperator<INDArray> view;
    private final @Nullable String constant;
    private final boolean differentiable;
    private @Nullable INDArray array;

    private Buffer(
            long[] shape,
            @Nullable Buffer base,
            @Nullable UnaryOperator<INDArray> view,
            @Nullable String constant,
            boolean differentiable) {
        this.shape = shape;
        this.base = base;
        this.view = view;
        this.constant = constant;
        this.differentiable = differentiable;
    }

    /** Create memory in C order. */
    static Buffer of(long[] shape, boolean differentiable) {
        return new Buffer(shape.clone(), null, null, null, differentiable);
    }

    /** Create a constant, whose name stands for it in what is derived from it. */
    static Buffer constant(String name, INDArray value) {
        Buffer buffer = new Buffer(value.shape(), null, null, name, false);
        buffer.array = value;
        return buffer;
    }

    /** Return a view of this buffer, made by an operation that copies nothing. Gradients don't find back from a view by themselves. */
    Buffer view(long[] viewShape, UnaryOperator<INDArray> operation) {
        return new Buffer(viewShape.clone(), this, operation, null, differentiable);
    }

    /** Return the same memory in another shape; this buffer must not be a strided view. */
    Buffer reshaped(long... newShape) {
        return view(newShape, a -> a.reshape('c', newShape));
    }

    /** Return the rows {@code from} to {@code to} of the first dimension. */
    Buffer rows(long from, long to) {
        long[] part = shape.clone();
        part[0] = to - from;
        return view(part, a -> Views.slice(a, 0, from, to));
    }

    long[] shape() {
        return shape.clone();
    }

    long size(int axis) {
        return shape[axis];
    }

    int rank() {
        return shape.length;
    }

    long length() {
        return Shapes.length(shape);
    }

    boolean hasShape(long... other) {
        return Arrays.equals(shape, other);
    }

    /** Say whether its value depends on the input of the graph, so that it needs a gradient. */
    boolean differentiable() {
        return differentiable;
    }

    /** Return the name of a constant. */
    String name() {
        if (constant == null) {
            throw new IllegalStateException("a tensor of shape " + Arrays.toString(shape)
                    + " has to be a constant here: weights that depend on the input are not supported");
        }
        return constant;
    }

    boolean isConstant() {
        return constant != null || (base != null && base.isConstant());
    }

    /** Return the buffer that owns the memory. */
    Buffer root() {
        return base == null ? this : base.root();
    }

    /** Give the buffer its memory. */
    void place(INDArray memory) {
        array = memory;
    }

    /** Return the array; there is one once memory is planned. */
    INDArray array() {
        INDArray own = array;
        if (own == null) {
            if (base == null || view == null) {
                throw new IllegalStateException(
                        "the buffer " + Arrays.toString(shape) + " has no memory: it is used outside of its steps");
            }
            own = view.apply(base.array());
            array = own;
        }
        return own;
    }

    @Override
    public String toString() {
        return (constant == null ? "buffer " : constant + " ") + Arrays.toString(shape);
    }
}
