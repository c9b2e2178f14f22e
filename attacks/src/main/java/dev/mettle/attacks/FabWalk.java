package dev.mettle.attacks;

import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The way of one sample under {@link Fab} or {@link FabTargeted}, towards the nearest of some decision boundaries. */
final class FabWalk {

    /** Keeps α defined where both projections are nil. */
    private static final double SMALLEST = 1e-8;

    private final PerturbedSample sample;
    private final Norm norm;
    private final Aim[] rivals;

    FabWalk(PerturbedSample sample, Norm norm, Aim[] rivals) {
        this.sample = sample;
        this.norm = norm;
        this.rivals = rivals;
    }

    /**
     * Walk all samples.
     *
     * @param eta the overshoot η
     * @param beta the backward step β
     * @param alphaMax the largest weight of the clean sample
     */
    static void run(
            SampleBatch samples, List<FabWalk> all, Norm norm, int steps, double eta, double beta, double alphaMax) {
        SampleBatch batch = samples;
        List<FabWalk> walks = all;
        for (int step = 0; step < steps && !batch.isEmpty(); step++) {
            INDArray x = points(walks, batch);
            Aim[][] rivals = walks.stream().map(walk -> walk.rivals).toArray(Aim[][]::new);
            DecisionBoundary[] nearest =
                    DecisionBoundary.nearest(batch, x, logits -> rivals, norm, new boolean[batch.size()]);
            Rows.release(x);
            for (int i = 0; i < nearest.length; i++) {
                walks.get(i).approach(nearest[i], eta, alphaMax);
            }
            int[] standing = batch.standing(); // the point may have been adversarial and near enough
            walks = select(walks, standing);
            batch = batch.select(standing);
            if (batch.isEmpty()) {
                return;
            }
            INDArray next = points(walks, batch);
            boolean[] adversarial = batch.propose(next);
            Rows.release(next);
            for (int i = 0; i < adversarial.length; i++) {
                if (adversarial[i]) {
                    walks.get(i).retreat(beta);
                }
            }
            standing = batch.standing();
            walks = select(walks, standing);
            batch = batch.select(standing);
        }
    }

    private static List<FabWalk> select(List<FabWalk> walks, int[] positions) {
        return Arrays.stream(positions).mapToObj(walks::get).toList();
    }

    private static INDArray points(List<FabWalk> walks, SampleBatch batch) {
        return PerturbedSample.points(walks.stream().map(walk -> walk.sample).toList(), batch);
    }

    /** Return half of epsilon or of the best norm so far, whichever is less; half of the authors' epsilons where there is neither. */
    static double startRadius(AttackContext context, double best, PerturbedSample sample) {
        ThreatModel threat = context.threatModel();
        double least = Math.min(threat.epsilon(), best);
        if (Double.isFinite(least)) {
            return 0.5 * least;
        }
        return 0.5
                * sample.unit()
                * switch (threat.norm()) {
                    case LINF -> 0.3;
                    case L2 -> 1;
                    case L1, L0 -> 5;
                };
    }

    /** Start at a random point on the sphere of a radius, clipped to the box. */
    void startAtRandom(SampleRandom random, double radius) {
        double[] direction = new double[sample.clean.length];
        for (int i = 0; i < direction.length; i++) {
            direction[i] = norm == Norm.LINF ? random.uniform(-1, 1) : random.gaussian();
        }
        double length = RowVectors.norm(direction, norm);
        for (int i = 0; i < direction.length; i++) {
            direction[i] *= radius / length;
        }
        sample.moveTo(direction);
    }

    /** Go to the boundary and a bit beyond, on the way between here and the projection of the clean sample. */
    private void approach(DecisionBoundary boundary, double eta, double alphaMax) {
        double[] w = boundary.normal;
        double value = boundary.value;
        if (!RowVectors.isDirection(w) || !Double.isFinite(value)) {
            return;
        }
        double[] delta = sample.delta();
        double[] here = HyperplaneProjection.step(sample.x, w, value, sample.lower, sample.upper, norm);
        double[] clean = HyperplaneProjection.step(
                sample.clean, w, value - RowVectors.dot(w, delta), sample.lower, sample.upper, norm);
        double fromHere = Math.max(RowVectors.norm(here, norm), SMALLEST);
        double fromClean = Math.max(RowVectors.norm(clean, norm), SMALLEST);
        double alpha = Math.min(fromHere / (fromHere + fromClean), alphaMax);
        for (int i = 0; i < delta.length; i++) {
            delta[i] = (1 - alpha) * (delta[i] + eta * here[i]) + alpha * eta * clean[i];
        }
        sample.moveTo(delta);
    }

    private void retreat(double beta) {
        double[] delta = sample.delta();
        for (int i = 0; i < delta.length; i++) {
            delta[i] *= beta;
        }
        sample.moveTo(delta);
    }
}
