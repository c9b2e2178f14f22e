package dev.mettle.reports;

import dev.mettle.core.threat.Box;
import java.util.List;

/**
 * Draws broken samples side by side, as an SVG: clean, adversarial and the difference one below the other, with the labels
 * and the distance.
 *
 * <p>The images inside are PNG tiles of one pixel per feature, which the viewer enlarges.
 */
final class SampleGrid {

    private static final int MAX_WIDTH = 640;
    private static final int NAMES = 72;
    private static final int GAP = 7;
    private static final int LARGEST_TILE = 112;
    private static final int TOP = 34;
    private static final int BOTTOM = 22;
    private static final String TEXT = "#222";

    private final ImageShape shape;
    private final Box box;
    private final DistanceText distances;

    SampleGrid(ImageShape shape, Box box, DistanceText distances) {
        this.shape = shape;
        this.box = box;
        this.distances = distances;
    }

    /** Draw at least one and at most 8 samples. */
    String draw(List<BrokenSample> samples) {
        int column = Math.min(LARGEST_TILE + GAP, (MAX_WIDTH - NAMES) / samples.size());
        int longer = Math.max(shape.width(), shape.height());
        double scale = scale(column - GAP, longer);
        double tileWidth = shape.width() * scale;
        double tileHeight = shape.height() * scale;
        int reduction = shape.reductionTo(column - GAP);
        int amplification = Amplification.of(samples, box);
        int width = NAMES + samples.size() * column;
        double height = TOP + 3 * (tileHeight + GAP) + BOTTOM;

        Markup svg = Markup.svg(width, height);
        rowName(svg, 0, tileHeight, "clean", "");
        rowName(svg, 1, tileHeight, "adversarial", "");
        rowName(svg, 2, tileHeight, "difference", "×" + amplification);
        for (int i = 0; i < samples.size(); i++) {
            BrokenSample sample = samples.get(i);
            double left = NAMES + i * column + (column - GAP - tileWidth) / 2;
            double middle = left + tileWidth / 2;
            caption(svg, middle, 12, sample.name(), "bold");
            caption(svg, middle, 27, sample.change(), "normal");
            tile(svg, left, 0, tileWidth, tileHeight, shape.draw(sample.clean(), box, reduction));
            tile(svg, left, 1, tileWidth, tileHeight, shape.draw(sample.adversarial(), box, reduction));
            Picture difference =
                    shape.drawDifference(sample.clean(), sample.adversarial(), box, amplification, reduction);
            tile(svg, left, 2, tileWidth, tileHeight, difference);
            caption(svg, middle, height - BOTTOM + 10, distances.of(sample.distance()), "normal");
        }
        return svg.close().toString();
    }

    /** Whole multiples look best; a scale in between only where the next multiple would waste much room. */
    private static double scale(int room, int pixels) {
        int whole = room / pixels;
        return whole * pixels >= 0.7 * room ? whole : (double) room / pixels;
    }

    private static void rowName(Markup svg, int row, double tileHeight, String name, String below) {
        double middle = TOP + row * (tileHeight + GAP) + tileHeight / 2 + 4;
        svg.element("text", name, "x", "4", "y", Markup.px(below.isEmpty() ? middle : middle - 7), "fill", TEXT);
        if (!below.isEmpty()) {
            svg.element("text", below, "x", "4", "y", Markup.px(middle + 7), "fill", TEXT);
        }
    }

    private static void caption(Markup svg, double x, double y, String text, String weight) {
        svg.element(
                "text",
                text,
                "x",
                Markup.px(x),
                "y",
                Markup.px(y),
                "text-anchor",
                "middle",
                "font-weight",
                weight,
                "fill",
                TEXT);
    }

    private static void tile(Markup svg, double left, int row, double width, double height, Picture picture) {
        svg.empty(
                "image",
                "x",
                Markup.px(left),
                "y",
                Markup.px(TOP + row * (height + GAP)),
                "width",
                Markup.px(width),
                "height",
                Markup.px(height),
                "preserveAspectRatio",
                "none",
                "style",
                "image-rendering:pixelated",
                "href",
                Png.dataUri(picture));
    }
}
