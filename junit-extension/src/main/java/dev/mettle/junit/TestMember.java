package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/** The field or method of a test class that holds the model or the data. */
final class TestMember {

    private final Member member;
    private final Class<?> testClass;

    private TestMember(Member member, Class<?> testClass) {
        this.member = member;
        this.testClass = testClass;
    }

    /**
     * Find the only annotated member of the test class, or else of the nearest enclosing test class that has one.
     *
     * @param context the context of a test
     * @param annotation marks the member
     * @param example a declaration to put into the message if there is none
     * @throws ConfigurationException if there is none, or more than one in the same class
     */
    static TestMember find(ExtensionContext context, Class<? extends Annotation> annotation, String example) {
        return findOptional(context, annotation)
                .orElseThrow(() -> new ConfigurationException(
                        context.getRequiredTestClass().getSimpleName() + " has no @" + annotation.getSimpleName()
                                + ": add a field such as @" + annotation.getSimpleName() + " " + example));
    }

    /** Find the only annotated member as {@link #find} does, if there is one. */
    static Optional<TestMember> findOptional(ExtensionContext context, Class<? extends Annotation> annotation) {
        for (Class<?> testClass : testClasses(context)) {
            List<Member> members = new ArrayList<>();
            members.addAll(AnnotationSupport.findAnnotatedFields(testClass, annotation));
            members.addAll(
                    AnnotationSupport.findAnnotatedMethods(testClass, annotation, HierarchyTraversalMode.TOP_DOWN));
            if (members.size() > 1) {
                throw new ConfigurationException(
                        testClass.getSimpleName() + " has " + members.size() + " members with @"
                                + annotation.getSimpleName() + " ("
                                + members.stream().map(TestMember::describe).collect(Collectors.joining(", "))
                                + "): keep one");
            }
            if (members.size() == 1) {
                TestMember found = new TestMember(members.get(0), testClass);
                found.requireNoParameters(annotation);
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    /** Return the test class of a context and those around it, innermost first, as JUnit runs them. */
    static List<Class<?>> testClasses(ExtensionContext context) {
        return List.copyOf(classContexts(context).keySet());
    }

    private static Map<Class<?>, ExtensionContext> classContexts(ExtensionContext context) {
        Map<Class<?>, ExtensionContext> contexts = new LinkedHashMap<>();
        for (@Nullable ExtensionContext each = context;
                each != null;
                each = each.getParent().orElse(null)) {
            ExtensionContext outermost = each;
            each.getTestClass().ifPresent(testClass -> contexts.put(testClass, outermost));
        }
        return contexts;
    }

    private void requireNoParameters(Class<? extends Annotation> annotation) {
        if (member instanceof Method method && method.getParameterCount() > 0) {
            throw new ConfigurationException("the @" + annotation.getSimpleName() + " method " + describe(member)
                    + " has parameters: remove them, nothing is passed to it");
        }
    }

    /** Say whether the value can be had without running code of the test, other than the initializer of its class. */
    boolean isStaticField() {
        return member instanceof Field && isStatic();
    }

    private boolean isStatic() {
        return Modifier.isStatic(member.getModifiers());
    }

    /** Return the value; a static method is called once per test class. */
    @Nullable
    Object read(ExtensionContext context) {
        if (member instanceof Method method) {
            return isStatic()
                    ? Stores.remember(classContext(context), method, Result.class, () -> new Result(call(method, null)))
                            .value()
                    : call(method, instance(context));
        }
        return readField((Field) member, isStatic() ? null : instance(context), context.getRoot());
    }

    private static @Nullable Object call(Method method, @Nullable Object instance) {
        return ReflectionSupport.invokeMethod(method, instance);
    }

    private static @Nullable Object readField(Field field, @Nullable Object instance, ExtensionContext root) {
        try {
            return ReflectionSupport.tryToReadFieldValue(field, instance)
                    .getOrThrow(e -> new IllegalStateException("can't read " + describe(field), e));
        } catch (ExceptionInInitializerError e) {
            // a static model that can't be loaded: say why, not that a class could not be initialized
            if (e.getCause() instanceof ConfigurationException cause) {
                throw Stores.remember(root, field.getDeclaringClass(), ConfigurationException.class, () -> cause);
            }
            throw e;
        } catch (NoClassDefFoundError e) {
            // Java tells the reason to the first test of the class only
            Optional<ConfigurationException> cause =
                    Stores.recall(root, field.getDeclaringClass(), ConfigurationException.class);
            if (cause.isPresent()) {
                throw cause.get();
            }
            throw e;
        }
    }

    private ExtensionContext classContext(ExtensionContext context) {
        ExtensionContext found = classContexts(context).get(testClass);
        return found == null ? context : found;
    }

    private Object instance(ExtensionContext context) {
        return context.getRequiredTestInstances()
                .findInstance(member.getDeclaringClass())
                .orElseThrow(() -> new IllegalStateException("there is no instance with " + describe(member)));
    }

    @Override
    public String toString() {
        return describe(member);
    }

    private static String describe(Member member) {
        return member.getDeclaringClass().getSimpleName() + "." + member.getName()
                + (((AnnotatedElement) member) instanceof Method ? "()" : "");
    }

    private record Result(@Nullable Object value) {}
}
