package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.defenses.Defended;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.api.Model;

/**
 * What a training made of a network.
 *
 * @param model the trained network, declared as the one before
 * @param settings how it was trained, such as {@code PGD-10 training, L∞ epsilon 0.3, 12 epochs}
 * @param end why the training ended
 * @param history the validations, one per epoch
 * @param bestEpoch the epoch whose network this is; 0 if nothing was learned
 * @param notes what else happened, as sentences
 * @param seconds wall-clock time, over all parts of a resumed training
 * @param cpuSeconds processor time of all threads; 0 where the platform doesn't tell
 */
public record TrainedNetwork(
        Dl4jClassifier model,
        String settings,
        TrainingEnd end,
        List<TrainingProgress> history,
        int bestEpoch,
        List<String> notes,
        double seconds,
        double cpuSeconds) {

    /** Create the result. */
    public TrainedNetwork {
        history = List.copyOf(history);
        notes = List.copyOf(notes);
    }

    /**
     * Return the trained network.
     *
     * @throws ConfigurationException if it is of another class
     */
    public <N extends Model> N network(Class<N> type) {
        Model network = model.network();
        if (!type.isInstance(network)) {
            throw new ConfigurationException("the trained network is a "
                    + network.getClass().getSimpleName() + ", not a " + type.getSimpleName());
        }
        return type.cast(network);
    }

    /** Print one sentence that says all, such as {@code PGD-10 training, L∞ epsilon 0.3, 12 epochs: all epochs are done, in 5:12.} */
    @Override
    public String toString() {
        return settings + ": " + end.reason() + ", in " + TrainingProgress.clock(seconds)
                + String.format(Locale.ROOT, " (%.0f s of processor time)", cpuSeconds);
    }

    /**
     * Return the trained network beside the one before.
     *
     * @throws ConfigurationException if the training diverged, so that there is no defense
     */
    Defended<Dl4jClassifier> defended(Dl4jClassifier original) {
        if (end == TrainingEnd.DIVERGED) {
            throw new ConfigurationException(settings + " failed: " + String.join("; ", notes));
        }
        List<String> log = new ArrayList<>(notes);
        history.forEach(epoch -> log.add(epoch.toString()));
        log.add("training ended: " + end.reason());
        return new Defended<>(model, original, settings, log, seconds, cpuSeconds, false);
    }
}
