package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.BudgetedAttack;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Creates the attacks of a test, by the method that {@link AttackSource} names. */
final class AttackSources {

    private AttackSources() {}

    /** Return what the method named by {@link AttackSource} gives: {@link Attack}s, {@link BudgetedAttack}s and {@link AttackSuite}s. */
    static List<Object> fromMethod(ExtensionContext context) {
        Optional<AttackSource> source = AnnotationSupport.findAnnotation(context.getTestMethod(), AttackSource.class);
        return source.isEmpty()
                ? List.of()
                : read(
                        new SourceMethod(
                                AttackSource.class,
                                "Stream<Attack>",
                                source.get().value()),
                        context);
    }

    private static List<Object> read(SourceMethod source, ExtensionContext context) {
        Method method = source.find(context);
        String name = SourceMethod.describe(method);
        Object result = source.call(method, context);
        List<@Nullable Object> values = values(result, name);
        if (values.isEmpty()) {
            throw new ConfigurationException("@AttackSource " + name + " gives no attack: give at least one");
        }
        List<Object> attacks = new ArrayList<>();
        for (@Nullable Object value : values) {
            if (!(value instanceof Attack) && !(value instanceof BudgetedAttack) && !(value instanceof AttackSuite)) {
                throw new ConfigurationException("@AttackSource " + name + " gives "
                        + (value == null ? "null" : "a " + value.getClass().getName()) + " at position "
                        + attacks.size()
                        + ": give an Attack, a BudgetedAttack or an AttackSuite");
            }
            attacks.add(value);
        }
        return attacks;
    }

    private static List<@Nullable Object> values(@Nullable Object result, String name) {
        if (result instanceof Stream<?> stream) {
            try (stream) {
                return new ArrayList<>(Arrays.asList(stream.toArray()));
            }
        }
        if (result instanceof Iterable<?> iterable) {
            return new ArrayList<>(Arrays.asList(
                    StreamSupport.stream(iterable.spliterator(), false).toArray()));
        }
        if (result instanceof Object[] array) {
            return new ArrayList<>(Arrays.asList(array));
        }
        throw new ConfigurationException("@AttackSource " + name + " gives "
                + (result == null ? "null" : "a " + result.getClass().getName())
                + ": give a Stream, a Collection or an array of attacks");
    }
}
