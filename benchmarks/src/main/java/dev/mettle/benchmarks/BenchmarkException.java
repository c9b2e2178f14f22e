package dev.mettle.benchmarks;

import org.jspecify.annotations.Nullable;

/** Reports what keeps the benchmark from running, in a sentence for the one who started it. */
final class BenchmarkException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    BenchmarkException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
