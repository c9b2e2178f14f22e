package dev.mettle.reports;

import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.verdict.PairedDifference;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** What a defense bought and what it cost, as a section of the description of a test: numbers before and after, curves, and the log. */
final class DefenseHtml {

    private DefenseHtml() {}

    static String of(Improvement improvement, String defense, List<String> log, double seconds, double cpuSeconds) {
        Markup html = new Markup();
        html.open("div");
        html.open("p", "style", "margin:0 0 4px 0")
                .element("b", "Defense: ")
                .text(defense + ", " + cost(seconds, cpuSeconds))
                .close();
        html.open("table", "style", DescriptionHtml.TABLE).open("thead").open("tr");
        html.element("th", "", "style", DescriptionHtml.CELL);
        for (String column : List.of("without", "with", "difference")) {
            html.element("th", column, "style", DescriptionHtml.NUMBER);
        }
        html.element("th", "bounds, and what changed", "style", DescriptionHtml.CELL);
        html.close().close().open("tbody");
        writeRow(html, "clean accuracy", improvement.cleanAccuracy());
        writeRow(html, "robust accuracy", improvement.robustAccuracy());
        html.close().close();
        if (SvgCurve.isWorthDrawing(improvement.after())) {
            String svg = SvgCurve.draw(improvement.after(), improvement.before());
            html.empty(
                    "img",
                    "src",
                    "data:image/svg+xml;base64,"
                            + Base64.getEncoder().encodeToString(svg.getBytes(StandardCharsets.UTF_8)),
                    "alt",
                    "robust accuracy against epsilon, with and without the defense",
                    "style",
                    "max-width:100%;margin:0 0 12px 0");
        }
        if (!log.isEmpty()) {
            html.open("details", "style", "margin:0 0 12px 0").element("summary", "How the defense was made");
            html.element("pre", String.join("\n", log), "style", "margin:4px 0 0 0;white-space:pre-wrap");
            html.close();
        }
        return html.close().toString();
    }

    private static String cost(double seconds, double cpuSeconds) {
        return String.format(Locale.ROOT, "%.0f s", seconds)
                + (cpuSeconds > 0 ? String.format(Locale.ROOT, " (%.0f s of processor time)", cpuSeconds) : "");
    }

    private static void writeRow(Markup html, String name, PairedDifference difference) {
        html.open("tr").element("td", name, "style", DescriptionHtml.NAME);
        for (String cell : List.of(
                percent(difference.shareBefore()), percent(difference.shareAfter()), points(difference.difference()))) {
            html.open("td", "style", DescriptionHtml.NUMBER).element("b", cell).close();
        }
        html.element(
                        "td",
                        points(difference.lowerBound()) + " to " + points(difference.upperBound()) + "; "
                                + difference.gained() + " of " + difference.samples() + " samples gained, "
                                + difference.lost() + " lost",
                        "style",
                        DescriptionHtml.CELL)
                .close();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }

    private static String points(double difference) {
        return String.format(Locale.ROOT, "%+.1f points", 100 * difference);
    }
}
