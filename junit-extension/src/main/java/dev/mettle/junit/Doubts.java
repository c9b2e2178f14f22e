package dev.mettle.junit;

import dev.mettle.core.attack.Access;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.verdict.Outcome;
import java.util.Optional;

/**
 * Sees to it that wrong gradients never lead to a passing test, also where there is no threshold: the body of a test that only
 * measures asserts on the numbers.
 */
final class Doubts {

    private Doubts() {}

    /** Return the failed gradient check, if attacks of this report relied on these gradients. */
    static Optional<GradientCheck> wrongGradients(RobustnessReport report) {
        boolean gradients = report.attacks().stream().anyMatch(attack -> attack.access() == Access.GRADIENTS);
        return report.evaluation().gradientCheck().filter(check -> gradients && !check.passed());
    }

    /** Return the outcome of the verdict; a measurement with wrong gradients is untrusted. */
    static Outcome outcome(RobustnessReport report) {
        Outcome outcome = report.verdict().outcome();
        return outcome == Outcome.MEASURED && wrongGradients(report).isPresent() ? Outcome.UNTRUSTED : outcome;
    }

    /** Say in one sentence what was measured and what it means. */
    static String sentence(RobustnessReport report) {
        String sentence = ReportText.sentence(report);
        return report.verdict().outcome() == Outcome.MEASURED
                ? wrongGradients(report)
                        .map(check -> sentence + " can't be trusted: " + check.message())
                        .orElse(sentence)
                : sentence;
    }
}
