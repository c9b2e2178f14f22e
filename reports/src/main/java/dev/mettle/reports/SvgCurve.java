package dev.mettle.reports;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.verdict.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Draws robust accuracy against epsilon as an SVG: the points with the band of their 95 % intervals, the required accuracy as
 * a dashed line, and the point that was judged.
 */
final class SvgCurve {

    static final int WIDTH = 640;
    static final int HEIGHT = 314;
    static final int LEFT = 48;
    static final int RIGHT = 628;
    static final int TOP = 48;
    static final int BOTTOM = 262;

    /** The largest epsilon stays this far from the right end, to leave room for its label. */
    private static final double SPARE = 56;

    /** Labels nearer to each other than this would overlap. */
    static final double LABEL_WIDTH = 44;

    private static final double REQUIRED_WIDTH = 92;

    /** Attacks are told apart by their dashes, too. */
    private static final List<String> DASHES = List.of("7 3", "2 2", "10 3 2 3", "4 4", "12 3");

    private static final int LEGEND_TEXT = 26;
    private static final double LEGEND_ROW = 18;
    private static final double LEGEND_ENTRY = 193;
    private static final int LEGEND_COLUMNS = 3;

    private final Presentation.Curve curve;
    private final Marks marks;
    private final double largest;

    private SvgCurve(Presentation.Curve curve, Marks marks) {
        this.curve = curve;
        this.marks = marks;
        this.largest = curve.points().get(curve.points().size() - 1).epsilon();
    }

    /**
     * What is marked beside the curve itself.
     *
     * @param judged the epsilon that was judged; null if none was
     * @param outcome what was judged there
     * @param required the required accuracy; null if none is
     * @param before the curve of another model, for comparison; null if there is none
     * @param baseline the recorded share of robust samples at the epsilon that was judged; null if there is none
     * @param name what the curve is called beside the other one
     * @param beforeName what the other one is called
     */
    record Marks(
            @Nullable Double judged,
            Outcome outcome,
            @Nullable Double required,
            Presentation.@Nullable Curve before,
            @Nullable Double baseline,
            String name,
            String beforeName) {}

    /** Draw the curve of a threat model in a document; empty if only one epsilon was evaluated. */
    static Optional<String> draw(ReportDocument document, ReportDocument.Threat threat) {
        Presentation.Curve curve = threat.shown().curve();
        if (curve == null || !curve.isWorthDrawing()) {
            return Optional.empty();
        }
        ReportDocument.Defense defense = document.defense();
        ReportDocument.Baseline baseline = document.baseline();
        Marks marks = new Marks(
                threat.epsilon(),
                threat.verdict().outcome(),
                threat.verdict().threshold(),
                defense == null ? null : defense.curve(),
                baseline == null || baseline.samples() == 0
                        ? null
                        : (double) baseline.robustBefore() / baseline.samples(),
                "with the defense",
                "without the defense");
        return Optional.of(new SvgCurve(curve, marks).draw());
    }

    /** Draw the curve of one document, and behind it that of another; empty if there is nothing to compare. */
    static Optional<String> draw(ReportDocument.Threat before, ReportDocument.Threat after, String... names) {
        Presentation.Curve curve = after.shown().curve();
        if (curve == null || !curve.isWorthDrawing() || before.shown().curve() == null) {
            return Optional.empty();
        }
        Presentation.Curve alone = new Presentation.Curve(
                curve.title(), curve.norm(), curve.samples(), curve.band(), curve.points(), List.of());
        Marks marks = new Marks(
                after.epsilon(),
                after.verdict().outcome(),
                after.verdict().threshold(),
                before.shown().curve(),
                null,
                names[1],
                names[0]);
        return Optional.of(new SvgCurve(alone, marks).draw());
    }

    private String draw() {
        List<Legend> legend = legend();
        int rows = (legend.size() + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
        Markup svg = Markup.svg(WIDTH, HEIGHT + rows * LEGEND_ROW);
        label(svg, LEFT, 18, "start", "bold", Colors.INK, shortened("robust accuracy under " + curve.title()));
        drawAxes(svg);
        drawBand(svg);
        if (marks.required() != null) {
            drawRequired(svg, marks.required());
        }
        drawAttacks(svg);
        if (marks.before() != null) {
            dashed(svg, line(marks.before().points()), Colors.BEFORE, "2 3");
        }
        drawLine(svg);
        drawBaseline(svg);
        drawLegend(svg, legend);
        return svg.close().toString();
    }

    static String shortened(String title) {
        return title.length() <= 80 ? title : title.substring(0, 79) + "…";
    }

    private void drawAxes(Markup svg) {
        for (int percent = 0; percent <= 100; percent += 25) {
            double y = y(percent / 100.0);
            line(svg, LEFT, y, RIGHT, y, percent == 0 ? Colors.AXIS : Colors.GRID);
            label(svg, LEFT - 6, y + 4, "end", "normal", Colors.INK, percent + "%");
        }
        line(svg, LEFT, TOP, LEFT, BOTTOM, Colors.AXIS);
        for (Presentation.Point point : labeled()) {
            line(svg, x(point), BOTTOM, x(point), BOTTOM + 4, Colors.AXIS);
            label(svg, x(point), BOTTOM + 17, "middle", weight(point), Colors.INK, Epsilons.format(point.epsilon()));
        }
        label(
                svg,
                (LEFT + RIGHT) / 2.0,
                BOTTOM + 34,
                "middle",
                "normal",
                Colors.INK,
                "ε (" + curve.norm() + "), " + curve.samples() + " samples"
                        + (curve.band() ? ", band: 95% confidence interval" : ""));
    }

    /** Choose points whose labels don't overlap: the one that was judged, then from both ends inwards in their order. */
    private List<Presentation.Point> labeled() {
        List<Presentation.Point> candidates = new ArrayList<>(curve.points());
        Collections.reverse(candidates);
        candidates.sort((a, b) -> Boolean.compare(isJudged(b), isJudged(a)));
        List<Presentation.Point> chosen = new ArrayList<>();
        for (Presentation.Point candidate : candidates) {
            if (chosen.stream().allMatch(other -> Math.abs(x(other) - x(candidate)) >= LABEL_WIDTH)) {
                chosen.add(candidate);
            }
        }
        return chosen;
    }

    private void drawBand(Markup svg) {
        List<String> outline = new ArrayList<>();
        List<Presentation.Point> points = curve.points();
        points.forEach(point -> outline.add(position(point.epsilon(), point.upper())));
        for (int i = points.size() - 1; i >= 0; i--) {
            outline.add(position(points.get(i).epsilon(), points.get(i).lower()));
        }
        svg.empty("polygon", "points", String.join(" ", outline), "fill", Colors.LINE, "fill-opacity", "0.15");
    }

    /** Draws the label where there is most room, on the left if there is as much. */
    private void drawRequired(Markup svg, double required) {
        boolean right = false;
        boolean below = true;
        for (boolean onRight : new boolean[] {false, true}) {
            for (boolean under : new boolean[] {true, false}) {
                if (room(required, onRight, under) > room(required, right, below)) {
                    right = onRight;
                    below = under;
                }
            }
        }
        drawRequired(svg, required, right, below);
    }

    /** Returns how far the label of the required accuracy is from the nearest line or label, in pixels. */
    private double room(double required, boolean right, boolean below) {
        double from = right ? RIGHT - REQUIRED_WIDTH : LEFT;
        double middle = y(required) + (below ? 10 : -10);
        double room = Math.min(middle - TOP, BOTTOM - middle);
        for (double x = from; x <= from + REQUIRED_WIDTH; x += 4) {
            double epsilon = (x - LEFT) / (RIGHT - LEFT - SPARE) * largest;
            for (List<Presentation.LinePoint> line : lines()) {
                for (int i = 1; i < line.size(); i++) {
                    Presentation.LinePoint start = line.get(i - 1);
                    Presentation.LinePoint end = line.get(i);
                    if (start.epsilon() <= epsilon && epsilon <= end.epsilon()) {
                        double part = (epsilon - start.epsilon()) / (end.epsilon() - start.epsilon());
                        double rate = start.robustAccuracy() + part * (end.robustAccuracy() - start.robustAccuracy());
                        room = Math.min(room, Math.abs(y(rate) - middle));
                    }
                }
            }
            for (Presentation.Point point : labeled()) {
                if (x(point) <= x && x <= x(point) + LABEL_WIDTH) {
                    room = Math.min(room, Math.abs(y(point.robustAccuracy()) - 11 - middle));
                }
            }
        }
        return room;
    }

    /** All lines that are drawn: the curve, single attacks, and the curve of another evaluation. */
    private List<List<Presentation.LinePoint>> lines() {
        List<List<Presentation.LinePoint>> lines = new ArrayList<>();
        lines.add(linePoints(curve));
        curve.attacks().forEach(attack -> lines.add(attack.points()));
        if (marks.before() != null) {
            lines.add(linePoints(marks.before()));
        }
        return lines;
    }

    private static List<Presentation.LinePoint> linePoints(Presentation.Curve curve) {
        return curve.points().stream()
                .map(point -> new Presentation.LinePoint(point.epsilon(), point.robustAccuracy()))
                .toList();
    }

    /** Draw the required accuracy as a dashed line, with its label on the left or the right, below or above it. */
    static void drawRequired(Markup svg, double required, boolean right, boolean below) {
        svg.empty(
                "line",
                "x1",
                String.valueOf(LEFT),
                "y1",
                Markup.px(y(required)),
                "x2",
                String.valueOf(RIGHT),
                "y2",
                Markup.px(y(required)),
                "stroke",
                Colors.LIMIT,
                "stroke-width",
                "1.5",
                "stroke-dasharray",
                "6 4");
        label(
                svg,
                right ? RIGHT - 6 : LEFT + 6,
                y(required) + (below ? 14 : -6),
                right ? "end" : "start",
                "normal",
                Colors.LIMIT,
                "required " + ReportText.percent(required));
    }

    private void drawAttacks(Markup svg) {
        for (int i = 0; i < curve.attacks().size(); i++) {
            String points = curve.attacks().get(i).points().stream()
                    .map(point -> position(point.epsilon(), point.robustAccuracy()))
                    .collect(Collectors.joining(" "));
            svg.empty(
                    "polyline",
                    "points",
                    points,
                    "fill",
                    "none",
                    "stroke",
                    Colors.of(i),
                    "stroke-width",
                    "1.5",
                    "stroke-dasharray",
                    DASHES.get(i % DASHES.size()));
        }
    }

    private void drawBaseline(Markup svg) {
        if (marks.baseline() == null || marks.judged() == null) {
            return;
        }
        double x = x(marks.judged());
        double y = y(marks.baseline());
        svg.empty(
                "path",
                "d",
                "M" + Markup.px(x - 6) + " " + Markup.px(y) + "l6 -6 6 6 -6 6z",
                "fill",
                "none",
                "stroke",
                Colors.BEFORE,
                "stroke-width",
                "2");
    }

    /** What the lines beside the curve are; empty where there are none. */
    private List<Legend> legend() {
        List<Legend> legend = new ArrayList<>();
        boolean worst = !curve.attacks().isEmpty();
        if (marks.before() != null || worst) {
            legend.add(new Legend(marks.before() == null ? "worst case" : marks.name(), Colors.LINE, ""));
        }
        for (int i = 0; i < curve.attacks().size(); i++) {
            legend.add(new Legend(curve.attacks().get(i).attack(), Colors.of(i), DASHES.get(i % DASHES.size())));
        }
        if (marks.before() != null) {
            legend.add(new Legend(marks.beforeName(), Colors.BEFORE, "2 3"));
        }
        if (marks.baseline() != null && marks.judged() != null) {
            legend.add(new Legend("◇ baseline " + ReportText.percent(marks.baseline()), "", ""));
        }
        return legend;
    }

    private static void drawLegend(Markup svg, List<Legend> legend) {
        for (int i = 0; i < legend.size(); i++) {
            Legend entry = legend.get(i);
            double x = LEFT + i % LEGEND_COLUMNS * LEGEND_ENTRY;
            double y = HEIGHT + Math.floorDiv(i, LEGEND_COLUMNS) * LEGEND_ROW;
            if (!entry.color().isEmpty()) {
                dashed(
                        svg,
                        Markup.px(x) + "," + Markup.px(y) + " " + Markup.px(x + 24) + "," + Markup.px(y),
                        entry.color(),
                        entry.dashes().isEmpty() ? "none" : entry.dashes());
            }
            label(svg, entry.color().isEmpty() ? x : x + 29, y + 4, "start", "normal", Colors.INK, named(entry.text()));
        }
    }

    /** Shortens a name in the middle: what tells attacks apart stands at both ends. */
    private static String named(String text) {
        int half = (LEGEND_TEXT - 1) / 2;
        return text.length() <= LEGEND_TEXT
                ? text
                : text.substring(0, half) + "…" + text.substring(text.length() - half);
    }

    /** What a line is: its text, its color (none for a text alone), and its dashes (none for a full line). */
    private record Legend(String text, String color, String dashes) {}

    private static void dashed(Markup svg, String points, String color, String dashes) {
        svg.empty(
                "polyline",
                "points",
                points,
                "fill",
                "none",
                "stroke",
                color,
                "stroke-width",
                "2",
                "stroke-dasharray",
                dashes);
    }

    private String line(List<Presentation.Point> points) {
        return points.stream()
                .map(point -> position(point.epsilon(), point.robustAccuracy()))
                .collect(Collectors.joining(" "));
    }

    private void drawLine(Markup svg) {
        svg.empty(
                "polyline", "points", line(curve.points()), "fill", "none", "stroke", Colors.LINE, "stroke-width", "2");
        for (Presentation.Point point : curve.points()) {
            svg.empty(
                    "circle",
                    "cx",
                    Markup.px(x(point)),
                    "cy",
                    Markup.px(y(point.robustAccuracy())),
                    "r",
                    isJudged(point) ? "6" : "3.5",
                    "fill",
                    isJudged(point) ? Colors.of(marks.outcome()) : Colors.LINE,
                    "stroke",
                    Colors.PAPER,
                    "stroke-width",
                    isJudged(point) ? "2" : "1");
        }
        for (Presentation.Point point : labeled()) {
            label(
                    svg,
                    x(point) + 7,
                    y(point.robustAccuracy()) - 7,
                    "start",
                    weight(point),
                    Colors.INK,
                    ReportText.percent(point.robustAccuracy()));
        }
    }

    private boolean isJudged(Presentation.Point point) {
        return marks.judged() != null && marks.judged() == point.epsilon();
    }

    private String weight(Presentation.Point point) {
        return isJudged(point) ? "bold" : "normal";
    }

    private double x(Presentation.Point point) {
        return x(point.epsilon());
    }

    /** The curve of another evaluation may go farther; it is cut off there. */
    private double x(double epsilon) {
        return LEFT + Math.min(epsilon, largest) / largest * (RIGHT - LEFT - SPARE);
    }

    static double y(double rate) {
        return BOTTOM - rate * (BOTTOM - TOP);
    }

    private String position(double epsilon, double rate) {
        return Markup.px(x(epsilon)) + "," + Markup.px(y(rate));
    }

    static void line(Markup svg, double x1, double y1, double x2, double y2, String color) {
        svg.empty(
                "line",
                "x1",
                Markup.px(x1),
                "y1",
                Markup.px(y1),
                "x2",
                Markup.px(x2),
                "y2",
                Markup.px(y2),
                "stroke",
                color);
    }

    static void label(Markup svg, double x, double y, String anchor, String weight, String color, String text) {
        svg.element(
                "text",
                text,
                "x",
                Markup.px(x),
                "y",
                Markup.px(y),
                "text-anchor",
                anchor,
                "font-weight",
                weight,
                "fill",
                color,
                "stroke",
                Colors.PAPER,
                "stroke-width",
                "3",
                "paint-order",
                "stroke");
    }
}
