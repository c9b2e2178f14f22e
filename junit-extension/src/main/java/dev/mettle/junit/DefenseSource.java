package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.LabelModel;
import dev.mettle.defenses.Defended;
import dev.mettle.defenses.Defense;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * The defense that {@link DefendedBy} names.
 *
 * @param name the field or method, such as {@code DigitsTests.madry}
 * @param defense the defense
 */
record DefenseSource(String name, Defense<?> defense) {

    /** What is remembered of a run: which model a defense has defended, and what came of it. */
    private record Key(Defense<?> defense, LabelModel model) {

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && key.defense == defense && key.model == model;
        }

        @Override
        public int hashCode() {
            return 31 * System.identityHashCode(defense) + System.identityHashCode(model);
        }
    }

    /**
     * Find the defense of a test, if it has one.
     *
     * @throws ConfigurationException if there is nothing of that name, or it isn't static, or no defense
     */
    static Optional<DefenseSource> find(ExtensionContext context) {
        return AnnotationSupport.findAnnotation(context.getTestMethod(), DefendedBy.class)
                .or(() -> TestMember.testClasses(context).stream()
                        .flatMap(type -> AnnotationSupport.findAnnotation(type, DefendedBy.class).stream())
                        .findFirst())
                .map(annotation -> find(annotation.value(), context));
    }

    private static DefenseSource find(String name, ExtensionContext context) {
        for (Class<?> testClass : TestMember.testClasses(context)) {
            String described = testClass.getSimpleName() + "." + name;
            List<Field> fields = ReflectionSupport.findFields(
                    testClass, field -> field.getName().equals(name), HierarchyTraversalMode.BOTTOM_UP);
            if (!fields.isEmpty()) {
                Field field = fields.get(0);
                requireStatic(described, field.getModifiers());
                return of(described, read(field));
            }
            Optional<Method> method = ReflectionSupport.findMethod(testClass, name);
            if (method.isPresent()) {
                requireStatic(described + "()", method.get().getModifiers());
                return Stores.remember(
                        context.getRoot(),
                        method.get(),
                        DefenseSource.class,
                        () -> of(described + "()", ReflectionSupport.invokeMethod(method.get(), null)));
            }
        }
        throw new ConfigurationException("@DefendedBy(\"" + name + "\"): "
                + context.getRequiredTestClass().getSimpleName() + " has no field and no method without parameters of"
                + " that name: add static final Defense<Dl4jClassifier> " + name
                + " = AdversarialTraining.pgd(norm, epsilon).on(trainingData)");
    }

    private static void requireStatic(String name, int modifiers) {
        if (!Modifier.isStatic(modifiers)) {
            throw new ConfigurationException("@DefendedBy " + name + " is not static: make it so, since a model is"
                    + " defended once for all tests");
        }
    }

    private static @Nullable Object read(Field field) {
        return ReflectionSupport.tryToReadFieldValue(field, null)
                .getOrThrow(e -> new IllegalStateException("can't read " + field, e));
    }

    private static DefenseSource of(String name, @Nullable Object value) {
        if (value instanceof Defense<?> defense) {
            return new DefenseSource(name, defense);
        }
        throw new ConfigurationException("@DefendedBy " + name + " is "
                + (value == null ? "null" : "a " + value.getClass().getName())
                + ": give a Defense, such as AdversarialTraining.pgd(norm, epsilon).on(trainingData)");
    }

    /**
     * Defend a model, or remember how that went.
     *
     * @throws ConfigurationException if the defense takes models of another class
     */
    Defended<?> defend(LabelModel model, ExtensionContext context) {
        return Stores.remember(
                context.getRoot(), new Key(defense, model), Defended.class, () -> defend(defense, model));
    }

    private <M extends LabelModel> Defended<M> defend(Defense<M> typed, LabelModel model) {
        try {
            @SuppressWarnings("unchecked") // refused below if it doesn't fit
            M own = (M) model;
            return typed.defend(own);
        } catch (ClassCastException e) {
            throw new ConfigurationException(
                    "@DefendedBy " + name + " doesn't take the model under test, a "
                            + model.getClass().getSimpleName() + ": give it a model that the defense knows ("
                            + e.getMessage()
                            + ")",
                    e);
        }
    }
}
