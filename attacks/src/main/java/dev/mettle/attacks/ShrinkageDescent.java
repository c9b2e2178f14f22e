package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One descent of {@link Ead} for fixed weights: fast iterative shrinkage-thresholding with momentum {@code k / (k + 3)}. */
final class ShrinkageDescent {

    private final Ead attack;
    private final WeightedHinge hinge;
    private final boolean[] succeeded;
    private final double threshold;

    // The samples still descending: positions in the whole batch, and their state, row by row.
    private int[] positions;
    private SampleBatch batch;
    private double[] weights;
    private final Stagnation stagnation;
    private double[][] clean;
    private double[][] lower;
    private double[][] upper;
    private double[][] shrunk; // x of the paper
    private double[][] ahead; // y of the paper: x and its momentum

    ShrinkageDescent(Ead attack, SampleBatch batch, double[] weights) {
        this.attack = attack;
        this.hinge = new WeightedHinge(attack.confidence());
        this.succeeded = new boolean[batch.size()];
        this.threshold = attack.beta() * batch.perturbations().box().width();
        this.positions = IntStream.range(0, batch.size()).toArray();
        this.batch = batch;
        this.weights = weights;
        this.stagnation = new Stagnation(batch.size());
        this.clean = Rows.toRows(batch.inputs());
        this.lower = Rows.toRows(batch.perturbations().lower());
        this.upper = Rows.toRows(batch.perturbations().upper());
        this.shrunk = Rows.toRows(batch.inputs());
        this.ahead = Rows.toRows(batch.inputs());
    }

    /** Descend; returns which samples succeeded at some step. */
    boolean[] run() {
        leaveAllBut(batch.standing());
        int checkpoint = Math.max(1, attack.steps() / 10);
        for (int step = 0; step < attack.steps() && !batch.isEmpty(); step++) {
            Aim[] aims = batch.aims();
            INDArray point = Rows.fromRows(ahead, batch.inputs());
            InputGradient pass = batch.gradient(point, logits -> hinge.gradients(logits, aims, weights));
            judge(hinge.margins(pass.logits(), aims));
            double[][] gradients = Rows.toRows(pass.gradient());
            double rate = attack.learningRate() * Math.sqrt(1 - (double) step / attack.steps());
            for (int i = 0; i < ahead.length; i++) {
                shrink(i, gradients[i], rate, step / (step + 3.0));
            }
            Rows.release(point);
            Rows.release(pass.gradient());
            leaveAllBut(batch.standing());
            if (attack.abortEarly() && step % checkpoint == checkpoint - 1) {
                leaveAllBut(worthwhile());
            }
        }
        return succeeded;
    }

    /** Samples that succeeded get nearer to the very end, where β weighs most; of the others, those whose loss still falls. */
    private int[] worthwhile() {
        boolean[] falls = new boolean[positions.length];
        for (int i : stagnation.falling()) {
            falls[i] = true;
        }
        return IntStream.range(0, positions.length)
                .filter(i -> falls[i] || succeeded[positions[i]])
                .toArray();
    }

    /** Note who succeeded, and the losses c · hinge + ‖δ‖₂² + β‖δ‖₁. */
    private void judge(double[] margins) {
        for (int i = 0; i < margins.length; i++) {
            double distance = 0;
            for (int j = 0; j < ahead[i].length; j++) {
                double delta = ahead[i][j] - clean[i][j];
                distance += delta * delta + threshold * Math.abs(delta);
            }
            stagnation.note(i, distance + weights[i] * hinge.value(margins[i]));
            succeeded[positions[i]] |= hinge.reached(margins[i]);
        }
    }

    /** Step down the smooth part of the loss, shrink the change towards zero, clip to the box, and add momentum. */
    private void shrink(int i, double[] gradient, double rate, double momentum) {
        for (int j = 0; j < gradient.length; j++) {
            double delta = ahead[i][j] - clean[i][j];
            double moved = delta - rate * (gradient[j] + 2 * delta);
            double kept = Math.signum(moved) * Math.max(Math.abs(moved) - threshold, 0);
            double next = clip(i, j, clean[i][j] + kept);
            ahead[i][j] = clip(i, j, next + momentum * (next - shrunk[i][j]));
            shrunk[i][j] = next;
        }
    }

    private double clip(int i, int j, double value) {
        return Math.min(Math.max(value, lower[i][j]), upper[i][j]);
    }

    /** Leave all samples but these. */
    private void leaveAllBut(int[] going) {
        if (going.length == positions.length) {
            return;
        }
        positions = Chosen.of(positions, going);
        batch = batch.select(going);
        weights = Chosen.of(weights, going);
        stagnation.select(going);
        clean = Chosen.of(clean, going);
        lower = Chosen.of(lower, going);
        upper = Chosen.of(upper, going);
        shrunk = Chosen.of(shrunk, going);
        ahead = Chosen.of(ahead, going);
    }
}
