package dev.mettle.junit;

import java.util.List;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;

/**
 * One run of a robustness test, as JUnit sees it.
 *
 * @param invocation what is attacked
 * @param extension does the work
 */
record RobustnessInvocationContext(Invocation invocation, RobustnessInvocationExtension extension)
        implements TestTemplateInvocationContext {

    @Override
    public String getDisplayName(int invocationIndex) {
        return invocation.label();
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
        return List.of(extension);
    }
}
