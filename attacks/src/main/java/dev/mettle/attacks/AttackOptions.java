package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.threat.Epsilons;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of an attack by name: the components of its record, in kebab case, such as {@code random-start}.
 *
 * <p>So a parameter is declared once and shows in reports, on the command line and in lists of attacks.
 */
public final class AttackOptions {

    private static final String AUTO = "auto";

    private AttackOptions() {}

    /** Return the parameters of an attack, in the order of declaration; {@code auto} for a value that depends on epsilon. */
    public static Map<String, String> of(Record attack) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (RecordComponent component : attack.getClass().getRecordComponents()) {
            parameters.put(optionName(component), print(value(component, attack)));
        }
        return Collections.unmodifiableMap(parameters);
    }

    /**
     * Return an attack with some parameters changed.
     *
     * @param defaults the attack to start from, a record
     * @param options values by name
     * @throws ConfigurationException if the attack has no such parameter, or a value can't be read or is out of its range
     */
    public static Attack with(Attack defaults, Map<String, String> options) {
        RecordComponent[] components = defaults.getClass().getRecordComponents();
        if (components == null) {
            throw new IllegalArgumentException(defaults.getClass().getName() + " is not a record: it has no options");
        }
        for (String option : options.keySet()) {
            if (Arrays.stream(components)
                    .noneMatch(component -> optionName(component).equals(option))) {
                throw new ConfigurationException(defaults.name() + " has no option '" + option + "': it knows "
                        + (components.length == 0
                                ? "none"
                                : String.join(
                                        ", ",
                                        Arrays.stream(components)
                                                .map(AttackOptions::optionName)
                                                .toList())));
            }
        }
        Object[] values = Arrays.stream(components)
                .map(component -> {
                    String text = options.get(optionName(component));
                    return text == null ? value(component, (Record) defaults) : parse(component, text, defaults.name());
                })
                .toArray();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class[]::new);
        try {
            Constructor<? extends Attack> constructor = defaults.getClass().getDeclaredConstructor(types);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record has its canonical constructor", e);
        }
    }

    private static String optionName(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static Object value(RecordComponent component, Record attack) {
        try {
            return component.getAccessor().invoke(attack);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the accessor of a public record can be called", e);
        }
    }

    private static String print(Object value) {
        if (value instanceof OptionalDouble number) {
            return number.isPresent() ? print(number.getAsDouble()) : AUTO;
        }
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
        return value instanceof Double number ? print(number.doubleValue()) : String.valueOf(value);
    }

    /** Prints a number as short as the literature does, where that is all of it. */
    private static String print(double number) {
        String text = Epsilons.format(number);
        return number(text) == number ? text : Double.toString(number);
    }

    private static Object parse(RecordComponent component, String text, String attack) {
        Class<?> type = component.getType();
        try {
            if (type == int.class) {
                return Integer.parseInt(text);
            }
            if (type == double.class) {
                return number(text);
            }
            if (type == OptionalDouble.class) {
                return text.equals(AUTO) ? OptionalDouble.empty() : OptionalDouble.of(number(text));
            }
            if (type == boolean.class && (text.equals("true") || text.equals("false"))) {
                return Boolean.parseBoolean(text);
            }
            for (Object constant : type.isEnum() ? type.getEnumConstants() : new Object[0]) {
                if (print(constant).equals(text)) {
                    return constant;
                }
            }
        } catch (NumberFormatException e) {
            throw unreadable(component, text, attack, e);
        }
        throw unreadable(component, text, attack, null);
    }

    private static ConfigurationException unreadable(
            RecordComponent component, String text, String attack, @Nullable Exception cause) {
        Class<?> type = component.getType();
        String wanted = type == int.class
                ? "a whole number"
                : type == boolean.class
                        ? "true or false"
                        : type.isEnum()
                                ? "one of "
                                        + Arrays.stream(type.getEnumConstants())
                                                .map(AttackOptions::print)
                                                .collect(Collectors.joining(", "))
                                : "a number such as 0.01 or 2/255";
        return new ConfigurationException(
                attack + ": the option " + optionName(component) + " is '" + text + "': give " + wanted, cause);
    }

    /**
     * Read a number, or a fraction such as {@code 8/255}.
     *
     * @throws NumberFormatException if it is neither
     */
    public static double number(String text) {
        int slash = text.indexOf('/');
        return slash < 0
                ? Double.parseDouble(text)
                : Double.parseDouble(text.substring(0, slash)) / Double.parseDouble(text.substring(slash + 1));
    }

    static void requireAtLeast(String attack, String option, double value, double least) {
        if (!(value >= least) || Double.isInfinite(value)) {
            throw new ConfigurationException(attack + ": " + option + " is " + Epsilons.format(value)
                    + ": give at least " + Epsilons.format(least));
        }
    }

    static void requireBetween(String attack, String option, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new ConfigurationException(attack + ": " + option + " is " + value + ": give a number between "
                    + Epsilons.format(least) + " and " + Epsilons.format(most));
        }
    }

    static void requireAtMost(String attack, String option, double value, double most) {
        if (!(value <= most)) {
            throw new ConfigurationException(attack + ": " + option + " is " + Epsilons.format(value)
                    + ": give at most " + Epsilons.format(most));
        }
    }

    static void requireBelow(String attack, String option, double value, double limit) {
        if (!(value < limit)) {
            throw new ConfigurationException(attack + ": " + option + " is " + Epsilons.format(value)
                    + ": give less than " + Epsilons.format(limit));
        }
    }

    static void requirePositive(String attack, String option, OptionalDouble value) {
        value.ifPresent(present -> requirePositive(attack, option, present));
    }

    static void requirePositive(String attack, String option, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new ConfigurationException(
                    attack + ": " + option + " is " + value + ": give a finite number above 0");
        }
    }
}
