package dev.mettle.cli;

import dev.mettle.core.attack.AttackEngine;
import java.io.PrintWriter;
import java.util.function.LongSupplier;

/** Tells people who wait that an attack is still at work: one line every half minute. */
final class Heartbeat implements AttackEngine.Heartbeat {

    private static final long PAUSE_NANOS = 30_000_000_000L;

    private final PrintWriter err;
    private final LongSupplier nanoTime;
    private String attack = "";
    private long begun;
    private long last;

    Heartbeat(PrintWriter err, LongSupplier nanoTime) {
        this.err = err;
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
        this.last = begun;
    }

    /** Say which attack begins. */
    void begin(String label) {
        attack = label;
        begun = nanoTime.getAsLong();
    }

    @Override
    public void beat(int standing, int total) {
        long now = nanoTime.getAsLong();
        if (now - last >= PAUSE_NANOS) {
            last = now;
            err.println("[mettle] " + attack + ": " + standing + " of " + total + " samples still standing after "
                    + (now - begun) / 1_000_000_000 + " s");
        }
    }
}
