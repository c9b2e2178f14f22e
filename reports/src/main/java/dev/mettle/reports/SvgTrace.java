package dev.mettle.reports;

import dev.mettle.core.threat.Epsilons;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Draws what an attack did to one sample, as an SVG: the margin, the length of the gradient and the distance against the passes, each
 * in a panel of its own, every restart as a line of its own.
 */
final class SvgTrace {

    private static final int WIDTH = 640;
    private static final int PANEL = 205;
    private static final int PLOT = 150;
    private static final int TOP = 44;
    private static final int BOTTOM = 134;
    private static final int HEIGHT = 168;

    private final Presentation.Trace trace;
    private final Markup svg = Markup.svg(WIDTH, HEIGHT);

    private SvgTrace(Presentation.Trace trace) {
        this.trace = trace;
    }

    /** Draw a trace that has at least one step. */
    static String draw(Presentation.Trace trace) {
        return new SvgTrace(trace).draw();
    }

    private String draw() {
        text(
                8,
                16,
                "start",
                "bold",
                SvgCurve.shortened(trace.attack() + " on sample #" + trace.sample() + ": "
                        + (trace.broken() ? "broken" : "withstood") + " after " + trace.queries() + " passes"));
        panel(0, "margin (below 0: broken)", Presentation.Step::margin, true);
        panel(1, "length of the gradient", Presentation.Step::gradientNorm, false);
        panel(2, "distance", Presentation.Step::distance, false);
        return svg.close().toString();
    }

    private void panel(int position, String title, Function<Presentation.Step, @Nullable Double> value, boolean zero) {
        double left = 46 + position * PANEL + position * 5;
        text(left, 35, "start", "normal", title);
        List<Presentation.Step> steps =
                trace.steps().stream().filter(step -> value.apply(step) != null).toList();
        if (steps.isEmpty()) {
            text(left, (TOP + BOTTOM) / 2.0, "start", "normal", "not asked for");
            return;
        }
        double least = zero ? 0 : Double.POSITIVE_INFINITY;
        double most = zero ? 0 : Double.NEGATIVE_INFINITY;
        for (Presentation.Step step : steps) {
            least = Math.min(least, number(value, step));
            most = Math.max(most, number(value, step));
        }
        if (!zero) {
            least = Math.min(0, least);
        }
        double range = most > least ? most - least : 1;
        int last =
                trace.steps().stream().mapToInt(Presentation.Step::pass).max().orElse(1);
        SvgCurve.line(svg, left, TOP, left, BOTTOM, Colors.AXIS);
        SvgCurve.line(svg, left, BOTTOM, left + PLOT, BOTTOM, Colors.AXIS);
        text(left - 4, TOP + 8, "end", "normal", Epsilons.format(rounded(most)));
        text(left - 4, BOTTOM, "end", "normal", Epsilons.format(rounded(least)));
        text(left, BOTTOM + 14, "middle", "normal", "1");
        text(left + PLOT, BOTTOM + 14, "end", "normal", String.valueOf(last));
        text(left + PLOT / 2.0, BOTTOM + 26, "middle", "normal", "pass");
        if (zero && least < 0 && most > 0) {
            double y = BOTTOM - (0 - least) / range * (BOTTOM - TOP);
            svg.empty(
                    "line",
                    "x1",
                    Markup.px(left),
                    "y1",
                    Markup.px(y),
                    "x2",
                    Markup.px(left + PLOT),
                    "y2",
                    Markup.px(y),
                    "stroke",
                    Colors.LIMIT,
                    "stroke-dasharray",
                    "4 3");
        }
        List<String> points = new ArrayList<>();
        int restart = steps.get(0).restart();
        for (Presentation.Step step : steps) {
            if (step.restart() != restart) {
                line(points);
                points.clear();
                restart = step.restart();
            }
            double x = left + (last > 1 ? (step.pass() - 1.0) / (last - 1) : 0) * PLOT;
            double y = BOTTOM - (number(value, step) - least) / range * (BOTTOM - TOP);
            points.add(Markup.px(x) + "," + Markup.px(y));
        }
        line(points);
    }

    private void line(List<String> points) {
        if (points.size() == 1) {
            String[] point = points.get(0).split(",", 2);
            svg.empty("circle", "cx", point[0], "cy", point[1], "r", "2", "fill", Colors.LINE);
        } else {
            svg.empty(
                    "polyline",
                    "points",
                    String.join(" ", points),
                    "fill",
                    "none",
                    "stroke",
                    Colors.LINE,
                    "stroke-width",
                    "1.5");
        }
    }

    private static double number(Function<Presentation.Step, @Nullable Double> value, Presentation.Step step) {
        Double number = value.apply(step);
        return number == null ? Double.NaN : number;
    }

    /** Three digits are enough beside an axis. */
    private static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.2e", value));
    }

    private void text(double x, double y, String anchor, String weight, String text) {
        SvgCurve.label(svg, x, y, anchor, weight, Colors.INK, text);
    }
}
