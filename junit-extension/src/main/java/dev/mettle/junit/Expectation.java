package dev.mettle.junit;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.function.UnaryOperator;
import org.opentest4j.TestAbortedException;

/**
 * What the verdict of a test is expected to be, and what it means if it is something else.
 *
 * @param verdict PASS, or FAIL for a documented weakness
 * @param onInconclusive what becomes of a test without a verdict
 */
record Expectation(Outcome verdict, OnInconclusive onInconclusive) {

    /** The expectation of an assertion. */
    static final Expectation PASS = new Expectation(Outcome.PASS, OnInconclusive.ABORT);

    /**
     * Throw what a report means that is not as expected; return if it is.
     *
     * @param report the report
     * @param lastLine how to get the same report again
     * @param wording may change the message
     * @throws RobustnessAssertionError if the verdict is another one
     * @throws TestAbortedException if there is none for lack of samples
     * @throws UntrustedEvaluationException if the evaluation can't show robustness
     */
    void require(RobustnessReport report, String lastLine, UnaryOperator<String> wording) {
        String message =
                wording.apply(FailureText.of(ReportText.sentence(report), ReportText.doubts(report), report, lastLine));
        switch (report.verdict().outcome()) {
            case MEASURED -> {}
            case UNTRUSTED -> throw new UntrustedEvaluationException(message);
            case INCONCLUSIVE -> {
                if (onInconclusive == OnInconclusive.ABORT) {
                    throw new TestAbortedException(message);
                }
                throw new RobustnessAssertionError(message, comparison() + threshold(report), bounds(report));
            }
            case FAIL -> {
                if (verdict != Outcome.FAIL) {
                    throw new RobustnessAssertionError(message, comparison() + threshold(report), actual(report));
                }
            }
            case PASS -> {
                if (verdict != Outcome.PASS) {
                    String sentence = ReportText.sentence(report)
                            + ", but expectedVerdict = FAIL documents that it does not: remove it, or raise"
                            + " minRobustAccuracy";
                    throw new RobustnessAssertionError(
                            wording.apply(FailureText.of(sentence, report, lastLine)),
                            comparison() + threshold(report),
                            actual(report));
                }
            }
        }
    }

    private String comparison() {
        return verdict == Outcome.FAIL ? "< " : ">= ";
    }

    private static String threshold(RobustnessReport report) {
        VerdictPolicy policy = report.policy();
        String perClass = policy.minRobustAccuracyPerClass().isPresent()
                ? ReportText.percent(policy.minRobustAccuracyPerClass().getAsDouble()) + " in every class"
                : "";
        if (policy.minRobustAccuracy().isEmpty()) {
            return perClass;
        }
        String overall = ReportText.percent(policy.minRobustAccuracy().getAsDouble());
        return perClass.isEmpty() ? overall : overall + " and " + perClass;
    }

    private static String actual(RobustnessReport report) {
        return ReportText.percent(report.robustAccuracy());
    }

    private static String bounds(RobustnessReport report) {
        return ReportText.percent(report.verdict().lowerBound()) + " to "
                + ReportText.percent(report.verdict().upperBound());
    }
}
