package dev.mettle.cli;

import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Outcome;
import java.io.PrintWriter;

/** Prints an evaluation as plain lines. */
final class ConsoleReport {

    private static final int HASH_DIGITS = 12;

    private final PrintWriter out;

    ConsoleReport(PrintWriter out) {
        this.out = out;
    }

    /** Print what is known before the first attack. */
    void header(Evaluation facts) {
        ModelInfo model = facts.model();
        int samples = facts.samples();
        out.println("model  " + model.name() + ", sha256 " + hash(model.sha256()) + ", inputs "
                + ModelInfo.formatShape(model.inputShape()) + " in " + model.inputRange() + ", " + model.classes()
                + " classes");
        out.println("data   " + facts.data().name() + ", sha256 " + hash(facts.dataSha256()) + ", " + samples
                + (samples == 1 ? " sample" : " samples") + ", seed " + facts.seed());
        out.println("clean  " + ReportText.percent((double) facts.cleanCount() / samples) + " "
                + ReportText.interval(ClopperPearson.interval(facts.cleanCount(), samples, 0.95)) + ", "
                + facts.cleanCount() + " of " + samples);
        out.println();
        out.flush();
    }

    /** Shorten a hash for the console. */
    static String hash(String sha256) {
        return sha256.substring(0, Math.min(HASH_DIGITS, sha256.length()));
    }

    /** Print a line at once. */
    void line(String text) {
        out.println(text);
        out.flush();
    }

    /** Print the verdict under one threat model, and its reason where the sentence doesn't hold it. */
    void verdict(RobustnessReport report) {
        Outcome outcome = report.verdict().outcome();
        String prefix = outcome == Outcome.MEASURED ? "" : outcome + ": ";
        out.println(prefix + ReportText.sentence(report));
        ReportText.furtherDoubts(ReportText.doubts(report))
                .forEach(doubt -> out.println(" ".repeat(prefix.length()) + doubt));
        if (outcome != Outcome.MEASURED && outcome != Outcome.UNTRUSTED) {
            out.println(" ".repeat(prefix.length()) + report.verdict().reason());
        }
        ReportText.decision(report).ifPresent(sentence -> out.println(" ".repeat(prefix.length()) + sentence));
        report.worstClass()
                .ifPresent(worst -> out.println(" ".repeat(prefix.length()) + "worst class " + worst.label() + ": "
                        + ReportText.percent(worst.robustAccuracy()) + ", " + ReportText.counts(report, worst)));
        ReportText.warnings(report).forEach(out::println);
        if (report.undecidedCount() > 0) {
            out.println("note: " + report.undecidedCount() + " of " + report.evaluatedCount()
                    + " samples were left undecided ("
                    + ReportText.threat(report.threatModel())
                    + "): zero or invalid gradients, or a failed search, show no robustness");
        }
    }

    /** Print the facts that limit what the evaluation shows. */
    void notes(Evaluation evaluation) {
        evaluation.notes().forEach(note -> out.println("note: " + note));
        out.flush();
    }
}
