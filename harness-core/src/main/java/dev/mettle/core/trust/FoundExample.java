package dev.mettle.core.trust;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;

/**
 * An adversarial example that a trust check found within the threat model, on a sample that withstood the attacks in question.
 *
 * @param check the check
 * @param attack the attack that it ran
 * @param outcome the sample, broken
 * @param recalled whether it was known from an earlier run, and only confirmed
 */
public record FoundExample(TrustCheck check, Attack attack, SampleOutcome outcome, boolean recalled) {

    /**
     * Create the record.
     *
     * @throws ConfigurationException if the sample is not broken
     */
    public FoundExample {
        if (outcome.status() != SampleStatus.BROKEN) {
            throw new ConfigurationException("sample #" + outcome.id() + " is " + outcome.status()
                    + ", which is no adversarial example: give a broken one");
        }
    }

    /** Say whether the same check found another example of the same sample. */
    boolean isRepeatedBy(FoundExample other) {
        return check == other.check && outcome.id() == other.outcome.id();
    }
}
