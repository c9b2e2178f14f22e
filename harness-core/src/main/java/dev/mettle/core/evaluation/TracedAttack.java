package dev.mettle.core.evaluation;

import dev.mettle.core.attack.AttackTrace;
import dev.mettle.core.attack.Query;
import dev.mettle.core.attack.SampleOutcome;
import java.util.ArrayList;
import java.util.List;

/**
 * An attack of a report, run again on one of its samples alone, query by query.
 *
 * <p>Of every restart at most {@value #SHOWN_PER_RESTART} queries are kept, for drawing: the first one, the last one, and others evenly
 * spaced between them. A value that lasts for a few queries only, such as a peak, may be missing.
 *
 * @param result what the report holds of the attack
 * @param position the position of the sample in the data
 * @param outcome what became of the sample this time, at what cost
 * @param points the queries that are kept, in order
 * @param queries how many queries there were
 */
public record TracedAttack(AttackResult result, int position, SampleOutcome outcome, List<Point> points, int queries) {

    /** How many queries of a restart are kept. */
    public static final int SHOWN_PER_RESTART = 200;

    /**
     * A query, and when it was asked.
     *
     * @param number how many queries of the same restart were asked before
     * @param query the query
     */
    public record Point(int number, Query query) {}

    /** Create the trace. */
    public TracedAttack {
        points = List.copyOf(points);
    }

    static TracedAttack of(AttackResult result, int position, AttackTrace trace) {
        return new TracedAttack(
                result,
                position,
                trace.outcome(),
                thinned(trace.queries()),
                trace.queries().size());
    }

    private static List<Point> thinned(List<Query> queries) {
        List<Point> points = new ArrayList<>();
        int from = 0;
        while (from < queries.size()) {
            int to = from;
            while (to < queries.size()
                    && queries.get(to).restart() == queries.get(from).restart()) {
                to++;
            }
            int asked = to - from;
            int shown = Math.min(asked, SHOWN_PER_RESTART);
            for (int i = 0; i < shown; i++) {
                int number = shown == asked ? i : (int) Math.round((double) i * (asked - 1) / (shown - 1));
                points.add(new Point(number, queries.get(from + number)));
            }
            from = to;
        }
        return points;
    }

    /** Return the name of the attack, such as {@code PGD-40}. */
    public String label() {
        return result.attack().label();
    }

    /** Return what the report holds of the sample under this attack. */
    public SampleOutcome reported() {
        return result.outcomes().get(position);
    }

    /**
     * Say whether the same became of the sample as in the report: the status, the label, and the adversarial example to the bit. It may
     * not, where a batch of another size is rounded differently, or where the report owes its example to one known before.
     */
    public boolean isAsReported() {
        return outcome.status() == reported().status()
                && outcome.adversarialLabel() == reported().adversarialLabel()
                && outcome.exampleSha256().equals(reported().exampleSha256());
    }
}
