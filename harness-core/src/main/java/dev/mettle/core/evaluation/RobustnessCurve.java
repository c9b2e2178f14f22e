package dev.mettle.core.evaluation;

import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Interval;
import java.util.List;

/**
 * Robust accuracy against epsilon.
 *
 * @param title the attack, or the worst case of several
 * @param norm the norm of epsilon
 * @param samples the number of samples
 * @param points the points, epsilons ascending; the first is the clean accuracy at epsilon 0
 */
public record RobustnessCurve(String title, Norm norm, int samples, List<Point> points) {

    /**
     * One point of the curve.
     *
     * @param epsilon the size of the perturbation
     * @param robustCount how many samples are correct and withstood the attacks
     */
    public record Point(double epsilon, int robustCount) {}

    /** Create the curve. */
    public RobustnessCurve {
        points = List.copyOf(points);
    }

    /** Return the robust accuracy at a point. */
    public double robustAccuracy(Point point) {
        return (double) point.robustCount() / samples;
    }

    /** Return the two-sided 95 % interval at a point. */
    public Interval interval(Point point) {
        return ClopperPearson.interval(point.robustCount(), samples, 0.95);
    }

    /**
     * Return the robust accuracy at one of the epsilons evaluated.
     *
     * @throws IllegalArgumentException if that epsilon was not evaluated
     */
    public double robustAccuracyAt(double epsilon) {
        for (Point point : points) {
            if (Math.abs(point.epsilon() - epsilon) <= 1e-12 * Math.max(1, Math.abs(epsilon))) {
                return robustAccuracy(point);
            }
        }
        throw new IllegalArgumentException("epsilon " + Epsilons.format(epsilon) + " was not evaluated: the curve has "
                + points.stream().map(point -> Epsilons.format(point.epsilon())).toList());
    }

    @Override
    public String toString() {
        return title + ", " + norm.symbol() + ", " + points.size() + " points";
    }
}
