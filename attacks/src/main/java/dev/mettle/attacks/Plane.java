package dev.mettle.attacks;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The features of one sample seen as an image: channels of {@code height · width} places.
 *
 * <p>Images {@code [channels, height, width]} are what they are, and so are volumes, whose planes count as channels; series {@code
 * [channels, length]} are one place high; vectors {@code [features]} are one channel, one place high.
 */
record Plane(int channels, int height, int width) {

    /** Return the plane of a batch's samples. */
    static Plane of(INDArray batch) {
        int rank = batch.rank();
        int width = rank < 2 ? 1 : (int) batch.size(rank - 1);
        int height = rank < 4 ? 1 : (int) batch.size(rank - 2);
        return new Plane((int) Rows.features(batch) / Math.max(1, width * height), height, width);
    }

    /** Return the plane of all features in one row. */
    Plane flat() {
        return new Plane(1, 1, channels * places());
    }

    /** Return the number of places. */
    int places() {
        return height * width;
    }

    /** Return the index of a feature. */
    int index(int channel, int row, int column) {
        return (channel * height + row) * width + column;
    }

    /** A rectangle of places. */
    record Window(int top, int left, int height, int width) {

        int bottom() {
            return top + height;
        }

        int right() {
            return left + width;
        }

        boolean holds(int row, int column) {
            return row >= top && row < bottom() && column >= left && column < right();
        }
    }

    /**
     * Draw a window anywhere in the plane that holds a share of its places: a square, or where the plane is too narrow for one, a
     * rectangle across it.
     */
    Window window(double share, SampleRandom random) {
        int side = Math.max(1, (int) Math.round(Math.sqrt(share * places())));
        int high = side;
        int wide = side;
        if (side > height) {
            high = height;
            wide = Math.max(1, (int) Math.round(share * width));
        } else if (side > width) {
            wide = width;
            high = Math.max(1, (int) Math.round(share * height));
        }
        return place(Math.min(high, height), Math.min(wide, width), random);
    }

    /** Draw a window as {@link #window}, of an image with odd sides of at least 3, if it has room for them. */
    Window oddWindow(double share, SampleRandom random) {
        Window window = window(share, random);
        return height == 1 || width == 1 ? window : place(odd(window.height, height), odd(window.width, width), random);
    }

    private static int odd(int side, int most) {
        return Math.min(Math.max(3, side | 1), most);
    }

    private Window place(int high, int wide, SampleRandom random) {
        return new Window(random.below(height - high + 1), random.below(width - wide + 1), high, wide);
    }
}
