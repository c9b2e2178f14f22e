package dev.mettle.defenses.certification.bounds;

/**
 * Two lines that a function lies between on an interval: {@code lowerSlope · x + lowerConstant ≤ f(x) ≤ upperSlope · x + upperConstant}.
 *
 * @param error what rounding may take away from either bound
 */
record Relaxation(double lowerSlope, double lowerConstant, double upperSlope, double upperConstant, double error) {

    /** Return the same line for both. */
    static Relaxation line(double slope, double constant, double error) {
        return new Relaxation(slope, constant, slope, constant, error);
    }
}
