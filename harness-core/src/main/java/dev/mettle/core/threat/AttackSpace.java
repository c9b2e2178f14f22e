package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Tolerance;
import java.util.Comparator;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The coordinates in which attacks move a batch of samples, and the one way from there to inputs of the model.
 *
 * <p>An attack sees plain norms in a plain box. Where features have scales, its coordinates are inputs divided by the scale,
 * so that a step of the attack is a step in those units, whatever the norm. On the way to the model, frozen features return
 * to their clean value, whole numbers are rounded and one-hot groups take one category; on the way back, gradients are
 * multiplied by the scale, and pass the rounding unchanged (the straight-through estimate of Bengio et al. 2013).
 */
public final class AttackSpace {

    private final ThreatModel threat;
    private final INDArray inputs;
    private final INDArray points;
    private final PerturbationSet perturbations;
    private final double reach;

    AttackSpace(ThreatModel threat, INDArray inputs, double reach) {
        this.reach = reach;
        this.threat = threat;
        this.inputs = inputs;
        Constraints constraints = threat.constraints();
        int features = (int) Rows.features(inputs);
        this.points = fromModel(inputs);
        this.perturbations = threat.norm()
                .ball(threat.epsilon(), threat.box().inUnitsOf(constraints, features), constraints, points);
    }

    /** Return the clean samples in attack coordinates. */
    public INDArray clean() {
        return points;
    }

    /** Return the allowed perturbations, in attack coordinates. */
    public PerturbationSet perturbations() {
        return perturbations;
    }

    /**
     * Return what the model is given for points of an attack: valid inputs wherever ball and box allow one.
     *
     * @param x points in attack coordinates, shape {@code [m, ...]}; never changed
     * @param rows the sample each point belongs to
     * @return inputs of the model; {@code x} itself where there are no constraints
     */
    public INDArray toModel(INDArray x, int[] rows) {
        if (threat.constraints().isNone()) {
            return x;
        }
        double[][] moved = Rows.toRows(x);
        double[][] clean = Rows.toRows(Rows.select(inputs, rows));
        double[][] origin = threat.constraints().hasScale() ? Rows.toRows(Rows.select(points, rows)) : clean;
        for (int row = 0; row < moved.length; row++) {
            for (int i = 0; i < moved[row].length; i++) {
                moved[row][i] =
                        moved[row][i] == origin[row][i] || threat.constraints().isFrozen(i)
                                ? clean[row][i]
                                : moved[row][i] * threat.constraints().scaleOf(i);
            }
            toLattice(moved[row], clean[row]);
        }
        return Rows.fromRows(moved, inputs);
    }

    /** Return inputs of the model in attack coordinates. */
    public INDArray fromModel(INDArray batch) {
        return threat.constraints().hasScale() ? inUnits(batch) : batch;
    }

    /** Return dLoss/dx in attack coordinates for dLoss/dInputs of the model. */
    public INDArray gradientToAttack(INDArray gradient) {
        Constraints constraints = threat.constraints();
        if (!constraints.hasScale() && !constraints.hasFrozen()) {
            return gradient;
        }
        double[][] rows = Rows.toRows(gradient);
        for (double[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                row[i] *= constraints.isFrozen(i) ? 0 : constraints.scaleOf(i);
            }
        }
        return Rows.fromRows(rows, gradient);
    }

    /**
     * Move a sample to a near point of the lattice, in place: round whole numbers, give every one-hot group its largest entry. Where
     * that leaves the ball, whole numbers are rounded towards the clean sample instead, and then the categories that were chosen
     * least clearly stay as they were.
     */
    private void toLattice(double[] sample, double[] clean) {
        Constraints constraints = threat.constraints();
        if (!constraints.hasLattice()) {
            return;
        }
        double[] relaxed = sample.clone();
        for (int i = 0; i < sample.length; i++) {
            if (constraints.isWhole(i)) {
                sample[i] = Math.min(
                        Math.max(Math.rint(relaxed[i]), Math.ceil(threat.box().lower(i))),
                        Math.floor(threat.box().upper(i)));
            }
        }
        for (Constraints.Group group : constraints.groups()) {
            choose(group, sample, largest(group, constraints.isFrozen(group) ? clean : relaxed));
        }
        if (inside(sample, clean)) {
            return;
        }
        for (int i = 0; i < sample.length; i++) {
            if (constraints.isWhole(i)) {
                double change = relaxed[i] - clean[i];
                sample[i] = clean[i] + Math.signum(change) * Math.floor(Math.abs(change));
            }
        }
        List<Constraints.Group> leastClearFirst = constraints.groups().stream()
                .sorted(Comparator.comparingDouble(
                        group -> relaxed[largest(group, relaxed)] - relaxed[largest(group, clean)]))
                .toList();
        for (Constraints.Group group : leastClearFirst) {
            if (inside(sample, clean)) {
                return;
            }
            choose(group, sample, largest(group, clean));
        }
    }

    private boolean inside(double[] sample, double[] clean) {
        return Tolerance.atMost(
                Distances.between(sample, clean, threat.constraints()).in(threat.norm()), reach);
    }

    private static int largest(Constraints.Group group, double[] sample) {
        int largest = group.from();
        for (int i = group.from() + 1; i <= group.to(); i++) {
            largest = sample[i] > sample[largest] ? i : largest;
        }
        return largest;
    }

    private static void choose(Constraints.Group group, double[] sample, int feature) {
        for (int i = group.from(); i <= group.to(); i++) {
            sample[i] = i == feature ? 1 : 0;
        }
    }

    private INDArray inUnits(INDArray batch) {
        double[][] rows = Rows.toRows(batch);
        for (double[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                row[i] /= threat.constraints().scaleOf(i);
            }
        }
        return Rows.fromRows(rows, batch);
    }
}
