package dev.mettle.reports;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.data.FileLocks;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.model.ModelInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The files of an Allure results directory that are not about one test.
 *
 * <p>The directory may hold results of several models, test JVMs and runs. So what is there is kept, and an environment that
 * differs is added to it: one key, several values.
 */
final class AllureResultsFolder {

    private static final int HASH_DIGITS = 12;

    private final Path directory;

    AllureResultsFolder(Path directory) {
        this.directory = directory;
    }

    /** Add what was evaluated, with what, to {@code environment.properties}. */
    void describe(Evaluation evaluation) {
        describe(
                evaluation.model(),
                evaluation.data().name(),
                evaluation.dataSha256(),
                evaluation.seed(),
                evaluation.environment());
    }

    /** Add what was certified, with what, to {@code environment.properties}. */
    void describe(Certification certification) {
        describe(
                certification.model(),
                certification.dataName(),
                certification.dataSha256(),
                certification.seed(),
                certification.environment());
    }

    private void describe(ModelInfo model, String data, String dataSha256, long seed, Map<String, String> environment) {
        Map<String, String> facts = new TreeMap<>();
        facts.put("Model", model.name());
        facts.put("Model SHA-256", shortened(model.sha256()));
        facts.put("Data", data);
        facts.put("Data SHA-256", shortened(dataSha256));
        facts.put("Seed", String.valueOf(seed));
        addEnvironment(facts, "ND4J backend", environment, "backend");
        addEnvironment(facts, "Device", environment, "device");
        addEnvironment(facts, "Instruction set", environment, "instructionSet");
        addEnvironment(facts, "Helpers", environment, "helpers");
        addEnvironment(facts, "Threads", environment, "threads");
        addEnvironment(facts, "BLAS", environment, "blas");
        addEnvironment(facts, "ND4J", environment, "nd4j");
        addEnvironment(facts, "Mettle", environment, "mettle");
        addEnvironment(facts, "Java", environment, "java");
        addEnvironment(facts, "OS", environment, "os");
        Path file = directory.resolve("environment.properties");
        FileLocks.locked(
                file,
                () -> { // tests may run in parallel, and builds may fork
                    Properties properties = read(file);
                    facts.forEach((key, value) -> properties.merge(key, value, AllureResultsFolder::with));
                    write(file, sorted(properties));
                });
    }

    private static void addEnvironment(
            Map<String, String> facts, String key, Map<String, String> environment, String environmentKey) {
        String value = environment.get(environmentKey);
        if (value != null) {
            facts.put(key, value);
        }
    }

    private static String shortened(String hash) {
        return hash.substring(0, Math.min(HASH_DIGITS, hash.length()));
    }

    private static Object with(Object known, Object added) {
        boolean contained = (", " + known + ", ").contains(", " + added + ", ");
        return contained ? known : known + ", " + added;
    }

    private static Properties read(Path file) {
        Properties properties = new Properties();
        if (Files.exists(file)) {
            try (InputStream in = Files.newInputStream(file)) {
                properties.load(in);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return properties;
    }

    /** As {@link Properties#store} writes them, since Allure reads ISO-8859-1, but sorted and without the date. */
    private static String sorted(Properties properties) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            properties.store(bytes, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toString(StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> !line.startsWith("#"))
                .sorted()
                .collect(Collectors.joining("\n", "", "\n"));
    }

    /**
     * Sort robustness tests that did not pass into categories, unless the project brings a {@code categories.json} of its own.
     *
     * <p>Allure compares a regular expression with the whole text, in which the dot stands for line breaks as well.
     */
    void addCategories() {
        Path file = directory.resolve("categories.json");
        FileLocks.locked(file, () -> {
            if (!Files.exists(file)) {
                write(file, categories());
            }
        });
    }

    /** Tell which job of a CI server ran the tests, unless the project or the server's plugin has said so. */
    void addExecutor(Map<String, String> variables) {
        Executor.of(variables).ifPresent(executor -> {
            Path file = directory.resolve("executor.json");
            FileLocks.locked(file, () -> {
                if (!Files.exists(file)) {
                    write(file, EvaluationJson.text(executor));
                }
            });
        });
    }

    private static String categories() {
        JsonMapper mapper = new JsonMapper();
        ArrayNode categories = mapper.createArrayNode();
        add(
                categories,
                "Robustness below threshold",
                "messageRegex",
                ".*accuracy .* is below the required .*",
                "failed");
        add(
                categories,
                "Robustness regression",
                "messageRegex",
                ".*(robust accuracy fell from .*|that the model resisted fools? it again.*)",
                "failed");
        add(
                categories,
                "Robustness inconclusive",
                "messageRegex",
                ".*neither shows nor rules out the required .*",
                "skipped",
                "failed");
        // The trace holds the message, and the cause where JUnit wraps an exception.
        add(
                categories,
                "Robustness untrusted or misconfigured",
                "traceRegex",
                ".*(can't be trusted:|dev\\.mettle\\.core\\.ConfigurationException).*",
                "broken",
                "failed");
        try {
            return mapper.writerWithDefaultPrettyPrinter()
                            .writeValueAsString(categories)
                            .replace(System.lineSeparator(), "\n")
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings can always be written", e);
        }
    }

    private static void add(ArrayNode categories, String name, String kind, String regex, String... statuses) {
        ArrayNode matched =
                categories.addObject().put("name", name).put(kind, regex).putArray("matchedStatuses");
        List.of(statuses).forEach(matched::add);
    }

    /** Never leaves half a file: a report generator may read at any time. */
    private void write(Path file, String content) {
        try {
            Files.createDirectories(directory);
            FileLocks.write(file, written -> Files.writeString(written, content, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new UncheckedIOException("can't write " + file.toAbsolutePath() + ": " + e.getMessage(), e);
        }
    }
}
