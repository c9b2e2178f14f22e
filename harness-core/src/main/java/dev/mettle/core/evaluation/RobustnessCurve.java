package dev.mettle.core.evaluation;

import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Interval;
import dev.mettle.core.verdict.Tally;
import java.util.List;

/**
 * Robust accuracy against epsilon.
 *
 * @param title the attack, or the worst case of several
 * @param norm the norm of epsilon
 * @param samples the number of samples evaluated
 * @param points the points, epsilons ascending; the first is the clean accuracy of these samples at epsilon 0
 * @param decision what the intervals mean
 * @param planned the number of samples that were to be evaluated
 */
public record RobustnessCurve(
        String title, Norm norm, int samples, List<Point> points, Decision decision, int planned) {

    /**
     * One point of the curve.
     *
     * @param epsilon the size of the perturbation
     * @param robustCount how many samples are correct and withstood the attacks
     * @param doubts reasons why that can't show robustness, as sentences without a full stop; empty if there are none
     */
    public record Point(double epsilon, int robustCount, List<String> doubts) {

        /** Create the point. */
        public Point {
            doubts = List.copyOf(doubts);
        }

        /** Create a point without doubts. */
        public Point(double epsilon, int robustCount) {
            this(epsilon, robustCount, List.of());
        }
    }

    /** Create the curve. */
    public RobustnessCurve {
        points = List.copyOf(points);
    }

    /** Create the curve of an evaluation that was judged by all its samples. */
    public RobustnessCurve(String title, Norm norm, int samples, List<Point> points) {
        this(title, norm, samples, points, Decision.FIXED, samples);
    }

    /** Return the robust accuracy at a point. */
    public double robustAccuracy(Point point) {
        return (double) point.robustCount() / samples;
    }

    /** Return the two-sided interval at a point, at 95 % where the samples stand for others. */
    public Interval interval(Point point) {
        return decision.interval(List.of(new Tally(planned, samples, point.robustCount(), 0, planned - samples)), 0.95);
    }

    /**
     * Return the robust accuracy at one of the epsilons evaluated.
     *
     * @throws IllegalArgumentException if that epsilon was not evaluated
     */
    public double robustAccuracyAt(double epsilon) {
        return robustAccuracy(at(epsilon));
    }

    /**
     * Return the point at one of the epsilons evaluated.
     *
     * @throws IllegalArgumentException if that epsilon was not evaluated
     */
    public Point at(double epsilon) {
        for (Point point : points) {
            if (Math.abs(point.epsilon() - epsilon) <= 1e-12 * Math.max(1, Math.abs(epsilon))) {
                return point;
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
