package dev.mettle.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * A contender with the present network and batch.
 *
 * @param calls how often it is called in a round
 * @param timings one per round
 */
record Lane(Contender contender, Peer peer, Clock clock, int calls, List<Peer.Timing> timings) {

    private static final double ROUND_NANOS = 3e8;
    private static final int MOST_CALLS = 1000;

    /** Warm a contender up for as long as a round takes, and find out how many calls that is. */
    static Lane warm(Contender contender, Peer peer, Clock clock) {
        peer.time(contender, 1, clock);
        int calls = perRound(peer.time(contender, 1, clock));
        if (calls > 1) {
            calls = perRound(peer.time(contender, calls, clock));
        }
        return new Lane(contender, peer, clock, calls, new ArrayList<>());
    }

    private static int perRound(Peer.Timing timing) {
        return (int) Math.max(1, Math.min(MOST_CALLS, ROUND_NANOS / timing.nanos()));
    }

    /** Run one round. */
    void run() {
        timings.add(peer.time(contender, calls, clock));
    }
}
