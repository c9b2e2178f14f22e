package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;

/** An {@link ApgdPath} in L∞ or L2: Algorithm 1 of Croce and Hein (2020). */
final class MomentumPath extends ApgdPath {

    /** The weight α of the new step against the one before. */
    private static final double NEW_STEP = 0.75;

    private final Norm norm;
    private final double rho;
    private final int shortest;
    private final int shortening;

    private double[] previous;
    private boolean moved;
    private int interval;
    private int increases;
    private double lastLoss;
    private double bestAtCheckpoint;
    private boolean halved = true; // so that the first checkpoint can't find a step size that was kept in vain

    /** Create a path of {@code steps} steps from a start inside ball and box. */
    MomentumPath(Norm norm, Neighborhood around, double epsilon, double[] start, int steps, double rho) {
        super(around, epsilon, start, 2 * epsilon);
        this.norm = norm;
        this.rho = rho;
        this.interval = Math.max((int) (0.22 * steps), 1);
        this.shortest = Math.max((int) (0.06 * steps), 1);
        this.shortening = Math.max((int) (0.03 * steps), 1);
        this.previous = start;
    }

    /** Draw noise, blow it up until it touches the sphere of the ball, and clip it to the box. */
    static double[] randomStart(Norm norm, Neighborhood around, double epsilon, SampleRandom random) {
        double[] noise = new double[around.features()];
        for (int i = 0; i < noise.length; i++) {
            double drawn = norm == Norm.LINF ? random.uniform(-1, 1) : random.gaussian();
            noise[i] = around.isFree(i) ? drawn : 0;
        }
        double size = norm == Norm.LINF ? largest(noise) : length(noise);
        for (int i = 0; i < noise.length; i++) {
            noise[i] = around.clip(around.clean[i] + (size > 0 ? epsilon * noise[i] / size : 0), i);
        }
        return noise;
    }

    /** z = Π(x + η · s(g)), then x ← Π(x + α (z − x) + (1 − α) (x − x_previous)), the very first time with α = 1. */
    @Override
    void move() {
        double alpha = moved ? NEW_STEP : 1;
        double[] from = previous;
        previous = x;
        moved = true;
        x = norm == Norm.LINF ? stepInLinf(from, alpha) : stepInL2(from, alpha);
    }

    private double[] stepInLinf(double[] from, double alpha) {
        double[] here = x;
        double[] slope = gradient;
        double[] lower = around.lower;
        double[] upper = around.upper;
        double[] next = new double[here.length];
        for (int i = 0; i < next.length; i++) {
            double sign = (slope[i] > 0 ? 1 : 0) - (slope[i] < 0 ? 1 : 0);
            double z = Math.min(Math.max(here[i] + stepSize * sign, lower[i]), upper[i]);
            double mixed = here[i] + alpha * (z - here[i]) + (1 - alpha) * (here[i] - from[i]);
            next[i] = Math.min(Math.max(mixed, lower[i]), upper[i]);
        }
        return next;
    }

    private double[] stepInL2(double[] from, double alpha) {
        double length = length(gradient);
        double factor = length > 0 ? stepSize / length : 0;
        double[] z = new double[x.length];
        for (int i = 0; i < z.length; i++) {
            z[i] = x[i] + factor * gradient[i];
        }
        projectOnL2(z);
        for (int i = 0; i < z.length; i++) {
            z[i] = x[i] + alpha * (z[i] - x[i]) + (1 - alpha) * (x[i] - from[i]);
        }
        return projectOnL2(z);
    }

    /** Scale to the ball, then clip to the box, as the authors do. In place. */
    private double[] projectOnL2(double[] point) {
        double[] clean = around.clean;
        double squares = 0;
        for (int i = 0; i < point.length; i++) {
            squares += (point[i] - clean[i]) * (point[i] - clean[i]);
        }
        double factor = squares > epsilon * epsilon ? epsilon / Math.sqrt(squares) : 1;
        for (int i = 0; i < point.length; i++) {
            point[i] = around.clip(clean[i] + factor * (point[i] - clean[i]), i);
        }
        return point;
    }

    /**
     * Count the steps on which the loss rose.
     *
     * <p>The authors' code compares the loss after the first step with 0, not with that of the start: it looks one entry before
     * the first in an array of zeros. So with cross-entropy the first step always counts as a rise, with DLR it does not before
     * the sample breaks. Published results contain that, so it is kept.
     */
    @Override
    void arrive(double loss, double[] gradientHere) {
        if (loss > lastLoss) {
            increases++;
        }
        lastLoss = loss;
        super.arrive(loss, gradientHere);
    }

    @Override
    int interval() {
        return interval;
    }

    /** Halve the step size, and return to the best point, if the loss oscillates or if a kept step size found nothing better. */
    @Override
    void checkpoint() {
        boolean oscillates = increases <= rho * interval;
        boolean stagnates = !halved && bestAtCheckpoint >= bestLoss();
        halved = oscillates || stagnates;
        bestAtCheckpoint = bestLoss();
        if (halved) {
            stepSize /= 2;
            returnToBest();
        }
        increases = 0;
        interval = Math.max(interval - shortening, shortest);
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** The Euclidean length; 0 where it is not finite. Squares of tiny values don't underflow. */
    private static double length(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        if (squares > 1e-200 && squares < 1e200) {
            return Math.sqrt(squares);
        }
        double largest = largest(values);
        if (!(largest > 0) || largest == Double.POSITIVE_INFINITY) {
            return 0;
        }
        squares = 0;
        for (double value : values) {
            squares += (value / largest) * (value / largest);
        }
        return largest * Math.sqrt(squares);
    }
}
