package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The loop that the L∞ and L0 attacks of Carlini and Wagner share: in {@link TanhSpace}, solve a problem; make it harder; start
 * the next one from the solution. A problem that stays unsolved for a number of steps is tried again with a larger weight c.
 * Every sample goes through its own stages.
 */
abstract class StagedDescent {

    /** How to descend: steps and learning rate per attempt, the weights c to try, and the most steps per sample altogether. */
    record Schedule(
            int steps,
            double learningRate,
            double initialConst,
            double constFactor,
            double largestConst,
            double confidence,
            int mostSteps) {}

    private final Schedule schedule;
    private final WeightedHinge hinge;
    private final TanhSpace space;

    // The samples still descending, row by row.
    private SampleBatch batch;
    private double[] weights;
    private int[] steps;
    private double[][] clean;
    private int rounds;

    StagedDescent(Schedule schedule, SampleBatch batch) {
        this.schedule = schedule;
        this.hinge = new WeightedHinge(schedule.confidence());
        this.space = new TanhSpace(batch);
        this.batch = batch;
        this.weights = new double[batch.size()];
        Arrays.fill(weights, schedule.initialConst());
        this.steps = new int[batch.size()];
        this.clean = Rows.toRows(batch.inputs());
    }

    /** Change the perturbation of a sample before the model sees it. */
    void prepare(double[] delta) {}

    /** Say whether an adversarial perturbation solves the current problem of its sample. */
    abstract boolean solves(int sample, double[] delta, double weight);

    /** Give a sample its next problem; returns whether there is one. */
    abstract boolean next(int sample, double[] delta, double[] marginGradient);

    /** Return the derivative of the distance term. */
    abstract double pull(int sample, double delta);

    /** Go on with these samples only. */
    abstract void select(int[] going);

    final void freeze(int sample, int feature) {
        space.freeze(sample, feature, clean[sample][feature]);
    }

    final void run() {
        leaveAllBut(batch.standing());
        while (!batch.isEmpty() && rounds++ < schedule.mostSteps()) {
            double[][] deltas = space.points();
            for (int i = 0; i < deltas.length; i++) {
                double[] own = clean[i];
                double[] delta = deltas[i];
                Arrays.setAll(delta, j -> delta[j] - own[j]);
                prepare(delta);
            }
            Aim[] aims = batch.aims();
            INDArray points = points(deltas);
            InputGradient pass = batch.gradient(points, new Margin());
            double[] margins = hinge.margins(pass.logits(), aims);
            double[][] gradients = Rows.toRows(pass.gradient());
            boolean[] going = new boolean[deltas.length];
            for (int i = 0; i < going.length; i++) {
                going[i] = step(i, deltas[i], margins[i], gradients[i]);
            }
            Rows.release(points);
            Rows.release(pass.gradient());
            leaveAllBut(Arrays.stream(batch.standing()).filter(i -> going[i]).toArray());
        }
    }

    private INDArray points(double[][] deltas) {
        double[][] points = new double[deltas.length][];
        for (int i = 0; i < points.length; i++) {
            points[i] = clean[i].clone();
            for (int j = 0; j < points[i].length; j++) {
                points[i][j] += deltas[i][j];
            }
        }
        return Rows.fromRows(points, batch.inputs());
    }

    /** Step to the next problem, or down the loss; returns whether the sample goes on. */
    private boolean step(int i, double[] delta, double margin, double[] marginGradient) {
        if (hinge.reached(margin) && solves(i, delta, weights[i])) {
            steps[i] = 0;
            space.restart(i);
            return next(i, delta, marginGradient);
        }
        if (++steps[i] >= schedule.steps()) {
            steps[i] = 0;
            weights[i] *= schedule.constFactor();
            if (weights[i] >= schedule.largestConst()) {
                return false;
            }
        }
        // The loss over c, so that a tiny weight doesn't drown in the epsilon of Adam
        double towards = hinge.reached(margin) ? 0 : -1;
        double[] gradient = new double[delta.length];
        for (int j = 0; j < gradient.length; j++) {
            gradient[j] = towards * marginGradient[j] + pull(i, delta[j]) / weights[i];
        }
        space.descend(i, gradient, schedule.learningRate());
        return true;
    }

    private void leaveAllBut(int[] going) {
        if (going.length == batch.size()) {
            return;
        }
        batch = batch.select(going);
        weights = Chosen.of(weights, going);
        steps = Chosen.of(steps, going);
        clean = Chosen.of(clean, going);
        space.select(going);
        select(going);
    }
}
