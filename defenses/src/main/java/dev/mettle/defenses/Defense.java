package dev.mettle.defenses;

import dev.mettle.core.model.LabelModel;

/**
 * Makes a defended model out of a model.
 *
 * @param <M> the class of the models
 */
@FunctionalInterface
public interface Defense<M extends LabelModel> {

    /**
     * Defend a model, which stays as it is.
     *
     * @throws dev.mettle.core.ConfigurationException if the defense can't be applied to it
     */
    Defended<M> defend(M model);
}
