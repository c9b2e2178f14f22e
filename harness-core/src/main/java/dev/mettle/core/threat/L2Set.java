package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The L2 ball inside the box.
 *
 * <p>{@link #project} scales a perturbation to the ball and then clips to the box, as all reference implementations of
 * L2 PGD do. The result lies in both; where the box is active it is not the nearest such point.
 */
final class L2Set extends PerturbationSet {

    L2Set(double epsilon, Box box, Constraints constraints, INDArray clean) {
        super(epsilon, box, constraints, clean);
    }

    @Override
    public INDArray project(INDArray x) {
        if (!Double.isInfinite(epsilon)) {
            x.subi(clean);
            INDArray rows = Rows.matrix(x);
            INDArray norms = rows.norm2(1);
            // factor = min(1, ε/‖δ‖); the smallest normal number keeps 0/0 away
            INDArray factors = Transforms.max(norms, Float.MIN_NORMAL, false).rdivi(epsilon);
            Transforms.min(factors, 1.0, false);
            rows.muliColumnVector(factors);
            x.addi(clean);
            Rows.release(factors);
        }
        return clip(x);
    }

    @Override
    public INDArray steepestStep(INDArray x, INDArray gradient, double size) {
        INDArray direction = gradient.dup('c');
        INDArray rows = Rows.matrix(direction);
        divideRows(rows, rows.normmax(1)); // first, so that squares of tiny gradients don't underflow
        divideRows(rows, rows.norm2(1));
        return direction.muli(size);
    }

    private static void divideRows(INDArray rows, INDArray divisors) {
        rows.diviColumnVector(Transforms.max(divisors, Float.MIN_NORMAL, false));
        Rows.release(divisors);
    }

    @Override
    public INDArray maximizeLinear(INDArray gradient) {
        return mapRows(gradient, this::maximize);
    }

    /** δᵢ = min(λ|gᵢ|, roomᵢ) · sign(gᵢ) with the λ at which ‖δ‖ = ε: the stationary point of g·δ on ball ∩ box. */
    private double[] maximize(double[] sample, double[] gradient) {
        int d = sample.length;
        double[] room = new double[d];
        double largest = 0;
        for (double g : gradient) {
            largest = Math.max(largest, Math.abs(g));
        }
        double[] slope = new double[d];
        Integer[] order = new Integer[d];
        double slopes = 0; // Σ slope² over the features that still move
        for (int i = 0; i < d; i++) {
            slope[i] = largest == 0 ? 0 : Math.abs(gradient[i]) / largest;
            room[i] = room(sample, i, gradient[i]);
            slopes += slope[i] * slope[i];
            order[i] = i;
        }
        double[] limit = new double[d]; // the λ at which feature i meets the box
        Arrays.setAll(limit, i -> slope[i] == 0 ? Double.POSITIVE_INFINITY : room[i] / slope[i]);
        Arrays.sort(order, (a, b) -> Double.compare(limit[a], limit[b]));
        double left = epsilon * epsilon; // of ε², after the features at the box
        double lambda = Double.POSITIVE_INFINITY;
        for (int i : order) {
            if (slope[i] == 0) {
                break;
            }
            double free = Math.sqrt(Math.max(0, left) / Math.max(slopes, Double.MIN_NORMAL));
            if (free <= limit[i]) {
                lambda = free;
                break;
            }
            left -= room[i] * room[i];
            slopes -= slope[i] * slope[i];
        }
        double[] point = sample.clone();
        for (int i = 0; i < d; i++) {
            if (slope[i] > 0) {
                point[i] += Math.signum(gradient[i]) * Math.min(lambda * slope[i], room[i]);
            }
        }
        return point;
    }

    /** A normal direction with radius ε·u^(1/d) is uniform in the ball (Muller 1959). */
    @Override
    void sampleBall(double[] sample, double[] delta, SampleRandom random) {
        double squares = 0;
        for (int i = 0; i < delta.length; i++) {
            delta[i] = random.gaussian();
            squares += delta[i] * delta[i];
        }
        double radius = epsilon * Math.pow(random.uniform(0, 1), 1.0 / delta.length);
        for (int i = 0; i < delta.length; i++) {
            delta[i] *= radius / Math.sqrt(squares);
        }
    }

    @Override
    public PerturbationSet select(int[] rows) {
        return new L2Set(epsilon, box, constraints, Rows.select(clean, rows));
    }
}
