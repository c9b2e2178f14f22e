package dev.mettle.core.threat;

import java.math.BigDecimal;
import java.math.MathContext;

/** Prints an epsilon the way the literature writes it: {@code 8/255}, {@code 0.1}, {@code 1.5}. */
public final class Epsilons {

    private Epsilons() {}

    /** Format an epsilon; {@code 8/255} where the value is a multiple of 1/255 and has no short decimal form. */
    public static String format(double epsilon) {
        if (Double.isInfinite(epsilon)) {
            return epsilon > 0 ? "∞" : "-∞";
        }
        BigDecimal exact = new BigDecimal(Double.toString(epsilon)).stripTrailingZeros();
        if (exact.precision() <= 5) {
            return exact.signum() == 0 ? "0" : exact.toPlainString();
        }
        double steps = epsilon * 255;
        if (steps > 0.5 && steps < 254.5 && Math.abs(steps - Math.rint(steps)) < 1e-9) {
            return (int) Math.rint(steps) + "/255";
        }
        return exact.round(new MathContext(4)).stripTrailingZeros().toPlainString();
    }
}
