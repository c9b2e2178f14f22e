package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Operators that move values and compute nothing. */
final class Layout {

    /** ND4J's number for this order in its upsampling operations. */
    private static final long CHANNELS_FIRST = 1;

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
        long size = x.size(operator.axis());
        return range(tape, x, operator.axis(), operator.from(size), operator.to(size));
    }

    static Buffer split(Tape tape, Operator.Split operator, Buffer x) {
        long size = operator.outputShape(List.of(x.shape()))[operator.axis()];
        return range(tape, x, operator.axis(), operator.index() * size, (operator.index() + 1) * size);
    }

    private static Buffer range(Tape tape, Buffer x, int axis, long from, long to) {
        long[] shape = x.shape();
        if (to - from == shape[axis]) {
            return x;
        }
        long[] begin = new long[shape.length];
        begin[axis] = from;
        shape[axis] = to - from;
        Buffer y = cut(tape, x, begin, shape);
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

    static Buffer spaceToDepth(Tape tape, Operator.SpaceToDepth operator, Buffer x) {
        int size = operator.blockSize();
        Buffer blocks = tape.reshape(x, x.size(0), x.size(1), x.size(2) / size, size, x.size(3) / size, size);
        Buffer moved = transpose(tape, new Operator.Transpose(List.of(0, 3, 5, 1, 2, 4)), blocks);
        return tape.reshape(moved, operator.outputShape(List.of(x.shape())));
    }

    static Buffer resize(Tape tape, Operator.Resize operator, Buffer x) {
        List<Long> scales = operator.scales();
        if (scales.size() == 1) {
            Buffer image = tape.reshape(x, x.size(0), x.size(1), 1, x.size(2));
            Buffer y = resize(tape, new Operator.Resize(List.of(1L, scales.get(0))), image);
            return tape.reshape(y, y.size(0), y.size(1), y.size(3));
        }
        String name = "upsampling" + scales.size() + "d";
        Arguments arguments = Arguments.integers(
                LongStream.concat(scales.stream().mapToLong(scale -> scale), LongStream.of(CHANNELS_FIRST))
                        .toArray());
        Buffer y = tape.custom(name, operator.outputShape(List.of(x.shape())), List.of(x), arguments);
        Arguments backward = Arguments.integers(CHANNELS_FIRST);
        tape.adjoint(y, dy -> tape.give(x, () -> tape.custom(name + "_bp", x.shape(), List.of(x, dy), backward)));
        return y;
    }
}
