package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * The method that configures what a test runs with.
 *
 * @param annotation names the method
 * @param returns what it usually returns, for a message
 * @param name the name of the method
 */
record SourceMethod(Class<? extends Annotation> annotation, String returns, String name) {

    /**
     * Create something with its defaults.
     *
     * @param annotation what names a method that could configure it
     * @throws ConfigurationException if the class has no constructor without parameters
     */
    static <T> T create(Class<T> type, Class<? extends Annotation> annotation) {
        boolean creatable = !Modifier.isAbstract(type.getModifiers())
                && Arrays.stream(type.getDeclaredConstructors()).anyMatch(c -> c.getParameterCount() == 0);
        if (!creatable) {
            throw new ConfigurationException(type.getSimpleName()
                    + " can't be created without parameters: configure it in a method and name that with @"
                    + annotation.getSimpleName());
        }
        return ReflectionSupport.newInstance(type);
    }

    /**
     * Find the method in the test class or one around it.
     *
     * @throws ConfigurationException if there is none
     */
    Method find(ExtensionContext context) {
        for (Class<?> testClass : TestMember.testClasses(context)) {
            Optional<Method> method = ReflectionSupport.findMethod(testClass, name);
            if (method.isPresent()) {
                return method.get();
            }
        }
        throw new ConfigurationException("@" + annotation.getSimpleName() + "(\"" + name + "\"): "
                + context.getRequiredTestClass().getSimpleName() + " has no method " + name
                + "() without parameters: add static " + returns + " " + name + "()");
    }

    /**
     * Call the method.
     *
     * @throws ConfigurationException if it needs an instance of the test, and there is none yet
     */
    @Nullable
    Object call(Method method, ExtensionContext context) {
        return ReflectionSupport.invokeMethod(method, instance(method, context));
    }

    private @Nullable Object instance(Method method, ExtensionContext context) {
        if (Modifier.isStatic(method.getModifiers())) {
            return null;
        }
        return context.getTestInstances()
                .flatMap(instances -> instances.findInstance(method.getDeclaringClass()))
                .orElseThrow(() -> new ConfigurationException("@" + annotation.getSimpleName() + " " + describe(method)
                        + " is an instance method, and there is no instance of the test yet: make it static, or annotate the"
                        + " class with @TestInstance(PER_CLASS)"));
    }

    static String describe(Method method) {
        return method.getDeclaringClass().getSimpleName() + "." + method.getName() + "()";
    }
}
