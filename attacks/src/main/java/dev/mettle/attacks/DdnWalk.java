package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;

/** The way of one sample under {@link Ddn}. */
final class DdnWalk extends BoundarySearch.Walk {

    private static final double FIRST_STEP = 1;
    private static final double LAST_STEP = 0.01;

    private final Ddn attack;
    private final SampleRandom random;
    private final double unit;
    private final double largest;
    private double epsilon;

    DdnWalk(Ddn attack, PerturbedSample sample, SampleRandom random) {
        super(sample);
        this.attack = attack;
        this.random = random;
        this.unit = sample.unit();
        this.largest = RowVectors.norm(sample.farthest(), Norm.L2);
        this.epsilon = attack.initialNorm() * unit;
    }

    /** The radius of the sphere that the sample was last put on. */
    double epsilon() {
        return epsilon;
    }

    @Override
    void move(int step, boolean adversarial, double loss, double[] gradient) {
        double[] direction = RowVectors.isDirection(gradient) ? gradient : randomDirection();
        double size = RowVectors.norm(direction, Norm.L2);
        double alpha = unit * BoundarySearch.cosine(FIRST_STEP, LAST_STEP, step, attack.steps());
        double[] delta = sample.delta();
        for (int i = 0; i < delta.length; i++) {
            delta[i] += size == 0 ? 0 : alpha * direction[i] / size;
        }
        epsilon = Math.min(adversarial ? epsilon * (1 - attack.gamma()) : epsilon * (1 + attack.gamma()), largest);
        double length = RowVectors.norm(delta, Norm.L2);
        for (int i = 0; i < delta.length; i++) {
            delta[i] *= length == 0 ? 0 : epsilon / length;
        }
        sample.moveTo(delta);
        if (attack.levels() > 0) {
            round();
        }
    }

    /** A direction uniform on the sphere, of the features that can move. */
    private double[] randomDirection() {
        double[] direction = new double[sample.clean.length];
        for (int i = 0; i < direction.length; i++) {
            double draw = random.gaussian();
            direction[i] = sample.upper[i] > sample.lower[i] ? draw : 0;
        }
        return direction;
    }

    private void round() {
        int levels = attack.levels();
        for (int i = 0; i < sample.x.length; i++) {
            double width = sample.upper[i] - sample.lower[i];
            if (width > 0) {
                double level = Math.rint((sample.x[i] - sample.lower[i]) / width * (levels - 1));
                sample.x[i] = Math.min(sample.lower[i] + level / (levels - 1) * width, sample.upper[i]);
            }
        }
    }
}
