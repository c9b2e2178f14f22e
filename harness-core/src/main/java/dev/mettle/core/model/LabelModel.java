package dev.mettle.core.model;

import dev.mettle.core.loss.Aim;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A classifier that tells its labels and nothing more: the lowest rung of the ladder {@code LabelModel} ⊂ {@link LogitModel}
 * ⊂ {@link DifferentiableModel}.
 *
 * <p>Inputs are batches of shape {@code [n, ...]} in the model's own layout and data type; they are never changed. Models
 * run in inference mode.
 */
public interface LabelModel {

    /** The label of a sample that the model abstains on. */
    int ABSTAINED = -1;

    /** Return what is known of the model before it is run. */
    ModelInfo info();

    /**
     * Return the label of every sample as the model under test itself decides it.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @return {@code n} labels, counted from 0; the lowest one where scores tie; {@link #ABSTAINED} where the model gives no answer
     */
    int[] predict(INDArray inputs);

    /**
     * Return an aim as it has to be pursued against this model: where the model abstains, its last logit stands for no answer, and that
     * is not what an attack wants. The default returns the aim as it is.
     */
    default Aim against(Aim aim) {
        return aim;
    }

    /** Say whether the model is declared to be randomized: to draw anew at every call. */
    default boolean randomized() {
        return false;
    }

    /**
     * Say whether the logits, where a model tells them, decide its labels. If not, as where many draws vote, the model is asked itself
     * about every point that looks like a success by its logits.
     */
    default boolean logitsDecide() {
        return !randomized();
    }

    /**
     * Return the same model with draws of its own that start from a seed, so that two copies with the same seed draw the same. A model that
     * is not randomized returns itself.
     */
    default LabelModel redrawn(long seed) {
        return this;
    }

    /**
     * Return the same model with its randomness fixed at one draw, the same for every sample: a fixed function, whose gradients can be
     * compared. A model that is not randomized returns itself.
     */
    default LabelModel atOneDraw() {
        return this;
    }

    /**
     * Return the label of every sample, and whether the model under test does what an attack wants: prefers another class to the true
     * one, or the target to all others. To abstain is not what an attack wants.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @param aims {@code n} aims
     */
    default Judgement[] judge(INDArray inputs, Aim[] aims) {
        int[] predicted = predict(inputs);
        Judgement[] judgements = new Judgement[predicted.length];
        Arrays.setAll(judgements, i -> {
            Aim aim = aims[i];
            boolean reached = aim.isTargeted()
                    ? predicted[i] == aim.target()
                    : predicted[i] != aim.label() && predicted[i] != ABSTAINED;
            return new Judgement(predicted[i], reached);
        });
        return judgements;
    }

    /** Say for every sample whether the model under test does what an attack wants; see {@link #judge}. */
    default boolean[] reaches(INDArray inputs, Aim[] aims) {
        Judgement[] judgements = judge(inputs, aims);
        boolean[] reached = new boolean[judgements.length];
        for (int i = 0; i < reached.length; i++) {
            reached[i] = judgements[i].reachesAim();
        }
        return reached;
    }

    /** Say for every sample whether the model under test prefers another class to the given one; see {@link #reaches}. */
    default boolean[] misclassifies(INDArray inputs, int[] labels) {
        return reaches(inputs, Aim.awayFrom(labels));
    }
}
