package dev.mettle.core.certification;

import java.util.OptionalInt;

/**
 * What a certifier proved of one sample: that no perturbation smaller than the radius changes the class.
 *
 * @param id the id of the sample in its data set
 * @param label its true label
 * @param predicted the class that the certificate is about, counted from 0; empty if the certifier abstained
 * @param radius the radius R of the open ball around the sample that holds no other class, in the norm of the certification and in input
 *     units of the model; at least 0, infinite if nothing changes the class; 0 if nothing was proved
 * @param forwards forward passes spent on this sample, or passes of comparable cost
 * @param evidence what the certificate rests on, in a few words, such as {@code 99950 of 100000 votes}; may be empty
 */
public record Certificate(long id, int label, OptionalInt predicted, double radius, long forwards, String evidence) {

    /**
     * Create the certificate.
     *
     * @throws IllegalArgumentException if the radius is negative or NaN, or there is one without a class
     */
    public Certificate {
        if (!(radius >= 0) || (predicted.isEmpty() && radius > 0)) {
            throw new IllegalArgumentException("a certificate of sample #" + id + " for "
                    + (predicted.isEmpty() ? "no class" : "class " + predicted.getAsInt()) + " with the radius "
                    + radius
                    + " makes no sense");
        }
    }

    /** Certify a class within a radius. */
    public static Certificate of(long id, int label, int predicted, double radius, long forwards, String evidence) {
        return new Certificate(id, label, OptionalInt.of(predicted), radius, forwards, evidence);
    }

    /** Certify nothing, not even a class. */
    public static Certificate abstained(long id, int label, long forwards, String evidence) {
        return new Certificate(id, label, OptionalInt.empty(), 0, forwards, evidence);
    }

    /** Say whether the certifier declined to name a class. */
    public boolean isAbstained() {
        return predicted.isEmpty();
    }

    /** Say whether the class is the true one. An abstention is not. */
    public boolean isCorrect() {
        return predicted.isPresent() && predicted.getAsInt() == label;
    }

    /** Say whether the true class is certified within a radius. */
    public boolean holdsAt(double atLeast) {
        return isCorrect() && radius >= atLeast;
    }
}
