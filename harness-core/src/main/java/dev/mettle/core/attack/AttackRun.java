package dev.mettle.core.attack;

import java.util.List;

/**
 * What one attack did to samples that the model classified correctly.
 *
 * @param outcomes one outcome per attacked sample, in order
 * @param unconfirmed how many proposals the original model or the check in double precision refused
 * @param seconds wall-clock time
 * @param cpuSeconds processor time of all threads; 0 where the platform doesn't tell
 */
public record AttackRun(List<SampleOutcome> outcomes, int unconfirmed, double seconds, double cpuSeconds) {

    /** Create the record. */
    public AttackRun {
        outcomes = List.copyOf(outcomes);
    }
}
