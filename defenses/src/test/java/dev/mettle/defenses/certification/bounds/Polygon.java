package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;

/** A convex polygon in the plane, by its corners in order; it may be empty. Exact up to rounding. */
record Polygon(List<Point> corners) {

    /** A point of the plane. */
    record Point(double x, double y) {}

    /** Return the unit square. */
    static Polygon unitSquare() {
        return rectangle(0, 0, 1, 1);
    }

    private static Polygon rectangle(double left, double bottom, double right, double top) {
        return new Polygon(List.of(
                new Point(left, bottom), new Point(right, bottom), new Point(right, top), new Point(left, top)));
    }

    /** Return a ball of L∞ or L1, cut by the unit square. */
    static Polygon ball(Norm norm, double x, double y, double radius) {
        if (norm == Norm.LINF) {
            return rectangle(
                    Math.max(0, x - radius), Math.max(0, y - radius), Math.min(1, x + radius), Math.min(1, y + radius));
        }
        Polygon diamond = new Polygon(List.of(
                new Point(x + radius, y),
                new Point(x, y + radius),
                new Point(x - radius, y),
                new Point(x, y - radius)));
        return diamond.where(1, 0, 0).where(-1, 0, 1).where(0, 1, 0).where(0, -1, 1);
    }

    boolean isEmpty() {
        return corners.isEmpty();
    }

    /** Return the part where {@code a·x + b·y + c ≥ 0}. */
    Polygon where(double a, double b, double c) {
        List<Point> kept = new ArrayList<>();
        for (int i = 0; i < corners.size(); i++) {
            Point from = corners.get(i);
            Point to = corners.get((i + 1) % corners.size());
            double atFrom = a * from.x() + b * from.y() + c;
            double atTo = a * to.x() + b * to.y() + c;
            if (atFrom >= 0) {
                kept.add(from);
            }
            if ((atFrom > 0 && atTo < 0) || (atFrom < 0 && atTo > 0)) {
                double share = atFrom / (atFrom - atTo);
                kept.add(new Point(from.x() + share * (to.x() - from.x()), from.y() + share * (to.y() - from.y())));
            }
        }
        return new Polygon(kept);
    }

    /** Return the least value of {@code a·x + b·y + c}. */
    double minimum(double a, double b, double c) {
        return corners.stream()
                .mapToDouble(corner -> a * corner.x() + b * corner.y() + c)
                .min()
                .orElse(Double.POSITIVE_INFINITY);
    }

    /** Return the Euclidean distance of a point outside, or on the border; infinite if the polygon is empty. */
    double distance(double x, double y) {
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < corners.size(); i++) {
            Point from = corners.get(i);
            Point to = corners.get((i + 1) % corners.size());
            double dx = to.x() - from.x();
            double dy = to.y() - from.y();
            double length = dx * dx + dy * dy;
            double share = length == 0 ? 0 : ((x - from.x()) * dx + (y - from.y()) * dy) / length;
            double at = Math.max(0, Math.min(1, share));
            least = Math.min(least, Math.hypot(x - from.x() - at * dx, y - from.y() - at * dy));
        }
        return least;
    }
}
