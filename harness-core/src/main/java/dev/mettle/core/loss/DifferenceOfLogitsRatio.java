package dev.mettle.core.loss;

import java.util.Arrays;

/**
 * The difference-of-logits ratio (Croce and Hein 2020), which no scaling of the logits changes. With the logits in descending
 * order {@code z_π1 ≥ z_π2 ≥ …}: {@code (max_{j≠y} zⱼ − z_y) / (z_π1 − z_π3)}, and for a target
 * {@code (z_t − z_y) / (z_π1 − (z_π3 + z_π4) / 2)}.
 *
 * <p>The ratio needs three classes, the targeted one four. With two classes there is nothing to divide by, and the loss is
 * the plain difference; with three, the targeted loss divides by {@code z_π1 − z_π3}.
 */
public final class DifferenceOfLogitsRatio extends LogitLoss {

    private static final double TINY = 1e-12;

    @Override
    public double value(double[] logits, Aim aim) {
        int wanted = wanted(logits, aim);
        return (logits[wanted] - logits[aim.label()]) / scale(logits, descending(logits), aim);
    }

    @Override
    public double[] gradient(double[] logits, Aim aim) {
        int wanted = wanted(logits, aim);
        int[] order = descending(logits);
        double scale = scale(logits, order, aim);
        double[] gradient = new double[logits.length];
        gradient[wanted] += 1 / scale;
        gradient[aim.label()] -= 1 / scale;
        if (logits.length > 2) { // d/dz of 1 / scale
            double outer = -(logits[wanted] - logits[aim.label()]) / (scale * scale);
            gradient[order[0]] += outer;
            if (aim.isTargeted() && logits.length > 3) {
                gradient[order[2]] -= outer / 2;
                gradient[order[3]] -= outer / 2;
            } else {
                gradient[order[2]] -= outer;
            }
        }
        return gradient;
    }

    private static int wanted(double[] logits, Aim aim) {
        return aim.isTargeted() ? aim.target() : runnerUp(logits, aim.label());
    }

    private static double scale(double[] logits, int[] order, Aim aim) {
        if (logits.length == 2) {
            return 1;
        }
        double reference =
                aim.isTargeted() && logits.length > 3 ? (logits[order[2]] + logits[order[3]]) / 2 : logits[order[2]];
        return logits[order[0]] - reference + TINY;
    }

    /** Return the classes with the four largest logits, the largest first; the lower class first in a tie. */
    private static int[] descending(double[] logits) {
        int[] order = new int[Math.min(4, logits.length)];
        Arrays.fill(order, -1);
        for (int j = 0; j < logits.length; j++) {
            int place = 0;
            while (place < order.length && order[place] >= 0 && logits[j] <= logits[order[place]]) {
                place++;
            }
            if (place < order.length) {
                System.arraycopy(order, place, order, place + 1, order.length - place - 1);
                order[place] = j;
            }
        }
        return order;
    }

    @Override
    public String toString() {
        return "DLR";
    }
}
