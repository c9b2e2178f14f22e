package dev.mettle.defenses;

import dev.mettle.core.model.LabelModel;
import java.util.List;

/**
 * A model with a defense, beside the model without it.
 *
 * @param <M> the class of the models
 * @param model the defended model
 * @param original the model without the defense
 * @param defense what was done, such as {@code PGD-10 training, L∞, epsilon 0.3}
 * @param log what happened meanwhile, one line each
 * @param seconds what the defense cost, in wall-clock time
 * @param cpuSeconds what it cost in processor time of all threads; 0 where the platform doesn't tell
 * @param recalled whether the defended model was made earlier, and only read; the costs are those of then
 */
public record Defended<M extends LabelModel>(
        M model, M original, String defense, List<String> log, double seconds, double cpuSeconds, boolean recalled) {

    /** Create the pair. */
    public Defended {
        log = List.copyOf(log);
    }
}
