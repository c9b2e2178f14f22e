package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DeepFool: go to the nearest decision boundary as if the model were linear, and again, until the label changes.
 *
 * <p>With {@code f = zⱼ − z_y} and {@code w = ∇f} for the class j with the smallest {@code |f| / ‖w‖*}, the step is
 * {@code (|f| / ‖w‖₂ + 10⁻⁴) · w / ‖w‖₂} in L2 and {@code (|f| / ‖w‖₁ + 10⁻⁴) · sign(w)} in L∞, stretched by the overshoot and clipped
 * to the box. Each sample stops at its first adversarial point. The {@code 10⁻⁴} of the authors' code matters: without it, steps
 * cut short by the box shrink faster than the margin, and the search ends on the boundary without crossing it. For a target t the
 * only boundary is that of {@code z_t − max_{j≠t} zⱼ}.
 *
 * <p>Use it for a first estimate of distances in a handful of steps; {@link Ddn} and {@link Fmn} come nearer. Cost per sample and
 * step: one forward pass, and one backward pass per candidate class other than the label; most samples need less than ten steps.
 *
 * <p>Moosavi-Dezfooli, Fawzi, Frossard: DeepFool: A Simple and Accurate Method to Fool Deep Neural Networks, CVPR 2016,
 * <a href="https://arxiv.org/abs/1511.04599">arXiv:1511.04599</a>.
 *
 * @param steps how many points to query per sample, at least 2
 * @param candidates how many of the classes most likely at the clean sample to consider, the label among them, at least 2
 * @param overshoot by which part to go beyond the boundary, at least 0
 * @param overshootTotal whether to stretch the whole perturbation instead of each step, as the authors' code does; it gives very
 *     nearly the same distances in more steps
 */
public record DeepFool(int steps, int candidates, double overshoot, boolean overshootTotal) implements RecordAttack {

    /** The authors' constant beside |f|, for inputs from 0 to 1. */
    private static final double BEYOND = 1e-4;

    /** Create the attack with 50 steps, 10 classes and an overshoot of 0.02 per step. */
    public DeepFool() {
        this(50, 10, 0.02, false);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public DeepFool {
        AttackOptions.requireAtLeast("DeepFool", "steps", steps, 2);
        AttackOptions.requireAtLeast("DeepFool", "candidates", candidates, 2);
        AttackOptions.requireAtLeast("DeepFool", "overshoot", overshoot, 0);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new DeepFool().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps. */
    public DeepFool withSteps(int number) {
        return new DeepFool(number, candidates, overshoot, overshootTotal);
    }

    /** Return the attack with another number of classes to consider. */
    public DeepFool withCandidates(int number) {
        return new DeepFool(steps, number, overshoot, overshootTotal);
    }

    /** Return the attack with the overshoot applied to the whole perturbation. */
    public DeepFool withOvershootOfTotal() {
        return new DeepFool(steps, candidates, overshoot, true);
    }

    @Override
    public String name() {
        return "DeepFool";
    }

    @Override
    public String label() {
        return "DeepFool-" + steps;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2, Norm.LINF);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(steps, (steps - 1L) * (Math.min(candidates, classes) - 1));
    }

    @Override
    public void run(AttackContext context) {
        Norm norm = context.threatModel().norm();
        SampleBatch batch = context.samples();
        List<Walk> walks = PerturbedSample.of(batch).stream().map(Walk::new).toList();
        for (int step = 0; step < steps - 1 && !batch.isEmpty(); step++) {
            INDArray x = points(walks, batch);
            boolean[] reached = new boolean[batch.size()];
            SampleBatch asked = batch;
            List<Walk> asking = walks;
            DecisionBoundary[] nearest = DecisionBoundary.nearest(
                    batch, x, logits -> rivals(asking, asked.aims(), Rows.toRows(logits)), norm, reached);
            Rows.release(x);
            int[] going = IntStream.range(0, reached.length)
                    .filter(i -> !reached[i] && asking.get(i).follow(nearest[i], norm))
                    .toArray();
            batch = batch.select(going);
            walks = Arrays.stream(going).mapToObj(asking::get).toList();
        }
        if (!batch.isEmpty()) {
            batch.propose(points(walks, batch));
        }
    }

    /** The classes to consider: those most likely at the first query, which is at the clean sample. */
    private Aim[][] rivals(List<Walk> walks, Aim[] aims, double[][] logits) {
        for (int i = 0; i < aims.length; i++) {
            Walk walk = walks.get(i);
            if (walk.rivals.length == 0) {
                walk.rivals = DecisionBoundary.rivals(aims[i], logits[i], candidates - 1);
            }
        }
        return walks.stream().map(walk -> walk.rivals).toArray(Aim[][]::new);
    }

    private static INDArray points(List<Walk> walks, SampleBatch batch) {
        return PerturbedSample.points(walks.stream().map(walk -> walk.sample).toList(), batch);
    }

    /** The way of one sample. */
    private final class Walk {

        final PerturbedSample sample;
        private final double[] total;
        private Aim[] rivals = {};

        Walk(PerturbedSample sample) {
            this.sample = sample;
            this.total = new double[sample.clean.length];
        }

        /** Step beyond a boundary; says whether the point has moved, since else it never will. */
        boolean follow(DecisionBoundary boundary, Norm norm) {
            double[] w = boundary.normal;
            double distance = boundary.distance(norm) + BEYOND * sample.unit();
            if (!RowVectors.isDirection(w) || !Double.isFinite(distance)) {
                return false;
            }
            double slope = RowVectors.norm(w, Norm.L2);
            double[] before = sample.x.clone();
            double[] delta = sample.delta();
            for (int i = 0; i < w.length; i++) {
                double step = distance * (norm == Norm.LINF ? Math.signum(w[i]) : w[i] / slope);
                total[i] += step;
                delta[i] = overshootTotal ? (1 + overshoot) * total[i] : delta[i] + (1 + overshoot) * step;
            }
            sample.moveTo(delta);
            return overshootTotal || !Arrays.equals(before, sample.x);
        }
    }
}
