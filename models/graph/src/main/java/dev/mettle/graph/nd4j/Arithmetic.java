package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ops.impl.scalar.Step;

/** Sums, products and the like of two tensors, with broadcasting. */
final class Arithmetic {

    /** Below this many values, the overhead of a call counts more than its speed. */
    static final long SMALL = 8192;

    private Arithmetic() {}

    static Buffer apply(Tape tape, Operator.Elementwise operator, Buffer a, Buffer b) {
        Buffer y = tape.custom(name(operator), operator.outputShape(List.of(a.shape(), b.shape())), a, b);
        tape.adjoint(y, dy -> {
            if (operator instanceof Operator.Add || operator instanceof Operator.Sub) {
                tape.give(a, () -> sumTo(tape, dy, a));
                tape.give(b, () -> sumTo(tape, operator instanceof Operator.Sub ? negate(tape, dy) : dy, b));
            } else if (operator instanceof Operator.Mul) {
                tape.give(a, () -> sumTo(tape, multiply(tape, dy, b), a));
                tape.give(b, () -> sumTo(tape, multiply(tape, dy, a), b));
            } else if (operator instanceof Operator.Div) {
                tape.give(a, () -> sumTo(tape, tape.custom("divide", dy.shape(), dy, b), a));
                tape.give(b, () -> {
                    Buffer share = tape.custom("divide", dy.shape(), multiply(tape, dy, y), b);
                    return sumTo(tape, negate(tape, share), b);
                });
            } else {
                boolean max = operator instanceof Operator.Max;
                Buffer ahead = tape.custom("subtract", dy.shape(), max ? b : a, max ? a : b);
                Buffer toB = multiply(tape, dy, isPositive(tape, ahead));
                tape.give(a, () -> sumTo(tape, tape.custom("subtract", dy.shape(), dy, toB), a));
                tape.give(b, () -> sumTo(tape, toB, b));
            }
        });
        return y;
    }

    private static String name(Operator.Elementwise operator) {
        if (operator instanceof Operator.Add) {
            return "add";
        } else if (operator instanceof Operator.Sub) {
            return "subtract";
        } else if (operator instanceof Operator.Mul) {
            return "multiply";
        } else if (operator instanceof Operator.Div) {
            return "divide";
        }
        return operator instanceof Operator.Max ? "maximum" : "minimum";
    }

    /** Multiply a gradient by a tensor that broadcasts to it. */
    static Buffer multiply(Tape tape, Buffer gradient, Buffer factor) {
        return tape.custom("multiply", gradient.shape(), gradient, factor);
    }

    static Buffer negate(Tape tape, Buffer x) {
        return multiply(tape, x, tape.scalar(-1));
    }

    /** Return 1 where x is positive, else 0. */
    static Buffer isPositive(Tape tape, Buffer x) {
        return tape.transform(x, (in, out) -> new Step(in, out, 0));
    }

    /** Sum a gradient over the axes along which a tensor was broadcast. */
    static Buffer sumTo(Tape tape, Buffer gradient, Buffer broadcast) {
        if (gradient.hasShape(broadcast.shape())) {
            return gradient;
        }
        int missing = gradient.rank() - broadcast.rank();
        List<Integer> axes = new ArrayList<>();
        for (int axis = 0; axis < gradient.rank(); axis++) {
            if (gradient.size(axis) != (axis < missing ? 1 : broadcast.size(axis - missing))) {
                axes.add(axis);
            }
        }
        return Reductions.sum(tape, gradient, axes).reshaped(broadcast.shape());
    }
}
