package dev.mettle.core.attack;

import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Sha256;
import dev.mettle.core.numeric.Tolerance;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The facts about one sample under one attack.
 *
 * @param id the id of the sample in its data set
 * @param label its true label
 * @param status what became of it
 * @param adversarial the verified adversarial example, shape {@code [1, ...]}, if the sample was broken
 * @param adversarialLabel the label the model gives the adversarial example; −1 if there is none, or the model abstains on it
 * @param distances the size of the perturbation, if there is one
 * @param forwards forward passes the attack spent on this sample
 * @param backwards backward passes the attack spent on this sample
 */
public record SampleOutcome(
        long id,
        int label,
        SampleStatus status,
        @Nullable INDArray adversarial,
        int adversarialLabel,
        @Nullable Distances distances,
        long forwards,
        long backwards) {

    /** Create the outcome of a sample without an adversarial example. */
    public static SampleOutcome unbroken(long id, int label, SampleStatus status, long forwards, long backwards) {
        return new SampleOutcome(id, label, status, null, -1, null, forwards, backwards);
    }

    /** Print what the model says of the adversarial example: its label, or {@code abstained} where that counts as broken. */
    public String adversarialAnswer() {
        return adversarialLabel == LabelModel.ABSTAINED ? "abstained" : String.valueOf(adversarialLabel);
    }

    /** Return the outcome of a minimum-norm attack as seen by an attacker with this epsilon. */
    public SampleOutcome within(Norm norm, double epsilon) {
        return distances == null || Tolerance.atMost(distances.in(norm), epsilon)
                ? this
                : unbroken(id, label, SampleStatus.ROBUST, forwards, backwards);
    }

    /** Return the same facts for an attack that spent no further pass, because a smaller epsilon broke the sample already. */
    public SampleOutcome withoutCost() {
        return new SampleOutcome(id, label, status, adversarial, adversarialLabel, distances, 0, 0);
    }

    /**
     * Return the distance at which the sample breaks: that of the adversarial example found, 0 if the model errs on the
     * clean sample or abstains on it, or the attack was undecided, infinite if the sample withstood the attack, NaN if it was not evaluated.
     */
    public double breakingDistance(Norm norm) {
        if (distances != null) {
            return distances.in(norm);
        }
        if (status == SampleStatus.NOT_EVALUATED) {
            return Double.NaN;
        }
        return status == SampleStatus.ROBUST ? Double.POSITIVE_INFINITY : 0;
    }

    /**
     * Return the SHA-256 of the adversarial example, in hex, if there is one: that of its values as doubles, in C order, most
     * significant byte first. Equal hashes mean examples that are equal to the bit.
     */
    public Optional<String> exampleSha256() {
        return Optional.ofNullable(adversarial).map(example -> {
            double[] values = Rows.toDoubles(example);
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES);
            bytes.asDoubleBuffer().put(values);
            MessageDigest digest = Sha256.digest();
            digest.update(bytes.array());
            return Sha256.hex(digest);
        });
    }
}
