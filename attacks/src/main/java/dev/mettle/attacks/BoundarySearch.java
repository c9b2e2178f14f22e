package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The loop that DDN and FMN share: one query per step and sample, after which every sample goes its own way. */
final class BoundarySearch {

    /** How one sample goes on. */
    abstract static class Walk {

        final PerturbedSample sample;

        Walk(PerturbedSample sample) {
            this.sample = sample;
        }

        /**
         * Move the sample to the point of the next query.
         *
         * @param step the number of the query, from 0
         * @param adversarial whether the present point reaches the goal
         * @param loss the loss there
         * @param gradient its gradient there; the walk may keep and change it
         */
        abstract void move(int step, boolean adversarial, double loss, double[] gradient);
    }

    private BoundarySearch() {}

    /** Query {@code queries} points per sample; the last of them is only judged, since nothing follows from its gradient. */
    static void run(SampleBatch samples, List<? extends Walk> all, int queries, LogitLoss loss) {
        SampleBatch batch = samples;
        List<? extends Walk> walks = all;
        for (int step = 0; step < queries - 1 && !batch.isEmpty(); step++) {
            INDArray x = points(walks, batch);
            InputGradient pass = batch.gradient(x, loss);
            boolean[] adversarial = batch.successes(pass.logits());
            double[] losses = loss.values(pass.logits(), batch.aims());
            double[][] gradients = Rows.toRows(pass.gradient());
            Rows.release(x);
            Rows.release(pass.gradient());
            for (int i = 0; i < adversarial.length; i++) {
                walks.get(i).move(step, adversarial[i], losses[i], gradients[i]);
            }
            int[] standing = batch.standing();
            if (standing.length < batch.size()) {
                List<? extends Walk> before = walks;
                walks = Arrays.stream(standing).mapToObj(before::get).toList();
                batch = batch.select(standing);
            }
        }
        if (!batch.isEmpty()) {
            batch.propose(points(walks, batch));
        }
    }

    private static INDArray points(List<? extends Walk> walks, SampleBatch batch) {
        return PerturbedSample.points(walks.stream().map(walk -> walk.sample).toList(), batch);
    }

    /** Return {@code from} at the first of {@code steps} steps, falling along half a cosine towards {@code to}. */
    static double cosine(double from, double to, int step, int steps) {
        return to + (from - to) * (1 + Math.cos(Math.PI * step / steps)) / 2;
    }
}
