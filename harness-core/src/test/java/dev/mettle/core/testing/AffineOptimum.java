package dev.mettle.core.testing;

import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The exact size of the smallest perturbation that crosses a hyperplane inside the box [0, 1], norm by norm. */
public final class AffineOptimum {

    private AffineOptimum() {}

    /** Return the distance of a sample to the nearest other class; infinite if the box holds no point of another class. */
    public static double distance(AffineModel model, double[] sample, int label, Norm norm) {
        double[] logits = model.logits(sample);
        double nearest = Double.POSITIVE_INFINITY;
        for (int j = 0; j < logits.length; j++) {
            if (j != label) {
                double[] slope = new double[sample.length];
                for (int i = 0; i < slope.length; i++) {
                    slope[i] = model.weights()[j][i] - model.weights()[label][i];
                }
                nearest = Math.min(nearest, toHyperplane(slope, logits[label] - logits[j], sample, norm));
            }
        }
        return nearest;
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
