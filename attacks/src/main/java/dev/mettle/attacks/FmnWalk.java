package dev.mettle.attacks;

import dev.mettle.core.threat.Norm;

/** The way of one sample under {@link Fmn}. */
final class FmnWalk extends BoundarySearch.Walk {

    /** In L∞, growth of the radius by less than this part means that the search has come to rest before the boundary. */
    private static final double STALLED = 1e-4;

    private final Fmn attack;
    private final Norm norm;
    private final double unit;
    private final double largest;
    private double best;
    private double epsilon;
    private boolean found;

    FmnWalk(Fmn attack, Norm norm, PerturbedSample sample) {
        super(sample);
        this.attack = attack;
        this.norm = norm;
        this.unit = sample.unit();
        this.largest = RowVectors.norm(sample.farthest(), norm);
        this.best = largest;
        this.epsilon = norm == Norm.L0 ? 1 : 0;
    }

    /** The radius of the ball that the sample was last put into. */
    double epsilon() {
        return epsilon;
    }

    @Override
    void move(int step, boolean adversarial, double loss, double[] slopes) {
        double[] gradient = norm == Norm.LINF ? slopes : feasible(slopes);
        double[] delta = sample.delta();
        double size = RowVectors.norm(delta, norm);
        if (adversarial) {
            best = Math.min(best, size);
            found = true;
        }
        double gamma = BoundarySearch.cosine(attack.initialGamma(), attack.finalGamma(), step, attack.steps());
        double wanted = norm == Norm.L0
                ? features(adversarial, gamma)
                : radius(adversarial, size, Math.abs(loss) / Math.max(RowVectors.dual(gradient, norm), 1e-12), gamma);
        epsilon = Math.min(wanted, largest);
        if (RowVectors.isDirection(gradient)) {
            double alpha = unit * BoundarySearch.cosine(attack.initialStep(), attack.finalStep(), step, attack.steps());
            double scale = alpha / RowVectors.norm(gradient, Norm.L2);
            for (int i = 0; i < delta.length; i++) {
                delta[i] += scale * gradient[i];
            }
        }
        BallProjection.project(sample, delta, norm, epsilon);
        sample.moveTo(delta);
    }

    /** The gradient without the entries that point out of the box at the present point. */
    private double[] feasible(double[] gradient) {
        double[] feasible = gradient.clone();
        for (int i = 0; i < feasible.length; i++) {
            boolean stuck = gradient[i] > 0 ? sample.x[i] >= sample.upper[i] : sample.x[i] <= sample.lower[i];
            feasible[i] = stuck ? 0 : gradient[i];
        }
        return feasible;
    }

    private double radius(boolean adversarial, double size, double toBoundary, double gamma) {
        if (adversarial) {
            return Math.min(epsilon * (1 - gamma), best);
        }
        if (found) {
            return epsilon * (1 + gamma);
        }
        double estimate = Double.isNaN(toBoundary) ? largest : size + toBoundary;
        boolean stalled = norm != Norm.LINF || estimate < epsilon * (1 + STALLED);
        return stalled ? Math.max(estimate, epsilon * (1 + gamma)) : estimate;
    }

    private double features(boolean adversarial, double gamma) {
        return adversarial
                ? Math.max(1, Math.min(Math.min(epsilon - 1, Math.floor(epsilon * (1 - gamma))), best))
                : Math.max(epsilon + 1, Math.floor(epsilon * (1 + gamma)));
    }
}
