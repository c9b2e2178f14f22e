package dev.mettle.junit;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import java.util.ArrayList;
import java.util.List;

/** Puts messages together: a first line complete in itself, the facts, and how to see them again. */
final class FailureText {

    private static final int LABEL_WIDTH = 18;

    private FailureText() {}

    /** Return the message of a failed robustness test or assertion. */
    static String of(String sentence, RobustnessReport report, String lastLine) {
        return of(sentence, List.of(), report, lastLine);
    }

    /** Return a message whose first line names the gravest of some doubts, with the others before the facts. */
    static String of(String sentence, List<String> doubts, RobustnessReport report, String lastLine) {
        List<String> lines = new ArrayList<>();
        lines.add(sentence);
        lines.add("");
        if (doubts.size() > 1) {
            lines.addAll(ReportText.doubtDetails(doubts));
            lines.add("");
        }
        lines.addAll(ReportText.details(report));
        lines.add("");
        lines.add(lastLine);
        return String.join("\n", lines);
    }

    /** Return a message of a sentence, the facts behind it, and a last line. */
    static String of(String sentence, List<String> details, String lastLine) {
        return sentence + "\n\n" + String.join("\n", details) + "\n\n" + lastLine;
    }

    /** Return the line with the command that runs a test again. */
    static String reproduce(String command) {
        return line("reproduce", command);
    }

    /** Return the line with the seed, for evaluations that no known command repeats. */
    static String seed(long seed) {
        return line("seed", String.valueOf(seed));
    }

    /** Return an indented line: a label, and a text in the column that all lines share. */
    static String line(String label, String text) {
        return "  " + label + " ".repeat(LABEL_WIDTH - label.length()) + text;
    }
}
