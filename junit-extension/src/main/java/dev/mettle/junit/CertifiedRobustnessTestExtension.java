package dev.mettle.junit;

import dev.mettle.core.numeric.Backend;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.junit.platform.commons.support.AnnotationSupport;

/** Turns a {@link CertifiedRobustnessTest} into its run. */
final class CertifiedRobustnessTestExtension implements TestTemplateInvocationContextProvider {

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return AnnotationSupport.isAnnotated(context.getTestMethod(), CertifiedRobustnessTest.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        CertifiedRobustnessTest test = AnnotationSupport.findAnnotation(
                        context.getTestMethod(), CertifiedRobustnessTest.class)
                .orElseThrow();
        CertifiedTestPlan plan = CertifiedTestPlan.of(test, context);
        Backend.require(); // before the fields of the test class, whose values may start ND4J
        Subject subject = Subject.find(context);
        // a build sets System.out anew for every fork and capture, so look it up for every line
        CertificationConsole console = new CertificationConsole(line -> System.out.println(line));
        return Stream.of(new Run(plan.label(), new CertifiedInvocationExtension(plan, subject, console)));
    }

    private record Run(String label, CertifiedInvocationExtension extension) implements TestTemplateInvocationContext {

        @Override
        public String getDisplayName(int invocationIndex) {
            return label;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(extension);
        }
    }
}
