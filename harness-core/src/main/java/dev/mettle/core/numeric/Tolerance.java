package dev.mettle.core.numeric;

/** The one tolerance of Mettle: how far rounding may carry a perturbation beyond its ball or its box. */
public final class Tolerance {

    /** Relative slack on norms and ranges, checked in double precision. */
    public static final double RELATIVE = 1e-6;

    private Tolerance() {}

    /** Say whether {@code value} is at most {@code limit}, up to rounding. */
    public static boolean atMost(double value, double limit) {
        return value <= limit + RELATIVE * Math.abs(limit);
    }
}
