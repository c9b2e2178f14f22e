package dev.mettle.attacks;

/**
 * The ascent of one sample under {@link Apgd}: where it is, the best point it met, and its step size.
 *
 * <p>A point or a gradient is never changed once it is made, so that keeping the best of them costs a reference. All geometry is
 * in double precision.
 */
abstract class ApgdPath {

    final Neighborhood around;
    final double epsilon;

    double[] x;
    double[] gradient;
    double stepSize;

    private double[] best;
    private double[] bestGradient;
    private double bestLoss = Double.NEGATIVE_INFINITY;
    private int sinceCheckpoint;

    ApgdPath(Neighborhood around, double epsilon, double[] start, double stepSize) {
        this.around = around;
        this.epsilon = epsilon;
        this.x = start;
        this.gradient = new double[start.length];
        this.stepSize = stepSize;
        this.best = x;
        this.bestGradient = gradient;
    }

    /** Return the point at which the loss and its gradient are wanted next. */
    final double[] point() {
        return x;
    }

    final double stepSize() {
        return stepSize;
    }

    /** Return the point with the largest loss so far. */
    final double[] best() {
        return best;
    }

    final double bestLoss() {
        return bestLoss;
    }

    /** Take note of the loss and its gradient at the start. */
    final void begin(double loss, double[] gradientHere) {
        gradient = gradientHere;
        keepIfBest(loss);
    }

    /** Take a step. */
    abstract void move();

    /** Take note of the loss and its gradient after a step; at a checkpoint, adapt the size of the next ones. */
    void arrive(double loss, double[] gradientHere) {
        gradient = gradientHere;
        keepIfBest(loss);
        sinceCheckpoint++;
        if (sinceCheckpoint == interval()) {
            checkpoint();
            sinceCheckpoint = 0;
        }
    }

    private void keepIfBest(double loss) {
        if (loss > bestLoss) {
            bestLoss = loss;
            best = x;
            bestGradient = gradient;
        }
    }

    /** Return the number of steps from the last checkpoint to the next. */
    abstract int interval();

    abstract void checkpoint();

    /** Go on from the best point; its gradient is known. */
    final void returnToBest() {
        x = best;
        gradient = bestGradient;
    }
}
