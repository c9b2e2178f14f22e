package dev.mettle.reports;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustReport;
import dev.mettle.core.verdict.Outcome;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Tells a report in HTML, for the place of a test's description: what Allure shows without a click.
 *
 * <p>Allure 3 removes inline SVG and keeps images, so drawings come as images with {@code data:} URIs.
 */
final class DescriptionHtml {

    static final String TABLE = "border-collapse:collapse;margin:0 0 12px 0";
    static final String CELL = "padding:2px 10px;border:0;text-align:left;vertical-align:top";
    static final String NAME = CELL + ";white-space:nowrap";
    static final String NUMBER = "padding:2px 10px;border:0;text-align:right;vertical-align:top;white-space:nowrap";
    private static final String VERDICT = "mettle-verdict";

    /** Marks the paragraph that a description begins with. */
    static final String BEGIN = "class=\"" + VERDICT + "\"";

    private static final int SHOWN_FEATURES = 3;

    private final RobustnessReport report;
    private final Evaluation evaluation;
    private final DistanceText distances;
    private final Markup html = new Markup();

    private DescriptionHtml(RobustnessReport report) {
        this.report = report;
        this.evaluation = report.evaluation();
        this.distances = new DistanceText(report);
    }

    /** Write a report with its pictures and the command that reproduces it, which may be empty. */
    static String of(RobustnessReport report, Outcome expected, ReportPictures pictures, String reproduce) {
        return new DescriptionHtml(report).write(expected, pictures, reproduce);
    }

    private String write(Outcome expected, ReportPictures pictures, String reproduce) {
        html.open("div");
        Outcome outcome = report.verdict().outcome();
        html.open("p", "style", "margin:0 0 10px 0", "class", VERDICT)
                .element("b", outcome.name(), "style", "color:" + Colors.of(outcome))
                .text(ReportText.surprise(outcome, expected) + " " + ReportText.sentence(report))
                .close();
        writeNumbers();
        if (report.results().size() > 1) {
            writeAttacks();
        }
        pictures.curve().ifPresent(svg -> writeImage(svg, "robust accuracy against epsilon"));
        writeBroken(pictures);
        writeTrust();
        writeNotes();
        writeReproduce(html, reproduce);
        return html.close().toString();
    }

    /** Write the command that reproduces a report, if there is one. */
    static void writeReproduce(Markup html, String reproduce) {
        if (!reproduce.isEmpty()) {
            html.open("p", "style", "margin:0 0 10px 0")
                    .text("Reproduce: ")
                    .element("code", reproduce, "style", "overflow-wrap:anywhere")
                    .close();
        }
    }

    /** Write notes as a list, if there are any. */
    static void writeNotes(Markup html, List<String> notes) {
        if (!notes.isEmpty()) {
            html.open("ul", "style", "margin:0 0 10px 0;padding-left:18px");
            notes.forEach(note -> html.element("li", note));
            html.close();
        }
    }

    private void writeNumbers() {
        int samples = report.samples();
        int evaluated = report.evaluatedCount();
        html.open("table", "style", TABLE).open("tbody");
        writeRow(
                "clean accuracy",
                ReportText.percent(report.cleanAccuracy()),
                ReportText.counts(report.cleanCount(), samples, ReportText.cleanInterval(report)));
        writeRow(
                "robust accuracy",
                ReportText.percent(report.robustAccuracy()),
                ReportText.counts(report.robustCount(), evaluated, ReportText.robustInterval(report)));
        report.worstClass()
                .ifPresent(worst -> writeRow(
                        "worst class",
                        ReportText.percent(worst.robustAccuracy()),
                        "class " + worst.label() + ": " + ReportText.counts(report, worst)));
        report.policy()
                .minRobustAccuracy()
                .ifPresent(required -> writeRow(
                        "required",
                        ReportText.percent(required),
                        report.verdict().reason()));
        report.policy()
                .minRobustAccuracyPerClass()
                .ifPresent(required -> writeRow("required per class", ReportText.percent(required), classes()));
        ReportText.decision(report)
                .ifPresent(sentence ->
                        writeRow("decision", report.policy().decision().name().toLowerCase(Locale.ROOT), sentence));
        if (report.undecidedCount() > 0) {
            writeRow(
                    "undecided",
                    ReportText.percent((double) report.undecidedCount() / evaluated),
                    report.undecidedCount() + " of " + evaluated + ": " + undecided());
        }
        if (report.brokenCount() > 0) {
            writeRow(
                    "broken",
                    ReportText.percent((double) report.brokenCount() / evaluated),
                    report.brokenCount() + " of " + evaluated + ", at a median distance of " + medianDistances());
        }
        writeRow(
                "samples",
                String.valueOf(samples),
                evaluation.data().name() + " on " + evaluation.model().name());
        writeRow(
                "passes",
                number(passes(AttackResult::forwardPerSample)),
                "forward and " + number(passes(AttackResult::backwardPerSample)) + " backward per attacked sample");
        writeRow("time", String.format(Locale.ROOT, "%.1f s", report.seconds()), "seed " + evaluation.seed());
        html.close().close();
    }

    /** Says of how many classes what is shown, and names those that are not shown to hold. */
    private String classes() {
        return Stream.of(Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)
                .map(outcome -> {
                    List<String> labels = report.verdict().classes().stream()
                            .filter(each -> each.outcome() == outcome)
                            .map(each -> String.valueOf(each.label()))
                            .toList();
                    return labels.isEmpty()
                            ? ""
                            : outcome + " " + labels.size()
                                    + (outcome == Outcome.PASS ? "" : ": " + String.join(", ", labels));
                })
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining("; "));
    }

    private double passes(ToDoubleFunction<AttackResult> kind) {
        return report.results().stream()
                .filter(result -> result.trustCheck().isEmpty())
                .mapToDouble(kind)
                .sum();
    }

    private String undecided() {
        return Arrays.stream(SampleStatus.values())
                .filter(SampleStatus::undecided)
                .filter(status -> count(status) > 0)
                .map(status -> count(status) + " "
                        + status.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                .collect(Collectors.joining(", "));
    }

    private long count(SampleStatus status) {
        return report.outcomes().stream()
                .filter(outcome -> outcome.status() == status)
                .count();
    }

    /** The median over the broken samples, in the norm of the threat model and in L∞ and L2. */
    private String medianDistances() {
        List<Distances> broken = report.outcomes().stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .map(SampleOutcome::distances)
                .filter(Objects::nonNull)
                .toList();
        return Stream.of(report.threatModel().norm(), Norm.LINF, Norm.L2)
                .distinct()
                .map(each -> distances.of(
                        Statistics.median(broken.stream()
                                .mapToDouble(sample -> sample.in(each))
                                .toArray()),
                        each))
                .collect(Collectors.joining(", "));
    }

    private void writeRow(String name, String value, String remark) {
        writeRow(html, name, value, remark);
    }

    /** Write a row of a table of facts: a name, a number, and what there is to say about it. */
    static void writeRow(Markup html, String name, String value, String remark) {
        html.open("tr")
                .element("td", name, "style", NAME)
                .open("td", "style", NUMBER)
                .element("b", value)
                .close()
                .element("td", remark, "style", CELL)
                .close();
    }

    private void writeAttacks() {
        html.open("table", "style", TABLE).open("thead").open("tr");
        html.element("th", "attack", "style", CELL);
        for (String column : List.of("robust", "broken", "forward", "backward", "time")) {
            html.element("th", column, "style", NUMBER);
        }
        html.close().close().open("tbody");
        for (AttackResult result : report.results()) {
            boolean check = result.trustCheck().isPresent();
            html.open("tr")
                    .element(
                            "td",
                            ReportText.checking(result) + (check ? ", found by a trust check" : ""),
                            "style",
                            NAME);
            double robust = (double) result.count(SampleStatus.ROBUST) / result.evaluatedCount();
            for (String cell : List.of(
                    check ? "–" : ReportText.percent(robust),
                    String.valueOf(result.count(SampleStatus.BROKEN)),
                    number(result.forwardPerSample()),
                    number(result.backwardPerSample()),
                    String.format(Locale.ROOT, "%.1f s", result.seconds()))) {
                html.element("td", cell, "style", NUMBER);
            }
            html.close();
        }
        html.close().close();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private void writeImage(String svg, String alternative) {
        writeImage(html, svg, alternative);
    }

    /** Write a drawing as an image, which Allure 3 keeps. */
    static void writeImage(Markup html, String svg, String alternative) {
        String encoded = Base64.getEncoder().encodeToString(svg.getBytes(StandardCharsets.UTF_8));
        html.open("p", "style", "margin:0 0 10px 0")
                .empty(
                        "img",
                        "src",
                        "data:image/svg+xml;base64," + encoded,
                        "alt",
                        alternative,
                        "style",
                        "max-width:100%")
                .close();
    }

    private void writeBroken(ReportPictures pictures) {
        List<BrokenSample> broken = pictures.broken();
        if (broken.isEmpty()) {
            html.element("p", "No sample was broken.", "style", "margin:0 0 10px 0");
            return;
        }
        String shown = broken.size() == report.brokenCount()
                ? (broken.size() == 1 ? "The broken sample" : "The " + broken.size() + " broken samples")
                : broken.size() + " of the " + report.brokenCount() + " broken samples, by distance";
        html.element("p", shown + ", true class → class predicted:", "style", "margin:0 0 4px 0");
        pictures.grid().ifPresentOrElse(svg -> writeImage(svg, "broken samples"), () -> writeFeatures(broken));
    }

    private void writeFeatures(List<BrokenSample> broken) {
        html.open("table", "style", TABLE).open("thead").open("tr");
        for (String column : List.of("sample", "class", "distance", "features that changed most")) {
            html.element("th", column, "style", CELL);
        }
        html.close().close().open("tbody");
        for (BrokenSample sample : broken) {
            html.open("tr");
            for (String cell : List.of(sample.name(), sample.change(), distances.of(sample.distance()))) {
                html.element("td", cell, "style", NAME);
            }
            html.element("td", mostChanged(sample), "style", CELL);
            html.close();
        }
        html.close().close();
    }

    private static String mostChanged(BrokenSample sample) {
        double[] clean = sample.clean();
        double[] adversarial = sample.adversarial();
        List<Integer> features = new ArrayList<>(IntStream.range(0, clean.length)
                .filter(i -> clean[i] != adversarial[i])
                .boxed()
                .toList());
        features.sort(
                (a, b) -> Double.compare(Math.abs(adversarial[b] - clean[b]), Math.abs(adversarial[a] - clean[a])));
        return features.stream()
                .limit(SHOWN_FEATURES)
                .map(i -> "[" + i + "] " + feature(clean[i]) + " → " + feature(adversarial[i]))
                .collect(Collectors.joining(", "));
    }

    /** Prints a value with four digits, so that a small change shows. */
    private static String feature(double value) {
        return new BigDecimal(value)
                .round(new MathContext(4))
                .stripTrailingZeros()
                .toPlainString();
    }

    private void writeTrust() {
        Optional<TrustReport> trust = report.trust().filter(TrustReport::ran);
        if (trust.isEmpty()) {
            return;
        }
        html.open("table", "style", TABLE).open("thead").open("tr");
        for (String column : List.of("trust check", "level", "evidence", "advice")) {
            html.element("th", column, "style", CELL);
        }
        html.close().close().open("tbody");
        for (TrustFinding finding : trust.get().findings()) {
            html.open("tr").element("td", finding.check().id(), "style", NAME);
            for (String cell : List.of(
                    finding.level().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    finding.evidence(),
                    finding.advice())) {
                html.element("td", cell, "style", CELL);
            }
            html.close();
        }
        html.close().close();
    }

    private void writeNotes() {
        List<String> notes = new ArrayList<>(evaluation.notes());
        evaluation
                .gradientCheck()
                .filter(check -> !notes.contains(check.message()))
                .ifPresent(check -> notes.add(check.message()));
        notes.remove(report.verdict().reason()); // the first sentence says it already
        writeNotes(html, notes);
    }
}
