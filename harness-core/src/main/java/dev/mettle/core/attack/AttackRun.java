package dev.mettle.core.attack;

import java.util.List;

/**
 * What one attack did to samples that the model classified correctly.
 *
 * @param outcomes one outcome per attacked sample, in order
 * @param unconfirmed how many proposals the original model or the check in double precision refused
 * @param seconds wall-clock time
 * @param cpuSeconds processor time of all threads; 0 where the platform doesn't tell
 * @param recalled how many outcomes were known from an earlier run, and only confirmed
 */
public record AttackRun(
        List<SampleOutcome> outcomes, int unconfirmed, double seconds, double cpuSeconds, int recalled) {

    /** Create the record. */
    public AttackRun {
        outcomes = List.copyOf(outcomes);
    }

    /** Create the record of a run that knew nothing beforehand. */
    public AttackRun(List<SampleOutcome> outcomes, int unconfirmed, double seconds, double cpuSeconds) {
        this(outcomes, unconfirmed, seconds, cpuSeconds, 0);
    }
}
