package dev.mettle.core.trust;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import java.util.List;

/**
 * What an attack did, as far as trust is concerned.
 *
 * @param attack the attack
 * @param outcomes one outcome per sample of the data
 * @param unconfirmed how many proposals the original model refused
 */
public record AttackedSamples(Attack attack, List<SampleOutcome> outcomes, int unconfirmed) {

    /** Create the facts. */
    public AttackedSamples {
        outcomes = List.copyOf(outcomes);
    }
}
