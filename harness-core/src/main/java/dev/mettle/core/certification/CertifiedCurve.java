package dev.mettle.core.certification;

import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Interval;
import java.util.List;

/**
 * Certified accuracy against the radius: a staircase that falls behind each of its points.
 *
 * @param title the certifier
 * @param norm the norm of the radii
 * @param samples the number of all samples, abstentions included
 * @param points the points, radii ascending, the first at 0; between two of them as many samples are certified as at the right one
 */
public record CertifiedCurve(String title, Norm norm, int samples, List<Point> points) {

    /**
     * One point of the curve.
     *
     * @param radius the radius, in input units of the model
     * @param certifiedCount how many samples are certified, with their true class, within at least this radius
     */
    public record Point(double radius, int certifiedCount) {}

    /** Create the curve. */
    public CertifiedCurve {
        points = List.copyOf(points);
    }

    /** Return the certified accuracy at a point. */
    public double certifiedAccuracy(Point point) {
        return (double) point.certifiedCount() / samples;
    }

    /** Return the two-sided 95 % Clopper-Pearson interval at a point. */
    public Interval interval(Point point) {
        return ClopperPearson.interval(point.certifiedCount(), samples, 0.95);
    }
}
