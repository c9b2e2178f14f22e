package dev.mettle.memory;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Sha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An adversarial example that an attack found, and what is expected of the model.
 *
 * @param input the example, shape {@code [1, ...]}
 * @param sample the hash of the clean sample and its label, as in {@link dev.mettle.core.data.LabeledData#sampleKeys}; equal samples share it
 * @param label the true label
 * @param state what is expected of the model
 * @param foundBy the name of the attack
 * @param origin how it was found, for the reader: attack with parameters, threat model and seed
 * @param model the SHA-256 of the model that it fooled at first
 */
public record KnownExample(
        INDArray input, String sample, int label, State state, String foundBy, String origin, String model) {

    private static final int NAME_LENGTH = 16;

    /** What is expected of the model. */
    public enum State {
        /** A known weakness: the model may be fooled. */
        OPEN,
        /** The model was seen to resist the example: it must not be fooled again. */
        RESISTED
    }

    /** Return the example in another state. */
    KnownExample in(State other) {
        return new KnownExample(input, sample, label, other, foundBy, origin, model);
    }

    /** Return the name of the example: the first digits of the SHA-256 of its shape and its values. */
    public String name() {
        MessageDigest digest = Sha256.digest();
        double[] values = Rows.toDoubles(input);
        ByteBuffer bytes = ByteBuffer.allocate((input.rank() + values.length) * Double.BYTES);
        for (long size : input.shape()) {
            bytes.putLong(size);
        }
        bytes.asDoubleBuffer().put(values);
        digest.update(bytes.array());
        return Sha256.hex(digest).substring(0, NAME_LENGTH);
    }
}
