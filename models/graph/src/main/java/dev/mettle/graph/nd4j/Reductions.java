package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Shapes;
import dev.mettle.graph.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Sums, means and maxima along axes, which stay as size 1. */
final class Reductions {

    private Reductions() {}

    static Buffer apply(Tape tape, Operator.Reduce reduce, Buffer x) {
        if (reduce.reduction() == Operator.Reduction.MAX) {
            return max(tape, x, reduce.axes());
        }
        Buffer sum = sum(tape, x, reduce.axes());
        boolean mean = reduce.reduction() == Operator.Reduction.MEAN;
        Buffer factor = tape.scalar(mean ? (double) sum.length() / x.length() : 1);
        Buffer y = mean ? Arithmetic.multiply(tape, sum, factor) : sum;
        tape.adjoint(
                y,
                dy -> tape.give(x, () -> {
                    Buffer share = mean ? Arithmetic.multiply(tape, dy, factor) : dy;
                    return repeat(tape, share, x.shape());
                }));
        return y;
    }

    /** Sum along axes; has no gradient of its own. */
    static Buffer sum(Tape tape, Buffer x, List<Integer> axes) {
        if (axes.isEmpty()) {
            return x;
        }
        long[] shape = x.shape();
        axes.forEach(axis -> shape[axis] = 1);
        return tape.custom(
                "reduce_sum",
                shape,
                List.of(x),
                Arguments.integers(axes.stream().mapToLong(axis -> axis).toArray())
                        .withBooleans(true));
    }

    /** Repeat a tensor along its axes of size 1. */
    static Buffer repeat(Tape tape, Buffer x, long... shape) {
        long[] times = new long[shape.length];
        int last = -1; // the last axis that is not repeated
        for (int axis = 0; axis < shape.length; axis++) {
            times[axis] = shape[axis] / x.size(axis);
            last = times[axis] == 1 ? axis : last;
        }
        if (LongStream.of(times).limit(last + 1).anyMatch(t -> t != 1)) {
            return tape.custom("tile", shape, List.of(x), Arguments.integers(times));
        }
        // along the last axes it is an outer product with ones: a hundred times as fast
        Buffer column = x.reshaped(x.length(), 1);
        Buffer ones = tape.ones(Shapes.length(times));
        return tape.custom("matmul", new long[] {x.length(), ones.size(1)}, column, ones)
                .reshaped(shape);
    }

    /** The largest value is that of a pooling whose window is the whole range. */
    private static Buffer max(Tape tape, Buffer x, List<Integer> axes) {
        List<Integer> order = new ArrayList<>();
        long range = 1;
        long[] shape = x.shape();
        for (int axis = 0; axis < x.rank(); axis++) {
            if (axes.contains(axis)) {
                range *= x.size(axis);
                shape[axis] = 1;
            } else {
                order.add(axis);
            }
        }
        order.addAll(axes);
        Buffer last = Layout.transpose(tape, new Operator.Transpose(order), x);
        Buffer flat = tape.reshape(last, x.length() / range, 1, 1, range);
        int[] once = {1, 1};
        Window whole = Window.of(new int[] {1, Math.toIntExact(range)}, once, new int[] {0, 0}, once);
        return tape.reshape(Pooling.max(tape, whole, flat), shape);
    }
}
