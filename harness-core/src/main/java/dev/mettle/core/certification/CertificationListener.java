package dev.mettle.core.certification;

/**
 * Hears of certifications. Found by {@link java.util.ServiceLoader}, and called on the thread that runs the test, so that what a
 * listener attaches to "the current test" lands where it belongs.
 *
 * <p>A listener only renders. If it throws, the error is logged and the verdict stands.
 */
public interface CertificationListener {

    /**
     * Called when a report is complete.
     *
     * @param report the facts and the verdict
     * @param reproduce a command that runs the same certification again; empty if there is none
     */
    void certified(CertificationReport report, String reproduce);
}
