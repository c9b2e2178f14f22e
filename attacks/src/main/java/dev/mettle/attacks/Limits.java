package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.threat.Epsilons;

/** Checks of parameters from above. */
final class Limits {

    private Limits() {}

    static void requireAtMost(String attack, String option, double value, double most) {
        if (!(value <= most)) {
            throw new ConfigurationException(attack + ": " + option + " is " + Epsilons.format(value)
                    + ": give at most " + Epsilons.format(most));
        }
    }
}
