package dev.mettle.junit;

import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.evaluation.ReportText;
import java.util.function.UnaryOperator;
import org.opentest4j.TestAbortedException;

/** What the verdict of a certification means for a test. */
final class CertifiedExpectation {

    private CertifiedExpectation() {}

    /**
     * Throw what a report means unless it passes.
     *
     * @param report the report
     * @param onInconclusive what becomes of a test without a verdict
     * @param lastLine how to get the same report again
     * @param wording may change the message
     * @throws RobustnessAssertionError if certified accuracy is shown to be too low
     * @throws TestAbortedException if there is no verdict for lack of samples
     * @throws UntrustedEvaluationException if an attack found what a certificate rules out
     */
    static void require(
            CertificationReport report, OnInconclusive onInconclusive, String lastLine, UnaryOperator<String> wording) {
        String message = wording.apply(
                FailureText.of(CertificationText.sentence(report), CertificationText.details(report), lastLine));
        switch (report.outcome()) {
            case PASS, MEASURED -> {}
            case UNTRUSTED -> throw new UntrustedEvaluationException(message);
            case INCONCLUSIVE -> {
                if (onInconclusive == OnInconclusive.ABORT) {
                    throw new TestAbortedException(message);
                }
                throw new RobustnessAssertionError(
                        message,
                        required(report),
                        ReportText.percent(report.lowerBound()) + " to " + ReportText.percent(report.upperBound()));
            }
            case FAIL ->
                throw new RobustnessAssertionError(
                        message, required(report), ReportText.percent(report.certifiedAccuracy()));
        }
    }

    private static String required(CertificationReport report) {
        return ">= " + ReportText.percent(report.policy().minCertifiedAccuracy().orElseThrow());
    }
}
