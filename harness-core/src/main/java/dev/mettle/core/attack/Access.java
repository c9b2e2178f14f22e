package dev.mettle.core.attack;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;

/** What an attack must know of the model: the weakest rung it needs, which is also all it gets. */
public enum Access {
    /** Labels only: a decision-based black-box attack. */
    LABELS,
    /** Logits: a score-based black-box attack. */
    LOGITS,
    /** Input gradients: a white-box attack. */
    GRADIENTS;

    /** Say whether a model offers this much. */
    public boolean offeredBy(LabelModel model) {
        return switch (this) {
            case LABELS -> true;
            case LOGITS -> model instanceof LogitModel;
            case GRADIENTS -> model instanceof DifferentiableModel;
        };
    }
}
