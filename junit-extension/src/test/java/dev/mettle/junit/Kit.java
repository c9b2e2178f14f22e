package dev.mettle.junit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.EventType;

/**
 * What came of running a fixture.
 *
 * @param results the events
 * @param console what was printed
 */
record Kit(EngineExecutionResults results, List<String> console) {

    static Kit run(Class<?> fixture) {
        return run(selectClass(fixture), Map.of());
    }

    static Kit run(Class<?> fixture, Map<String, String> parameters) {
        return run(selectClass(fixture), parameters);
    }

    static Kit run(Class<?> fixture, String method) {
        Method found = Arrays.stream(fixture.getDeclaredMethods())
                .filter(each -> each.getName().equals(method))
                .findFirst()
                .orElseThrow();
        return run(selectMethod(fixture, found), Map.of());
    }

    static Kit run(DiscoverySelector selector, Map<String, String> parameters) {
        EngineTestKit.Builder builder = EngineTestKit.engine("junit-jupiter")
                .selectors(selector)
                .configurationParameter("mettle.cache", "off") // what one test found must not help another
                .configurationParameters(parameters);
        return capture(builder);
    }

    static Kit capture(EngineTestKit.Builder builder) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.out;
        try (PrintStream capture = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setOut(capture);
            EngineExecutionResults results = builder.execute();
            return new Kit(
                    results, bytes.toString(StandardCharsets.UTF_8).lines().toList());
        } finally {
            System.setOut(before);
        }
    }

    /** One line per finished test or container that did not simply succeed: name, status and type of what was thrown. */
    List<String> outcomes() {
        return results.testEvents().stream()
                .filter(event -> event.getType() == EventType.FINISHED)
                .map(event -> event.getTestDescriptor().getDisplayName() + ": " + describe(event))
                .toList();
    }

    private static String describe(Event event) {
        TestExecutionResult result = event.getRequiredPayload(TestExecutionResult.class);
        return result.getThrowable()
                .map(thrown -> result.getStatus() + " " + thrown.getClass().getSimpleName())
                .orElse(result.getStatus().toString());
    }

    /** Everything that was thrown, by tests and containers, in order. */
    List<Throwable> thrown() {
        return results.allEvents().stream()
                .filter(event -> event.getType() == EventType.FINISHED)
                .flatMap(event -> event.getRequiredPayload(TestExecutionResult.class).getThrowable().stream())
                .toList();
    }

    /** The only thing that was thrown. */
    Throwable onlyThrown() {
        List<Throwable> all = thrown();
        if (all.size() != 1) {
            throw new AssertionError("not exactly one was thrown: " + all);
        }
        return all.get(0);
    }

    /** The names of the tests that ran, in order. */
    List<String> names() {
        return results.testEvents()
                .started()
                .map(event -> event.getTestDescriptor().getDisplayName())
                .toList();
    }

    Stream<Event> finishedTests() {
        return results.testEvents().finished().stream();
    }
}
