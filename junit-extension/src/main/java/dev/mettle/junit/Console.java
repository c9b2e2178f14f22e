package dev.mettle.junit;

import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.verdict.Interval;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.defenses.Defended;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Prints plain lines about a robustness test: what is run, one line per attack with its result, and a sign of life from long
 * attacks. The output of a build has no cursor to move, so there are no progress bars.
 */
final class Console {

    static final String PREFIX = "[mettle] ";
    private static final int INTERVAL_WIDTH = "[100.0, 100.0]".length();

    private final Consumer<String> out;
    private final int attackWidth;
    private final int threatWidth;
    private final Set<String> told = new HashSet<>();

    /**
     * Create the console of one test method.
     *
     * @param out takes whole lines
     * @param invocations all runs of the test, which share their columns
     */
    Console(Consumer<String> out, List<Invocation> invocations) {
        this.out = out;
        this.attackWidth = invocations.stream()
                .mapToInt(invocation -> invocation.attackLabel().length())
                .max()
                .orElse(0);
        this.threatWidth = invocations.stream()
                .mapToInt(invocation -> invocation.threat().label().length())
                .max()
                .orElse(0);
    }

    /** Print what ND4J runs on. */
    void backend(String statement) {
        print(statement);
    }

    /** Print how ND4J would run faster. */
    void advice(String advice) {
        print("note: " + advice);
    }

    /** Print what was done to the model that is about to be attacked. */
    void defended(Defended<?> pair) {
        print("defense  " + pair.defense()
                + String.format(Locale.ROOT, "  %.0f s", pair.seconds())
                + (pair.cpuSeconds() > 0
                        ? String.format(Locale.ROOT, " (%.0f s of processor time)", pair.cpuSeconds())
                        : "")
                + (pair.recalled() ? ", made earlier" : ""));
    }

    /** Print what is about to be attacked. */
    void started(Evaluation evaluation) {
        print(evaluation.name() + "  seed " + evaluation.seed() + "  " + evaluation.samples() + " samples  model "
                + evaluation.model().name());
        notes(evaluation, "  ");
    }

    /** Print the notes that have come up since the last time. */
    private void notes(Evaluation evaluation, String indent) {
        evaluation.notes().stream().filter(told::add).forEach(note -> print(indent + "note: " + note));
    }

    /** Print the result of one run. */
    void finished(Invocation invocation, RobustnessReport report, Outcome expected) {
        StringBuilder line = new StringBuilder("  ")
                .append(padded(invocation.attackLabel(), attackWidth))
                .append("  ")
                .append(padded(invocation.threat().label(), threatWidth))
                .append("  clean ")
                .append(percent(report.cleanAccuracy()))
                .append("  robust ")
                .append(percent(report.robustAccuracy()))
                .append(' ')
                .append(padded(interval(report.robustInterval()), INTERVAL_WIDTH));
        report.policy()
                .minRobustAccuracy()
                .ifPresent(threshold -> line.append("  need ").append(points(threshold)));
        report.worstClass()
                .ifPresent(worst -> line.append("  worst class ")
                        .append(worst.label())
                        .append(' ')
                        .append(percent(worst.robustAccuracy()))
                        .append(' ')
                        .append(padded(interval(worst.interval()), INTERVAL_WIDTH)));
        report.policy()
                .minRobustAccuracyPerClass()
                .ifPresent(threshold -> line.append("  need ").append(points(threshold)));
        if (invocation.threat().isUnbounded()) {
            line.append("  median distance ").append(Epsilons.format(report.medianDistance()));
        }
        line.append(String.format(Locale.ROOT, "  %6.1f s  ", report.seconds()));
        Outcome outcome = report.verdict().outcome();
        line.append(outcome == Outcome.FAIL ? "FAIL" : outcome.name().toLowerCase(Locale.ROOT));
        line.append(ReportText.surprise(outcome, expected));
        line.append(ReportText.recalled(report));
        print(line.toString());
        ReportText.decision(report).ifPresent(sentence -> print("    " + sentence));
        if (outcome == Outcome.INCONCLUSIVE || outcome == Outcome.UNTRUSTED) {
            about(ReportText.sentence(report));
            ReportText.furtherDoubts(ReportText.doubts(report)).forEach(this::about);
        }
        ReportText.warnings(report).forEach(finding -> print("    " + finding));
        notes(report.evaluation(), "    ");
    }

    /** Print more about the result that was printed last. */
    void about(String line) {
        print("    " + line);
    }

    /** Print a sign of life. */
    void running(String progress) {
        print("  " + progress);
    }

    private void print(String line) {
        out.accept(PREFIX + line);
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private static String percent(double rate) {
        return String.format(Locale.ROOT, "%5.1f%%", 100 * rate);
    }

    private static String points(double rate) {
        return String.format(Locale.ROOT, "%.1f", 100 * rate);
    }

    private static String interval(Interval interval) {
        return "[" + points(interval.lower()) + ", " + points(interval.upper()) + "]";
    }
}
