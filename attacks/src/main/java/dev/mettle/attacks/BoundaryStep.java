package dev.mettle.attacks;

import dev.mettle.core.threat.Norm;
import java.util.Arrays;

/**
 * The step of {@link BrendelBethge}: {@code min ‖a − δ‖ₚ} over {@code b · δ = c}, {@code ‖δ‖₂ ≤ r} and {@code l ≤ δ ≤ u}, solved
 * exactly.
 *
 * <p>Given the two multipliers every feature has its best change in closed form: the nearest point to where the hyperplane
 * pushes it, {@code −λ bᵢ}, within an interval that the norm decides. {@code b · δ} falls with λ, so a safeguarded Newton
 * iteration finds λ; and {@code ‖δ‖₂} grows as a second number s
 * makes the distance count more, so bisection finds s:
 * <ul>
 *   <li>L2: {@code δᵢ = RowVectors.clip(s · aᵢ − λ bᵢ)} with s from 0 to 1
 *   <li>L1: {@code δᵢ = RowVectors.clip(aᵢ, −λ bᵢ ± s)} with s from 0 up
 *   <li>L∞: {@code δᵢ = RowVectors.clip(−λ bᵢ, aᵢ ± s)} with s, here the distance itself, from large to 0
 * </ul>
 * The first s of each gives the shortest step to the hyperplane. If even that is longer than r, the step goes as far towards the
 * hyperplane as ball and box let it.
 */
final class BoundaryStep {

    private static final int BISECTIONS = 40;
    private static final double PRECISION = 1e-12;

    private final Norm norm;
    private final double[] a;
    private final double[] b;
    private final double[] lower;
    private final double[] upper;
    private final double[] delta;
    private double lambda; // kept between solutions: a good guess for the next one

    private BoundaryStep(Norm norm, double[] a, double[] b, double[] lower, double[] upper) {
        this.norm = norm;
        this.a = a;
        this.b = b;
        this.lower = lower;
        this.upper = upper;
        this.delta = new double[a.length];
    }

    /**
     * Return the step.
     *
     * @param norm the norm of the distance: L∞, L2 or L1
     * @param a from the point to the clean sample
     * @param b the normal of the hyperplane
     * @param c where the hyperplane is
     * @param radius the radius r of the trust region
     * @param lower the smallest changes, at most 0
     * @param upper the largest changes, at least 0
     */
    static double[] solve(Norm norm, double[] a, double[] b, double c, double radius, double[] lower, double[] upper) {
        double largest = Arrays.stream(b).map(Math::abs).max().orElse(0);
        if (!(largest > 0) || Double.isInfinite(largest) || !Double.isFinite(c)) {
            return new double[a.length]; // no hyperplane to follow
        }
        double[] normal = Arrays.stream(b).map(value -> value / largest).toArray();
        return new BoundaryStep(norm, a, normal, lower, upper).solve(c / largest, radius);
    }

    private double[] solve(double c, double radius) {
        double low = norm == Norm.LINF ? span() : 0; // here the distance counts nothing
        if (!(toHyperplane(c, low) && length() <= radius)) {
            return towards(c, radius);
        }
        double[] best = delta.clone();
        double high = norm == Norm.L2 ? 1 : norm == Norm.LINF ? 0 : 1e4 * span(); // here the distance counts all
        if (toHyperplane(c, high) && length() <= radius) {
            return delta;
        }
        double span = span();
        for (int i = 0; i < BISECTIONS && Math.abs(high - low) > PRECISION * span; i++) {
            double middle = norm == Norm.L1 && low > 0 ? Math.sqrt(low * high) : (low + high) / 2;
            if (toHyperplane(c, middle) && length() <= radius) {
                low = middle;
                best = delta.clone();
            } else {
                high = middle;
            }
        }
        return best;
    }

    /** The largest conceivable distance between two points of the box and the target. */
    private double span() {
        double span = 0;
        for (int i = 0; i < a.length; i++) {
            span = Math.max(span, Math.max(Math.abs(a[i] - lower[i]), Math.abs(upper[i] - a[i])));
        }
        return Math.max(span, Double.MIN_NORMAL);
    }

    /** Whether the intervals of the features let b · δ be c. */
    private boolean reaches(double c, double s) {
        double least = 0;
        double most = 0;
        for (int i = 0; i < b.length; i++) {
            double low = b[i] * from(i, s);
            double high = b[i] * to(i, s);
            least += Math.min(low, high);
            most += Math.max(low, high);
        }
        return least <= c && c <= most;
    }

    private double from(int i, double s) {
        return norm == Norm.LINF ? Math.max(lower[i], a[i] - s) : lower[i];
    }

    private double to(int i, double s) {
        return norm == Norm.LINF ? Math.min(upper[i], a[i] + s) : upper[i];
    }

    private double length() {
        double squares = 0;
        for (double change : delta) {
            squares += change * change;
        }
        return Math.sqrt(squares);
    }

    /** As far towards the hyperplane as ball and box allow: δ = RowVectors.clip(t · sign(c) · b). */
    private double[] towards(double c, double radius) {
        double sign = Math.signum(c);
        double low = 0;
        double high = 1;
        while (clipped(sign * high) < radius && high < 1e30) {
            high *= 4;
        }
        for (int i = 0; i < BISECTIONS; i++) {
            double middle = (low + high) / 2;
            if (clipped(sign * middle) <= radius) {
                low = middle;
            } else {
                high = middle;
            }
        }
        clipped(sign * low);
        return delta;
    }

    private double clipped(double factor) {
        for (int i = 0; i < delta.length; i++) {
            delta[i] = RowVectors.clip(factor * b[i], lower[i], upper[i]);
        }
        return length();
    }

    /** Solve for λ with b · δ(λ, s) = c; returns false if no λ does. */
    private boolean toHyperplane(double c, double s) {
        if (!reaches(c, s)) {
            return false;
        }
        double low = Double.NEGATIVE_INFINITY;
        double high = Double.POSITIVE_INFINITY;
        double stride = Math.max(1, Math.abs(lambda));
        for (int i = 0; i < 200; i++) {
            double slope = move(s);
            double value = 0;
            double scale = Math.abs(c);
            for (int j = 0; j < b.length; j++) {
                value += b[j] * delta[j];
                scale = Math.max(scale, Math.abs(b[j] * delta[j]));
            }
            if (Math.abs(value - c) <= PRECISION * scale) {
                return true;
            }
            if (value > c) {
                low = lambda;
            } else {
                high = lambda;
            }
            if (high - low <= 4 * Math.ulp(lambda)) {
                return true; // as near as numbers get
            }
            double newton = lambda + (value - c) / slope;
            if (i % 4 != 3 && newton > low && newton < high) { // every fourth time halve, for certain progress
                lambda = newton;
            } else if (Double.isInfinite(low) || Double.isInfinite(high)) {
                stride *= 4;
                lambda = value > c ? low + stride : high - stride;
            } else {
                lambda = (low + high) / 2;
            }
        }
        return true;
    }

    /** Set δ(λ, s); returns −d(b · δ)/dλ. */
    private double move(double s) {
        double slope = 0;
        for (int i = 0; i < delta.length; i++) {
            double pushed = -lambda * b[i];
            double free = pushed;
            if (norm == Norm.L2) {
                free = s * a[i] + pushed;
            } else if (norm == Norm.L1) {
                free = RowVectors.clip(a[i], pushed - s, pushed + s);
            }
            delta[i] = RowVectors.clip(free, from(i, s), to(i, s));
            boolean follows = delta[i] == free && !(norm == Norm.L1 && free == a[i]);
            slope += follows ? b[i] * b[i] : 0;
        }
        return slope;
    }
}
