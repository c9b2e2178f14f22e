package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTests {

    private final List<String> lines = new ArrayList<>();
    private final AtomicLong seconds = new AtomicLong(1000);
    private final Progress progress = new Progress(lines::add, () -> TimeUnit.SECONDS.toNanos(seconds.get()));

    @Test
    void is_silent_about_short_attacks() {
        progress.begin("PGD-40");
        beatAfter(29);

        assertThat(lines).isEmpty();
    }

    @Test
    void speaks_every_half_minute() {
        progress.begin("FGSM");
        beatAfter(10);
        progress.begin("PGD-40");
        beatAfter(20);
        beatAfter(29);
        beatAfter(1);

        assertThat(lines)
                .containsExactly("PGD-40 … 20 s, 3 of 5 samples broken", "PGD-40 … 50 s, 3 of 5 samples broken");
    }

    private void beatAfter(long pause) {
        seconds.addAndGet(pause);
        progress.beat(3, 5);
    }
}
