package dev.mettle.benchmarks;

import java.util.Locale;

/** Which time is measured. */
enum Clock {
    /** What the clock on the wall shows. */
    WALL,

    /** What the calling thread computed: all there is of one thread, and hardly changed by whatever else the machine does. */
    CPU;

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
