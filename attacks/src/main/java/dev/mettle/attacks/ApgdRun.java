package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One run of {@link Apgd} or {@link ApgdTargeted}: one {@link ApgdPath} per sample, all queried together. */
final class ApgdRun {

    /** The radii through which the ascent may go in L1, in multiples of ε. */
    private static final int[] RADII = {3, 2, 1};

    /** The share of the steps that each radius gets, but the last. */
    private static final double SHARE = 0.3;

    private final Norm norm;
    private final int steps;
    private final double rho;
    private final LogitLoss loss;
    private final double epsilon;

    // The samples still standing, and all that belongs to them, in the same order.
    private SampleBatch batch;
    private Aim[] aims;
    private Neighborhood[] around;
    private ApgdPath[] paths = new ApgdPath[0];

    ApgdRun(SampleBatch batch, Aim[] aims, Norm norm, LogitLoss loss, int steps, double rho) {
        this.norm = norm;
        this.steps = steps;
        this.rho = rho;
        this.loss = loss;
        this.epsilon = batch.perturbations().epsilon();
        this.batch = batch;
        this.aims = aims;
        this.around = Neighborhood.of(batch);
        if (norm == Norm.LINF) {
            Arrays.setAll(around, i -> around[i].within(epsilon, batch.inputs().dataType()));
        }
    }

    /** Ascend from random starts. */
    void fromNoise() {
        from(starts(i -> norm == Norm.L1
                ? SparsePath.randomStart(around[i], epsilon, batch.random(i))
                : MomentumPath.randomStart(norm, around[i], epsilon, batch.random(i))));
    }

    /** Ascend from given starts, as if they were random. */
    void from(double[][] starts) {
        ascend(
                norm == Norm.L1
                        ? i -> SparsePath.fromNoise(around[i], epsilon, starts[i], steps)
                        : i -> new MomentumPath(norm, around[i], epsilon, starts[i], steps, rho),
                steps);
    }

    /** Ascend in L1 from random starts within 3ε, then within 2ε and ε, each time from the nearest point to the best so far. */
    void fromNoiseThroughLargeEpsilons() {
        throughLargeEpsilons(starts(i -> SparsePath.randomStart(around[i], RADII[0] * epsilon, batch.random(i))));
    }

    /** Ascend in L1 from given starts within 3ε, then within 2ε and ε. */
    void throughLargeEpsilons(double[][] starts) {
        double[][] points = starts;
        int left = steps;
        for (int radius : RADII) {
            int share = radius == 1 ? left : Math.min((int) Math.ceil(SHARE * steps), left);
            left -= share;
            double[][] from = points;
            ascend(
                    i -> SparsePath.fromPoint(
                            around[i],
                            radius * epsilon,
                            SparsePath.project(around[i], radius * epsilon, from[i].clone()),
                            share),
                    share);
            points = starts(i -> paths[i].best());
        }
    }

    /** Return the step sizes with which the samples still standing go on. */
    double[] stepSizes() {
        return Arrays.stream(paths).mapToDouble(ApgdPath::stepSize).toArray();
    }

    private double[][] starts(IntFunction<double[]> start) {
        double[][] starts = new double[around.length][];
        Arrays.setAll(starts, start);
        return starts;
    }

    private void ascend(IntFunction<ApgdPath> newPath, int number) {
        paths = new ApgdPath[around.length];
        Arrays.setAll(paths, newPath);
        for (int step = 0; step <= number && !batch.isEmpty(); step++) {
            double[][] points = new double[paths.length][];
            Arrays.setAll(points, i -> paths[i].point());
            INDArray x = Rows.fromRows(points, batch.inputs());
            InputGradient pass = batch.gradient(x, loss, aims);
            double[] losses = loss.values(pass.logits(), aims);
            double[][] gradients = Rows.toRows(pass.gradient());
            Rows.release(x);
            Rows.release(pass.logits());
            Rows.release(pass.gradient());
            int[] standing = batch.standing();
            for (int i : standing) {
                if (step == 0) {
                    paths[i].begin(losses[i], gradients[i]);
                } else {
                    paths[i].arrive(losses[i], gradients[i]);
                }
                if (step < number) {
                    paths[i].move();
                }
            }
            keep(standing);
        }
    }

    private void keep(int[] positions) {
        if (positions.length == paths.length) {
            return;
        }
        batch = batch.select(positions);
        paths = Arrays.stream(positions).mapToObj(i -> paths[i]).toArray(ApgdPath[]::new);
        around = Arrays.stream(positions).mapToObj(i -> around[i]).toArray(Neighborhood[]::new);
        aims = Arrays.stream(positions).mapToObj(i -> aims[i]).toArray(Aim[]::new);
    }
}
