package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.threat.Epsilons;

/** Checks of parameters that minimum-norm attacks share. */
final class MinimumNormOptions {

    private MinimumNormOptions() {}

    static void requireFraction(String attack, String option, double value) {
        if (!(value > 0 && value < 1)) {
            throw new ConfigurationException(
                    attack + ": " + option + " is " + Epsilons.format(value) + ": give a number above 0 and below 1");
        }
    }

    static void requireLevels(String attack, int levels) {
        if (levels < 0 || levels == 1) {
            throw new ConfigurationException(
                    attack + ": levels is " + levels + ": give 0 for no rounding, or at least 2, such as 256");
        }
    }

    /** Refuse a step that would grow towards its end. */
    static void requireAtMost(String attack, String option, double value, String limit, double most) {
        if (!(value > 0 && value <= most)) {
            throw new ConfigurationException(attack + ": " + option + " is " + Epsilons.format(value)
                    + ": give a number above 0 and at most " + limit + ", " + Epsilons.format(most));
        }
    }
}
