package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The L1 ball inside the box, projected on exactly.
 *
 * <p>Scaling a perturbation to the L1 ball instead makes models look several times more robust than they are (Croce and
 * Hein, "Mind the box", ICML 2021).
 */
final class L1Set extends PerturbationSet {

    L1Set(double epsilon, Box box, Constraints constraints, INDArray clean) {
        super(epsilon, box, constraints, clean);
    }

    @Override
    public INDArray project(INDArray x) {
        return x.assign(mapRows(x, this::nearest));
    }

    /**
     * Minimize ‖x' − x‖₂ over ball ∩ box. By the KKT conditions |δᵢ| = min(max(|vᵢ| − λ, 0), roomᵢ) for v = x − sample and
     * one λ ≥ 0 with ‖δ‖₁ = ε; the sum falls piecewise linearly in λ, with corners at |vᵢ| − roomᵢ and |vᵢ|.
     */
    private double[] nearest(double[] sample, double[] x) {
        int d = sample.length;
        double[] size = new double[d];
        double[] room = new double[d];
        double[] corners = new double[2 * d];
        for (int i = 0; i < d; i++) {
            double v = x[i] - sample[i];
            size[i] = Math.abs(v);
            room[i] = room(sample, i, v);
            corners[2 * i] = Math.max(0, size[i] - room[i]);
            corners[2 * i + 1] = size[i];
        }
        double lambda = 0;
        if (sum(size, room, 0) > epsilon) {
            Arrays.sort(corners);
            int low = 0; // the sum at corners[low] is above ε, or low is 0
            int high = corners.length - 1; // there the sum is 0
            while (high - low > 1) {
                int middle = (low + high) >>> 1;
                if (sum(size, room, corners[middle]) > epsilon) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            double from = sum(size, room, corners[low]) > epsilon ? corners[low] : 0;
            double above = sum(size, room, from);
            double below = sum(size, room, corners[high]);
            lambda = from + (corners[high] - from) * (above - epsilon) / (above - below);
        }
        double[] point = new double[d];
        for (int i = 0; i < d; i++) {
            double step = Math.min(Math.max(size[i] - lambda, 0), room[i]);
            point[i] = sample[i] + Math.signum(x[i] - sample[i]) * step;
        }
        return point;
    }

    private static double sum(double[] size, double[] room, double lambda) {
        double sum = 0;
        for (int i = 0; i < size.length; i++) {
            sum += Math.min(Math.max(size[i] - lambda, 0), room[i]);
        }
        return sum;
    }

    /**
     * Spend the step on the features with the largest gradients, each up to the box: the steepest step inside the box (Croce and
     * Hein 2021). Equal shares for several features (Tramèr and Boneh, NeurIPS 2019) come to rest too early: whatever the
     * gradients, each gains what the projection then takes from each.
     */
    @Override
    public INDArray steepestStep(INDArray x, INDArray gradient, double size) {
        double[][] points = Rows.toRows(x);
        double[][] steps = Rows.toRows(gradient);
        for (int row = 0; row < steps.length; row++) {
            steps[row] = spend(points[row], steps[row], size);
        }
        return Rows.fromRows(steps, gradient);
    }

    /** The perturbation of L1 length {@code budget} that gains most along the gradient inside the box. */
    private double[] spend(double[] from, double[] gradient, double budget) {
        double[] step = new double[gradient.length];
        double left = budget;
        for (int i : largestFirst(i -> Math.abs(gradient[i]), gradient.length)) {
            if (left <= 0 || gradient[i] == 0) {
                break;
            }
            double size = Math.min(left, room(from, i, gradient[i]));
            step[i] = Math.signum(gradient[i]) * size;
            left -= size;
        }
        return step;
    }

    /** Spend ε on the features with the largest gradients, each up to the box. */
    @Override
    public INDArray maximizeLinear(INDArray gradient) {
        return mapRows(gradient, (sample, g) -> {
            double[] point = spend(sample, g, epsilon);
            for (int i = 0; i < point.length; i++) {
                point[i] += sample[i];
            }
            return point;
        });
    }

    static Integer[] largestFirst(java.util.function.IntToDoubleFunction value, int length) {
        double[] values = new double[length];
        Integer[] order = new Integer[length];
        for (int i = 0; i < length; i++) {
            values[i] = value.applyAsDouble(i);
            order[i] = i;
        }
        Arrays.sort(order, (a, b) -> Double.compare(values[b], values[a]));
        return order;
    }

    /** Exponential spacings with random signs are uniform in the ball (Barthe et al. 2005). */
    @Override
    void sampleBall(double[] sample, double[] delta, SampleRandom random) {
        double sum = random.exponential(); // one spacing more than there are features leaves the sphere for the ball
        for (int i = 0; i < delta.length; i++) {
            double spacing = random.exponential();
            delta[i] = random.sign() * spacing;
            sum += spacing;
        }
        for (int i = 0; i < delta.length; i++) {
            delta[i] *= epsilon / sum;
        }
    }

    @Override
    public PerturbationSet select(int[] rows) {
        return new L1Set(epsilon, box, constraints, Rows.select(clean, rows));
    }
}
