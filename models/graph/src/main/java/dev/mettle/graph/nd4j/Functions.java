package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Window;
import java.util.List;
import org.nd4j.linalg.api.ops.impl.scalar.LeakyReLU;
import org.nd4j.linalg.api.ops.impl.scalar.Pow;
import org.nd4j.linalg.api.ops.impl.transforms.same.Abs;
import org.nd4j.linalg.api.ops.impl.transforms.same.Sign;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;

/** Functions of single values, and the normalizations made of them. */
final class Functions {

    private Functions() {}

    static Buffer apply(Tape tape, Operator.Function function, Buffer x) {
        if (function instanceof Operator.Relu) {
            return relu(tape, x);
        } else if (function instanceof Operator.Sigmoid) {
            Buffer y = sigmoid(tape, x);
            tape.adjoint(
                    y,
                    dy -> tape.give(x, () -> {
                        Buffer slope = tape.custom("subtract", y.shape(), y, square(tape, y));
                        return Arithmetic.multiply(tape, dy, slope);
                    }));
            return y;
        } else if (function instanceof Operator.Tanh) {
            Buffer y = tape.custom("tanh", x.shape(), x);
            tape.adjoint(
                    y,
                    dy -> tape.give(x, () -> {
                        Buffer lost = Arithmetic.multiply(tape, dy, square(tape, y));
                        return tape.custom("subtract", y.shape(), dy, lost);
                    }));
            return y;
        } else if (function instanceof Operator.LeakyRelu leaky) {
            return leakyRelu(tape, leaky.alpha(), x);
        } else if (function instanceof Operator.ThresholdedRelu relu) {
            return named(tape, "thresholdedrelu", x, Arguments.floating(relu.alpha()));
        } else if (function instanceof Operator.Elu elu) {
            return named(tape, "elu", x, Arguments.floating(elu.alpha()));
        } else if (function instanceof Operator.Selu) {
            return named(tape, "selu", x, Arguments.NONE);
        } else if (function instanceof Operator.Softsign) {
            return named(tape, "softsign", x, Arguments.NONE);
        } else if (function instanceof Operator.Softplus) {
            Buffer y = tape.custom("softplus", x.shape(), x);
            tape.adjoint(y, dy -> tape.give(x, () -> Arithmetic.multiply(tape, dy, sigmoid(tape, x))));
            return y;
        } else if (function instanceof Operator.HardSigmoid hard) {
            Buffer line = tape.apply(
                    new Operator.Add(),
                    tape.apply(new Operator.Mul(), x, tape.scalar(hard.alpha())),
                    tape.scalar(hard.beta()));
            return clip(tape, line, 0, 1);
        } else if (function instanceof Operator.Clip clip) {
            return clip(tape, x, clip.min(), clip.max());
        }
        return elementary(tape, function, x);
    }

    private static Buffer elementary(Tape tape, Operator.Function function, Buffer x) {
        if (function instanceof Operator.Abs) {
            Buffer y = tape.transform(x, Abs::new);
            tape.adjoint(y, dy -> tape.give(x, () -> Arithmetic.multiply(tape, dy, tape.transform(x, Sign::new))));
            return y;
        } else if (function instanceof Operator.Exp) {
            Buffer y = tape.transform(x, Exp::new);
            tape.adjoint(y, dy -> tape.give(x, () -> Arithmetic.multiply(tape, dy, y)));
            return y;
        } else if (function instanceof Operator.Log) {
            Buffer y = tape.transform(x, Log::new);
            tape.adjoint(y, dy -> tape.give(x, () -> tape.custom("divide", x.shape(), dy, x)));
            return y;
        } else if (function instanceof Operator.Sqrt) {
            Buffer y = tape.transform(x, org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt::new);
            tape.adjoint(
                    y,
                    dy -> tape.give(x, () -> {
                        Buffer half = Arithmetic.multiply(tape, dy, tape.scalar(0.5));
                        return tape.custom("divide_no_nan", x.shape(), half, y);
                    }));
            return y;
        } else if (function instanceof Operator.Pow pow) {
            double exponent = pow.exponent();
            Buffer y = power(tape, x, exponent);
            tape.adjoint(
                    y,
                    dy -> tape.give(x, () -> {
                        Buffer slope = Arithmetic.multiply(tape, power(tape, x, exponent - 1), tape.scalar(exponent));
                        return Arithmetic.multiply(tape, dy, slope);
                    }));
            return y;
        }
        throw new IllegalStateException("no kernel computes the function " + function.type());
    }

    /** An operation of ND4J whose derivative ND4J has as {@code name_bp}. */
    private static Buffer named(Tape tape, String name, Buffer x, Arguments arguments) {
        Buffer y = tape.custom(name, x.shape(), List.of(x), arguments);
        tape.adjoint(y, dy -> tape.give(x, () -> tape.custom(name + "_bp", x.shape(), List.of(x, dy), arguments)));
        return y;
    }

    private static Buffer relu(Tape tape, Buffer x) {
        Arguments zero = Arguments.floating(0);
        Buffer y = tape.custom("relu", x.shape(), List.of(x), zero);
        tape.adjoint(
                y,
                dy -> tape.give(
                        x,
                        () -> y.length() < Arithmetic.SMALL
                                ? tape.custom("relu_bp", x.shape(), List.of(y, dy), zero)
                                : Arithmetic.multiply(tape, dy, Arithmetic.isPositive(tape, y)))); // 5 times as fast
        return y;
    }

    /** ND4J's named operation rounds alpha to single precision. */
    private static Buffer leakyRelu(Tape tape, double alpha, Buffer x) {
        Buffer y = tape.transform(x, (in, out) -> new LeakyReLU(in, out, alpha));
        tape.adjoint(
                y,
                dy -> tape.give(x, () -> {
                    Buffer positive = Arithmetic.isPositive(tape, x);
                    Buffer rise = Arithmetic.multiply(tape, positive, tape.scalar(1 - alpha));
                    Buffer slope = tape.custom("add", x.shape(), rise, tape.scalar(alpha));
                    return Arithmetic.multiply(tape, dy, slope);
                }));
        return y;
    }

    private static Buffer sigmoid(Tape tape, Buffer x) {
        return tape.transform(x, Sigmoid::new);
    }

    private static Buffer square(Tape tape, Buffer x) {
        return Arithmetic.multiply(tape, x, x);
    }

    private static Buffer power(Tape tape, Buffer x, double exponent) {
        if (exponent == 1) {
            return x;
        }
        return exponent == 2 ? square(tape, x) : tape.transform(x, (in, out) -> new Pow(in, out, exponent));
    }

    private static Buffer clip(Tape tape, Buffer x, double min, double max) {
        Buffer atLeast = tape.apply(new Operator.Max(), x, tape.scalar(min));
        return tape.apply(new Operator.Min(), atLeast, tape.scalar(max));
    }

    /** {@code max(0, x) + slope · min(0, x)}. */
    static Buffer pRelu(Tape tape, Buffer x, Buffer slope) {
        Buffer positive = relu(tape, x);
        Buffer negative = tape.apply(new Operator.Sub(), x, positive);
        return tape.apply(new Operator.Add(), positive, tape.apply(new Operator.Mul(), negative, slope));
    }

    static Buffer softmax(Tape tape, int axis, Buffer x) {
        boolean last = axis == x.rank() - 1; // along other axes, ND4J's call of oneDNN computes something else
        Arguments arguments = Arguments.integers(axis);
        Buffer y = tape.custom("softmax", x.shape(), List.of(x), last ? arguments : arguments.plain());
        tape.adjoint(
                y,
                dy -> tape.give(x, () -> {
                    Buffer weighted = Arithmetic.multiply(tape, dy, y);
                    Buffer mean = Reductions.sum(tape, weighted, List.of(axis));
                    return tape.custom("subtract", x.shape(), weighted, tape.custom("multiply", x.shape(), y, mean));
                }));
        return y;
    }

    /** Squares are averaged by a pooling along the channels. */
    static Buffer lrn(Tape tape, Operator.LRN lrn, Buffer x) {
        long n = x.size(0);
        long channels = x.size(1);
        Buffer squares = tape.reshape(tape.apply(new Operator.Mul(), x, x), n, 1, channels, x.length() / n / channels);
        int before = (lrn.size() - 1) / 2;
        Window across = new Window(
                List.of(lrn.size(), 1),
                List.of(1, 1),
                List.of(1, 1),
                new Window.Explicit(List.of(before, 0), List.of(lrn.size() - 1 - before, 0)));
        Buffer mean = tape.reshape(Pooling.average(tape, across, true, squares), x.shape());
        Buffer scale = tape.apply(
                new Operator.Add(),
                tape.apply(new Operator.Mul(), mean, tape.scalar(lrn.alpha())),
                tape.scalar(lrn.bias()));
        return tape.apply(new Operator.Mul(), x, tape.apply(new Operator.Pow(-lrn.beta()), scale));
    }
}
