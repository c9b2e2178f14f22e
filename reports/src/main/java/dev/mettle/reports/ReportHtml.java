package dev.mettle.reports;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.verdict.Outcome;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Tells a report in HTML: for the place of a test's description, which Allure shows without a click, and for a page of its own.
 *
 * <p>Allure 3 removes inline SVG and style sheets, and keeps images and style attributes; so a description has drawings as images with
 * {@code data:} URIs. A page has the drawings themselves, which follow its colors.
 */
final class ReportHtml {

    static final String TABLE = "border-collapse:collapse;margin:0 0 12px 0";
    static final String CELL = "padding:2px 10px;border:0;text-align:left;vertical-align:top;white-space:normal";
    static final String NAME = "padding:2px 10px;border:0;text-align:left;vertical-align:top;white-space:nowrap";
    static final String NUMBER = "padding:2px 10px;border:0;text-align:right;vertical-align:top;white-space:nowrap";

    /** Allure 2 would hide that there is something to unfold. */
    private static final String SUMMARY = "display:list-item;cursor:pointer;color:" + Colors.LINE;

    static final String PARAGRAPH = "margin:0 0 10px 0";

    /** What stands for itself in an address, besides digits and letters. */
    private static final String PLAIN = "-._~!$()*,;:@/?+=";

    private static final int WORST_CLASSES = 5;
    private static final int MOST_CONFUSIONS = 10;

    private final ReportDocument document;
    private final Markup html;
    private final boolean page;

    private ReportHtml(ReportDocument document, Markup html, boolean page) {
        this.document = document;
        this.html = html;
        this.page = page;
    }

    /** Write what Allure shows as the description of a test. */
    static String description(ReportDocument document) {
        Markup html = new Markup();
        html.open("div");
        new ReportHtml(document, html, false).write(document.worst());
        return html.close().toString();
    }

    /** Write one threat model of a document into a page. */
    static void write(Markup html, ReportDocument document, ReportDocument.Threat threat) {
        new ReportHtml(document, html, true).write(threat);
    }

    private void write(ReportDocument.Threat threat) {
        writeVerdict(threat);
        writeNumbers(threat);
        writeHistory();
        writeDefense();
        SvgCurve.draw(document, threat).ifPresent(svg -> writeImage(svg, curveInWords(threat)));
        writeBroken(threat);
        writeClasses(threat.shown());
        writeAttacks(threat);
        writeTraces(threat.shown());
        writeTrust(threat);
        writeNotes(html, notes(threat));
        writeTaxonomy();
        writeReproduce(html, document.reproduce());
    }

    private void writeVerdict(ReportDocument.Threat threat) {
        Outcome outcome = threat.verdict().outcome();
        html.open("p", "style", PARAGRAPH)
                .element("b", outcome.name(), "style", "color:" + Colors.of(outcome))
                .text(ReportText.surprise(outcome, document.expected()) + " "
                        + threat.shown().sentence())
                .close();
    }

    private void writeNumbers(ReportDocument.Threat threat) {
        html.open("table", "style", TABLE).open("tbody");
        List<Presentation.Fact> facts = threat.shown().facts();
        if (facts.isEmpty()) { // a report of an earlier version
            writeRow(html, "clean accuracy", ReportText.percent(document.cleanAccuracy()), "");
            writeRow(
                    html,
                    "robust accuracy",
                    ReportText.percent(threat.robustAccuracy()),
                    threat.robustCount() + " of " + threat.evaluated());
        }
        facts.forEach(fact -> writeRow(html, fact.name(), fact.value(), fact.remark()));
        List<ReportDocument.Attack> attacks = document.attacksUnder(threat);
        writeRow(
                html,
                "time",
                seconds(attacks.stream()
                        .mapToDouble(ReportDocument.Attack::seconds)
                        .sum()),
                device(attacks));
        html.close().close();
    }

    private String device(List<ReportDocument.Attack> attacks) {
        List<String> parts = new ArrayList<>();
        double cpu =
                attacks.stream().mapToDouble(ReportDocument.Attack::cpuSeconds).sum();
        if (cpu > 0) {
            parts.add(seconds(cpu) + " of processor time");
        }
        String device = document.environment().getOrDefault("device", "");
        if (!device.isEmpty()) {
            parts.add(device);
        }
        String threads = document.environment().getOrDefault("threads", "");
        if (!threads.isEmpty()) {
            parts.add(threads + (threads.equals("1") ? " thread" : " threads"));
        }
        parts.add("seed " + document.seed());
        return String.join(", ", parts);
    }

    private static String seconds(double seconds) {
        return String.format(Locale.ROOT, "%.1f s", seconds);
    }

    private void writeHistory() {
        if (document.baseline() != null) {
            html.open("p", "style", PARAGRAPH)
                    .element("b", "Baseline: ")
                    .text(document.baseline().sentence() + ".")
                    .close();
        }
        if (document.corpus() != null) {
            html.open("p", "style", PARAGRAPH)
                    .element("b", "Known adversarial examples: ")
                    .text(document.corpus().sentence() + ".")
                    .close();
        }
    }

    private void writeDefense() {
        ReportDocument.Defense defense = document.defense();
        if (defense == null) {
            return;
        }
        html.open("p", "style", "margin:0 0 4px 0")
                .element("b", "Defense: ")
                .text(defense.title() + ", "
                        + String.format(Locale.ROOT, "%.0f s", defense.seconds())
                        + (defense.cpuSeconds() > 0
                                ? String.format(Locale.ROOT, " (%.0f s of processor time)", defense.cpuSeconds())
                                : ""))
                .close();
        Map<String, ReportDocument.Difference> differences = new LinkedHashMap<>();
        differences.put("clean accuracy", defense.cleanAccuracy());
        differences.put("robust accuracy", defense.robustAccuracy());
        writeDifferences(html, List.of("without", "with"), differences);
        if (!defense.log().isEmpty()) {
            html.open("details", "style", "margin:0 0 12px 0")
                    .element("summary", "How the defense was made", "style", SUMMARY);
            html.element("pre", String.join("\n", defense.log()), "style", "margin:4px 0 0 0;white-space:pre-wrap");
            html.close();
        }
    }

    /** Write shares before and after as a table, by what they are shares of. */
    static void writeDifferences(
            Markup html, List<String> columns, Map<String, ReportDocument.Difference> differences) {
        List<String> numbers = new ArrayList<>(List.of(""));
        numbers.addAll(columns);
        numbers.add("difference");
        open(html, numbers, List.of("bounds, and what changed"));
        differences.forEach((name, difference) -> writeDifference(html, name, difference));
        html.close().close();
    }

    private static void writeDifference(Markup html, String name, ReportDocument.Difference difference) {
        html.open("tr").element("td", name, "style", NAME);
        for (String cell : List.of(
                ReportText.percent(difference.before()),
                ReportText.percent(difference.after()),
                points(difference.after() - difference.before()))) {
            html.open("td", "style", NUMBER).element("b", cell).close();
        }
        html.element(
                        "td",
                        points(difference.lower()) + " to " + points(difference.upper()) + "; "
                                + difference.gained() + " of " + ReportText.samples(difference.samples()) + " gained, "
                                + difference.lost() + " lost",
                        "style",
                        CELL)
                .close();
    }

    /** Print a difference of shares in points, with its sign. */
    static String points(double difference) {
        return String.format(Locale.ROOT, "%+.1f points", 100 * difference);
    }

    private static String curveInWords(ReportDocument.Threat threat) {
        Presentation.Curve curve = threat.shown().curve();
        return "Robust accuracy against epsilon"
                + (curve == null
                        ? ""
                        : ": "
                                + curve.points().stream()
                                        .map(point -> ReportText.percent(point.robustAccuracy()) + " at "
                                                + number(point.epsilon()))
                                        .collect(Collectors.joining(", ")));
    }

    private void writeBroken(ReportDocument.Threat threat) {
        List<Presentation.Example> examples = threat.shown().examples();
        if (examples.isEmpty()) {
            if (threat.brokenCount() == 0) {
                html.element("p", "No sample was broken.", "style", PARAGRAPH);
            }
            return;
        }
        String shown = examples.size() == threat.brokenCount()
                ? (examples.size() == 1 ? "The broken sample" : "The " + examples.size() + " broken samples")
                : examples.size() + " of the " + threat.brokenCount() + " broken samples, by distance";
        html.element("p", shown + ", true class → class predicted:", "style", "margin:0 0 4px 0");
        if (examples.stream().allMatch(example -> example.pictures() != null)) {
            writeImage(
                    SampleGrid.draw(examples),
                    "Clean sample, adversarial example and difference of "
                            + examples.stream()
                                    .map(example -> "#" + example.sample() + " " + example.change())
                                    .collect(Collectors.joining(", ")));
        } else {
            writeFeatures(examples);
        }
    }

    /** Writes one line per feature that changed, the sample beside the first of them. */
    private void writeFeatures(List<Presentation.Example> examples) {
        open(html, List.of(), List.of("sample", "class", "distance", "feature"), List.of("before", "after"));
        for (Presentation.Example example : examples) {
            boolean first = true;
            for (Presentation.Change change : example.changes()) {
                html.open("tr");
                html.element("td", first ? "#" + example.sample() : "", "style", NAME);
                html.element("td", first ? answered(example) : "", "style", NAME);
                html.element("td", first ? example.size() : "", "style", NAME);
                html.element("td", "[" + change.feature() + "]", "style", NAME);
                html.element("td", number(change.before()), "style", NUMBER);
                html.element("td", number(change.after()), "style", NUMBER);
                html.close();
                first = false;
            }
            int more = (example.changed() == null ? 0 : example.changed())
                    - example.changes().size();
            if (more > 0) {
                html.open("tr").element("td", "", "style", NAME);
                html.element("td", "", "style", NAME).element("td", "", "style", NAME);
                html.element(
                        "td",
                        "and " + more + (more == 1 ? " feature" : " features") + " that changed less",
                        "style",
                        CELL,
                        "colspan",
                        "3");
                html.close();
            }
        }
        html.close().close();
    }

    private static String answered(Presentation.Example example) {
        return example.change()
                + (example.confidence() == null ? "" : " (" + SampleGrid.percent(example.confidence()) + " sure)");
    }

    /** Prints a value with four digits, so that a small change shows. */
    private static String number(double value) {
        return new BigDecimal(value)
                .round(new MathContext(4))
                .stripTrailingZeros()
                .toPlainString();
    }

    private void writeClasses(Presentation shown) {
        List<Presentation.ClassRow> evaluated =
                shown.classes().stream().filter(row -> row.evaluated() > 0).toList();
        if (evaluated.size() < 2) {
            return;
        }
        List<Presentation.ClassRow> worst = evaluated.stream()
                .sorted(Comparator.comparingDouble(Presentation.ClassRow::robustAccuracy)
                        .thenComparing(Presentation.ClassRow::upper))
                .limit(WORST_CLASSES)
                .toList();
        open(
                html,
                List.of(),
                List.of(worst.size() < evaluated.size() ? "worst classes" : "class"),
                List.of("samples", "clean", "robust"),
                List.of("95% bounds, for all classes at once"));
        for (Presentation.ClassRow row : worst) {
            html.open("tr").element("td", String.valueOf(row.label()), "style", NAME);
            for (String cell : List.of(
                    String.valueOf(row.samples()),
                    ReportText.percent((double) row.cleanCount() / row.samples()),
                    ReportText.percent(row.robustAccuracy()))) {
                html.element("td", cell, "style", NUMBER);
            }
            html.element(
                            "td",
                            ReportText.percent(row.lower()) + " to " + ReportText.percent(row.upper()),
                            "style",
                            NAME)
                    .close();
        }
        html.close().close();
        if (SvgConfusion.isWorthDrawing(shown)) {
            writeImage(SvgConfusion.draw(shown), "Confusion matrix under attack. " + confusions(shown));
        } else {
            String confusions = confusions(shown);
            if (!confusions.isEmpty()) {
                html.element("p", confusions, "style", PARAGRAPH);
            }
        }
    }

    private static String confusions(Presentation shown) {
        String most = shown.answers().stream()
                .filter(answer -> answer.answer() == null || answer.answer() != answer.label())
                .sorted(Comparator.comparingInt((Presentation.Answer answer) -> -answer.count())
                        .thenComparing(Presentation.Answer::label))
                .limit(MOST_CONFUSIONS)
                .map(answer -> answer.label() + " → " + (answer.answer() == null ? "abstained" : answer.answer()) + " ("
                        + answer.count() + ")")
                .collect(Collectors.joining(", "));
        return most.isEmpty() ? "" : "Most frequent confusions under attack: " + most + ".";
    }

    private void writeAttacks(ReportDocument.Threat threat) {
        List<ReportDocument.Attack> attacks = document.attacksUnder(threat);
        if (attacks.size() < 2) {
            return;
        }
        open(html, List.of(), List.of("attack"), List.of("robust", "broken", "forward", "backward", "time"));
        for (ReportDocument.Attack attack : attacks) {
            boolean check = attack.isOfTrustCheck();
            html.open("tr")
                    .element(
                            "td",
                            attack.title() + (check ? ", found by a trust check" : ""),
                            "style",
                            CELL + ";overflow-wrap:anywhere");
            for (String cell : List.of(
                    attack.robustAccuracy() == null ? "–" : ReportText.percent(attack.robustAccuracy()),
                    String.valueOf(attack.brokenCount()),
                    String.format(Locale.ROOT, "%.1f", attack.forwardPerSample()),
                    String.format(Locale.ROOT, "%.1f", attack.backwardPerSample()),
                    seconds(attack.seconds()))) {
                html.element("td", cell, "style", NUMBER);
            }
            html.close();
        }
        html.close().close();
    }

    /** Shows how attacks went; in Allure, every step of an attack has its own. */
    private void writeTraces(Presentation shown) {
        List<Presentation.Trace> traces = shown.traces().stream()
                .filter(trace -> !trace.steps().isEmpty())
                .toList();
        if (!page || traces.isEmpty()) {
            return;
        }
        html.open("details", "style", "margin:0 0 12px 0")
                .element("summary", "How attacks went, each on one sample", "style", SUMMARY);
        for (Presentation.Trace trace : traces) {
            writeFigure(html, SvgTrace.draw(trace), trace.attack() + " on sample #" + trace.sample());
        }
        html.close();
    }

    private void writeTrust(ReportDocument.Threat threat) {
        document.trustIn(threat).ifPresent(trust -> {
            List<ReportDocument.Finding> raised = new ArrayList<>(trust.of(TrustLevel.DOUBT));
            raised.addAll(trust.of(TrustLevel.WARNING));
            List<ReportDocument.Finding> passed = trust.of(TrustLevel.PASSED);
            List<ReportDocument.Finding> notRun = trust.of(TrustLevel.NOT_RUN);
            String summary =
                    "Trust checks: " + counted(trust.of(TrustLevel.DOUBT).size(), "doubt") + ", "
                            + counted(trust.of(TrustLevel.WARNING).size(), "warning") + ", " + passed.size() + " passed"
                            + (notRun.isEmpty() ? "" : ", " + notRun.size() + " not run");
            html.element("p", summary, "style", "margin:0 0 4px 0;font-weight:bold");
            if (!raised.isEmpty()) {
                writeFindings(raised);
            }
            List<ReportDocument.Finding> rest = new ArrayList<>(passed);
            rest.addAll(notRun);
            if (!rest.isEmpty()) {
                html.open("details", "style", "margin:0 0 12px 0")
                        .element("summary", raised.isEmpty() ? "The checks" : "The other checks", "style", SUMMARY);
                writeFindings(rest);
                html.close();
            }
        });
    }

    private static String counted(int count, String what) {
        return (count == 0 ? "no" : String.valueOf(count)) + " " + what + (count == 1 ? "" : "s");
    }

    private void writeFindings(List<ReportDocument.Finding> findings) {
        html.open("table", "style", TABLE).open("tbody");
        for (ReportDocument.Finding finding : findings) {
            html.open("tr")
                    .element("td", mark(finding.level()) + " " + finding.check(), "style", NAME)
                    .element(
                            "td",
                            finding.evidence() + (finding.advice().isEmpty() ? "" : " → " + finding.advice()),
                            "style",
                            CELL)
                    .close();
        }
        html.close().close();
    }

    private static String mark(TrustLevel level) {
        return switch (level) {
            case PASSED -> "✓";
            case WARNING -> "! warning,";
            case DOUBT -> "✗ doubt,";
            case NOT_RUN -> "– not run,";
        };
    }

    private List<String> notes(ReportDocument.Threat threat) {
        List<String> notes = new ArrayList<>(document.notes());
        ReportDocument.Gradients gradients = document.gradientCheck();
        if (gradients != null && !notes.contains(gradients.message())) {
            notes.add(gradients.message());
        }
        notes.remove(threat.verdict().reason()); // the first sentence says it already
        return notes;
    }

    private void writeTaxonomy() {
        if (document.taxonomy().isEmpty()) {
            return;
        }
        html.open("details", "style", "margin:0 0 12px 0")
                .element("summary", "What catalogs call this test", "style", SUMMARY);
        html.open("ul", "style", "margin:4px 0 10px 0;padding-left:18px");
        for (Taxonomy.Entry entry : document.taxonomy()) {
            html.open("li");
            if (entry.url().isEmpty()) {
                html.text(entry.toString());
            } else {
                html.element("a", entry.toString(), "href", entry.url());
            }
            html.close();
        }
        html.close();
        html.element("p", "This report is evidence; it states no conformity with any rule.", "style", PARAGRAPH);
        html.close();
    }

    /** Opens a table with its head: columns of numbers, of texts, of numbers, and of texts again. */
    @SafeVarargs
    private static void open(Markup html, List<String> numbers, List<String>... columns) {
        html.open("table", "style", TABLE).open("thead").open("tr");
        boolean text = true;
        numbers.forEach(
                column -> html.element("th", column, "style", column.isEmpty() ? CELL : NUMBER, "scope", "col"));
        for (List<String> group : columns) {
            String style = text ? CELL : NUMBER;
            group.forEach(column -> html.element("th", column, "style", style, "scope", "col"));
            text = !text;
        }
        html.close().close().open("tbody");
    }

    private void writeImage(String svg, String alternative) {
        if (page) {
            html.open("figure", "role", "img", "tabindex", "0", "aria-label", alternative)
                    .raw(Colors.themed(svg))
                    .close();
        } else {
            writeImage(html, svg, alternative);
        }
    }

    /** Write a drawing itself into a page. */
    static void writeFigure(Markup html, String svg, String alternative) {
        html.open("figure", "role", "img", "tabindex", "0", "aria-label", alternative)
                .raw(svg)
                .close();
    }

    /** Write a drawing as an image, which Allure 3 keeps. */
    static void writeImage(Markup html, String svg, String alternative) {
        html.open("p", "style", PARAGRAPH)
                .empty(
                        "img",
                        "src",
                        "data:image/svg+xml;charset=utf-8," + percentEncoded(svg),
                        "alt",
                        alternative,
                        "style",
                        "max-width:100%")
                .close();
    }

    /** Encodes a drawing for an address: the pictures inside are in Base64 already, which would make them larger once more. */
    private static String percentEncoded(String svg) {
        StringBuilder encoded = new StringBuilder();
        for (byte each : svg.getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (each & 0xff);
            boolean plain = (character < 128 && Character.isLetterOrDigit(character)) || PLAIN.indexOf(character) >= 0;
            encoded.append(plain ? String.valueOf(character) : String.format(Locale.ROOT, "%%%02X", (int) character));
        }
        return encoded.toString();
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

    /** Write the command that reproduces a report, if there is one. */
    static void writeReproduce(Markup html, String reproduce) {
        if (!reproduce.isEmpty()) {
            html.open("p", "style", PARAGRAPH)
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
}
