package dev.mettle.cli;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.attacks.Suite;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Threshold;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Read option values, with errors that name the value and the mend. */
final class Converters {

    private Converters() {}

    /** Read a number or a fraction such as {@code 8/255}. */
    static double number(String text) {
        try {
            return AttackOptions.number(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException(
                    "'" + text + "' is no number: give one such as 0.1, or a fraction such as 8/255");
        }
    }

    /** Read how many there are to be: at least one. */
    static int count(String text) {
        try {
            int count = Integer.parseInt(text);
            if (count > 0) {
                return count;
            }
        } catch (NumberFormatException e) {
            throw noCount(text);
        }
        throw noCount(text);
    }

    private static TypeConversionException noCount(String text) {
        return new TypeConversionException("'" + text + "' is no number of samples: give a whole number of at least 1");
    }

    /** Read a whole number. */
    static long wholeNumber(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is no whole number: give one such as 7");
        }
    }

    /** Print a norm as it is written on the command line. */
    static String option(Norm norm) {
        return norm.name().toLowerCase(Locale.ROOT);
    }

    /** Print norms as they are written on the command line. */
    static String options(Set<Norm> norms) {
        return norms.stream().sorted().map(Converters::option).collect(Collectors.joining(", "));
    }

    /** Reads a norm. */
    static final class NormConverter implements ITypeConverter<Norm> {
        @Override
        public Norm convert(String text) {
            return Arrays.stream(Norm.values())
                    .filter(norm -> option(norm).equalsIgnoreCase(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException(
                            "'" + text + "' is no norm: choose from " + options(Set.of(Norm.values()))));
        }
    }

    /** Reads a suite. */
    static final class SuiteConverter implements ITypeConverter<Suite> {
        @Override
        public Suite convert(String text) {
            try {
                return Suite.parse(text);
            } catch (ConfigurationException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** Reads how to decide. */
    static final class DecisionConverter implements ITypeConverter<Decision> {
        @Override
        public Decision convert(String text) {
            return Arrays.stream(Decision.values())
                    .filter(decision -> decision.name().equals(text.toUpperCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text
                            + "' is no way to decide: choose from fixed, curtailed, sequential, population"));
        }
    }

    /** Reads the robust accuracy required at one epsilon. */
    static final class ThresholdConverter implements ITypeConverter<Threshold> {
        @Override
        public Threshold convert(String text) {
            String[] parts = text.split("=", -1);
            if (parts.length != 2) {
                throw new TypeConversionException("'" + text + "' is no threshold: give one such as 8/255=0.4");
            }
            try {
                return new Threshold(number(parts[0].trim()), number(parts[1].trim()));
            } catch (ConfigurationException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** Reads what attacks want. */
    static final class GoalConverter implements ITypeConverter<Goal> {
        @Override
        public Goal convert(String text) {
            String name = text.toUpperCase(Locale.ROOT).replace('-', '_');
            return Arrays.stream(Goal.Kind.values())
                    .filter(kind -> kind != Goal.Kind.CLASS && kind.name().equals(name))
                    .findFirst()
                    .map(Goal::of)
                    .orElseGet(() -> Goal.target(number(text)));
        }

        private static int number(String text) {
            try {
                return Integer.parseInt(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException(
                        "'" + text
                                + "' is no goal: choose from untargeted, most-likely, least-likely, random, next, or give a class");
            }
        }
    }
}
