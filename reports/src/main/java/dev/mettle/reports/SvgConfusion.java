package dev.mettle.reports;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Draws what a model says under attack as a confusion matrix, as an SVG: a row per true class, a column per answer. Right answers,
 * on the diagonal, are blue; wrong ones red; the more samples of the class, the stronger.
 */
final class SvgConfusion {

    /** More classes than these are told in a table of the most frequent confusions. */
    static final int MOST_CLASSES = 20;

    private static final int LEFT = 72;
    private static final int TOP = 44;
    private static final int LARGEST_CELL = 34;
    private static final int ROOM = 560;
    private static final int ABSTAINED = Integer.MAX_VALUE;
    private static final int SMALL_CELL = 30;

    /** The width of the title, which a matrix of two classes falls short of. */
    private static final int TITLE = 130;

    private SvgConfusion() {}

    /** Say whether there are few enough classes. */
    static boolean isWorthDrawing(Presentation shown) {
        List<Integer> classes = classes(shown);
        return classes.size() >= 2 && classes.size() <= MOST_CLASSES;
    }

    private static List<Integer> classes(Presentation shown) {
        TreeMap<Integer, Boolean> classes = new TreeMap<>();
        for (Presentation.Answer answer : shown.answers()) {
            classes.put(answer.label(), true);
            classes.put(answer.answer() == null ? ABSTAINED : answer.answer(), true);
        }
        return List.copyOf(classes.keySet());
    }

    /** Draw the matrix. */
    static String draw(Presentation shown) {
        List<Integer> classes = classes(shown);
        Map<Integer, Integer> totals = new TreeMap<>();
        shown.answers().forEach(answer -> totals.merge(answer.label(), answer.count(), Integer::sum));
        List<Integer> rows = classes.stream().filter(totals::containsKey).toList();
        int cell = Math.min(LARGEST_CELL, ROOM / classes.size());
        int width = Math.max(classes.size() * cell, TITLE);
        Markup svg = Markup.svg(LEFT + width + 8, TOP + rows.size() * cell + 6);
        String size = cell < SMALL_CELL ? "10" : "11";
        text(svg, LEFT, 14, "start", "bold", size, "answer under attack");
        text(svg, 4, TOP - 8, "start", "bold", size, "true class");
        for (int column = 0; column < classes.size(); column++) {
            String name = classes.get(column) == ABSTAINED ? "–" : String.valueOf(classes.get(column));
            text(svg, LEFT + (column + 0.5) * cell, TOP - 8, "middle", "normal", size, name);
        }
        for (int row = 0; row < rows.size(); row++) {
            text(svg, LEFT - 8, TOP + (row + 0.5) * cell + 4, "end", "normal", size, String.valueOf(rows.get(row)));
        }
        drawGrid(svg, classes.size(), rows.size(), cell);
        for (Presentation.Answer answer : shown.answers()) {
            int row = rows.indexOf(answer.label());
            int column = classes.indexOf(answer.answer() == null ? ABSTAINED : answer.answer());
            double share = (double) answer.count() / totals.getOrDefault(answer.label(), 1);
            boolean right = answer.answer() != null && answer.answer() == answer.label();
            svg.empty(
                    "rect",
                    "x",
                    Markup.px(LEFT + column * cell),
                    "y",
                    Markup.px(TOP + row * cell),
                    "width",
                    Markup.px(cell - 1),
                    "height",
                    Markup.px(cell - 1),
                    "fill",
                    right ? Colors.LINE : Colors.LIMIT,
                    "fill-opacity",
                    String.format(Locale.ROOT, "%.2f", 0.08 + 0.42 * share));
            text(
                    svg,
                    LEFT + (column + 0.5) * cell - 0.5,
                    TOP + (row + 0.5) * cell + 4,
                    "middle",
                    "normal",
                    size,
                    String.valueOf(answer.count()));
        }
        return svg.close().toString();
    }

    /** Draws all cells at once, whose number grows with the square of that of classes. */
    private static void drawGrid(Markup svg, int columns, int rows, int cell) {
        svg.empty(
                "rect",
                "x",
                Markup.px(LEFT),
                "y",
                Markup.px(TOP),
                "width",
                Markup.px(columns * cell - 1),
                "height",
                Markup.px(rows * cell - 1),
                "fill",
                Colors.GRID,
                "fill-opacity",
                "0.25");
        StringBuilder lines = new StringBuilder();
        for (int column = 1; column < columns; column++) {
            lines.append('M')
                    .append(Markup.px(LEFT + column * cell - 0.5))
                    .append(' ')
                    .append(TOP);
            lines.append('v').append(rows * cell - 1);
        }
        for (int row = 1; row < rows; row++) {
            lines.append('M').append(LEFT).append(' ').append(Markup.px(TOP + row * cell - 0.5));
            lines.append('h').append(columns * cell - 1);
        }
        svg.empty("path", "d", lines.toString(), "stroke", Colors.PAPER);
    }

    private static void text(Markup svg, double x, double y, String anchor, String weight, String size, String text) {
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
                "font-size",
                size,
                "fill",
                Colors.INK);
    }
}
