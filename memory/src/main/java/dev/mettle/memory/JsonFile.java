package dev.mettle.memory;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.FileLocks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A JSON document in a file that several tests, threads and processes may change at the same time.
 *
 * @param path the file; it need not exist yet
 * @param schema the value of {@code schema} that documents of this kind have
 */
record JsonFile(Path path, String schema) {

    private static final JsonMapper MAPPER = new JsonMapper();

    /**
     * Read the document; empty if there is no file.
     *
     * @throws ConfigurationException if the file holds something else
     */
    Optional<ObjectNode> read() {
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        try {
            JsonNode document = MAPPER.readTree(Files.readAllBytes(path));
            if (!(document instanceof ObjectNode object)
                    || !schema.equals(object.path("schema").asText())) {
                throw new ConfigurationException(path.toAbsolutePath() + " has the schema \""
                        + document.path("schema").asText() + "\" instead of \"" + schema
                        + "\": move it away, and the next run writes a new one");
            }
            return Optional.of(object);
        } catch (IOException e) {
            throw new ConfigurationException(
                    path.toAbsolutePath()
                            + " can't be read as JSON: mend it, or delete it and the next run writes a new one",
                    e);
        }
    }

    /** Change the document, a new one if there is no file, and write it whole or not at all. */
    void update(Consumer<ObjectNode> change) {
        FileLocks.locked(path, () -> {
            ObjectNode document = read().orElseGet(JsonNodeFactory.instance::objectNode);
            document.put("schema", schema);
            change.accept(document);
            try {
                Files.createDirectories(path.toAbsolutePath().getParent());
                String text = MAPPER.writer(printer()).writeValueAsString(document) + "\n";
                FileLocks.write(path, file -> Files.writeString(file, text));
            } catch (IOException e) {
                throw new UncheckedIOException("can't write " + path.toAbsolutePath(), e);
            }
        });
    }

    /** Return an object with the same fields in the order of their names. */
    static ObjectNode sorted(ObjectNode node) {
        SortedMap<String, JsonNode> fields = new TreeMap<>();
        node.properties().forEach(entry -> fields.put(entry.getKey(), entry.getValue()));
        ObjectNode ordered = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> entry : fields.entrySet()) {
            ordered.set(entry.getKey(), entry.getValue());
        }
        return ordered;
    }

    private static DefaultPrettyPrinter printer() {
        return new DefaultPrettyPrinter()
                .withSeparators(Separators.createDefaultInstance()
                        .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                        .withArrayEmptySeparator("")
                        .withObjectEmptySeparator(""))
                .withObjectIndenter(new DefaultIndenter("  ", "\n"));
    }
}
