package dev.mettle.defenses.certification.bounds;

/**
 * {@code x} above 0, else {@code slope · x}, with {@code 0 ≤ slope ≤ 1}: ReLU, leaky ReLU, and parametric ReLU.
 *
 * <p>Where the interval holds 0, the upper line is the chord; the lower line has the slope, of the two at hand, that leaves the smaller
 * area between (Zhang et al., Efficient Neural Network Robustness Certification with General Activation Functions, NeurIPS 2018).
 */
final class Rectifier implements Curve {

    private final double[] slopes;
    private final double error;

    /**
     * Create the function.
     *
     * @param slopes one slope for all values, or one for each
     * @param error the rounding of a product, relative to its size
     */
    Rectifier(double[] slopes, double error) {
        this.slopes = slopes;
        this.error = error;
    }

    private double slope(int i) {
        return slopes[slopes.length == 1 ? 0 : i];
    }

    @Override
    public double at(int i, double x) {
        return x > 0 ? x : slope(i) * x;
    }

    @Override
    public double error(int i, double lower, double upper) {
        return slope(i) == 0 || lower >= 0 ? 0 : error * slope(i) * -lower + Rounding.absolute();
    }

    @Override
    public Relaxation relax(int i, double lower, double upper) {
        double below = slope(i);
        double error = error(i, lower, upper);
        if (lower >= 0) {
            return Relaxation.line(1, 0, 0);
        } else if (upper <= 0) {
            return Relaxation.line(below, 0, error);
        }
        double chord = (upper - below * lower) / (upper - lower);
        double constant = (below - chord) * lower;
        double rounding = Rounding.ofBounds(1) * Math.max(upper, -lower);
        if (!(chord <= 1)) { // rounded up, or an interval of next to no width
            chord = 1;
            constant = (below - 1) * lower;
        }
        return new Relaxation(upper > -lower ? 1 : below, 0, chord, constant, error + rounding);
    }

    @Override
    public boolean isLine(int i, double lower, double upper) {
        return lower >= 0 || upper <= 0 || slope(i) == 1;
    }
}
