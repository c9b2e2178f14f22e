package dev.mettle.defenses.certification.bounds;

import dev.mettle.graph.Operator;
import java.util.Optional;

/** The functions of the vocabulary that bounds are known of. */
final class Curves {

    private static final double SELU_SCALE = 1.0507009873554805;
    private static final double SELU_ALPHA = 1.6732632423543772;

    private Curves() {}

    static Optional<Curve> of(Operator.Function function, Rounding rounding) {
        double error = rounding.ofFunction();
        if (function instanceof Operator.Relu) {
            return Optional.of(new Rectifier(new double[] {0}, 0));
        } else if (function instanceof Operator.LeakyRelu leaky && leaky.alpha() >= 0 && leaky.alpha() <= 1) {
            return Optional.of(new Rectifier(new double[] {leaky.alpha()}, rounding.ofArithmetic()));
        } else if (function instanceof Operator.Elu elu && elu.alpha() >= 0) {
            return Optional.of(elu(1, elu.alpha(), error * Math.max(1, elu.alpha())));
        } else if (function instanceof Operator.Selu) {
            return Optional.of(elu(SELU_SCALE, SELU_ALPHA, 2 * error));
        } else if (function instanceof Operator.Sigmoid) {
            return Optional.of(new SmoothCurve(Curves::sigmoid, x -> sigmoid(x) * sigmoid(-x), error));
        } else if (function instanceof Operator.Tanh) {
            return Optional.of(new SmoothCurve(Math::tanh, x -> 4 * sigmoid(2 * x) * sigmoid(-2 * x), error));
        } else if (function instanceof Operator.Softplus) {
            return Optional.of(
                    new SmoothCurve(x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), Curves::sigmoid, error));
        } else if (function instanceof Operator.Softsign) {
            return Optional.of(new SmoothCurve(
                    x -> x / (1 + Math.abs(x)), x -> 1 / ((1 + Math.abs(x)) * (1 + Math.abs(x))), error));
        } else if (function instanceof Operator.HardSigmoid hard && hard.alpha() >= 0) {
            return Optional.of(ramp(hard.alpha(), hard.beta(), 0, 1, error));
        } else if (function instanceof Operator.Clip clip) {
            return Optional.of(ramp(1, 0, clip.min(), clip.max(), error));
        }
        return Optional.empty();
    }

    private static Curve elu(double scale, double alpha, double error) {
        return new SmoothCurve(
                x -> scale * (x > 0 ? x : alpha * Math.expm1(x)),
                x -> scale * (x > 0 ? 1 : x < 0 ? alpha * Math.exp(x) : Math.min(1, alpha)),
                error);
    }

    /** {@code max(min, min(max, alpha · x + beta))}. */
    private static Curve ramp(double alpha, double beta, double min, double max, double error) {
        return new SmoothCurve(
                x -> Math.max(min, Math.min(max, alpha * x + beta)),
                x -> alpha * x + beta > min && alpha * x + beta < max ? alpha : 0,
                error);
    }

    /** Return the sigmoid, precise for large negative values, too. */
    private static double sigmoid(double x) {
        double power = Math.exp(-Math.abs(x));
        return (x >= 0 ? 1 : power) / (1 + power);
    }
}
