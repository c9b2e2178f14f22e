package dev.mettle.core.numeric;

import java.lang.management.ManagementFactory;

/** The processor time that this process has taken. */
public final class CpuClock {

    private CpuClock() {}

    /** Return the processor time of all threads so far, in nanoseconds; always 0 where the platform doesn't tell. */
    public static long nanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getProcessCpuTime()
                : 0;
    }
}
