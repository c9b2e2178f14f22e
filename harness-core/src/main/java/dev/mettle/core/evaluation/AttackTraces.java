package dev.mettle.core.evaluation;

import java.util.List;

/**
 * What the attacks of a report do to one sample each, query by query.
 *
 * @param traced the attacks that were run again, in the order of the report
 * @param leftOut the attacks that were not, and why, one sentence each, in the order of the report
 * @param passes how many forward and backward passes the attacks took, counted as in reports
 */
public record AttackTraces(List<TracedAttack> traced, List<String> leftOut, long passes) {

    /** Create the traces. */
    public AttackTraces {
        traced = List.copyOf(traced);
        leftOut = List.copyOf(leftOut);
    }
}
