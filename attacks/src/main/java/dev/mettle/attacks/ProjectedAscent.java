package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.numeric.Rows;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Projected steepest ascent on a loss: the loop that BIM, MI-FGSM and PGD share. */
final class ProjectedAscent {

    private ProjectedAscent() {}

    /** Ascend from {@code x}, which is overwritten. */
    static void run(SampleBatch samples, INDArray start, int steps, double alpha, LogitLoss loss, StepRule rule) {
        SampleBatch batch = samples;
        INDArray x = start;
        for (int step = 0; step < steps; step++) {
            INDArray gradient = batch.gradient(x, loss).gradient();
            int[] standing = batch.standing();
            if (standing.length == 0) {
                return;
            }
            if (standing.length < batch.size()) {
                batch = batch.select(standing);
                x = Rows.select(x, standing);
                gradient = Rows.select(gradient, standing);
                rule.select(standing);
            }
            INDArray ascent = rule.step(batch.perturbations(), x, gradient, alpha);
            x = batch.perturbations().project(x.addi(ascent));
            Rows.release(ascent);
            Rows.release(gradient);
        }
        batch.propose(x);
    }
}
