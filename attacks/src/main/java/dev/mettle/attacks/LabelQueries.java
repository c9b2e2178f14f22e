package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Queries for labels, with a budget per sample: all that decision-based attacks know of the model.
 *
 * <p>Samples run side by side, so that one model call answers for many of them; what a sample asks and hears depends on
 * itself alone.
 */
final class LabelQueries {

    /** The most rows of one model call. */
    private static final int ROWS = 1024;

    private final SampleBatch batch;
    private final int budget;
    private final double[][] clean;
    private final double[][] lower;
    private final double[][] upper;
    private final int[][] free;
    private final int[] asked;
    private final boolean[] standing;

    // The last batch of repeated samples, which the next call often needs again.
    private int[] lastPositions = {};
    private SampleBatch last;

    LabelQueries(SampleBatch batch, int budget) {
        this.batch = batch;
        this.budget = budget;
        this.last = batch;
        this.clean = Rows.toRows(batch.inputs());
        this.lower = Rows.toRows(batch.perturbations().lower());
        this.upper = Rows.toRows(batch.perturbations().upper());
        this.asked = new int[batch.size()];
        this.standing = new boolean[batch.size()];
        this.free = new int[batch.size()][];
        Arrays.setAll(
                free,
                sample -> IntStream.range(0, clean[sample].length)
                        .filter(i -> upper[sample][i] > lower[sample][i])
                        .toArray());
        noticeBroken();
    }

    /** Return the number of samples, with or without queries left. */
    int samples() {
        return asked.length;
    }

    /** Return how many queries each sample had at first. */
    int budget() {
        return budget;
    }

    /** Return the samples that have queries left and a feature that can move. */
    int[] movable() {
        return withQueriesLeft(IntStream.range(0, asked.length)
                .filter(sample -> free[sample].length > 0)
                .toArray());
    }

    double[] clean(int sample) {
        return clean[sample];
    }

    double[] lower(int sample) {
        return lower[sample];
    }

    double[] upper(int sample) {
        return upper[sample];
    }

    /** Return the features of a sample that can move at all. */
    int[] free(int sample) {
        return free[sample];
    }

    SampleRandom random(int sample) {
        return batch.random(sample);
    }

    /** Return how many queries a sample has left; none once the engine doesn't want a nearer example. */
    int left(int sample) {
        return standing[sample] ? budget - asked[sample] : 0;
    }

    /** Keep those of the samples that have queries left. */
    int[] withQueriesLeft(int[] samples) {
        return Arrays.stream(samples).filter(sample -> left(sample) > 0).toArray();
    }

    /** Move a point into the box, in place; returns it. */
    double[] clip(int sample, double[] point) {
        for (int i = 0; i < point.length; i++) {
            point[i] = Math.min(Math.max(point[i], lower[sample][i]), upper[sample][i]);
        }
        return point;
    }

    /** Ask one point for each of the samples, all of which have queries left; returns which points are adversarial. */
    boolean[] ask(int[] samples, double[][] points) {
        boolean[] answers = new boolean[samples.length];
        for (int from = 0; from < samples.length; from += ROWS) {
            int to = Math.min(from + ROWS, samples.length);
            boolean[] some = query(Arrays.copyOfRange(samples, from, to), Arrays.copyOfRange(points, from, to));
            System.arraycopy(some, 0, answers, from, some.length);
        }
        noticeBroken();
        return answers;
    }

    /** Draws a point of a sample. */
    interface Draw {
        double[] point(int sample);
    }

    /** Hears whether a point of a sample is adversarial. */
    interface Answer {
        void hear(int sample, double[] point, boolean adversarial);
    }

    /**
     * Ask several points for each of the samples, drawn and answered in order.
     *
     * @param counts how many points per sample, at most as many as it has queries left
     */
    void ask(int[] samples, int[] counts, Draw draw, Answer answer) {
        int atOnce = Math.max(1, ROWS / Math.max(1, samples.length));
        int[] open = counts.clone();
        int rows;
        do {
            int[] positions = new int[Math.max(ROWS, samples.length)];
            rows = 0;
            for (int i = 0; i < samples.length; i++) {
                int now = Math.min(atOnce, open[i]);
                Arrays.fill(positions, rows, rows + now, samples[i]);
                rows += now;
                open[i] -= now;
            }
            double[][] points = new double[rows][];
            for (int row = 0; row < rows; row++) {
                points[row] = draw.point(positions[row]);
            }
            for (int from = 0; from < rows; from += ROWS) {
                int to = Math.min(from + ROWS, rows);
                boolean[] some = query(Arrays.copyOfRange(positions, from, to), Arrays.copyOfRange(points, from, to));
                for (int row = from; row < to; row++) {
                    answer.hear(positions[row], points[row], some[row - from]);
                }
            }
        } while (rows > 0);
        noticeBroken();
    }

    private boolean[] query(int[] positions, double[][] points) {
        if (positions.length == 0) {
            return new boolean[0];
        }
        if (!Arrays.equals(positions, lastPositions)) {
            last = batch.select(positions);
            lastPositions = positions;
        }
        INDArray x = Rows.fromRows(points, batch.inputs());
        boolean[] adversarial = last.propose(x);
        Rows.release(x);
        for (int position : positions) {
            asked[position]++;
        }
        return adversarial;
    }

    /** Not after every model call: where those fall depends on the batch. */
    private void noticeBroken() {
        Arrays.fill(standing, false);
        for (int position : batch.standing()) {
            standing[position] = true;
        }
    }
}
