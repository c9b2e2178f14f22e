package dev.mettle.core.model;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A classifier that tells its labels and nothing more: the lowest rung of the ladder {@code LabelModel} ⊂ {@link LogitModel}
 * ⊂ {@link DifferentiableModel}.
 *
 * <p>Inputs are batches of shape {@code [n, ...]} in the model's own layout and data type; they are never changed. Models
 * run in inference mode.
 */
public interface LabelModel {

    /** Return what is known of the model before it is run. */
    ModelInfo info();

    /**
     * Return the label of every sample as the model under test itself decides it.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @return {@code n} labels, counted from 0; the lowest one where scores tie
     */
    int[] predict(INDArray inputs);

    /**
     * Say for every sample whether the model under test prefers another class to the given one. A tie is no preference.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @param labels {@code n} labels
     */
    default boolean[] misclassifies(INDArray inputs, int[] labels) {
        int[] predicted = predict(inputs);
        boolean[] wrong = new boolean[predicted.length];
        for (int i = 0; i < wrong.length; i++) {
            wrong[i] = predicted[i] != labels[i];
        }
        return wrong;
    }
}
