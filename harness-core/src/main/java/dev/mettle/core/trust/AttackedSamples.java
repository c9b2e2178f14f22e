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
 * @param epsilons at how many epsilons this very run is judged, at least 1: its passes pay for the checks at all of them
 */
public record AttackedSamples(Attack attack, List<SampleOutcome> outcomes, int unconfirmed, int epsilons) {

    /** Create the facts. */
    public AttackedSamples {
        outcomes = List.copyOf(outcomes);
    }

    /** Create the facts of a run that is judged at one epsilon. */
    public AttackedSamples(Attack attack, List<SampleOutcome> outcomes, int unconfirmed) {
        this(attack, outcomes, unconfirmed, 1);
    }

    /** Return the passes spent, forward and backward; of a run that is judged at several epsilons its part of them. */
    long passes() {
        return Meter.passes(outcomes) / epsilons;
    }
}
