package dev.mettle.memory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.RobustnessReport;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The baselines of one test class, as one JSON file beside the resources of the tests: sorted, and one line per sample, so that a
 * change shows as the lines that changed.
 *
 * <p>Safe for use by several threads and processes at once.
 */
public final class BaselineFile {

    /** The version of the file's structure, its value of {@code schema}. */
    public static final String SCHEMA = "mettle-baselines/1";

    private static final String TESTS = "tests";
    private static final String SEED = "seed";
    private static final String OUTCOMES = "outcomes";

    private final JsonFile file;
    private final String testClass;

    private BaselineFile(JsonFile file, String testClass) {
        this.file = file;
        this.testClass = testClass;
    }

    /**
     * Name the file of a test class.
     *
     * @param folder the folder of all baselines; it need not exist yet
     * @param testClass the full name of the test class
     */
    public static BaselineFile of(Path folder, String testClass) {
        return new BaselineFile(new JsonFile(folder.resolve(testClass + ".json"), SCHEMA), testClass);
    }

    /** Return where the file is, or will be. */
    public Path path() {
        return file.path().toAbsolutePath().normalize();
    }

    /**
     * Return the baseline of a run of a test, found by attacks, their parameters and the threat; empty if none was recorded.
     *
     * @throws ConfigurationException if the file holds something else
     */
    public Optional<RecordedBaseline> find(String test, RobustnessReport report) {
        JsonNode run = file.read()
                .map(document -> document.path(TESTS).path(test).path(RunKey.of(report)))
                .orElse(JsonNodeFactory.instance.missingNode());
        if (run.isMissingNode()) {
            return Optional.empty();
        }
        SortedMap<String, String> outcomes = new TreeMap<>();
        run.path(OUTCOMES)
                .properties()
                .forEach(entry -> outcomes.put(entry.getKey(), entry.getValue().asText()));
        return Optional.of(new RecordedBaseline(run.path(SEED).asLong(), outcomes));
    }

    /** Record a report as the baseline of its run, in the place of an older one. */
    public void record(String test, RobustnessReport report) {
        RecordedBaseline baseline = RecordedBaseline.of(report);
        file.update(document -> {
            document.put("testClass", testClass);
            ObjectNode tests = document.withObject("/" + TESTS);
            ObjectNode run = JsonNodeFactory.instance.objectNode();
            run.put("data", report.evaluation().data().name());
            run.put(SEED, baseline.seed());
            run.put(
                    "robust",
                    baseline.robustCount() + " of " + baseline.outcomes().size());
            ObjectNode outcomes = run.putObject(OUTCOMES);
            baseline.outcomes().forEach(outcomes::put);
            ObjectNode runs = tests.has(test) ? (ObjectNode) tests.get(test) : tests.putObject(test);
            runs.set(RunKey.of(report), run);
            tests.set(test, JsonFile.sorted(runs));
            document.set(TESTS, JsonFile.sorted(tests));
        });
    }
}
