package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import java.math.BigDecimal;

/** What the steps ask of their parameters. */
final class Checks {

    private Checks() {}

    static void requireBetween(String step, String parameter, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ConfigurationException(
                    step + ": " + parameter + " is " + value + ": give a whole number from " + least + " to " + most);
        }
    }

    static void requirePositive(String step, String parameter, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new ConfigurationException(step + ": " + parameter + " is " + value + ": give a number above 0");
        }
    }

    static String format(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
