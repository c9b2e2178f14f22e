package dev.mettle.benchmarks;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Reports what keeps the benchmark from running, in a sentence for the one who started it. */
final class BenchmarkException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    BenchmarkException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Let a benchmark end with such a sentence and 1, rather than with a stack trace. */
    static CommandLine reported(CommandLine benchmark) {
        return benchmark
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((exception, failed, parsed) -> {
                    if (!(exception instanceof BenchmarkException)) {
                        throw exception;
                    }
                    failed.getErr().println(failed.getCommandName() + ": " + exception.getMessage());
                    return CommandLine.ExitCode.SOFTWARE;
                });
    }
}
