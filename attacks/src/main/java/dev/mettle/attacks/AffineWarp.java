package dev.mettle.attacks;

/**
 * A plane rotated, scaled and shifted, with bilinear interpolation.
 *
 * <p>Pixel centers are the points with whole coordinates, so a whole number of pixels shifts exactly and 90° turns a square
 * exactly; the center of rotation is the middle of the plane. Positive degrees turn counter-clockwise as seen, positive shifts go
 * right and down. Rotation comes first. The grid is isotropic: an image that isn't square is not sheared.
 *
 * <p>It is linear, so {@link #adjoint} carries gradients back exactly.
 */
final class AffineWarp {

    /** Coordinates this near to a pixel center are that pixel: sines and cosines of right angles are off by 1e-16. */
    private static final double SNAP = 1e-9;

    private final int sourceHeight;
    private final int sourceWidth;
    private final int pixels;

    // Four source pixels per target pixel, -1 where they lie outside, and their weights.
    private final int[] index;
    private final double[] weight;

    private AffineWarp(int sourceHeight, int sourceWidth, int pixels) {
        this.sourceHeight = sourceHeight;
        this.sourceWidth = sourceWidth;
        this.pixels = pixels;
        this.index = new int[4 * pixels];
        this.weight = new double[4 * pixels];
    }

    /** Rotate a plane about its middle, then shift it. */
    static AffineWarp rotateAndShift(int height, int width, double degrees, double right, double down) {
        return place(height, width, height, width, degrees, 1, (width - 1) / 2.0 + right, (height - 1) / 2.0 + down);
    }

    /**
     * Lay a plane of one size into a plane of another, with its middle at a point of the target.
     *
     * @param scale how much larger the plane gets
     * @param centerX the column of its middle
     * @param centerY the row of its middle
     */
    static AffineWarp place(
            int sourceHeight,
            int sourceWidth,
            int height,
            int width,
            double degrees,
            double scale,
            double centerX,
            double centerY) {
        AffineWarp warp = new AffineWarp(sourceHeight, sourceWidth, height * width);
        double cosine = Math.cos(Math.toRadians(degrees)) / scale;
        double sine = Math.sin(Math.toRadians(degrees)) / scale;
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                double x = column - centerX;
                double y = row - centerY;
                warp.sample(
                        row * width + column,
                        cosine * x - sine * y + (sourceWidth - 1) / 2.0,
                        sine * x + cosine * y + (sourceHeight - 1) / 2.0);
            }
        }
        return warp;
    }

    private void sample(int pixel, double x, double y) {
        double exactX = snap(x);
        double exactY = snap(y);
        int left = (int) Math.floor(exactX);
        int top = (int) Math.floor(exactY);
        double rightShare = exactX - left;
        double lowerShare = exactY - top;
        put(4 * pixel, left, top, (1 - rightShare) * (1 - lowerShare));
        put(4 * pixel + 1, left + 1, top, rightShare * (1 - lowerShare));
        put(4 * pixel + 2, left, top + 1, (1 - rightShare) * lowerShare);
        put(4 * pixel + 3, left + 1, top + 1, rightShare * lowerShare);
    }

    private static double snap(double coordinate) {
        double whole = Math.rint(coordinate);
        return Math.abs(coordinate - whole) < SNAP ? whole : coordinate;
    }

    private void put(int slot, int column, int row, double share) {
        boolean inside = column >= 0 && column < sourceWidth && row >= 0 && row < sourceHeight;
        index[slot] = inside ? row * sourceWidth + column : -1;
        weight[slot] = share;
    }

    /** Warp one plane; {@code fill} stands for everything outside it. */
    void apply(double[] source, int sourceOffset, double[] target, int targetOffset, double fill) {
        for (int pixel = 0; pixel < pixels; pixel++) {
            double sum = 0;
            for (int slot = 4 * pixel; slot < 4 * pixel + 4; slot++) {
                if (weight[slot] != 0) { // a weight of 0 must not let in NaN, or round
                    sum += weight[slot] * (index[slot] < 0 ? fill : source[sourceOffset + index[slot]]);
                }
            }
            target[targetOffset + pixel] = sum;
        }
    }

    /** Return how much of every target pixel comes from the plane: 1 inside, 0 outside, between at its edge. */
    double[] coverage() {
        double[] coverage = new double[pixels];
        for (int slot = 0; slot < index.length; slot++) {
            if (index[slot] >= 0) {
                coverage[slot / 4] += weight[slot];
            }
        }
        return coverage;
    }

    /** Add to {@code sourceGradient} what a gradient with respect to the target says about the source. */
    void adjoint(double[] targetGradient, int targetOffset, double[] sourceGradient, int sourceOffset) {
        for (int slot = 0; slot < index.length; slot++) {
            if (index[slot] >= 0 && weight[slot] != 0) {
                sourceGradient[sourceOffset + index[slot]] += weight[slot] * targetGradient[targetOffset + slot / 4];
            }
        }
    }
}
