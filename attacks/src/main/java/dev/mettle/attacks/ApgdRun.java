package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.PerturbationSet;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One run of {@link Apgd} or {@link ApgdTargeted}: one {@link ApgdPath} per sample, all queried together. */
final class ApgdRun {

    /** The multiples of ε that the ascent passes through in L1, and the share of the steps each of them gets but the last. */
    private static final int[] LARGE_EPSILONS = {3, 2, 1};

    private static final double SHARE = 0.3;

    private final Norm norm;
    private final int steps;
    private final double rho;
    private final LogitLoss loss;
    private final double epsilon;

    private SampleBatch batch;
    private Aim[] aims;
    private Neighborhood[] around;
    private ApgdPath[] paths = new ApgdPath[0];

    ApgdRun(SampleBatch batch, Norm norm, Aim[] aims, LogitLoss loss, int steps, double rho) {
        PerturbationSet perturbations = batch.perturbations();
        this.norm = norm;
        this.steps = steps;
        this.rho = rho;
        this.loss = loss;
        this.epsilon = perturbations.epsilon();
        this.batch = batch;
        this.aims = aims;
        Neighborhood[] boxes = Neighborhood.of(batch);
        if (norm == Norm.LINF) {
            Arrays.setAll(boxes, i -> boxes[i].within(epsilon, batch.inputs().dataType()));
        }
        this.around = boxes;
    }

    /** Ascend from random starts. */
    void fromNoise() {
        SampleRandom[] streams = new SampleRandom[around.length];
        Arrays.setAll(streams, batch::random);
        ascend(
                norm == Norm.L1
                        ? i -> SparsePath.fromNoise(
                                around[i], epsilon, SparsePath.randomStart(around[i], epsilon, streams[i]), steps)
                        : i -> momentumPath(i, MomentumPath.randomStart(norm, around[i], epsilon, streams[i])),
                steps);
    }

    /** Ascend from given points of ball and box. */
    void from(double[][] starts) {
        ascend(
                norm == Norm.L1
                        ? i -> SparsePath.fromPoint(around[i], epsilon, starts[i], steps)
                        : i -> momentumPath(i, starts[i]),
                steps);
    }

    private ApgdPath momentumPath(int i, double[] start) {
        return new MomentumPath(norm, around[i], epsilon, start, steps, rho);
    }

    /** Ascend from random starts in L1 through 3ε, 2ε and ε, each time from the best point of the larger ball. */
    void throughLargeEpsilons() {
        SampleRandom[] streams = new SampleRandom[around.length];
        Arrays.setAll(streams, batch::random);
        double[][] starts = new double[around.length][];
        Arrays.setAll(starts, i -> SparsePath.randomStart(around[i], LARGE_EPSILONS[0] * epsilon, streams[i]));
        throughLargeEpsilons(starts);
    }

    /** Ascend from given points in L1 through 3ε, 2ε and ε. */
    void throughLargeEpsilons(double[][] starts) {
        int[] phases = new int[LARGE_EPSILONS.length];
        int left = steps;
        for (int phase = 0; phase < phases.length; phase++) {
            phases[phase] = phase == phases.length - 1 ? left : Math.min((int) Math.ceil(SHARE * steps), left);
            left -= phases[phase];
        }
        double[][] points = starts;
        for (int phase = 0; phase < phases.length && !batch.isEmpty(); phase++) {
            double radius = LARGE_EPSILONS[phase] * epsilon;
            double[][] from = points;
            int phaseSteps = phases[phase];
            ascend(
                    i -> SparsePath.fromPoint(
                            around[i], radius, SparsePath.project(around[i], radius, from[i].clone()), phaseSteps),
                    phaseSteps);
            points = new double[paths.length][];
            Arrays.setAll(points, i -> paths[i].best());
        }
    }

    /** Return the step sizes that the samples still in the run take next. */
    double[] stepSizes() {
        return Arrays.stream(paths).mapToDouble(ApgdPath::stepSize).toArray();
    }

    private void ascend(IntFunction<ApgdPath> newPath, int number) {
        paths = new ApgdPath[around.length];
        Arrays.setAll(paths, newPath);
        for (int step = 0; step <= number; step++) {
            INDArray points = points();
            InputGradient pass = batch.gradient(points, loss, aims);
            Rows.release(points);
            double[] losses = loss.values(pass.logits(), aims);
            double[][] gradients = Rows.toRows(pass.gradient());
            Rows.release(pass.logits());
            Rows.release(pass.gradient());
            int[] standing = batch.standing();
            boolean dropped = standing.length < paths.length;
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
            if (dropped) {
                keep(standing);
            }
            if (standing.length == 0) {
                return;
            }
        }
    }

    private INDArray points() {
        double[][] points = new double[paths.length][];
        Arrays.setAll(points, i -> paths[i].point());
        return Rows.fromRows(points, batch.inputs());
    }

    private void keep(int[] positions) {
        batch = batch.select(positions);
        paths = Arrays.stream(positions).mapToObj(i -> paths[i]).toArray(ApgdPath[]::new);
        around = Arrays.stream(positions).mapToObj(i -> around[i]).toArray(Neighborhood[]::new);
        aims = Arrays.stream(positions).mapToObj(i -> aims[i]).toArray(Aim[]::new);
    }
}
