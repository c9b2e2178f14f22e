package dev.mettle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HeartbeatTests {

    private final StringWriter err = new StringWriter();
    private final AtomicLong seconds = new AtomicLong(100);
    private final Heartbeat heartbeat = new Heartbeat(new PrintWriter(err), () -> seconds.get() * 1_000_000_000L);

    @Test
    void aShortAttackIsSilent() {
        heartbeat.begin("PGD-40");
        beatAfter(29);

        assertThat(err.toString()).isEmpty();
    }

    @Test
    void aLongAttackIsHeardEveryHalfMinute() {
        heartbeat.begin("FGSM");
        beatAfter(10);
        heartbeat.begin("PGD-40");
        beatAfter(20);
        beatAfter(29);
        beatAfter(1);

        assertThat(err.toString().lines())
                .containsExactly(
                        "[mettle] PGD-40: 3 of 5 samples still standing after 20 s",
                        "[mettle] PGD-40: 3 of 5 samples still standing after 50 s");
    }

    private void beatAfter(long pause) {
        seconds.addAndGet(pause);
        heartbeat.beat(3, 5);
    }
}
