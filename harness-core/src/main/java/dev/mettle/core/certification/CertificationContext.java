package dev.mettle.core.certification;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import java.util.List;

/**
 * What a certifier is given.
 *
 * @param model the model as the user gave it; see {@link Certifier#subject}
 * @param data the samples, in the shape and data type of the model, inside its input range
 * @param norm the norm of the radii
 * @param radii the radii to decide, in input units of the model, ascending, at least one
 * @param seed the base seed of all random draws
 * @param batchSize how many inputs to run at once; certificates don't depend on it
 * @param heartbeat to be told now and then, from the certifying thread
 */
public record CertificationContext(
        LabelModel model,
        LabeledData data,
        Norm norm,
        List<Double> radii,
        long seed,
        int batchSize,
        Heartbeat heartbeat) {

    /** Create the context. */
    public CertificationContext {
        radii = List.copyOf(radii);
    }

    /** Hears that work goes on. */
    public interface Heartbeat {

        /**
         * Called every now and then, at most after every forward pass.
         *
         * @param done how many samples are done
         * @param total how many there are
         */
        void beat(int done, int total);
    }
}
