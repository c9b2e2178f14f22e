package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One descent of {@link CarliniWagner} for fixed weights, in {@link TanhSpace}. */
final class TanhDescent {

    private final CarliniWagner attack;
    private final WeightedHinge hinge;
    private final boolean[] succeeded;
    private final TanhSpace space;
    private final Stagnation stagnation;

    // The samples still descending: positions in the whole batch, and their state, row by row.
    private int[] positions;
    private SampleBatch batch;
    private double[] weights;
    private double[][] clean;

    TanhDescent(CarliniWagner attack, SampleBatch batch, double[] weights) {
        this.attack = attack;
        this.hinge = new WeightedHinge(attack.confidence());
        this.succeeded = new boolean[batch.size()];
        this.space = new TanhSpace(batch);
        this.stagnation = new Stagnation(batch.size());
        this.positions = IntStream.range(0, batch.size()).toArray();
        this.batch = batch;
        this.weights = weights;
        this.clean = Rows.toRows(batch.inputs());
    }

    /** Descend; returns which samples succeeded at some step. */
    boolean[] run() {
        leaveAllBut(batch.standing());
        int checkpoint = Math.max(1, attack.steps() / 10);
        for (int step = 0; step < attack.steps() && !batch.isEmpty(); step++) {
            Aim[] aims = batch.aims();
            double[][] x = space.points();
            INDArray points = Rows.fromRows(x, batch.inputs());
            InputGradient pass = batch.gradient(points, logits -> hinge.gradients(logits, aims, weights));
            double[] margins = hinge.margins(pass.logits(), aims);
            double[][] gradients = Rows.toRows(pass.gradient());
            for (int i = 0; i < x.length; i++) {
                succeeded[positions[i]] |= hinge.reached(margins[i]);
                double distance = addDistance(gradients[i], x[i], clean[i]);
                stagnation.note(i, distance + weights[i] * hinge.value(margins[i]));
                space.descend(i, gradients[i], attack.learningRate());
            }
            Rows.release(points);
            Rows.release(pass.gradient());
            leaveAllBut(batch.standing());
            if (attack.abortEarly() && step % checkpoint == checkpoint - 1) {
                leaveAllBut(stagnation.falling());
            }
        }
        return succeeded;
    }

    /** Return ‖x − clean‖₂² and add its gradient. */
    private static double addDistance(double[] gradient, double[] x, double[] clean) {
        double squares = 0;
        for (int j = 0; j < x.length; j++) {
            double delta = x[j] - clean[j];
            squares += delta * delta;
            gradient[j] += 2 * delta;
        }
        return squares;
    }

    private void leaveAllBut(int[] going) {
        if (going.length == positions.length) {
            return;
        }
        positions = Chosen.of(positions, going);
        batch = batch.select(going);
        weights = Chosen.of(weights, going);
        clean = Chosen.of(clean, going);
        stagnation.select(going);
        space.select(going);
    }
}
