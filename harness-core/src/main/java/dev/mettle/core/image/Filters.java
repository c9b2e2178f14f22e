package dev.mettle.core.image;

/** Filters on planes of {@code height · width} values, with the conventions of SciPy, OpenCV and ImageMagick. */
public final class Filters {

    private Filters() {}

    /** How a plane goes on beyond its edge. */
    public enum Border {
        /** {@code a a a | a b c d | d d d}. */
        NEAREST {
            @Override
            public int inside(int i, int size) {
                return Math.min(Math.max(i, 0), size - 1);
            }
        },
        /** {@code c b a | a b c d | d c b}. */
        REFLECT {
            @Override
            public int inside(int i, int size) {
                int folded = Math.floorMod(i, 2 * size);
                return folded < size ? folded : 2 * size - 1 - folded;
            }
        },
        /** {@code d c b | a b c d | c b a}. */
        MIRROR {
            @Override
            public int inside(int i, int size) {
                if (size == 1) {
                    return 0;
                }
                int folded = Math.floorMod(i, 2 * size - 2);
                return folded < size ? folded : 2 * size - 2 - folded;
            }
        };

        /** Return the position inside a line of the given size that stands for position {@code i}. */
        public abstract int inside(int i, int size);
    }

    /** Return a normalized Gaussian of the given radius. */
    public static double[] gaussianKernel(double sigma, int radius) {
        double[] kernel = new double[2 * radius + 1];
        double sum = 0;
        for (int i = 0; i < kernel.length; i++) {
            double x = i - radius;
            kernel[i] = radius == 0 ? 1 : Math.exp(-x * x / (2 * sigma * sigma));
            sum += kernel[i];
        }
        for (int i = 0; i < kernel.length; i++) {
            kernel[i] /= sum;
        }
        return kernel;
    }

    /** Blur with a Gaussian that is cut off after {@code truncate} standard deviations, as scipy.ndimage does. */
    public static double[] gaussian(
            double[] plane, int height, int width, double sigma, double truncate, Border border) {
        return separable(plane, height, width, gaussianKernel(sigma, (int) (truncate * sigma + 0.5)), border);
    }

    /** Convolve rows and columns with the same odd kernel. */
    public static double[] separable(double[] plane, int height, int width, double[] kernel, Border border) {
        int radius = kernel.length / 2;
        if (radius == 0) {
            return plane.clone();
        }
        double[] columns = new double[plane.length];
        for (int k = -radius; k <= radius; k++) {
            double weight = kernel[k + radius];
            for (int row = 0; row < height; row++) {
                int source = border.inside(row + k, height) * width;
                for (int column = 0; column < width; column++) {
                    columns[row * width + column] += weight * plane[source + column];
                }
            }
        }
        double[] result = new double[plane.length];
        for (int k = -radius; k <= radius; k++) {
            double weight = kernel[k + radius];
            for (int column = 0; column < width; column++) {
                int source = border.inside(column + k, width);
                for (int row = 0; row < height; row++) {
                    result[row * width + column] += weight * columns[row * width + source];
                }
            }
        }
        return result;
    }

    /** Apply the transpose of {@link #separable}: the gradient with respect to its plane for one with respect to its result. */
    public static double[] separableTransposed(
            double[] gradient, int height, int width, double[] kernel, Border border) {
        int radius = kernel.length / 2;
        if (radius == 0) {
            return gradient.clone();
        }
        double[] columns = new double[gradient.length];
        for (int k = -radius; k <= radius; k++) {
            double weight = kernel[k + radius];
            for (int column = 0; column < width; column++) {
                int source = border.inside(column + k, width);
                for (int row = 0; row < height; row++) {
                    columns[row * width + source] += weight * gradient[row * width + column];
                }
            }
        }
        double[] result = new double[gradient.length];
        for (int k = -radius; k <= radius; k++) {
            double weight = kernel[k + radius];
            for (int row = 0; row < height; row++) {
                int source = border.inside(row + k, height) * width;
                for (int column = 0; column < width; column++) {
                    result[source + column] += weight * columns[row * width + column];
                }
            }
        }
        return result;
    }

    /** Correlate with an odd square kernel. */
    public static double[] correlate(double[] plane, int height, int width, double[][] kernel, Border border) {
        int radius = kernel.length / 2;
        double[] result = new double[plane.length];
        for (int k = -radius; k <= radius; k++) {
            for (int l = -radius; l <= radius; l++) {
                double weight = kernel[k + radius][l + radius];
                if (weight == 0) {
                    continue;
                }
                for (int row = 0; row < height; row++) {
                    int source = border.inside(row + k, height) * width;
                    for (int column = 0; column < width; column++) {
                        result[row * width + column] += weight * plane[source + border.inside(column + l, width)];
                    }
                }
            }
        }
        return result;
    }

    /** A disk of the given radius, smoothed by a Gaussian over 3 × 3 pixels (5 × 5 if the radius exceeds 8). */
    public static double[][] disk(double radius, double smoothing) {
        int extent = radius <= 8 ? 8 : (int) radius;
        int size = 2 * extent + 1;
        double[] disk = new double[size * size];
        double sum = 0;
        for (int i = 0; i < disk.length; i++) {
            int y = i / size - extent;
            int x = i % size - extent;
            disk[i] = x * x + y * y <= radius * radius ? 1 : 0;
            sum += disk[i];
        }
        double[] smooth = separable(disk, size, size, gaussianKernel(smoothing, radius <= 8 ? 1 : 2), Border.MIRROR);
        double[][] kernel = new double[size][size];
        for (int i = 0; i < disk.length; i++) {
            kernel[i / size][i % size] = smooth[i] / sum;
        }
        return kernel;
    }

    /**
     * Zoom into the middle of a plane by linear interpolation, and cut it to its size again: the middle part of
     * {@code ceil(size / factor)} pixels a side, whose corner pixels stay corner pixels.
     */
    public static double[] zoom(double[] plane, int height, int width, double factor) {
        int partHeight = (int) Math.ceil(height / factor);
        int partWidth = (int) Math.ceil(width / factor);
        int top = (height - partHeight) / 2;
        int left = (width - partWidth) / 2;
        int zoomedHeight = (int) Math.rint(partHeight * factor);
        int zoomedWidth = (int) Math.rint(partWidth * factor);
        int trimTop = (zoomedHeight - height) / 2;
        int trimLeft = (zoomedWidth - width) / 2;
        double rowStep = zoomedHeight > 1 ? (partHeight - 1.0) / (zoomedHeight - 1) : 0;
        double columnStep = zoomedWidth > 1 ? (partWidth - 1.0) / (zoomedWidth - 1) : 0;
        double[] result = new double[plane.length];
        for (int row = 0; row < height; row++) {
            double y = Math.min((row + trimTop) * rowStep, partHeight - 1);
            for (int column = 0; column < width; column++) {
                double x = Math.min((column + trimLeft) * columnStep, partWidth - 1);
                result[row * width + column] = interpolate(plane, height, width, top + y, left + x, Border.NEAREST);
            }
        }
        return result;
    }

    /** Return the value at a point, bilinear between pixel centers at whole coordinates. */
    public static double interpolate(double[] plane, int height, int width, double y, double x, Border border) {
        int row = (int) Math.floor(y);
        int column = (int) Math.floor(x);
        double lower = y - row;
        double right = x - column;
        int here = border.inside(row, height) * width;
        int below = border.inside(row + 1, height) * width;
        int left = border.inside(column, width);
        int next = border.inside(column + 1, width);
        return (1 - lower) * ((1 - right) * plane[here + left] + right * plane[here + next])
                + lower * ((1 - right) * plane[below + left] + right * plane[below + next]);
    }

    /**
     * Blur along a line, as ImageMagick does: a one-sided Gaussian trail of {@code 2 · radius + 1} pixels, each read at the nearest
     * pixel center, edges repeated.
     */
    public static double[] motion(double[] plane, int height, int width, double radius, double sigma, double degrees) {
        int length = 2 * (int) Math.ceil(radius) + 1;
        double[] kernel = new double[length];
        double sum = 0;
        for (int i = 0; i < length; i++) {
            kernel[i] = Math.exp(-i * i / (2 * sigma * sigma));
            sum += kernel[i];
        }
        double cosine = Math.cos(Math.toRadians(degrees));
        double sine = Math.sin(Math.toRadians(degrees));
        double[] result = new double[plane.length];
        for (int i = 0; i < length; i++) {
            double weight = kernel[i] / sum;
            int right = (int) Math.ceil(i * cosine - 0.5);
            int down = (int) Math.ceil(i * sine - 0.5);
            for (int row = 0; row < height; row++) {
                int source = Border.NEAREST.inside(row + down, height) * width;
                for (int column = 0; column < width; column++) {
                    result[row * width + column] +=
                            weight * plane[source + Border.NEAREST.inside(column + right, width)];
                }
            }
        }
        return result;
    }

    /** Resize by the box filter of Pillow: the mean of all pixels whose center lies in the target pixel, at least one. */
    public static double[] resizeByBox(double[] plane, int height, int width, int newHeight, int newWidth) {
        double[] rows = new double[newHeight * width];
        for (int row = 0; row < newHeight; row++) {
            int from = boxStart(row, height, newHeight);
            int to = boxEnd(row, height, newHeight);
            for (int column = 0; column < width; column++) {
                double sum = 0;
                for (int source = from; source < to; source++) {
                    sum += plane[source * width + column];
                }
                rows[row * width + column] = sum / (to - from);
            }
        }
        double[] result = new double[newHeight * newWidth];
        for (int column = 0; column < newWidth; column++) {
            int from = boxStart(column, width, newWidth);
            int to = boxEnd(column, width, newWidth);
            for (int row = 0; row < newHeight; row++) {
                double sum = 0;
                for (int source = from; source < to; source++) {
                    sum += rows[row * width + source];
                }
                result[row * newWidth + column] = sum / (to - from);
            }
        }
        return result;
    }

    private static int boxStart(int target, int size, int newSize) {
        double scale = (double) size / newSize;
        double center = (target + 0.5) * scale;
        int start = Math.max((int) (center - Math.max(scale, 1) / 2 + 0.5), 0);
        // centers exactly on the lower edge of the box belong to the box before
        return (start + 0.5 - center) / Math.max(scale, 1) > -0.5 ? start : start + 1;
    }

    private static int boxEnd(int target, int size, int newSize) {
        double scale = (double) size / newSize;
        double center = (target + 0.5) * scale;
        int end = Math.min((int) (center + Math.max(scale, 1) / 2 + 0.5), size);
        return (end - 0.5 - center) / Math.max(scale, 1) <= 0.5 ? end : end - 1;
    }

    /**
     * A fractal height map in [0, 1] by the diamond-square algorithm on a torus, as large as asked for.
     *
     * @param size the side of the map, a power of two
     * @param decay how much smaller the random part gets with every halving of the step
     * @param uniform draws from [−1, 1]
     */
    public static double[] plasma(int size, double decay, java.util.function.DoubleSupplier uniform) {
        double[] map = new double[size * size];
        double wibble = 100;
        for (int step = size; step >= 2; step /= 2) {
            int half = step / 2;
            // the middle of every square, from its four corners
            for (int row = 0; row < size; row += step) {
                for (int column = 0; column < size; column += step) {
                    double sum = at(map, size, row, column)
                            + at(map, size, row + step, column)
                            + at(map, size, row, column + step)
                            + at(map, size, row + step, column + step);
                    map[(row + half) * size + column + half] = sum / 4 + wibble * wibble * uniform.getAsDouble();
                }
            }
            // the middle of every edge, from the two corners and the two square middles beside it
            for (int offset = 0; offset < 2; offset++) {
                int rowOffset = offset == 0 ? 0 : half;
                int columnOffset = half - rowOffset;
                for (int row = rowOffset; row < size; row += step) {
                    for (int column = columnOffset; column < size; column += step) {
                        double sum = at(map, size, row - half, column)
                                + at(map, size, row + half, column)
                                + at(map, size, row, column - half)
                                + at(map, size, row, column + half);
                        map[row * size + column] = sum / 4 + wibble * wibble * uniform.getAsDouble();
                    }
                }
            }
            wibble /= decay;
        }
        double lowest = java.util.Arrays.stream(map).min().orElse(0);
        double highest = java.util.Arrays.stream(map).max().orElse(1);
        for (int i = 0; i < map.length; i++) {
            map[i] = highest > lowest ? (map[i] - lowest) / (highest - lowest) : 0;
        }
        return map;
    }

    private static double at(double[] map, int size, int row, int column) {
        return map[Math.floorMod(row, size) * size + Math.floorMod(column, size)];
    }
}
