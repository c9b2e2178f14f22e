package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import java.lang.annotation.Annotation;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** What a run does with what earlier runs recorded in the sources of the tests: compare with it, record it anew, or leave it alone. */
enum Recording {
    COMPARE,
    UPDATE,
    OFF;

    /** Find an annotation on a test method or, for all tests, on its class. */
    static <A extends Annotation> Optional<A> annotation(ExtensionContext context, Class<A> type) {
        return AnnotationSupport.findAnnotation(context.getTestMethod(), type)
                .or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), type));
    }

    /** Return how a property is set to record anew. */
    static String updating(String property) {
        return "-D" + property + "=" + UPDATE.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Refuse to record on CI.
     *
     * @param what what would be recorded, such as {@code baselines}
     */
    void requireAllowed(String property, String what, boolean onCi) {
        if (this == UPDATE && onCi) {
            throw new ConfigurationException(updating(property) + " on CI: " + what
                    + " are part of the sources; record them on your machine, and commit them");
        }
    }
}
