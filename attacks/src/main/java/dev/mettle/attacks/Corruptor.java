package dev.mettle.attacks;

import dev.mettle.core.image.Filters;
import dev.mettle.core.image.Filters.Border;
import dev.mettle.core.image.Jpeg;
import dev.mettle.core.image.Raster;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;

/**
 * The formulas and parameters of the corruptions: {@code make_cifar_c.py} and {@code make_imagenet_c.py} of Hendrycks and Dietterich,
 * in that order, one value per severity.
 *
 * <p>What the originals give in pixels stays in pixels; the elastic transform, which they give in image sizes, goes with the smaller
 * side.
 *
 * @param severity from 1 to 5
 * @param cifar whether the parameters are those for small images
 * @param random the stream of the sample
 */
record Corruptor(int severity, boolean cifar, SampleRandom random) {

    Raster corrupt(Corruption corruption, Raster image) {
        Raster corrupted = switch (corruption) {
            case GAUSSIAN_NOISE -> gaussianNoise(image);
            case SHOT_NOISE -> shotNoise(image);
            case IMPULSE_NOISE -> impulseNoise(image);
            case DEFOCUS_BLUR -> defocusBlur(image);
            case GLASS_BLUR -> glassBlur(image);
            case MOTION_BLUR -> motionBlur(image);
            case ZOOM_BLUR -> zoomBlur(image);
            case SNOW -> snow(image);
            case FROST -> frost(image);
            case FOG -> fog(image);
            case BRIGHTNESS -> brightness(image);
            case CONTRAST -> contrast(image);
            case ELASTIC_TRANSFORM -> elasticTransform(image);
            case PIXELATE -> pixelate(image);
            case JPEG_COMPRESSION -> jpegCompression(image);
            case SPECKLE_NOISE -> speckleNoise(image);
            case GAUSSIAN_BLUR -> gaussianBlur(image);
            case SATURATE -> saturate(image);
        };
        return corrupted.map(Corruptor::clip);
    }

    private double parameter(double[] ofCifar, double[] ofImageNet) {
        return (cifar ? ofCifar : ofImageNet)[severity - 1];
    }

    private double[] parameters(double[][] ofCifar, double[][] ofImageNet) {
        return (cifar ? ofCifar : ofImageNet)[severity - 1];
    }

    private static double[] of(double... values) {
        return values;
    }

    private static double[][] each(double[]... values) {
        return values;
    }

    private static double clip(double value) {
        return Math.min(Math.max(value, 0), 1);
    }

    private Raster gaussianNoise(Raster image) {
        double sigma = parameter(of(.04, .06, .08, .09, .10), of(.08, .12, .18, .26, .38));
        return image.map(value -> value + sigma * random.gaussian());
    }

    private Raster shotNoise(Raster image) {
        double photons = parameter(of(500, 250, 100, 75, 50), of(60, 25, 12, 5, 3));
        return image.map(value -> Poisson.draw(value * photons, random) / photons);
    }

    private Raster impulseNoise(Raster image) {
        double share = parameter(of(.01, .02, .03, .05, .07), of(.03, .06, .09, .17, .27));
        return image.map(value -> {
            boolean hit = random.uniform(0, 1) < share;
            boolean salt = random.uniform(0, 1) < 0.5;
            return hit ? (salt ? 1 : 0) : value;
        });
    }

    private Raster speckleNoise(Raster image) {
        double sigma = parameter(of(.06, .1, .12, .16, .2), of(.15, .2, .35, .45, .6));
        return image.map(value -> value + value * sigma * random.gaussian());
    }

    private Raster gaussianBlur(Raster image) {
        return blurred(image, parameter(of(.4, .6, .7, .8, 1), of(1, 2, 3, 4, 6)));
    }

    private static Raster blurred(Raster image, double sigma) {
        return image.mapPlanes(
                plane -> Filters.gaussian(plane, image.height(), image.width(), sigma, 4, Border.NEAREST));
    }

    private Raster defocusBlur(Raster image) {
        double[] radiusAndSmoothing = parameters(
                each(of(.3, .4), of(.4, .5), of(.5, .6), of(1, .2), of(1.5, .1)),
                each(of(3, .1), of(4, .5), of(6, .5), of(8, .5), of(10, .5)));
        double[][] kernel = Filters.disk(radiusAndSmoothing[0], radiusAndSmoothing[1]);
        return image.mapPlanes(plane -> Filters.correlate(plane, image.height(), image.width(), kernel, Border.MIRROR));
    }

    /**
     * The original means to swap pixels, but in NumPy both end up with the color of the neighbor. The published data sets are made so;
     * hence a copy here, too.
     */
    private Raster glassBlur(Raster image) {
        double[] c = parameters(
                each(of(.05, 1, 1), of(.25, 1, 1), of(.4, 1, 1), of(.25, 1, 2), of(.4, 1, 2)),
                each(of(.7, 1, 2), of(.9, 2, 1), of(1, 2, 3), of(1.1, 3, 2), of(1.5, 4, 2)));
        int reach = (int) c[1];
        Raster glass = blurred(image, c[0]);
        for (int iteration = 0; iteration < c[2]; iteration++) {
            for (int row = image.height() - reach; row > reach; row--) {
                for (int column = image.width() - reach; column > reach; column--) {
                    int fromColumn = column + random.below(2 * reach) - reach;
                    int fromRow = row + random.below(2 * reach) - reach;
                    for (double[] plane : glass.planes()) {
                        plane[row * image.width() + column] = plane[fromRow * image.width() + fromColumn];
                    }
                }
            }
        }
        return blurred(glass, c[0]);
    }

    private Raster motionBlur(Raster image) {
        double[] radiusAndSigma = parameters(
                each(of(6, 1), of(6, 1.5), of(6, 2), of(8, 2), of(9, 2.5)),
                each(of(10, 3), of(15, 5), of(15, 8), of(15, 12), of(20, 15)));
        double angle = random.uniform(-45, 45);
        return image.mapPlanes(plane ->
                Filters.motion(plane, image.height(), image.width(), radiusAndSigma[0], radiusAndSigma[1], angle));
    }

    private Raster zoomBlur(Raster image) {
        double[] endAndStep = parameters(
                each(of(1.06, .01), of(1.11, .01), of(1.16, .01), of(1.21, .01), of(1.26, .01)),
                each(of(1.11, .01), of(1.16, .01), of(1.21, .02), of(1.26, .02), of(1.31, .03)));
        // as many factors as numpy.arange gives: 1.06 and 1.11 belong to their ranges through rounding
        int factors = (int) Math.ceil((endAndStep[0] - 1) / endAndStep[1]);
        double step = 1 + endAndStep[1] - 1;
        return image.mapPlanes(plane -> {
            double[] sum = plane.clone();
            for (int i = 0; i < factors; i++) {
                double[] zoomed = Filters.zoom(plane, image.height(), image.width(), 1 + i * step);
                Arrays.setAll(sum, pixel -> sum[pixel] + zoomed[pixel]);
            }
            return Arrays.stream(sum).map(value -> value / (factors + 1)).toArray();
        });
    }

    private Raster snow(Raster image) {
        double[] c = parameters(
                each(
                        of(.1, .2, 1, .6, 8, 3, .95),
                        of(.1, .2, 1, .5, 10, 4, .9),
                        of(.15, .3, 1.75, .55, 10, 4, .9),
                        of(.25, .3, 2.25, .6, 12, 6, .85),
                        of(.3, .3, 1.25, .65, 14, 12, .8)),
                each(
                        of(.1, .3, 3, .5, 10, 4, .8),
                        of(.2, .3, 2, .5, 12, 4, .7),
                        of(.55, .3, 4, .9, 12, 8, .7),
                        of(.55, .3, 4.5, .85, 12, 8, .65),
                        of(.55, .3, 2.5, .85, 12, 12, .55)));
        int height = image.height();
        int width = image.width();
        double[] flakes = new double[image.area()];
        Arrays.setAll(flakes, i -> c[0] + c[1] * random.gaussian());
        double[] zoomed = Filters.zoom(flakes, height, width, c[2]);
        Arrays.setAll(zoomed, i -> zoomed[i] < c[3] ? 0 : clip(zoomed[i]));
        double[] streaks = Filters.motion(zoomed, height, width, c[4], c[5], random.uniform(-135, -45));
        return image.mapPixels((pixel, i) -> {
            double whitened = 1.5 * Raster.luma(pixel) + 0.5;
            double snow = streaks[i] + streaks[streaks.length - 1 - i];
            for (int channel = 0; channel < pixel.length; channel++) {
                pixel[channel] = c[6] * pixel[channel] + (1 - c[6]) * Math.max(pixel[channel], whitened) + snow;
            }
        });
    }

    /**
     * The original lays a random part of one of five photographs over the image. Here a fractal takes its place: sharp bright
     * ridges (the crystals) on a soft bright ground, a little blue in color images.
     */
    private Raster frost(Raster image) {
        double[] shares = parameters(
                each(of(1, .2), of(1, .3), of(.9, .4), of(.85, .4), of(.75, .45)),
                each(of(1, .4), of(.8, .6), of(.7, .7), of(.65, .7), of(.6, .75)));
        int size = plasmaSize(image);
        double[] ground = Filters.plasma(size, 2, () -> random.uniform(-1, 1));
        double[] veins = Filters.plasma(size, 1.7, () -> random.uniform(-1, 1));
        double[] tint = image.channels() == 3 ? of(.88, .95, 1) : of(1);
        Raster result = image.mapPlanes(double[]::clone);
        for (int channel = 0; channel < image.channels(); channel++) {
            double[] plane = result.planes()[channel];
            double color = tint[Math.min(channel, tint.length - 1)];
            for (int i = 0; i < plane.length; i++) {
                int at = i / image.width() * size + i % image.width();
                double ridge = 1 - Math.abs(2 * veins[at] - 1);
                double frost = color * (.3 + .35 * ground[at] + .35 * ridge * ridge * ridge * ridge);
                plane[i] = shares[0] * plane[i] + shares[1] * frost;
            }
        }
        return result;
    }

    private Raster fog(Raster image) {
        double[] c = parameters(
                each(of(.2, 3), of(.5, 3), of(.75, 2.5), of(1, 2), of(1.5, 1.75)),
                each(of(1.5, 2), of(2, 2), of(2.5, 1.7), of(2.5, 1.5), of(3, 1.4)));
        int size = plasmaSize(image);
        double[] haze = Filters.plasma(size, c[1], () -> random.uniform(-1, 1));
        double largest = image.largest();
        double dimming = largest / (largest + c[0]);
        return image.mapPixels((pixel, i) -> {
            double fog = c[0] * haze[i / image.width() * size + i % image.width()];
            for (int channel = 0; channel < pixel.length; channel++) {
                pixel[channel] = (pixel[channel] + fog) * dimming;
            }
        });
    }

    private static int plasmaSize(Raster image) {
        int larger = Math.max(image.height(), image.width());
        return larger == 1 ? 1 : 2 * Integer.highestOneBit(larger - 1);
    }

    /** The value of HSV is the largest channel; hue and saturation stay if all channels grow in proportion. */
    private Raster brightness(Raster image) {
        double shift = parameter(of(.05, .1, .15, .2, .3), of(.1, .2, .3, .4, .5));
        return image.mapPixels((pixel, i) -> {
            double value = Arrays.stream(pixel).max().orElse(0);
            double brighter = clip(value + shift);
            for (int channel = 0; channel < pixel.length; channel++) {
                pixel[channel] = value > 0 ? pixel[channel] * brighter / value : brighter;
            }
        });
    }

    /** The saturation of HSV is the largest difference from the value, in shares of it. A grey pixel has the hue of red. */
    private Raster saturate(Raster image) {
        double[] c = parameters(
                each(of(.3, 0), of(.1, 0), of(1.5, 0), of(2, .1), of(2.5, .2)),
                each(of(.3, 0), of(.1, 0), of(2, 0), of(5, .1), of(20, .2)));
        if (image.channels() == 1) {
            return image;
        }
        return image.mapPixels((pixel, i) -> {
            double value = Arrays.stream(pixel).max().orElse(0);
            double least = Arrays.stream(pixel).min().orElse(0);
            double saturation = value > 0 ? (value - least) / value : 0;
            double changed = clip(saturation * c[0] + c[1]);
            for (int channel = 0; channel < pixel.length; channel++) {
                double share = saturation > 0 ? (value - pixel[channel]) / (value - least) : channel == 0 ? 0 : 1;
                pixel[channel] = value * (1 - share * changed);
            }
        });
    }

    private Raster contrast(Raster image) {
        double factor = parameter(of(.75, .5, .4, .3, .15), of(.4, .3, .2, .1, .05));
        return image.mapPlanes(plane -> {
            double mean = Arrays.stream(plane).average().orElse(0);
            return Arrays.stream(plane)
                    .map(value -> (value - mean) * factor + mean)
                    .toArray();
        });
    }

    private Raster pixelate(Raster image) {
        double share = parameter(of(.95, .9, .85, .75, .65), of(.6, .5, .4, .3, .25));
        int height = image.height();
        int width = image.width();
        int fewerRows = Math.max(1, (int) (height * share));
        int fewerColumns = Math.max(1, (int) (width * share));
        return image.mapPlanes(plane -> Filters.resizeByBox(
                Filters.resizeByBox(plane, height, width, fewerRows, fewerColumns),
                fewerRows,
                fewerColumns,
                height,
                width));
    }

    private Raster jpegCompression(Raster image) {
        return Jpeg.compress(image, (int) parameter(of(80, 65, 58, 50, 40), of(25, 18, 15, 10, 7)));
    }

    private Raster elasticTransform(Raster image) {
        double[] c = parameters(
                each(of(0, 0, .08), of(.05, .2, .07), of(.08, .06, .06), of(.1, .04, .05), of(.1, .03, .03)),
                each(of(2, .7, .1), of(2, .08, .2), of(.05, .01, .02), of(.07, .01, .02), of(.12, .01, .02)));
        int height = image.height();
        int width = image.width();
        // the original says 244 where it means 224; the data set is made so
        double size = Math.min(height, width) * (cifar ? 1 : 244 / 224.0);
        double[] corners = new double[6];
        Arrays.setAll(corners, i -> random.uniform(-c[2] * size, c[2] * size));
        double[] right = displacement(height, width, c[0] * size, c[1] * size);
        double[] down = displacement(height, width, c[0] * size, c[1] * size);
        return image.mapPlanes(plane -> displaced(affine(plane, height, width, corners), height, width, right, down));
    }

    private double[] displacement(int height, int width, double alpha, double sigma) {
        double[] noise = new double[height * width];
        Arrays.setAll(noise, i -> random.uniform(-1, 1));
        double[] smooth = Filters.gaussian(noise, height, width, sigma, 3, Border.REFLECT);
        return Arrays.stream(smooth).map(value -> alpha * value).toArray();
    }

    /** Read every pixel a little to the side. */
    static double[] displaced(double[] plane, int height, int width, double[] right, double[] down) {
        double[] result = new double[plane.length];
        for (int i = 0; i < result.length; i++) {
            int row = i / width;
            int column = i % width;
            result[i] = Filters.interpolate(plane, height, width, row + down[i], column + right[i], Border.REFLECT);
        }
        return result;
    }

    /**
     * Map the plane by the affine transformation that moves three points around its middle: lower right, upper right, upper left.
     *
     * @param shifts how far they move: right and down for each
     */
    static double[] affine(double[] plane, int height, int width, double[] shifts) {
        int reach = Math.min(height, width) / 3;
        int middleX = width / 2;
        int middleY = height / 2;
        // from the moved upper right corner, the moved edges down and to the left, which were 2 · reach long
        double cornerX = middleX + reach + shifts[2];
        double cornerY = middleY - reach + shifts[3];
        double downX = middleX + reach + shifts[0] - cornerX;
        double downY = middleY + reach + shifts[1] - cornerY;
        double leftX = middleX - reach + shifts[4] - cornerX;
        double leftY = middleY - reach + shifts[5] - cornerY;
        double determinant = downX * leftY - downY * leftX;
        double[] result = new double[plane.length];
        for (int i = 0; i < result.length; i++) {
            int row = i / width;
            int column = i % width;
            double x = column - cornerX;
            double y = row - cornerY;
            double down = (x * leftY - y * leftX) / determinant;
            double left = (downX * y - downY * x) / determinant;
            result[i] = Filters.interpolate(
                    plane,
                    height,
                    width,
                    middleY - reach + 2 * reach * down,
                    middleX + reach - 2 * reach * left,
                    Border.MIRROR);
        }
        return result;
    }
}
