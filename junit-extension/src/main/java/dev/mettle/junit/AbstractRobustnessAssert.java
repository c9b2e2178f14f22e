package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.threat.Epsilons;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/** What the assertions of this package share: AssertJ's descriptions in our own errors, and checks of what is required. */
abstract class AbstractRobustnessAssert<S extends AbstractRobustnessAssert<S, A>, A> extends AbstractAssert<S, A> {

    AbstractRobustnessAssert(@Nullable A actual, Class<S> selfType) {
        super(actual, selfType);
    }

    final RobustnessAssertionError error(String message, String expected, String actualText) {
        return new RobustnessAssertionError(worded(message), expected, actualText);
    }

    /** Put the description of {@code as(…)} before a message, or the one of {@code withFailMessage(…)} in its place. */
    final String worded(String message) {
        String override = info.overridingErrorMessage();
        if (override != null) {
            return override;
        }
        return info.hasDescription() ? "[" + info.descriptionText() + "] " + message : message;
    }

    static void requireFraction(String what, double value) {
        if (!(value > 0 && value <= 1)) {
            String hint = value > 1 && value <= 100
                    ? " (" + Epsilons.format(value) + "% is " + Epsilons.format(value / 100) + ")"
                    : "";
            throw new ConfigurationException(
                    "the required " + what + " is " + number(value) + ": give a fraction above 0 and up to 1" + hint);
        }
    }

    static void requireSize(String what, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new ConfigurationException(
                    what + " is " + number(value) + ": give a number of at least 0, in input units of the model");
        }
    }

    static void requireCount(String what, int value) {
        if (value < 0) {
            throw new ConfigurationException(what + " is " + value + ": give a number of at least 0");
        }
    }

    static void requireAllEvaluated(int evaluated, int samples) {
        if (evaluated < samples) {
            throw new ConfigurationException("this assertion looks at all samples, but the evaluation stopped after "
                    + evaluated + " of " + samples + ": leave decision at FIXED, or assert hasRobustAccuracyOfAtLeast");
        }
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "NaN" : Epsilons.format(value);
    }
}
