package dev.mettle.core.testing;

import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The exact size of the smallest perturbation that changes the class of an affine model inside the box [0, 1], norm by norm. */
public final class AffineOptimum {

    private AffineOptimum() {}

    /** Return the distance of a sample to the nearest other class; infinite if the box holds no point of another class. */
    public static double distance(AffineModel model, double[] sample, int label, Norm norm) {
        double[] logits = model.logits(sample);
        double nearest = Double.POSITIVE_INFINITY;
        for (int j = 0; j < logits.length; j++) {
            if (j != label) {
                double[] slope = difference(model.weights()[j], model.weights()[label]);
                nearest = Math.min(nearest, toHyperplane(slope, logits[label] - logits[j], sample, norm));
            }
        }
        return nearest;
    }

    private static double[] difference(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
    }

    /**
     * Return the distance of a sample to a class of a model with three; infinite if the box holds no point of it.
     *
     * <p>The logit of the class has to exceed two others: two linear constraints. The problem is convex, so by duality its optimum is
     * the largest distance to any mixture {@code θ · first + (1 − θ) · second} of them, each in closed form. That distance is
     * quasi-concave in θ, and cutting off a third at a time finds its maximum.
     *
     * @param norm a convex norm: L∞, L2 or L1
     */
    public static double towards(AffineModel model, double[] sample, int target, Norm norm) {
        if (model.weights().length != 3 || norm == Norm.L0) {
            throw new IllegalArgumentException("known for three classes and convex norms");
        }
        double[] logits = model.logits(sample);
        int first = (target + 1) % 3;
        int second = (target + 2) % 3;
        double[] toFirst = difference(model.weights()[target], model.weights()[first]);
        double[] toSecond = difference(model.weights()[target], model.weights()[second]);
        java.util.function.DoubleUnaryOperator distance = theta -> {
            double margin = theta * (logits[first] - logits[target]) + (1 - theta) * (logits[second] - logits[target]);
            if (margin <= 0) {
                return margin; // no distance, but it tells on which side there is one
            }
            double[] slope = IntStream.range(0, sample.length)
                    .mapToDouble(i -> theta * toFirst[i] + (1 - theta) * toSecond[i])
                    .toArray();
            return toHyperplane(slope, margin, sample, norm);
        };
        double low = 0;
        double high = 1;
        for (int i = 0; i < 80; i++) {
            double third = (high - low) / 3;
            double left = distance.applyAsDouble(low + third);
            double right = distance.applyAsDouble(high - third);
            if (Double.isInfinite(left) || Double.isInfinite(right)) {
                return Double.POSITIVE_INFINITY; // a consequence of the constraints that no point of the box fulfills
            }
            if (left < right) {
                low += third;
            } else {
                high -= third;
            }
        }
        return Math.max(0, distance.applyAsDouble((low + high) / 2));
    }

    /** The smallest δ with slope · δ = margin and 0 ≤ sample + δ ≤ 1. */
    private static double toHyperplane(double[] slope, double margin, double[] sample, Norm norm) {
        int d = slope.length;
        double[] size = Arrays.stream(slope).map(Math::abs).toArray();
        double[] room = IntStream.range(0, d)
                .mapToDouble(i -> slope[i] > 0 ? 1 - sample[i] : sample[i])
                .toArray();
        double most = IntStream.range(0, d).mapToDouble(i -> size[i] * room[i]).sum();
        if (most < margin) {
            return Double.POSITIVE_INFINITY;
        }
        return switch (norm) {
            case LINF -> bisect(margin, t -> reach(size, room, i -> t));
            case L2 -> {
                double lambda = bisect(margin, t -> reach(size, room, i -> t * size[i]));
                yield Math.sqrt(IntStream.range(0, d)
                        .mapToDouble(i -> Math.pow(Math.min(lambda * size[i], room[i]), 2))
                        .sum());
            }
            case L1 -> greedy(margin, order(i -> size[i], d), size, room, false);
            case L0 -> greedy(margin, order(i -> size[i] * room[i], d), size, room, true);
        };
    }

    private static double reach(double[] size, double[] room, java.util.function.IntToDoubleFunction step) {
        return IntStream.range(0, size.length)
                .mapToDouble(i -> size[i] * Math.min(step.applyAsDouble(i), room[i]))
                .sum();
    }

    private static double bisect(double margin, java.util.function.DoubleUnaryOperator reach) {
        double low = 0;
        double high = 1;
        while (reach.applyAsDouble(high) < margin && high < 1e9) {
            high *= 2;
        }
        for (int i = 0; i < 200; i++) {
            double middle = (low + high) / 2;
            if (reach.applyAsDouble(middle) < margin) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    private static int[] order(java.util.function.IntToDoubleFunction gain, int d) {
        return IntStream.range(0, d)
                .boxed()
                .sorted((a, b) -> Double.compare(gain.applyAsDouble(b), gain.applyAsDouble(a)))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static double greedy(double margin, int[] order, double[] size, double[] room, boolean count) {
        double left = margin;
        double cost = 0;
        for (int i : order) {
            if (left <= 1e-12) { // what rounding leaves over
                break;
            }
            double step = Math.min(left / size[i], room[i]);
            left -= size[i] * step;
            cost += count ? 1 : step;
        }
        return cost;
    }
}
