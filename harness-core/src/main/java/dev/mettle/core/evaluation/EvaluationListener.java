package dev.mettle.core.evaluation;

/**
 * Hears of evaluations. Found by {@link java.util.ServiceLoader}, and called on the thread that runs the test, so that what a
 * listener attaches to "the current test" lands where it belongs.
 *
 * <p>A listener only renders. If it throws, the error is logged and the verdict stands.
 */
public interface EvaluationListener {

    /** Called when a report is complete, before the body of the test runs. */
    void reported(Reported reported);
}
