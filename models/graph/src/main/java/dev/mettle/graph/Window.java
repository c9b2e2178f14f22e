package dev.mettle.graph;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How a kernel moves over the spatial dimensions: what convolutions and poolings share. All lists have one entry per spatial
 * dimension.
 *
 * @param kernel the size of the kernel
 * @param strides the steps between windows
 * @param dilations the distance between the values in a window
 * @param padding how far windows reach beyond the input
 */
public record Window(List<Integer> kernel, List<Integer> strides, List<Integer> dilations, Padding padding) {

    /** How far windows reach beyond the input. */
    public sealed interface Padding {}

    /**
     * Explicit padding.
     *
     * @param before before the first value, per spatial dimension
     * @param after after the last value, per spatial dimension
     */
    public record Explicit(List<Integer> before, List<Integer> after) implements Padding {

        /** Create the padding. */
        public Explicit {
            before = List.copyOf(before);
            after = List.copyOf(after);
        }

        @Override
        public String toString() {
            return before.equals(after) ? "pads " + before : "pads " + before + ".." + after;
        }
    }

    /** As much padding as makes the output {@code ceil(input / stride)} long; the odd one goes after: {@code SAME_UPPER}. */
    public record Same() implements Padding {
        @Override
        public String toString() {
            return "SAME_UPPER";
        }
    }

    /** Create the window. */
    public Window {
        kernel = List.copyOf(kernel);
        strides = List.copyOf(strides);
        dilations = List.copyOf(dilations);
    }

    /** Return a window with the same padding before and after. */
    public static Window of(int[] kernel, int[] strides, int[] padding, int[] dilations) {
        List<Integer> pads = list(padding);
        return new Window(list(kernel), list(strides), list(dilations), new Explicit(pads, pads));
    }

    /** Return a window with {@link Same} padding. */
    public static Window same(int[] kernel, int[] strides, int[] dilations) {
        return new Window(list(kernel), list(strides), list(dilations), new Same());
    }

    private static List<Integer> list(int... values) {
        return Arrays.stream(values).boxed().toList();
    }

    /** Return the number of spatial dimensions. */
    public int rank() {
        return kernel.size();
    }

    /** Return how far a window reaches along a spatial dimension, dilation included. */
    public long reach(int dimension) {
        return (long) (kernel.get(dimension) - 1) * dilations.get(dimension) + 1;
    }

    /** Return how much padding there is before an input of the given size. */
    public long before(int dimension, long size) {
        if (padding instanceof Explicit explicit) {
            return explicit.before.get(dimension);
        }
        return samePadding(dimension, size) / 2;
    }

    /** Return how much padding there is after an input of the given size. */
    public long after(int dimension, long size) {
        if (padding instanceof Explicit explicit) {
            return explicit.after.get(dimension);
        }
        return samePadding(dimension, size) - samePadding(dimension, size) / 2;
    }

    private long samePadding(int dimension, long size) {
        long windows = ceil(size, strides.get(dimension));
        return Math.max(0, (windows - 1) * strides.get(dimension) + reach(dimension) - size);
    }

    private static long ceil(long size, long stride) {
        return (size + stride - 1) / stride;
    }

    long[] outputShape(long[] x, long channels) {
        long[] shape = x.clone();
        shape[1] = channels;
        for (int i = 0; i < rank(); i++) {
            long size = x[i + 2];
            shape[i + 2] = Math.floorDiv(size + before(i, size) + after(i, size) - reach(i), strides.get(i)) + 1;
            Shapes.require(shape[i + 2] > 0, this, x);
        }
        return shape;
    }

    long[] transposedShape(long[] x, long channels) {
        long[] shape = x.clone();
        shape[1] = channels;
        for (int i = 0; i < rank(); i++) {
            shape[i + 2] = padding instanceof Same
                    ? x[i + 2] * strides.get(i)
                    : (x[i + 2] - 1) * strides.get(i) + reach(i) - before(i, 0) - after(i, 0);
            Shapes.require(shape[i + 2] > 0, this, x);
        }
        return shape;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(sizes(kernel));
        if (strides.stream().anyMatch(stride -> stride != 1)) {
            text.append(", strides ").append(sizes(strides));
        }
        if (dilations.stream().anyMatch(dilation -> dilation != 1)) {
            text.append(", dilations ").append(sizes(dilations));
        }
        if (!(padding instanceof Explicit explicit)) {
            text.append(", ").append(padding);
        } else if (explicit.before.stream().anyMatch(pad -> pad != 0)
                || explicit.after.stream().anyMatch(pad -> pad != 0)) {
            text.append(", pads ").append(sizes(explicit.before));
            if (!explicit.before.equals(explicit.after)) {
                text.append("..").append(sizes(explicit.after));
            }
        }
        return text.toString();
    }

    private static String sizes(List<Integer> sizes) {
        return sizes.stream().map(String::valueOf).collect(Collectors.joining("×"));
    }
}
