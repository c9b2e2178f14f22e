package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The search for one adversarial example by losses alone: it asks for some points, is told their losses, and asks again until its
 * queries are used up.
 *
 * <p>Each sample has a search of its own, so that none knows of the others; {@link #run} merges what they ask into few model calls.
 */
abstract class ScoreSearch {

    /** The most points that a search asks for at once: many enough to fill a model call, few enough to stop soon after a success. */
    static final int GROUP = 64;

    /** The most rows of one model call, and the most numbers in it. */
    private static final int ROWS = 1024;

    private static final int NUMBERS = 1 << 22;

    private int left;

    /** Create a search with a budget of queries. */
    ScoreSearch(int queries) {
        this.left = queries;
    }

    /** Return the number of queries left. */
    final int left() {
        return left;
    }

    /** Return how many points to ask for next, from 1 to {@link #GROUP}. Where fewer queries are left, only the first are asked. */
    abstract int points();

    /** Write all features of the next point, {@code 0 ≤ k < points()}; called in order of {@code k}. */
    abstract void ask(int k, double[] point);

    /** Hear the losses of the points asked for; a loss that isn't a number is −∞. */
    abstract void tell(double[][] points, double[] losses);

    /** Run the searches of all samples until each has succeeded or used up its queries. */
    static void run(SampleBatch samples, LogitLoss loss, List<? extends ScoreSearch> searches) {
        int features = (int) Rows.features(samples.inputs());
        int mostRows = Math.max(1, Math.min(ROWS, NUMBERS / Math.max(1, features)));
        SampleBatch batch = samples;
        ScoreSearch[] active = searches.toArray(new ScoreSearch[0]);
        PointBuffer buffer = new PointBuffer(samples.inputs());
        double[][] points = new double[0][];
        while (active.length > 0) {
            for (int from = 0; from < active.length; ) {
                int to = from;
                int rows = 0;
                while (to < active.length && (to == from || rows + active[to].next() <= mostRows)) {
                    rows += active[to++].next();
                }
                points = withRows(points, rows, features);
                serve(batch, loss, active, from, to, points, buffer, mostRows);
                from = to;
            }
            ScoreSearch[] before = active;
            int[] going = Arrays.stream(batch.standing())
                    .filter(i -> before[i].left > 0)
                    .toArray();
            if (going.length < active.length) {
                active = Arrays.stream(going).mapToObj(i -> before[i]).toArray(ScoreSearch[]::new);
                batch = batch.select(going);
            }
        }
        buffer.release();
    }

    private int next() {
        return Math.min(left, points());
    }

    private static double[][] withRows(double[][] points, int rows, int features) {
        if (points.length >= rows) {
            return points;
        }
        double[][] more = Arrays.copyOf(points, rows);
        for (int row = points.length; row < rows; row++) {
            more[row] = new double[features];
        }
        return more;
    }

    /** Ask the model for what the searches {@code from} to {@code to} want to know next. */
    private static void serve(
            SampleBatch batch,
            LogitLoss loss,
            ScoreSearch[] active,
            int from,
            int to,
            double[][] points,
            PointBuffer buffer,
            int mostRows) {
        int[] firstRow = new int[to - from + 1];
        for (int i = from; i < to; i++) {
            firstRow[i - from + 1] = firstRow[i - from] + active[i].next();
        }
        int rows = firstRow[to - from];
        int[] positions = new int[rows];
        for (int i = from; i < to; i++) {
            int first = firstRow[i - from];
            int end = firstRow[i - from + 1];
            for (int row = first; row < end; row++) {
                active[i].ask(row - first, points[row]);
                positions[row] = i;
            }
        }
        double[] losses = new double[rows];
        for (int row = 0; row < rows; row += mostRows) {
            int end = Math.min(rows, row + mostRows);
            int[] part = Arrays.copyOfRange(positions, row, end);
            INDArray x = buffer.write(points, row, part.length);
            System.arraycopy(losses(batch, loss, x, part), 0, losses, row, part.length);
        }
        for (int i = from; i < to; i++) {
            int first = firstRow[i - from];
            int end = firstRow[i - from + 1];
            active[i].left -= end - first;
            active[i].tell(Arrays.copyOfRange(points, first, end), Arrays.copyOfRange(losses, first, end));
        }
    }

    private static double[] losses(SampleBatch batch, LogitLoss loss, INDArray x, int[] positions) {
        INDArray logits = batch.logits(x, positions);
        Aim[] own = batch.aims();
        Aim[] aims = Arrays.stream(positions).mapToObj(i -> own[i]).toArray(Aim[]::new);
        double[] losses = loss.values(logits, aims);
        for (int row = 0; row < losses.length; row++) {
            losses[row] = Double.isNaN(losses[row]) ? Double.NEGATIVE_INFINITY : losses[row];
        }
        return losses;
    }
}
