package dev.mettle.reports;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.verdict.Outcome;
import java.util.List;
import java.util.Locale;

/**
 * Tells reports in the XML that CI servers know from JUnit: one test case per threat model. A verdict other than the one expected is a
 * failure; an inconclusive one is skipped; an untrusted one is an error.
 */
final class JunitXml {

    private JunitXml() {}

    static String of(List<ReportDocument> documents) {
        Markup xml = new Markup();
        int tests = 0;
        int failures = 0;
        int errors = 0;
        int skipped = 0;
        double seconds = 0;
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                tests++;
                seconds += seconds(document, threat);
                switch (element(document, threat)) {
                    case "failure" -> failures++;
                    case "error" -> errors++;
                    case "skipped" -> skipped++;
                    default -> {}
                }
            }
        }
        xml.open(
                "testsuite",
                "name",
                "adversarial robustness",
                "tests",
                String.valueOf(tests),
                "failures",
                String.valueOf(failures),
                "errors",
                String.valueOf(errors),
                "skipped",
                String.valueOf(skipped),
                "time",
                time(seconds));
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                writeCase(xml, document, threat);
            }
        }
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + xml.text("\n").close() + "\n";
    }

    private static void writeCase(Markup xml, ReportDocument document, ReportDocument.Threat threat) {
        xml.text("\n  ")
                .open(
                        "testcase",
                        "classname",
                        document.name(),
                        "name",
                        threat.heading(),
                        "time",
                        time(seconds(document, threat)));
        xml.text("\n    ").open("properties");
        property(xml, "cleanAccuracy", String.valueOf(document.cleanAccuracy()));
        property(xml, "robustAccuracy", String.valueOf(threat.robustAccuracy()));
        property(xml, "lowerBound", String.valueOf(threat.verdict().lowerBound()));
        property(xml, "upperBound", String.valueOf(threat.verdict().upperBound()));
        property(xml, "seed", String.valueOf(document.seed()));
        xml.text("\n    ").close();
        String element = element(document, threat);
        if (!element.isEmpty()) {
            xml.text("\n    ")
                    .element(
                            element,
                            element.equals("skipped") ? "" : threat.verdict().reason(),
                            "message",
                            threat.verdict().outcome()
                                    + ReportText.surprise(threat.verdict().outcome(), document.expected()) + " "
                                    + threat.shown().sentence());
        }
        xml.text("\n  ").close();
    }

    private static void property(Markup xml, String name, String value) {
        xml.text("\n      ").empty("property", "name", name, "value", value);
    }

    private static String element(ReportDocument document, ReportDocument.Threat threat) {
        Outcome outcome = threat.verdict().outcome();
        return switch (outcome) {
            case PASS, FAIL -> outcome == document.expected() ? "" : "failure";
            case INCONCLUSIVE -> "skipped";
            case UNTRUSTED -> "error";
            case MEASURED -> "";
        };
    }

    private static double seconds(ReportDocument document, ReportDocument.Threat threat) {
        return document.attacksUnder(threat).stream()
                .mapToDouble(ReportDocument.Attack::seconds)
                .sum();
    }

    private static String time(double seconds) {
        return String.format(Locale.ROOT, "%.3f", seconds);
    }
}
