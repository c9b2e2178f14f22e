package dev.mettle.reports;

import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertifiedCurve;
import dev.mettle.core.certification.CertifiedCurve.Point;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.threat.Epsilons;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Draws certified accuracy against the radius as an SVG, in the way of {@link SvgCurve}: a staircase with the band of its 95 %
 * intervals, the required accuracy as a dashed line, the radius that was judged, and what withstood attacks there.
 */
final class SvgStaircase {

    /** The largest radius stays this far from the right end, to leave room for its label. */
    private static final double SPARE = 56;

    private static final String ATTACKED = Colors.ATTACKED;

    private static final int MOST_TICKS = 7;

    /** About how wide a character is. */
    private static final double CHARACTER = 7;

    private final CertificationReport report;
    private final Certification certification;
    private final CertifiedCurve curve;
    private final double largest;

    private SvgStaircase(CertificationReport report) {
        this.report = report;
        this.certification = report.certification();
        this.curve = certification.curve();
        this.largest = curve.points().get(curve.points().size() - 1).radius();
    }

    /** Draw the curve of a report. */
    static String draw(CertificationReport report) {
        return new SvgStaircase(report).draw();
    }

    private String draw() {
        Markup svg = Markup.svg(SvgCurve.WIDTH, SvgCurve.HEIGHT);
        SvgCurve.label(
                svg,
                SvgCurve.LEFT,
                18,
                "start",
                "bold",
                Colors.INK,
                SvgCurve.shortened("certified accuracy by " + curve.title()));
        drawAxes(svg);
        drawBand(svg);
        report.policy()
                .minCertifiedAccuracy()
                .ifPresent(required ->
                        SvgCurve.drawRequired(svg, required, false, certification.cleanAccuracy() >= required));
        svg.empty(
                "polyline",
                "points",
                String.join(" ", stairs(curve::certifiedAccuracy)),
                "fill",
                "none",
                "stroke",
                Colors.LINE,
                "stroke-width",
                "2");
        drawMarks(svg);
        return svg.close().toString();
    }

    private void drawAxes(Markup svg) {
        for (int percent = 0; percent <= 100; percent += 25) {
            double y = SvgCurve.y(percent / 100.0);
            SvgCurve.line(svg, SvgCurve.LEFT, y, SvgCurve.RIGHT, y, percent == 0 ? "#888" : "#ddd");
            SvgCurve.label(svg, SvgCurve.LEFT - 6.0, y + 4, "end", "normal", Colors.INK, percent + "%");
        }
        SvgCurve.line(svg, SvgCurve.LEFT, SvgCurve.TOP, SvgCurve.LEFT, SvgCurve.BOTTOM, "#888");
        SvgCurve.line(svg, x(report.radius()), SvgCurve.TOP, x(report.radius()), SvgCurve.BOTTOM, "#bbb");
        tick(svg, report.radius(), "bold");
        double step = step();
        for (int i = 0; i * step <= largest * (1 + 1e-9); i++) { // 3 × 0.05 is a little more than 0.15
            if (Math.abs(x(i * step) - x(report.radius())) >= SvgCurve.LABEL_WIDTH) {
                tick(svg, i * step, "normal");
            }
        }
        SvgCurve.label(
                svg,
                (SvgCurve.LEFT + SvgCurve.RIGHT) / 2.0,
                SvgCurve.BOTTOM + 34.0,
                "middle",
                "normal",
                Colors.INK,
                "radius (" + curve.norm().symbol() + "), " + curve.samples() + " samples"
                        + (generalizes() ? ", band: 95% confidence interval" : ""));
    }

    private void tick(Markup svg, double radius, String weight) {
        SvgCurve.line(svg, x(radius), SvgCurve.BOTTOM, x(radius), SvgCurve.BOTTOM + 4.0, "#888");
        SvgCurve.label(svg, x(radius), SvgCurve.BOTTOM + 17.0, "middle", weight, Colors.INK, Epsilons.format(radius));
    }

    /** The smallest of 1, 2, 5 times a power of ten that gives few enough ticks. */
    private double step() {
        double power = Math.pow(10, Math.floor(Math.log10(largest / MOST_TICKS)));
        for (double factor : new double[] {1, 2, 5}) {
            if (largest / (factor * power) <= MOST_TICKS) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private boolean generalizes() {
        return report.policy().decision().generalizes();
    }

    private void drawBand(Markup svg) {
        if (!generalizes()) {
            return;
        }
        List<String> outline =
                new ArrayList<>(stairs(point -> curve.interval(point).upper()));
        List<String> lower = stairs(point -> curve.interval(point).lower());
        for (int i = lower.size() - 1; i >= 0; i--) {
            outline.add(lower.get(i));
        }
        svg.empty("polygon", "points", String.join(" ", outline), "fill", Colors.LINE, "fill-opacity", "0.15");
    }

    /** Between two points as many samples are certified as at the right one, so the fall is right behind the left one. */
    private List<String> stairs(ToDoubleFunction<Point> rate) {
        List<String> corners = new ArrayList<>();
        List<Point> points = curve.points();
        corners.add(position(0, rate.applyAsDouble(points.get(0))));
        for (int i = 1; i < points.size(); i++) {
            corners.add(position(points.get(i - 1).radius(), rate.applyAsDouble(points.get(i))));
            corners.add(position(points.get(i).radius(), rate.applyAsDouble(points.get(i))));
        }
        if (certification.certifier().findsLargestRadius()) { // else nothing is known behind the last one
            int left = certification.certifiedCount(Math.nextUp(largest));
            Point beyond = new Point(largest, left);
            corners.add(position(largest, rate.applyAsDouble(beyond)));
            corners.add(Markup.px(SvgCurve.RIGHT) + "," + Markup.px(SvgCurve.y(rate.applyAsDouble(beyond))));
        }
        return corners;
    }

    private void drawMarks(Markup svg) {
        double certified = SvgCurve.y(report.certifiedAccuracy());
        double x = x(report.radius());
        svg.empty(
                "circle",
                "cx",
                Markup.px(x),
                "cy",
                Markup.px(certified),
                "r",
                "6",
                "fill",
                Colors.of(report.outcome()),
                "stroke",
                "#fff",
                "stroke-width",
                "2");
        boolean above = report.sandwich()
                .map(sandwich -> Math.abs(certified - SvgCurve.y(sandwich.empiricalAccuracy())) > 32
                        || sandwich.empiricalAccuracy() < report.certifiedAccuracy())
                .orElse(true);
        note(
                svg,
                certified + (above ? -9 : 17),
                Colors.INK,
                "bold",
                ReportText.percent(report.certifiedAccuracy()) + " certified");
        report.sandwich().ifPresent(sandwich -> drawAttacked(svg, x, sandwich));
    }

    private void drawAttacked(Markup svg, double x, Sandwich sandwich) {
        double y = SvgCurve.y(sandwich.empiricalAccuracy());
        String corners = Markup.px(x - 6) + "," + Markup.px(y - 5) + " " + Markup.px(x + 6) + "," + Markup.px(y - 5)
                + " " + Markup.px(x) + "," + Markup.px(y + 5);
        svg.empty("polygon", "points", corners, "fill", ATTACKED, "stroke", "#fff", "stroke-width", "1");
        note(
                svg,
                y + (sandwich.empiricalAccuracy() < report.certifiedAccuracy() ? 17 : -9),
                ATTACKED,
                "normal",
                ReportText.percent(sandwich.empiricalAccuracy()) + " not broken by attacks");
    }

    /** Write beside the radius that was judged: on its right, where the curve falls and leaves room, unless that is the end. */
    private void note(Markup svg, double y, String color, String weight, String text) {
        double x = x(report.radius());
        boolean right = x + text.length() * CHARACTER < SvgCurve.RIGHT;
        SvgCurve.label(svg, right ? x + 9 : x - 9, y, right ? "start" : "end", weight, color, text);
    }

    private double x(double radius) {
        return SvgCurve.LEFT + radius / largest * (SvgCurve.RIGHT - SvgCurve.LEFT - SPARE);
    }

    private String position(double radius, double rate) {
        return Markup.px(x(radius)) + "," + Markup.px(SvgCurve.y(rate));
    }
}
