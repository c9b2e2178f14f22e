package dev.mettle.reports;

import java.util.List;
import java.util.Locale;

/**
 * Draws broken samples side by side, as an SVG: clean, adversarial and the difference one below the other, with the labels,
 * the distance, and how sure the model is.
 *
 * <p>The images inside are PNG tiles, which the viewer enlarges.
 */
final class SampleGrid {

    private static final int MAX_WIDTH = 640;
    private static final int NAMES = 72;
    private static final int GAP = 7;
    private static final int LARGEST_TILE = 112;

    /** The name of a row has two lines. */
    private static final int SMALLEST_ROW = 28;

    private static final int TOP = 34;
    private static final int BOTTOM = 22;
    private static final int LINE = 14;

    private SampleGrid() {}

    /** Draw at least one and at most 8 samples that have pictures. */
    static String draw(List<Presentation.Example> samples) {
        Presentation.Pictures first = pictures(samples.get(0));
        int column = Math.min(LARGEST_TILE + GAP, (MAX_WIDTH - NAMES) / samples.size());
        double scale = Math.min(scale(column - GAP, first.width()), scale(LARGEST_TILE, first.height()));
        double tileWidth = first.width() * scale;
        double tileHeight = first.height() * scale;
        int rows = samples.stream().allMatch(sample -> pictures(sample).difference() != null) ? 3 : 2;
        boolean sure = samples.stream().anyMatch(sample -> sample.confidence() != null);
        int width = NAMES + samples.size() * column;
        double pitch = Math.max(tileHeight, SMALLEST_ROW) + GAP;
        double below = TOP + rows * pitch;
        Markup svg = Markup.svg(width, below + BOTTOM + (sure ? LINE : 0));
        rowName(svg, TOP + tileHeight / 2, "clean", "");
        rowName(svg, TOP + pitch + tileHeight / 2, "adversarial", "");
        if (rows == 3) {
            rowName(svg, TOP + 2 * pitch + tileHeight / 2, "difference", "×" + first.amplification());
        }
        rowName(svg, below + 6, "distance", "");
        if (sure) {
            rowName(svg, below + 6 + LINE, "confidence", "");
        }
        for (int i = 0; i < samples.size(); i++) {
            Presentation.Example sample = samples.get(i);
            Presentation.Pictures pictures = pictures(sample);
            double left = NAMES + i * column + (column - GAP - tileWidth) / 2;
            double middle = left + tileWidth / 2;
            caption(svg, middle, 12, "#" + sample.sample(), "bold");
            caption(svg, middle, 27, sample.change(), "normal");
            tile(svg, left, TOP, tileWidth, tileHeight, pictures.clean());
            tile(svg, left, TOP + pitch, tileWidth, tileHeight, pictures.adversarial());
            if (rows == 3 && pictures.difference() != null) {
                tile(svg, left, TOP + 2 * pitch, tileWidth, tileHeight, pictures.difference());
            }
            caption(svg, middle, below + 10, sample.size(), "normal");
            if (sample.confidence() != null) {
                caption(svg, middle, below + 10 + LINE, percent(sample.confidence()), "normal");
            }
        }
        return svg.close().toString();
    }

    /** Print a probability without a decimal, but never as a certainty. */
    static String percent(double probability) {
        double percent = 100 * probability;
        return percent > 99 ? ">99%" : percent < 1 ? "<1%" : String.format(Locale.ROOT, "%.0f%%", percent);
    }

    private static Presentation.Pictures pictures(Presentation.Example sample) {
        Presentation.Pictures pictures = sample.pictures();
        if (pictures == null) {
            throw new IllegalArgumentException("sample #" + sample.sample() + " has no pictures");
        }
        return pictures;
    }

    /** Whole multiples look best; a scale in between only where the next multiple would waste much room. */
    private static double scale(int room, int pixels) {
        int whole = room / pixels;
        return whole * pixels >= 0.7 * room ? whole : (double) room / pixels;
    }

    private static void rowName(Markup svg, double y, String name, String below) {
        double middle = y + 4;
        svg.element("text", name, "x", "4", "y", Markup.px(below.isEmpty() ? middle : middle - 7), "fill", Colors.INK);
        if (!below.isEmpty()) {
            svg.element("text", below, "x", "4", "y", Markup.px(middle + 7), "fill", Colors.INK);
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
                Colors.INK);
    }

    private static void tile(Markup svg, double left, double top, double width, double height, String picture) {
        svg.empty(
                "image",
                "x",
                Markup.px(left),
                "y",
                Markup.px(top),
                "width",
                Markup.px(width),
                "height",
                Markup.px(height),
                "preserveAspectRatio",
                "none",
                "style",
                "image-rendering:pixelated",
                "href",
                picture);
    }
}
