package dev.mettle.attacks;

/** Random search: propose a change of the best point so far, and keep it if the loss is larger. */
abstract class RandomSearch extends ScoreSearch {

    /** The best point so far. */
    final double[] best;

    private double bestLoss = Double.NEGATIVE_INFINITY;
    private int asked;

    RandomSearch(int queries, double[] clean) {
        super(queries);
        this.best = clean.clone();
    }

    /** Write the point to start from. */
    abstract void start(double[] point);

    /** Change a copy of the best point; {@code step} counts from 0. */
    abstract void change(double[] point, int step);

    @Override
    final int points() {
        return 1;
    }

    @Override
    final void ask(int k, double[] point) {
        if (asked == 0) {
            start(point);
        } else {
            System.arraycopy(best, 0, point, 0, best.length);
            change(point, asked - 1);
        }
        asked++;
    }

    @Override
    final void tell(double[][] points, double[] losses) {
        if (losses[0] > bestLoss || asked == 1) {
            bestLoss = losses[0];
            System.arraycopy(points[0], 0, best, 0, best.length);
        }
    }
}
