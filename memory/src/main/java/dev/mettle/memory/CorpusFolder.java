package dev.mettle.memory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.FileLocks;
import dev.mettle.core.data.NumpyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The known adversarial examples of one test class, as a folder beside the resources of the tests: an {@code index.json}, sorted, and one
 * {@code .npy} per example, named by its content. A {@code .gitattributes} above tells Git that they are not text.
 *
 * <p>Safe for use by several threads and processes at once.
 */
public final class CorpusFolder {

    /** The version of the index, its value of {@code schema}. */
    public static final String SCHEMA = "mettle-corpus/1";

    private static final String TESTS = "tests";
    private static final String EXAMPLES = "examples";
    private static final String SHAPE = "shape";
    private static final String CLASSES = "classes";
    private static final String ARRAY = ".npy";

    private final Path folder;
    private final JsonFile index;
    private final String testClass;

    private CorpusFolder(Path folder, String testClass) {
        this.folder = folder.toAbsolutePath().normalize();
        this.index = new JsonFile(this.folder.resolve("index.json"), SCHEMA);
        this.testClass = testClass;
    }

    /**
     * Name the folder of a test class.
     *
     * @param corpora the folder of all test classes; it need not exist yet
     * @param testClass the full name of the test class
     */
    public static CorpusFolder of(Path corpora, String testClass) {
        return new CorpusFolder(corpora.resolve(testClass), testClass);
    }

    /** Return where the folder is, or will be. */
    public Path path() {
        return folder;
    }

    /**
     * Return the known examples of a test; empty if none were ever recorded.
     *
     * @throws ConfigurationException if the index holds something else, or an example is missing or not the one that was recorded
     */
    public Optional<ExampleCorpus> find(String test) {
        JsonNode node =
                index.read().map(document -> document.path(TESTS).path(test)).orElse(null);
        if (node == null || node.isMissingNode()) {
            return Optional.empty();
        }
        SortedMap<String, KnownExample> examples = new TreeMap<>();
        node.path(EXAMPLES)
                .properties()
                .forEach(entry -> examples.put(entry.getKey(), example(entry.getKey(), entry.getValue())));
        List<Long> shape = node.path(SHAPE).valueStream().map(JsonNode::asLong).toList();
        return Optional.of(new ExampleCorpus(
                node.path("data").asText(), shape, node.path(CLASSES).asInt(), examples));
    }

    private KnownExample example(String name, JsonNode node) {
        Path file = folder.resolve(name + ARRAY);
        if (!Files.isRegularFile(file)) {
            throw new ConfigurationException("the known adversarial example " + file
                    + " is missing: bring it back, for example from version control, or take its entry out of "
                    + index.path());
        }
        INDArray input = NumpyFiles.read(file);
        KnownExample example = new KnownExample(
                input,
                node.path("sample").asText(),
                node.path("label").asInt(),
                KnownExample.State.valueOf(node.path("state").asText().toUpperCase(Locale.ROOT)),
                node.path("foundBy").asText(),
                node.path("origin").asText(),
                node.path("model").asText());
        if (!example.name().equals(name)) {
            throw new ConfigurationException("the known adversarial example " + file
                    + " was changed since it was recorded: bring it back, for example from version control, or delete it and its entry in "
                    + index.path());
        }
        return example;
    }

    /** Write the known examples of a test in the place of those it had, and delete the files of examples that no test has any longer. */
    public void write(String test, ExampleCorpus corpus) {
        index.update(document -> {
            try {
                Files.createDirectories(folder);
                Path attributes = folder.resolveSibling(".gitattributes");
                if (!Files.exists(attributes)) {
                    Files.writeString(attributes, "*.npy binary\n");
                }
                for (Map.Entry<String, KnownExample> entry : corpus.examples().entrySet()) {
                    Path file = folder.resolve(entry.getKey() + ARRAY);
                    if (!Files.exists(file)) {
                        FileLocks.write(
                                file,
                                written -> NumpyFiles.write(
                                        written, entry.getValue().input()));
                    }
                }
                document.put("testClass", testClass);
                ObjectNode tests = document.withObject("/" + TESTS);
                tests.set(test, node(tests.objectNode(), corpus));
                document.set(TESTS, JsonFile.sorted(tests));
                deleteAllBut(names(tests));
            } catch (IOException e) {
                throw new UncheckedIOException("can't write " + folder, e);
            }
        });
    }

    private static ObjectNode node(ObjectNode node, ExampleCorpus corpus) {
        node.put("data", corpus.data());
        corpus.shape().forEach(node.putArray(SHAPE)::add);
        node.put(CLASSES, corpus.classes());
        ObjectNode examples = node.putObject(EXAMPLES);
        corpus.examples()
                .forEach((name, example) -> examples.putObject(name)
                        .put("state", example.state().name().toLowerCase(Locale.ROOT))
                        .put("sample", example.sample())
                        .put("label", example.label())
                        .put("foundBy", example.foundBy())
                        .put("origin", example.origin())
                        .put("model", example.model()));
        return node;
    }

    private static Set<String> names(ObjectNode tests) {
        return tests.valueStream()
                .flatMap(test -> test.path(EXAMPLES).properties().stream())
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(HashSet::new));
    }

    private void deleteAllBut(Set<String> names) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(ARRAY) && !names.contains(name.substring(0, name.length() - ARRAY.length()))) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Return the bytes that the examples of all other tests of the class take. */
    public long bytesBeside(String test) {
        return index.read().stream()
                .flatMap(document -> document.path(TESTS).properties().stream())
                .filter(entry -> !entry.getKey().equals(test))
                .flatMap(entry -> entry.getValue().path(EXAMPLES).properties().stream())
                .map(Map.Entry::getKey)
                .distinct()
                .mapToLong(name -> folder.resolve(name + ARRAY).toFile().length())
                .sum();
    }
}
