package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.BudgetedAttack;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Creates the attacks of a test: from their classes, or by the method that {@link AttackSource} names. */
final class AttackSources {

    private AttackSources() {}

    /**
     * Create an attack with its defaults.
     *
     * @throws ConfigurationException if the class has no constructor without parameters
     */
    static Attack create(Class<? extends Attack> type) {
        boolean creatable = !Modifier.isAbstract(type.getModifiers())
                && Arrays.stream(type.getDeclaredConstructors()).anyMatch(c -> c.getParameterCount() == 0);
        if (!creatable) {
            throw new ConfigurationException(
                    type.getSimpleName()
                            + " can't be created without parameters: configure it in a method and name that with @AttackSource");
        }
        return ReflectionSupport.newInstance(type);
    }

    /** Return what the method named by {@link AttackSource} gives: {@link Attack}s, {@link BudgetedAttack}s and {@link AttackSuite}s. */
    static List<Object> fromMethod(ExtensionContext context) {
        Optional<AttackSource> source = AnnotationSupport.findAnnotation(context.getTestMethod(), AttackSource.class);
        return source.isEmpty() ? List.of() : read(find(context, source.get().value()), context);
    }

    private static Method find(ExtensionContext context, String name) {
        for (Class<?> testClass : TestMember.testClasses(context)) {
            Optional<Method> method = ReflectionSupport.findMethod(testClass, name);
            if (method.isPresent()) {
                return method.get();
            }
        }
        throw new ConfigurationException("@AttackSource(\"" + name + "\"): "
                + context.getRequiredTestClass().getSimpleName() + " has no method " + name
                + "() without parameters: add static Stream<Attack> " + name + "()");
    }

    private static List<Object> read(Method method, ExtensionContext context) {
        String name = method.getDeclaringClass().getSimpleName() + "." + method.getName() + "()";
        Object result = ReflectionSupport.invokeMethod(method, instance(method, name, context));
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

    private static @Nullable Object instance(Method method, String name, ExtensionContext context) {
        if (Modifier.isStatic(method.getModifiers())) {
            return null;
        }
        return context.getTestInstances()
                .flatMap(instances -> instances.findInstance(method.getDeclaringClass()))
                .orElseThrow(() -> new ConfigurationException("@AttackSource " + name
                        + " is an instance method, and there is no instance of the test yet: make it static, or annotate the"
                        + " class with @TestInstance(PER_CLASS)"));
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
