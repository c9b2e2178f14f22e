package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.numeric.Tolerance;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * What a perturbation may reach: a ball around a sample, cut by the box of valid inputs. Both are larger by the tolerance within which
 * the engine accepts adversarial examples.
 */
final class InputRegion {

    private static final int BISECTIONS = 100;

    private final Norm norm;
    private final double radius;
    private final double[] center;
    private final Bounds bounds;
    private final double rounding;

    private InputRegion(Norm norm, double radius, double[] center, Bounds bounds) {
        this.norm = norm;
        this.radius = radius;
        this.center = center;
        this.bounds = bounds;
        this.rounding = Rounding.ofBounds(center.length);
    }

    static InputRegion of(double[] center, Norm norm, double radius, Box box) {
        double reach = radius * (1 + 2 * Tolerance.RELATIVE);
        double slack = Tolerance.RELATIVE * box.width();
        double[] lower = new double[center.length];
        double[] upper = new double[center.length];
        for (int i = 0; i < center.length; i++) {
            double own = Math.nextUp(reach); // the sum below may round inward by half a unit
            lower[i] = Math.max(Math.nextDown(center[i] - own), box.lower(i) - slack);
            upper[i] = Math.min(Math.nextUp(center[i] + own), box.upper(i) + slack);
        }
        return new InputRegion(norm, reach, center, new Bounds(lower, upper));
    }

    /** Return the sample alone. */
    static InputRegion point(double[] center) {
        return new InputRegion(Norm.LINF, 0, center, new Bounds(center, center));
    }

    Bounds bounds() {
        return bounds;
    }

    Norm norm() {
        return norm;
    }

    /** Return a lower bound of {@code Σ factorᵢ · xᵢ} over the region: the minimum, up to rounding, which is subtracted. */
    double minimum(double[] factors, int offset) {
        double size = 0;
        for (int i = 0; i < center.length; i++) {
            size += Math.abs(factors[offset + i]) * bounds.magnitude(i);
        }
        double least = switch (norm) {
            case LINF -> bounds.minimum(factors, offset);
            case L2 -> ofL2(factors, offset);
            case L1 -> ofL1(factors, offset);
            case L0 -> throw new IllegalStateException("there are no bounds in L0");
        };
        return least - rounding * size;
    }

    private double atCenter(double[] factors, int offset) {
        double sum = 0;
        for (int i = 0; i < center.length; i++) {
            sum += factors[offset + i] * center[i];
        }
        return sum;
    }

    /** Return how far a feature can go against its factor. */
    private double room(int i, double factor) {
        return factor > 0 ? center[i] - bounds.lower(i) : bounds.upper(i) - center[i];
    }

    /** Spend the budget where it lowers the sum most, as far as the box lets it. */
    private double ofL1(double[] factors, int offset) {
        Integer[] order = IntStream.range(0, center.length)
                .filter(i -> factors[offset + i] != 0)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -Math.abs(factors[offset + i])))
                .toArray(Integer[]::new);
        double budget = radius;
        double fall = 0;
        for (int i : order) {
            double step = Math.min(budget, room(i, factors[offset + i]));
            fall += Math.abs(factors[offset + i]) * step;
            budget -= step;
            if (budget <= 0) {
                break;
            }
        }
        return atCenter(factors, offset) - fall;
    }

    /**
     * Minimize by the dual: for every {@code μ > 0}, {@code Σ min(fᵢδᵢ + μδᵢ²) − μr²} over the box is a lower bound, and for the best μ it
     * is the minimum. With {@code t = 1 / 2μ}, the inner minimum lies at {@code δᵢ = −t·fᵢ}, cut by the box.
     */
    private double ofL2(double[] factors, int offset) {
        double length = 0;
        for (int i = 0; i < center.length; i++) {
            length = Math.max(length, Math.abs(factors[offset + i]));
        }
        if (length == 0 || radius == 0) {
            return bounds.minimum(factors, offset);
        }
        double low = 0;
        double high = radius / length; // at most what the largest factor alone would take
        while (reached(factors, offset, high) < radius) {
            if (corner(factors, offset) <= radius) {
                return bounds.minimum(factors, offset);
            }
            low = high;
            high *= 2;
        }
        for (int i = 0; i < BISECTIONS && high - low > 1e-15 * high; i++) {
            double middle = (low + high) / 2;
            if (reached(factors, offset, middle) < radius) {
                low = middle;
            } else {
                high = middle;
            }
        }
        double mu = 0.5 / high;
        double fall = mu * radius * radius;
        for (int i = 0; i < center.length; i++) {
            double size = Math.abs(factors[offset + i]);
            double step = step(i, factors[offset + i], high);
            fall += size * step - mu * step * step;
        }
        return atCenter(factors, offset) - fall;
    }

    private double step(int i, double factor, double t) {
        return factor == 0 ? 0 : Math.min(t * Math.abs(factor), room(i, factor));
    }

    private double reached(double[] factors, int offset, double t) {
        double squares = 0;
        for (int i = 0; i < center.length; i++) {
            double step = step(i, factors[offset + i], t);
            squares += step * step;
        }
        return Math.sqrt(squares);
    }

    /** Return the distance of the corner of the box that a minimum without the ball would take. */
    private double corner(double[] factors, int offset) {
        return reached(factors, offset, Double.MAX_VALUE);
    }
}
