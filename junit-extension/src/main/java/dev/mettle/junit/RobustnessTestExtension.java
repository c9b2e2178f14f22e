package dev.mettle.junit;

import dev.mettle.core.numeric.Backend;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.junit.platform.commons.support.AnnotationSupport;

/** Turns a {@link RobustnessTest} into its runs: one per threat and attack, and one per worst case. */
final class RobustnessTestExtension implements TestTemplateInvocationContextProvider {

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return AnnotationSupport.isAnnotated(context.getTestMethod(), RobustnessTest.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        RobustnessTest test = AnnotationSupport.findAnnotation(context.getTestMethod(), RobustnessTest.class)
                .orElseThrow();
        RobustnessTestPlan plan = RobustnessTestPlan.of(test, context);
        InvocationParameters parameters = new InvocationParameters(plan.attacks(), plan.seed());
        List<Invocation> invocations = Invocation.of(plan.attacks(), plan.goal());
        parameters.requireResolvable(context.getRequiredTestMethod(), invocations);
        Backend.require(); // before the fields of the test class, whose values may start ND4J
        Subject subject = Subject.find(context);
        // a build sets System.out anew for every fork and capture, so look it up for every line
        Console console = new Console(line -> System.out.println(line), invocations);
        TestEvaluation evaluation = new TestEvaluation(plan, console);
        return invocations.stream()
                .map(invocation -> new RobustnessInvocationContext(
                        invocation,
                        new RobustnessInvocationExtension(plan, invocation, subject, evaluation, parameters)));
    }
}
