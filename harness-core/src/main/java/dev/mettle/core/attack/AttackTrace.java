package dev.mettle.core.attack;

import java.util.List;

/**
 * What an attack did to one sample, query by query.
 *
 * @param run the run, of one sample
 * @param queries all queries, in order
 */
public record AttackTrace(AttackRun run, List<Query> queries) {

    /**
     * Create the trace.
     *
     * @throws IllegalArgumentException if the run is not that of one sample
     */
    public AttackTrace {
        if (run.outcomes().size() != 1) {
            throw new IllegalArgumentException(
                    "a trace is that of one sample, not of " + run.outcomes().size());
        }
        queries = List.copyOf(queries);
    }

    /** Return what became of the sample. */
    public SampleOutcome outcome() {
        return run.outcomes().get(0);
    }
}
