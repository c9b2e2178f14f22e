package dev.mettle.core.trust;

import dev.mettle.core.attack.SampleOutcome;
import java.util.List;

/** Counts the passes that trust checks spend. Not thread-safe. */
final class Meter {

    private long passes;

    void forward(long samples) {
        passes += samples;
    }

    void forwardAndBackward(long samples) {
        passes += 2 * samples;
    }

    void attack(List<SampleOutcome> outcomes) {
        passes += passes(outcomes);
    }

    static long passes(List<SampleOutcome> outcomes) {
        return outcomes.stream()
                .mapToLong(outcome -> outcome.forwards() + outcome.backwards())
                .sum();
    }

    long passes() {
        return passes;
    }
}
