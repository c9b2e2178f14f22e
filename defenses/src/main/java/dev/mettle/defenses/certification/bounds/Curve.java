package dev.mettle.defenses.certification.bounds;

/** A function of single values that never falls. */
interface Curve {

    /**
     * Return the value of the function in double precision.
     *
     * @param i the position of the value in its tensor
     */
    double at(int i, double x);

    /** Return how far rounding may carry the function's value, for arguments in an interval. */
    double error(int i, double lower, double upper);

    /** Return lines around the function on an interval. */
    Relaxation relax(int i, double lower, double upper);

    /** Say whether the function is a line on the interval, so that a tighter interval would change nothing. */
    boolean isLine(int i, double lower, double upper);
}
