package dev.mettle.reports;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Norm;

/**
 * What became of one sample under one attack, as a report holds it.
 *
 * @param status the status
 * @param predicted the label the model gives the adversarial example; −1 if there is none
 * @param distance its distance from the clean sample, in the norm of the attack; NaN if there is none
 * @param exampleSha256 the hash of the example, see {@link SampleOutcome#exampleSha256}; empty if there is none
 * @param forwards forward passes the attack spent on the sample; only of a broken sample, else 0
 * @param backwards backward passes the attack spent on the sample; only of a broken sample, else 0
 */
public record SavedOutcome(
        SampleStatus status, int predicted, double distance, String exampleSha256, long forwards, long backwards) {

    /** Create the outcome of a sample without an adversarial example. */
    static SavedOutcome unbroken(SampleStatus status) {
        return new SavedOutcome(status, -1, Double.NaN, "", 0, 0);
    }

    /** Return what a report would hold of an outcome. */
    public static SavedOutcome of(SampleOutcome outcome, Norm norm) {
        return outcome.status() == SampleStatus.BROKEN
                ? new SavedOutcome(
                        outcome.status(),
                        outcome.adversarialLabel(),
                        outcome.breakingDistance(norm),
                        outcome.exampleSha256().orElseThrow(),
                        outcome.forwards(),
                        outcome.backwards())
                : unbroken(outcome.status());
    }

    /** Say whether the attack broke the sample itself, not only at a smaller epsilon. */
    public boolean brokenHere() {
        return status == SampleStatus.BROKEN && forwards + backwards > 0;
    }

    /** Say whether the attack was run on the sample, and not only at a smaller epsilon. */
    boolean attackedHere() {
        return status == SampleStatus.BROKEN ? brokenHere() : status.attacked();
    }

    /** Say whether two outcomes are equal to the bit, whatever they cost. */
    public boolean equalsButForCost(SavedOutcome other) {
        return status == other.status
                && predicted == other.predicted
                && Double.compare(distance, other.distance) == 0
                && exampleSha256.equals(other.exampleSha256);
    }
}
