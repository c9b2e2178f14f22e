package dev.mettle.defenses.certification.bounds;

import java.util.function.DoubleUnaryOperator;

/**
 * A function whose derivative is nowhere negative and, on every interval, least at one of its ends: sigmoid, tanh and their like.
 *
 * <p>With λ the least derivative, {@code f(x) − λx} never falls, so {@code f(l) + λ(x − l)} and {@code f(u) + λ(x − u)} are bounds.
 */
final class SmoothCurve implements Curve {

    /** Makes up for the rounding of the derivative: a slope that is less than the least derivative is as good. */
    private static final double LESS = 1 - 1e-9;

    private final DoubleUnaryOperator function;
    private final DoubleUnaryOperator derivative;
    private final double error;

    /**
     * Create the function.
     *
     * @param derivative its derivative; where it jumps, the smaller one
     * @param error its rounding, relative to the larger of 1 and its value
     */
    SmoothCurve(DoubleUnaryOperator function, DoubleUnaryOperator derivative, double error) {
        this.function = function;
        this.derivative = derivative;
        this.error = error;
    }

    @Override
    public double at(int i, double x) {
        return function.applyAsDouble(x);
    }

    @Override
    public double error(int i, double lower, double upper) {
        return error * Math.max(1, Math.max(Math.abs(at(i, lower)), Math.abs(at(i, upper))));
    }

    @Override
    public Relaxation relax(int i, double lower, double upper) {
        double slope = LESS * Math.min(derivative.applyAsDouble(lower), derivative.applyAsDouble(upper));
        double from = at(i, lower) - slope * lower;
        double to = at(i, upper) - slope * upper;
        double rounding = Rounding.ofBounds(1)
                * (Math.abs(from) + Math.abs(to) + slope * Math.max(Math.abs(lower), Math.abs(upper)));
        return new Relaxation(slope, from, slope, to, error(i, lower, upper) + rounding);
    }

    @Override
    public boolean isLine(int i, double lower, double upper) {
        return lower == upper;
    }
}
