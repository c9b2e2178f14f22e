package dev.mettle.core.attack;

import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.PerturbationSet;
import java.util.Arrays;
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

    SampleBatch(ProposalTracker proposals, int[] rows, INDArray inputs, PerturbationSet perturbations) {
        this.proposals = proposals;
        this.rows = rows;
        this.inputs = inputs;
        this.perturbations = perturbations;
    }

    /** Return the number of samples. */
    public int size() {
        return rows.length;
    }

    /** Say whether no sample is left. */
    public boolean isEmpty() {
        return rows.length == 0;
    }

    /** Return the clean inputs, shape {@code [size, ...]}. Not a copy: don't change them. */
    public INDArray inputs() {
        return inputs;
    }

    /** Return the true labels. */
    public int[] labels() {
        int[] labels = new int[rows.length];
        Arrays.setAll(labels, i -> proposals.label(rows[i]));
        return labels;
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
     * @return the logits, and dLoss/dx up to a positive factor per sample (see {@link LogitLoss#direction})
     */
    public InputGradient gradient(INDArray x, LogitLoss loss) {
        int[] labels = labels();
        return gradient(x, (INDArray logits) -> loss.directions(logits, labels));
    }

    /**
     * Run one forward and one backward pass at {@code x}, and propose {@code x}.
     *
     * @param x one point per sample, shape {@code [size, ...]}
     * @param lossGradient maps logits to dLoss/dLogits
     * @return the logits, and dLoss/dx
     */
    public InputGradient gradient(INDArray x, UnaryOperator<INDArray> lossGradient) {
        return proposals.gradient(rows, x, lossGradient);
    }

    /** Run one forward pass at {@code x}, and propose {@code x}; returns the logits, shape {@code [size, classes]}. */
    public INDArray logits(INDArray x) {
        return proposals.logits(rows, x);
    }

    /** Run one forward pass at {@code x}, and propose {@code x}; returns which points change the label. */
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

    /** Return the samples at some positions only. */
    public SampleBatch select(int[] positions) {
        if (positions.length == rows.length) {
            return this;
        }
        int[] chosen = new int[positions.length];
        Arrays.setAll(chosen, i -> rows[positions[i]]);
        return new SampleBatch(proposals, chosen, Rows.select(inputs, positions), perturbations.select(positions));
    }
}
