package dev.mettle.attacks;

import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.PerturbationSet;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The points allowed around one sample, in doubles: the ball inside the box.
 *
 * <p>It is what {@link PerturbationSet} is for batches, for searches that move each sample on its own.
 */
final class Ball {

    final Norm norm;
    final double epsilon;
    final double[] clean;
    /** The smallest allowed value of every feature: that of the box and, in L∞, of the ball. */
    final double[] lower;
    /** The largest allowed value of every feature: that of the box and, in L∞, of the ball. */
    final double[] upper;

    private Ball(Norm norm, double epsilon, double[] clean, double[] lower, double[] upper) {
        this.norm = norm;
        this.epsilon = epsilon;
        this.clean = clean;
        this.lower = lower;
        this.upper = upper;
    }

    /** Return the balls around the samples of a context. */
    static Ball[] around(AttackContext context) {
        PerturbationSet set = context.samples().perturbations();
        Norm norm = context.threatModel().norm();
        double[][] clean = Rows.toRows(context.samples().inputs());
        double[][] lower = bounds(set, norm, set.lower());
        double[][] upper = bounds(set, norm, set.upper());
        Ball[] balls = new Ball[clean.length];
        for (int i = 0; i < balls.length; i++) {
            balls[i] = new Ball(norm, set.epsilon(), clean[i], lower[i], upper[i]);
        }
        return balls;
    }

    private static double[][] bounds(PerturbationSet set, Norm norm, INDArray box) {
        if (norm != Norm.LINF) {
            return Rows.toRows(box);
        }
        INDArray corner = set.project(box.dup('c')); // rounded inwards, as the set does it
        double[][] rows = Rows.toRows(corner);
        Rows.release(corner);
        return rows;
    }

    /** Move a point into ball and box, in place: in L2 and L1 by scaling the perturbation, then clipping. */
    void project(double[] point) {
        if (norm != Norm.LINF) {
            double size = size(point);
            if (size > epsilon) {
                double factor = epsilon / size;
                for (int i = 0; i < point.length; i++) {
                    point[i] = clean[i] + factor * (point[i] - clean[i]);
                }
            }
        }
        clip(point);
    }

    /** Clip a point to the bounds of its features, in place. */
    void clip(double[] point) {
        for (int i = 0; i < point.length; i++) {
            point[i] = Math.min(Math.max(point[i], lower[i]), upper[i]);
        }
    }

    /** The L2 or L1 norm of a point's perturbation. */
    private double size(double[] point) {
        double sum = 0;
        for (int i = 0; i < point.length; i++) {
            double delta = point[i] - clean[i];
            sum += norm == Norm.L1 ? Math.abs(delta) : delta * delta;
        }
        return norm == Norm.L1 ? sum : Math.sqrt(sum);
    }
}
