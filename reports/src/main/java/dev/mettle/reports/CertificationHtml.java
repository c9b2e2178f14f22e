package dev.mettle.reports;

import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.verdict.Interval;
import java.util.Locale;

/** Tells a certification in HTML, for the place of a test's description; see {@link ReportHtml}. */
final class CertificationHtml {

    private static final String PARAGRAPH = "margin:0 0 10px 0";

    private final CertificationReport report;
    private final Certification certification;
    private final Markup html = new Markup();

    private CertificationHtml(CertificationReport report) {
        this.report = report;
        this.certification = report.certification();
    }

    /** Write a report with its curve and the command that reproduces it, which may be empty. */
    static String of(CertificationReport report, String curve, String reproduce) {
        return new CertificationHtml(report).write(curve, reproduce);
    }

    /** Write a page of its own. */
    static String page(CertificationReport report, String reproduce) {
        Certification certification = report.certification();
        Markup html = new Markup();
        return PageHtml.page(
                html,
                "Certified robustness of " + certification.model().name(),
                certification.name(),
                () -> html.raw(of(report, SvgStaircase.draw(report), reproduce)).close());
    }

    private String write(String curve, String reproduce) {
        html.open("div");
        html.open("p", "style", PARAGRAPH)
                .element("b", report.outcome().name(), "style", "color:" + Colors.of(report.outcome()))
                .text(" " + CertificationText.sentence(report))
                .close();
        writeNumbers();
        report.sandwich()
                .filter(sandwich -> !sandwich.isContradicted()) // else the first sentence says it
                .ifPresent(sandwich ->
                        html.element("p", capitalized(CertificationText.sentence(sandwich)) + ".", "style", PARAGRAPH));
        html.element("p", capitalized(CertificationText.levels(report)) + ".", "style", PARAGRAPH);
        ReportHtml.writeImage(html, curve, "certified accuracy against the radius");
        ReportHtml.writeNotes(html, certification.notes());
        ReportHtml.writeReproduce(html, reproduce);
        return html.close().toString();
    }

    private static String capitalized(String sentence) {
        return sentence.substring(0, 1).toUpperCase(Locale.ROOT) + sentence.substring(1);
    }

    private void writeNumbers() {
        int samples = certification.samples();
        html.open("table", "style", ReportHtml.TABLE).open("tbody");
        row(
                "clean accuracy",
                ReportText.percent(certification.cleanAccuracy()),
                counts(certification.cleanCount(), certification.interval(0)));
        report.sandwich()
                .ifPresent(sandwich -> row(
                        "under attack",
                        ReportText.percent(sandwich.empiricalAccuracy()),
                        sandwich.unbrokenCount() + " of " + samples + " " + attacked(sandwich)));
        row(
                "certified accuracy",
                ReportText.percent(report.certifiedAccuracy()),
                counts(report.certifiedCount(), report.certifiedInterval()) + ", within "
                        + CertificationText.radius(certification.norm(), report.radius()));
        report.policy()
                .minCertifiedAccuracy()
                .ifPresent(required -> row("required", ReportText.percent(required), bounds()));
        if (certification.abstainedCount() > 0) {
            row(
                    "abstained",
                    ReportText.percent((double) certification.abstainedCount() / samples),
                    certification.abstainedCount() + " of " + samples + ", counted as not certified");
        }
        row(
                "average radius",
                Epsilons.format(certification.averageRadius()),
                "in " + certification.norm().symbol() + ", wrong and abstained samples counted as 0");
        row(
                "samples",
                String.valueOf(samples),
                certification.dataName() + " on " + certification.model().name());
        row(
                "passes",
                String.format(Locale.ROOT, "%.0f", certification.forwardPerSample()),
                parameters().isEmpty() ? "forward per sample" : "forward per sample, " + parameters());
        row("time", String.format(Locale.ROOT, "%.1f s", certification.seconds()), "seed " + certification.seed());
        html.close().close();
    }

    private String counts(int count, Interval interval) {
        return ReportText.counts(
                count,
                certification.samples(),
                report.policy().decision().generalizes() ? "95% CI " + ReportText.interval(interval) : "");
    }

    private static String attacked(Sandwich sandwich) {
        return CertificationText.survived(sandwich);
    }

    private String bounds() {
        return report.policy().decision().generalizes()
                ? "one-sided bounds at "
                        + String.format(
                                        Locale.ROOT,
                                        "%.4g",
                                        100 * report.policy().confidence())
                                .replaceFirst("\\.?0+$", "")
                        + "% confidence: " + ReportText.percent(report.lowerBound()) + " and "
                        + ReportText.percent(report.upperBound())
                : "of these very samples";
    }

    private String parameters() {
        return String.join(
                ", ",
                certification.certifier().parameters().entrySet().stream()
                        .map(entry -> entry.getKey() + " = " + entry.getValue())
                        .toList());
    }

    private void row(String name, String value, String remark) {
        ReportHtml.writeRow(html, name, value, remark);
    }
}
