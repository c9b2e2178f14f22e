package dev.mettle.junit;

import dev.mettle.core.attack.AttackEngine;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Passes on a sign of life from a running attack, at most every 30 seconds. */
final class Progress implements AttackEngine.Heartbeat {

    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(30);

    private final Console console;
    private final LongSupplier nanoTime;
    private String attack = "";
    private long started;
    private long printed;

    Progress(Console console, LongSupplier nanoTime) {
        this.console = console;
        this.nanoTime = nanoTime;
    }

    /** Note that an attack starts now. */
    void start(String label) {
        attack = label;
        started = nanoTime.getAsLong();
        printed = started;
    }

    @Override
    public void beat(int standing, int total) {
        long now = nanoTime.getAsLong();
        if (now - printed >= INTERVAL) {
            printed = now;
            console.running(attack, TimeUnit.NANOSECONDS.toSeconds(now - started), standing, total);
        }
    }
}
