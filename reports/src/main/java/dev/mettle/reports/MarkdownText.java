package dev.mettle.reports;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.trust.TrustLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tells reports in Markdown, for the summary of a CI job: one table of all, then what is behind each line. */
final class MarkdownText {

    private MarkdownText() {}

    static String of(List<ReportDocument> documents) {
        List<String> lines = new ArrayList<>();
        lines.add("# Adversarial robustness");
        lines.add("");
        lines.add(row("test", "threat model", "clean", "robust", "required", "verdict"));
        lines.add("|---|---|---:|---:|---:|---|");
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                lines.add(row(
                        escaped(document.name()),
                        escaped(threat.heading()),
                        ReportText.percent(document.cleanAccuracy()),
                        ReportText.percent(threat.robustAccuracy()),
                        required(threat.verdict().threshold()),
                        "**" + threat.verdict().outcome() + "**"
                                + ReportText.surprise(threat.verdict().outcome(), document.expected())));
            }
        }
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                lines.add("");
                writeThreat(lines, document, threat);
            }
        }
        return String.join("\n", lines) + "\n";
    }

    private static void writeThreat(List<String> lines, ReportDocument document, ReportDocument.Threat threat) {
        lines.add("## " + escaped(document.name()) + ": " + escaped(threat.heading()));
        lines.add("");
        lines.add("**" + threat.verdict().outcome() + "**"
                + ReportText.surprise(threat.verdict().outcome(), document.expected()) + " "
                + escaped(threat.shown().sentence()));
        if (!threat.shown().facts().isEmpty()) {
            lines.add("");
            lines.addAll(table(threat.shown().facts()));
        }
        if (document.baseline() != null) {
            lines.add("");
            lines.add("Baseline: " + escaped(document.baseline().sentence()) + ".");
        }
        if (document.corpus() != null) {
            lines.add("");
            lines.add("Known adversarial examples: " + escaped(document.corpus().sentence()) + ".");
        }
        lines.addAll(doubts(document, threat));
        if (!document.reproduce().isEmpty()) {
            lines.add("");
            lines.add("Reproduce: `" + document.reproduce() + "`");
        }
    }

    /** Lists the doubts and warnings of the trust checks, after an empty line; nothing if there are none. */
    static List<String> doubts(ReportDocument document, ReportDocument.Threat threat) {
        List<String> lines = new ArrayList<>();
        document.trustIn(threat).ifPresent(trust -> {
            List<ReportDocument.Finding> raised = new ArrayList<>(trust.of(TrustLevel.DOUBT));
            raised.addAll(trust.of(TrustLevel.WARNING));
            if (!raised.isEmpty()) {
                lines.add("");
            }
            raised.forEach(finding -> lines.add("- "
                    + (finding.level() == TrustLevel.DOUBT ? "**doubt**" : "warning") + " (" + finding.check() + "): "
                    + escaped(finding.evidence() + (finding.advice().isEmpty() ? "" : ": " + finding.advice()))));
        });
        return lines;
    }

    /** Writes facts as a table. */
    static List<String> table(List<Presentation.Fact> facts) {
        List<String> lines = new ArrayList<>();
        lines.add("| | | |");
        lines.add("|---|---:|---|");
        facts.forEach(fact -> lines.add(row(escaped(fact.name()), escaped(fact.value()), escaped(fact.remark()))));
        return lines;
    }

    static String required(@Nullable Double threshold) {
        return threshold == null ? "" : ReportText.percent(threshold);
    }

    static String row(String... cells) {
        return List.of(cells).stream().collect(Collectors.joining(" | ", "| ", " |"));
    }

    /** Keeps characters from being taken for markup. */
    static String escaped(String text) {
        return text.replaceAll("([\\\\`*_\\[\\]<>|#])", "\\\\$1").replace("\n", " ");
    }
}
