package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import org.apiguardian.api.API;

/**
 * Reports that a model is shown to be less robust than required.
 *
 * <p>The first line of the message is complete in itself. What was expected and what was found are short texts, for
 * reports that compare the two:
 *
 * <pre>{@code
 * error.getExpected() // ">= 60.0%"
 * error.getActual()   // "44.0%"
 * }</pre>
 */
@API(status = EXPERIMENTAL, since = "0.1")
public final class RobustnessAssertionError extends AssertionError {

    private final String expected;
    private final String actual;

    /**
     * Create the error.
     *
     * @param message a first line complete in itself, then details
     * @param expected what was required, such as {@code >= 60.0%}
     * @param actual what was found, such as {@code 44.0%}
     */
    public RobustnessAssertionError(String message, String expected, String actual) {
        super(message);
        this.expected = expected;
        this.actual = actual;
    }

    /** Return what was required, such as {@code >= 60.0%}. */
    public String getExpected() {
        return expected;
    }

    /** Return what was found, such as {@code 44.0%}. */
    public String getActual() {
        return actual;
    }

    /** Return the same error, thrown at the same place, with one more line at the end of its message. */
    RobustnessAssertionError withLine(String line) {
        RobustnessAssertionError longer = new RobustnessAssertionError(getMessage() + "\n" + line, expected, actual);
        longer.setStackTrace(getStackTrace());
        for (Throwable suppressed : getSuppressed()) {
            longer.addSuppressed(suppressed);
        }
        return longer;
    }
}
