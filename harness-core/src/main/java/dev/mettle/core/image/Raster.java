package dev.mettle.core.image;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * An image with values in [0, 1], for corruptions: one plane of {@code height · width} values per channel.
 *
 * <p>Three channels are taken as red, green and blue. One channel is grey; any other number has no color model, and what needs
 * one takes the mean of the channels as brightness.
 */
public final class Raster {

    private final int height;
    private final int width;
    private final double[][] planes;

    public Raster(int height, int width, double[][] planes) {
        this.height = height;
        this.width = width;
        this.planes = planes;
    }

    public int height() {
        return height;
    }

    public int width() {
        return width;
    }

    /** Return the planes themselves, not copies. */
    public double[][] planes() {
        return planes;
    }

    public int area() {
        return height * width;
    }

    public int channels() {
        return planes.length;
    }

    public Raster mapPlanes(UnaryOperator<double[]> function) {
        return new Raster(height, width, Arrays.stream(planes).map(function).toArray(double[][]::new));
    }

    public Raster map(DoubleUnaryOperator function) {
        return mapPlanes(plane -> Arrays.stream(plane).map(function).toArray());
    }

    /** Maps the channels of one pixel to new ones. */
    public interface PixelFunction {
        void apply(double[] channels, int pixel);
    }

    /** Change pixel by pixel; the function overwrites the channels it is given. */
    public Raster mapPixels(PixelFunction function) {
        Raster result = mapPlanes(double[]::clone);
        double[] pixel = new double[planes.length];
        for (int i = 0; i < area(); i++) {
            for (int channel = 0; channel < pixel.length; channel++) {
                pixel[channel] = planes[channel][i];
            }
            function.apply(pixel, i);
            for (int channel = 0; channel < pixel.length; channel++) {
                result.planes[channel][i] = pixel[channel];
            }
        }
        return result;
    }

    public double largest() {
        return Arrays.stream(planes).flatMapToDouble(Arrays::stream).max().orElse(0);
    }

    /** The brightness of one pixel: BT.601 luma of red, green and blue; else the mean of the channels. */
    public static double luma(double[] pixel) {
        return pixel.length == 3
                ? 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
                : Arrays.stream(pixel).average().orElse(0);
    }
}
