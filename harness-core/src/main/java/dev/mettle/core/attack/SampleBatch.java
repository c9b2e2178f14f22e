package dev.mettle.core.attack;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.PerturbationSet;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Samples under attack, and the only way an attack reaches the model.
 *
 * <p>Every point passed to {@link #gradient}, {@link #logits} or {@link #propose} is counted as a query of its sample and
 * judged as a proposal. Immutable: {@link #select} returns a smaller batch.
 */
public final class SampleBatch {

    private final ProposalTracker proposals;
    private final int[] rows;
    private final INDArray inputs;
    private final PerturbationSet perturbations;
    private final int draws;

    SampleBatch(ProposalTracker proposals, int[] rows, INDArray inputs, PerturbationSet perturbations, int draws) {
        this.proposals = proposals;
        this.rows = rows;
        this.inputs = inputs;
        this.perturbations = perturbations;
        this.draws = draws;
    }

    /** Return the number of samples. */
    public int size() {
        return rows.length;
    }

    /** Say whether no sample is left. */
    public boolean isEmpty() {
        return rows.length == 0;
    }

    /** Return the number of classes of the model. */
    public int classes() {
        return proposals.classes();
    }

    /** Return the clean samples in attack coordinates, shape {@code [size, ...]}. Not a copy: don't change them. */
    public INDArray inputs() {
        return inputs;
    }

    /** Return what is wanted of each sample. */
    public Aim[] aims() {
        return Arrays.stream(rows).mapToObj(proposals::aim).toArray(Aim[]::new);
    }

    /** Return the true labels. */
    public int[] labels() {
        return Arrays.stream(rows).map(row -> proposals.aim(row).label()).toArray();
    }

    /** Return the allowed perturbations of these samples. */
    public PerturbationSet perturbations() {
        return perturbations;
    }

    /** Return the random stream of the sample at a position. */
    public SampleRandom random(int position) {
        return proposals.random(rows[position]);
    }

    /** Draw a random allowed point for every sample, each from its own stream. */
    public INDArray randomStart() {
        SampleRandom[] streams = new SampleRandom[rows.length];
        Arrays.setAll(streams, this::random);
        return perturbations.sample(streams);
    }

    /**
     * Run one forward and one backward pass at {@code x}, and propose {@code x}.
     *
     * @param x one point per sample, shape {@code [size, ...]}
     * @param loss the loss to ascend
     * @return the logits, and dLoss/dx up to a positive factor per sample (see {@link LogitLoss#direction(double[], Aim)})
     */
    public InputGradient gradient(INDArray x, LogitLoss loss) {
        return gradient(x, loss, aims());
    }

    /**
     * Run one forward and one backward pass at {@code x}, and propose {@code x}.
     *
     * @param x one point per sample, shape {@code [size, ...]}
     * @param loss the loss to ascend
     * @param aims what the loss is to lead to; what counts as success remains the goal of the evaluation
     * @return the logits, and dLoss/dx up to a positive factor per sample (see {@link LogitLoss#direction(double[], Aim)})
     */
    public InputGradient gradient(INDArray x, LogitLoss loss, Aim[] aims) {
        return gradient(x, (INDArray logits) -> loss.directions(logits, aims));
    }

    /**
     * Run one forward and one backward pass at {@code x}, and propose {@code x}.
     *
     * @param x one point per sample, shape {@code [size, ...]}
     * @param lossGradient maps logits to dLoss/dLogits
     * @return the logits, and dLoss/dx
     */
    public InputGradient gradient(INDArray x, UnaryOperator<INDArray> lossGradient) {
        return proposals.gradient(rows, x, lossGradient, draws);
    }

    /**
     * Run one forward and several backward passes at {@code x}, and propose {@code x}.
     *
     * @param x one point per sample, shape {@code [size, ...]}
     * @param lossGradients maps logits to one or several dLoss/dLogits
     * @return the logits, and dLoss/dx for each of them
     */
    public InputGradients gradients(INDArray x, Function<INDArray, List<INDArray>> lossGradients) {
        return proposals.gradients(rows, x, lossGradients, draws);
    }

    /** Run one forward pass at {@code x}, and propose {@code x}; returns the logits, shape {@code [size, classes]}. */
    public INDArray logits(INDArray x) {
        return proposals.logits(rows, x);
    }

    /**
     * Run one forward pass at {@code x}, with any number of points per sample, and propose them all. Each is a query of its sample.
     *
     * @param x points, shape {@code [positions.length, ...]}
     * @param positions the position of each point's sample
     * @return the logits, shape {@code [positions.length, classes]}
     */
    public INDArray logits(INDArray x, int[] positions) {
        return proposals.logits(
                Arrays.stream(positions).map(position -> rows[position]).toArray(), x);
    }

    /** Say which rows of logits reach the goal. Asks the model nothing. */
    public boolean[] successes(INDArray logits) {
        return proposals.reachesGoal(logits, rows);
    }

    /** Run one forward pass at {@code x}, and propose {@code x}; returns which points reach the goal. */
    public boolean[] propose(INDArray x) {
        return proposals.propose(rows, x);
    }

    /** Return the positions of the samples for which no adversarial example was proposed yet. */
    public int[] standing() {
        int[] positions = new int[rows.length];
        int count = 0;
        for (int position = 0; position < rows.length; position++) {
            if (proposals.standing(rows[position])) {
                positions[count++] = position;
            }
        }
        return Arrays.copyOf(positions, count);
    }

    /** Return the size of the smallest successful perturbation so far per sample, in the norm of the threat; infinite if none. */
    public double[] bestDistances() {
        return Arrays.stream(rows).mapToDouble(proposals::bestDistance).toArray();
    }

    /** Return the nearest adversarial example so far per sample, in attack coordinates, or the clean sample if there is none. */
    public INDArray best() {
        return proposals.best(rows);
    }

    /**
     * Return the samples at some positions only. A position may be given several times, to ask for several points of one sample
     * at once: every row is a query of its sample.
     */
    public SampleBatch select(int[] positions) {
        if (isAll(positions)) {
            return this;
        }
        int[] chosen = new int[positions.length];
        Arrays.setAll(chosen, i -> rows[positions[i]]);
        return new SampleBatch(
                proposals, chosen, Rows.select(inputs, positions), perturbations.select(positions), draws);
    }

    private boolean isAll(int[] positions) {
        if (positions.length != rows.length) {
            return false;
        }
        for (int i = 0; i < positions.length; i++) {
            if (positions[i] != i) {
                return false;
            }
        }
        return true;
    }
}
