package dev.mettle.core.evaluation;

import dev.mettle.core.attack.AttackEngine;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Tells people who wait that an attack, or a certifier, is still at work: one plain line every half minute. */
public final class Progress implements AttackEngine.Heartbeat {

    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Consumer<String> out;
    private final LongSupplier nanoTime;
    private final String done;
    private String attack = "";
    private long begun;
    private long printed;

    /**
     * Create a progress display.
     *
     * @param out takes whole lines
     * @param nanoTime the clock, such as {@code System::nanoTime}
     */
    public Progress(Consumer<String> out, LongSupplier nanoTime) {
        this(out, nanoTime, "broken");
    }

    /**
     * Create a progress display.
     *
     * @param out takes whole lines
     * @param nanoTime the clock, such as {@code System::nanoTime}
     * @param done what becomes of samples, such as {@code certified}
     */
    public Progress(Consumer<String> out, LongSupplier nanoTime, String done) {
        this.out = out;
        this.nanoTime = nanoTime;
        this.done = done;
        this.begun = nanoTime.getAsLong();
        this.printed = begun;
    }

    @Override
    public void begin(String label) {
        attack = label;
        begun = nanoTime.getAsLong();
    }

    @Override
    public void beat(int broken, int total) {
        long now = nanoTime.getAsLong();
        if (now - printed >= PAUSE_NANOS) {
            printed = now;
            out.accept(attack + " … " + TimeUnit.NANOSECONDS.toSeconds(now - begun) + " s, " + broken + " of " + total
                    + " samples " + done);
        }
    }
}
