package dev.mettle.reports;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Epsilons;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
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

    static final String TEXT = "#222";
    static final String LINE = "#1f5fa8";
    static final String LIMIT = "#b4232a";
    private static final String BEFORE = "#666";

    private final RobustnessReport report;
    private final RobustnessCurve curve;
    private final @Nullable RobustnessReport before;
    private final double largest;

    private SvgCurve(RobustnessReport report, @Nullable RobustnessReport before) {
        this.report = report;
        this.before = before;
        this.curve = report.curve();
        this.largest = curve.points().get(curve.points().size() - 1).epsilon();
    }

    /** Say whether several epsilons were evaluated, so that there is a curve to draw. */
    static boolean isWorthDrawing(RobustnessReport report) {
        return report.curve().points().size() > 2;
    }

    /** Draw the curve of a report. */
    static String draw(RobustnessReport report) {
        return new SvgCurve(report, null).draw();
    }

    /** Draw the curve of a report, and behind it that of the same model without its defense. */
    static String draw(RobustnessReport report, RobustnessReport before) {
        return new SvgCurve(report, before).draw();
    }

    private String draw() {
        Markup svg = Markup.svg(WIDTH, HEIGHT);
        label(svg, LEFT, 18, "start", "bold", TEXT, "robust accuracy under " + shortened(curve.title()));
        drawAxes(svg);
        drawBand(svg);
        report.policy().minRobustAccuracy().ifPresent(required -> drawRequired(svg, required));
        drawBefore(svg);
        drawLine(svg);
        return svg.close().toString();
    }

    static String shortened(String title) {
        return title.length() <= 80 ? title : title.substring(0, 79) + "…";
    }

    private void drawAxes(Markup svg) {
        for (int percent = 0; percent <= 100; percent += 25) {
            double y = y(percent / 100.0);
            line(svg, LEFT, y, RIGHT, y, percent == 0 ? "#888" : "#ddd");
            label(svg, LEFT - 6, y + 4, "end", "normal", TEXT, percent + "%");
        }
        line(svg, LEFT, TOP, LEFT, BOTTOM, "#888");
        for (RobustnessCurve.Point point : labeled()) {
            line(svg, x(point), BOTTOM, x(point), BOTTOM + 4, "#888");
            label(svg, x(point), BOTTOM + 17, "middle", weight(point), TEXT, Epsilons.format(point.epsilon()));
        }
        label(
                svg,
                (LEFT + RIGHT) / 2.0,
                BOTTOM + 34,
                "middle",
                "normal",
                TEXT,
                "ε (" + curve.norm().symbol() + "), " + curve.samples() + " samples"
                        + (curve.decision().generalizes() ? ", band: 95% confidence interval" : ""));
    }

    /** Choose points whose labels don't overlap: the one that was judged, then from both ends inwards in their order. */
    private List<RobustnessCurve.Point> labeled() {
        List<RobustnessCurve.Point> candidates = new ArrayList<>(curve.points());
        Collections.reverse(candidates);
        candidates.sort((a, b) -> Boolean.compare(isJudged(b), isJudged(a)));
        List<RobustnessCurve.Point> chosen = new ArrayList<>();
        for (RobustnessCurve.Point candidate : candidates) {
            if (chosen.stream().allMatch(other -> Math.abs(x(other) - x(candidate)) >= LABEL_WIDTH)) {
                chosen.add(candidate);
            }
        }
        return chosen;
    }

    private void drawBand(Markup svg) {
        StringBuilder outline = new StringBuilder();
        List<RobustnessCurve.Point> points = curve.points();
        for (RobustnessCurve.Point point : points) {
            outline.append(position(point, curve.interval(point).upper())).append(' ');
        }
        for (int i = points.size() - 1; i >= 0; i--) {
            outline.append(position(points.get(i), curve.interval(points.get(i)).lower()))
                    .append(i == 0 ? "" : " ");
        }
        svg.empty("polygon", "points", outline.toString(), "fill", LINE, "fill-opacity", "0.15");
    }

    private void drawRequired(Markup svg, double required) {
        // On the left the curve is at its highest: below the line there is room, unless the model is worse than
        // required.
        drawRequired(svg, required, curve.robustAccuracy(curve.points().get(0)) >= required);
    }

    /** Draw the required accuracy as a dashed line, with its label below or above it on the left. */
    static void drawRequired(Markup svg, double required, boolean below) {
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
                LIMIT,
                "stroke-width",
                "1.5",
                "stroke-dasharray",
                "6 4");
        label(
                svg,
                LEFT + 6,
                y(required) + (below ? 14 : -6),
                "start",
                "normal",
                LIMIT,
                "required " + ReportText.percent(required));
    }

    private void drawBefore(Markup svg) {
        if (before == null) {
            return;
        }
        RobustnessCurve undefended = before.curve();
        StringBuilder line = new StringBuilder();
        for (RobustnessCurve.Point point : undefended.points()) {
            line.append(line.isEmpty() ? "" : " ").append(position(point, undefended.robustAccuracy(point)));
        }
        dotted(svg, line.toString());
        // between the title and the plot, where no curve runs
        line(svg, RIGHT - 260, 31, RIGHT - 236, 31, LINE);
        label(svg, RIGHT - 230, 35, "start", "normal", TEXT, "with the defense");
        dotted(svg, Markup.px(RIGHT - 120) + ",31 " + Markup.px(RIGHT - 96) + ",31");
        label(svg, RIGHT - 90, 35, "start", "normal", TEXT, "without");
    }

    private static void dotted(Markup svg, String points) {
        svg.empty(
                "polyline",
                "points",
                points,
                "fill",
                "none",
                "stroke",
                BEFORE,
                "stroke-width",
                "2",
                "stroke-dasharray",
                "2 3");
    }

    private void drawLine(Markup svg) {
        StringBuilder line = new StringBuilder();
        for (RobustnessCurve.Point point : curve.points()) {
            line.append(line.isEmpty() ? "" : " ").append(position(point, curve.robustAccuracy(point)));
        }
        svg.empty("polyline", "points", line.toString(), "fill", "none", "stroke", LINE, "stroke-width", "2");
        for (RobustnessCurve.Point point : curve.points()) {
            svg.empty(
                    "circle",
                    "cx",
                    Markup.px(x(point)),
                    "cy",
                    Markup.px(y(curve.robustAccuracy(point))),
                    "r",
                    isJudged(point) ? "6" : "3.5",
                    "fill",
                    isJudged(point) ? Colors.of(report.verdict().outcome()) : LINE,
                    "stroke",
                    "#fff",
                    "stroke-width",
                    isJudged(point) ? "2" : "1");
        }
        for (RobustnessCurve.Point point : labeled()) {
            label(
                    svg,
                    x(point) + 7,
                    y(curve.robustAccuracy(point)) - 7,
                    "start",
                    weight(point),
                    TEXT,
                    ReportText.percent(curve.robustAccuracy(point)));
        }
    }

    private boolean isJudged(RobustnessCurve.Point point) {
        OptionalDouble judged = report.threatModel().bounded()
                ? OptionalDouble.of(report.threatModel().epsilon())
                : OptionalDouble.empty();
        return judged.isPresent() && judged.getAsDouble() == point.epsilon();
    }

    private String weight(RobustnessCurve.Point point) {
        return isJudged(point) ? "bold" : "normal";
    }

    private double x(RobustnessCurve.Point point) {
        return LEFT + point.epsilon() / largest * (RIGHT - LEFT - SPARE);
    }

    static double y(double rate) {
        return BOTTOM - rate * (BOTTOM - TOP);
    }

    private String position(RobustnessCurve.Point point, double rate) {
        return Markup.px(x(point)) + "," + Markup.px(y(rate));
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
                "#fff",
                "stroke-width",
                "3",
                "paint-order",
                "stroke");
    }
}
