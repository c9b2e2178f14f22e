package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Operators that move values and compute nothing. */
final class Layout {

    private Layout() {}

    static Buffer transpose(Tape tape, Operator.Transpose operator, Buffer x) {
        List<Integer> order = operator.permutation();
        long[] shape = operator.outputShape(List.of(x.shape()));
        if (keepsOrder(order, x)) {
            return tape.reshape(x, shape);
        }
        Buffer y = permute(tape, x, shape, order.stream().mapToLong(i -> i).toArray());
        tape.adjoint(
                y,
                dy -> tape.give(x, () -> {
                    long[] back = new long[order.size()];
                    for (int i = 0; i < back.length; i++) {
                        back[order.get(i)] = i;
                    }
                    return permute(tape, dy, x.shape(), back);
                }));
        return y;
    }

    /** Say whether only axes of size 1 move, so that no value does. */
    private static boolean keepsOrder(List<Integer> order, Buffer x) {
        List<Integer> moving = order.stream().filter(axis -> x.size(axis) != 1).toList();
        return moving.equals(moving.stream().sorted().toList());
    }

    private static Buffer permute(Tape tape, Buffer x, long[] shape, long... order) {
        return tape.custom("permute", shape, List.of(x), Arguments.integers(order));
    }

    static Buffer slice(Tape tape, Operator.Slice operator, Buffer x) {
        int axis = operator.axis();
        long from = operator.from(x.size(axis));
        long to = operator.to(x.size(axis));
        if (to - from == x.size(axis)) {
            return x;
        }
        long[] begin = new long[x.rank()];
        begin[axis] = from;
        Buffer y = cut(tape, x, begin, operator.outputShape(List.of(x.shape())));
        tape.adjoint(y, dy -> tape.give(x, () -> frame(tape, dy, x.shape(), begin, 0)));
        return y;
    }

    static Buffer concat(Tape tape, Operator.Concat operator, Buffer... in) {
        int axis = operator.axis();
        long[] shape = operator.outputShape(Arrays.stream(in).map(Buffer::shape).toList());
        Buffer y = tape.custom("concat", shape, List.of(in), Arguments.integers(axis));
        tape.adjoint(y, dy -> {
            long position = 0;
            for (Buffer part : in) {
                long[] begin = new long[shape.length];
                begin[axis] = position;
                tape.give(part, () -> cut(tape, dy, begin, part.shape()));
                position += part.size(axis);
            }
        });
        return y;
    }

    static Buffer pad(Tape tape, Operator.Pad operator, Buffer x) {
        long[] begin = operator.before().stream().mapToLong(i -> i).toArray();
        long[] shape = operator.outputShape(List.of(x.shape()));
        Buffer y = frame(tape, x, shape, begin, operator.value());
        tape.adjoint(y, dy -> tape.give(x, () -> cut(tape, dy, begin, x.shape())));
        return y;
    }

    /** Copy the region that begins at a position; where it leaves {@code x}, there are zeros. Has no gradient of its own. */
    static Buffer cut(Tape tape, Buffer x, long[] begin, long... size) {
        Buffer y = Buffer.of(size, x.differentiable());
        tape.copy(x.view(size, a -> Views.region(a, begin, size)), y);
        return y;
    }

    /** Copy a tensor into a larger one. Has no gradient of its own. */
    static Buffer frame(Tape tape, Buffer x, long[] shape, long[] begin, double value) {
        Buffer y = Buffer.of(shape, x.differentiable());
        tape.fill(y, value);
        tape.copy(x, y.view(x.shape(), a -> Views.region(a, begin, x.shape())));
        return y;
    }

    static Buffer expand(Tape tape, Buffer x, Buffer like) {
        long[] shape = x.shape();
        shape[0] = like.size(0);
        Buffer y = Reductions.repeat(tape, x, shape);
        tape.adjoint(y, dy -> tape.give(x, () -> Reductions.sum(tape, dy, List.of(0))));
        return y;
    }

    /** Every value becomes a small block; so its gradient is the sum over that block. */
    static Buffer resize(Tape tape, Operator.Resize operator, Buffer x) {
        List<Long> scales = operator.scales();
        int spatial = scales.size();
        long[] between = new long[2 + 2 * spatial]; // [n, c, d1, 1, d2, 1, …]
        long[] blocks = new long[2 + 2 * spatial]; // [n, c, d1, s1, d2, s2, …]
        for (int i = 0; i < 2; i++) {
            between[i] = x.size(i);
            blocks[i] = x.size(i);
        }
        List<Integer> inside = new ArrayList<>();
        for (int i = 0; i < spatial; i++) {
            between[2 + 2 * i] = x.size(i + 2);
            between[3 + 2 * i] = 1;
            blocks[2 + 2 * i] = x.size(i + 2);
            blocks[3 + 2 * i] = scales.get(i);
            inside.add(3 + 2 * i);
        }
        Buffer y = Buffer.of(operator.outputShape(List.of(x.shape())), x.differentiable());
        tape.customInto(
                y.reshaped(blocks),
                "tile",
                List.of(x.reshaped(between)),
                Arguments.integers(IntStream.range(0, blocks.length)
                        .mapToLong(i -> blocks[i] / between[i])
                        .toArray()));
        tape.adjoint(
                y,
                dy -> tape.give(
                        x,
                        () -> Reductions.sum(tape, dy.reshaped(blocks), inside).reshaped(x.shape())));
        return y;
    }
}
