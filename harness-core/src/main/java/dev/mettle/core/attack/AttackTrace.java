package dev.mettle.core.attack;

import java.util.List;

/**
 * What an attack did to one sample, query by query.
 *
 * @param outcome what became of the sample
 * @param queries all queries about it, in order
 * @param samples how many samples were attacked together, this one included
 */
public record AttackTrace(SampleOutcome outcome, List<Query> queries, int samples) {

    /** Create the trace. */
    public AttackTrace {
        queries = List.copyOf(queries);
    }
}
