package dev.mettle.memory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.FileLocks;
import dev.mettle.core.data.NumpyFiles;
import dev.mettle.core.evaluation.ResultStore;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of results: for every task a folder, in it for every model a {@code .json} with the outcomes, or what trust checks found,
 * and a {@code .npy} with the adversarial examples. It may be deleted at any time. Entries that were not used for longest go first where it grows too large.
 *
 * <p>An entry that can't be read is no entry: it is logged, and found out anew. Safe for use by several threads and processes at once.
 */
public final class ResultFolder implements ResultStore {

    /** The version of the entries' structure. */
    private static final String SCHEMA = "mettle-results/2";

    private static final Logger LOG = LoggerFactory.getLogger(ResultFolder.class);
    private static final String FINDINGS = "findings";
    private static final String OUTCOMES = "outcomes";
    private static final String DISTANCES = "distances";
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final long DEFAULT_BYTES = 512L << 20;
    /** How many earlier runs of a task are looked at: an evaluation may attack its samples in several parts. */
    private static final int EARLIER = 16;

    private static final int NAME_LENGTH = 24;

    private final Path folder;
    private final long maxBytes;

    private ResultFolder(Path folder, long maxBytes) {
        this.folder = folder;
        this.maxBytes = maxBytes;
    }

    /** Keep results in a folder, which need not exist yet, of at most 512 MiB. */
    public static ResultFolder of(Path folder) {
        return new ResultFolder(folder, DEFAULT_BYTES);
    }

    /**
     * Return a folder of another size.
     *
     * @throws ConfigurationException if the size is not positive
     */
    public ResultFolder withMaxBytes(long bytes) {
        if (bytes < 1) {
            throw new ConfigurationException("the size of the result folder is " + bytes + " bytes: give at least 1");
        }
        return new ResultFolder(folder, bytes);
    }

    @Override
    public Optional<AttackRun> find(String task, String model) {
        Path entry = entry(task, model);
        return used(entry, read(entry));
    }

    @Override
    public List<AttackRun> findEarlier(String task) {
        return entries(folder.resolve(name(task))).stream()
                .sorted(Comparator.comparing(ResultFolder::lastUse)
                        .thenComparing(Comparator.naturalOrder())
                        .reversed())
                .limit(EARLIER)
                .flatMap(entry -> read(entry).stream())
                .toList();
    }

    @Override
    public void store(String task, String model, AttackRun run) {
        List<INDArray> examples = new ArrayList<>();
        ObjectNode document = document(run, examples);
        write(entry(task, model), document, examples);
    }

    private void write(Path entry, ObjectNode document, List<INDArray> examples) {
        FileLocks.locked(entry, () -> {
            try {
                Files.createDirectories(entry.getParent());
                if (!examples.isEmpty()) {
                    INDArray all = Nd4j.concat(0, examples.toArray(INDArray[]::new));
                    FileLocks.write(examples(entry), file -> NumpyFiles.write(file, all));
                }
                FileLocks.write(entry, file -> Files.write(file, MAPPER.writeValueAsBytes(document)));
                shrink();
            } catch (IOException e) {
                throw new UncheckedIOException("can't write " + entry.toAbsolutePath(), e);
            }
        });
    }

    @Override
    public Optional<Checked> findChecked(String task, String model) {
        Path entry = entry(task, model);
        return used(entry, read(entry, document -> {
            List<TrustFinding> findings = new ArrayList<>();
            for (JsonNode node : document.path(FINDINGS)) {
                findings.add(new TrustFinding(
                        TrustCheck.valueOf(node.path("check").asText()),
                        TrustLevel.valueOf(node.path("level").asText()),
                        node.path("evidence").asText(),
                        node.path("advice").asText()));
            }
            List<Broken> broken = new ArrayList<>();
            List<SampleOutcome> outcomes = outcomes(entry, document);
            for (int i = 0; i < outcomes.size(); i++) {
                broken.add(new Broken(
                        TrustCheck.valueOf(
                                document.path(OUTCOMES).path(i).path("check").asText()),
                        outcomes.get(i)));
            }
            return new Checked(findings, document.path("passes").asLong(), broken);
        }));
    }

    @Override
    public void store(String task, String model, Checked checked) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("schema", SCHEMA);
        document.put("passes", checked.passes());
        ArrayNode findings = document.putArray(FINDINGS);
        for (TrustFinding finding : checked.findings()) {
            findings.addObject()
                    .put("check", finding.check().name())
                    .put("level", finding.level().name())
                    .put("evidence", finding.evidence())
                    .put("advice", finding.advice());
        }
        List<INDArray> examples = new ArrayList<>();
        ArrayNode outcomes = document.putArray(OUTCOMES);
        for (Broken broken : checked.broken()) {
            put(outcomes.addObject().put("check", broken.check().name()), broken.outcome(), examples);
        }
        write(entry(task, model), document, examples);
    }

    private static ObjectNode document(AttackRun run, List<INDArray> examples) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("schema", SCHEMA);
        document.put("unconfirmed", run.unconfirmed());
        ArrayNode outcomes = document.putArray(OUTCOMES);
        run.outcomes().forEach(outcome -> put(outcomes.addObject(), outcome, examples));
        return document;
    }

    private static void put(ObjectNode node, SampleOutcome outcome, List<INDArray> examples) {
        node.put("id", outcome.id());
        node.put("label", outcome.label());
        node.put("status", outcome.status().name());
        node.put("forwards", outcome.forwards());
        node.put("backwards", outcome.backwards());
        INDArray example = outcome.adversarial();
        if (example != null) {
            Distances distances = Objects.requireNonNull(outcome.distances(), "they come with the example");
            examples.add(example);
            node.put("adversarialLabel", outcome.adversarialLabel());
            node.putArray(DISTANCES)
                    .add(distances.linf())
                    .add(distances.l2())
                    .add(distances.l1())
                    .add(distances.l0());
        }
    }

    private static Optional<AttackRun> read(Path entry) {
        return read(
                entry,
                document -> new AttackRun(
                        outcomes(entry, document), document.path("unconfirmed").asInt(), 0, 0));
    }

    private static List<SampleOutcome> outcomes(Path entry, JsonNode document) {
        INDArray examples = Files.exists(examples(entry)) ? NumpyFiles.read(examples(entry)) : null;
        List<SampleOutcome> outcomes = new ArrayList<>();
        int next = 0;
        for (JsonNode node : document.path(OUTCOMES)) {
            boolean broken = node.has(DISTANCES);
            outcomes.add(outcome(node, broken ? example(examples, next++) : null));
        }
        return outcomes;
    }

    /** Note that an entry was of use, so that others are deleted first. */
    private static <T> Optional<T> used(Path entry, Optional<T> found) {
        if (found.isPresent()) {
            try {
                Files.setLastModifiedTime(entry, FileTime.fromMillis(System.currentTimeMillis()));
            } catch (IOException e) {
                LOG.debug("{} was deleted by another process", entry, e);
            }
        }
        return found;
    }

    private static <T> Optional<T> read(Path entry, Function<JsonNode, T> reader) {
        if (!Files.exists(entry)) {
            return Optional.empty();
        }
        try {
            JsonNode document = MAPPER.readTree(Files.readAllBytes(entry));
            if (!SCHEMA.equals(document.path("schema").asText())) {
                return Optional.empty(); // of another version
            }
            return Optional.of(reader.apply(document));
        } catch (IOException | RuntimeException e) {
            LOG.warn("{} can't be read, so its result is found out anew", entry.toAbsolutePath(), e);
            return Optional.empty();
        }
    }

    private static INDArray example(@Nullable INDArray examples, int row) {
        if (examples == null || row >= examples.size(0)) {
            throw new IllegalStateException("the adversarial examples are missing");
        }
        return Rows.select(examples, new int[] {row});
    }

    private static SampleOutcome outcome(JsonNode node, @Nullable INDArray example) {
        JsonNode distances = node.path(DISTANCES);
        return new SampleOutcome(
                node.path("id").asLong(),
                node.path("label").asInt(),
                SampleStatus.valueOf(node.path("status").asText()),
                example,
                example == null ? -1 : node.path("adversarialLabel").asInt(),
                example == null
                        ? null
                        : new Distances(
                                distances.path(0).asDouble(),
                                distances.path(1).asDouble(),
                                distances.path(2).asDouble(),
                                distances.path(3).asDouble()),
                node.path("forwards").asLong(),
                node.path("backwards").asLong());
    }

    /** Delete what was not used for longest until the rest fits. */
    private void shrink() throws IOException {
        List<Path> all = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(folder)) {
            for (Path task : tasks.toList()) {
                all.addAll(entries(task));
            }
        }
        all.sort(Comparator.comparing(ResultFolder::lastUse).reversed());
        long bytes = 0;
        for (Path entry : all) {
            bytes += size(entry) + size(examples(entry));
            if (bytes > maxBytes) {
                Files.deleteIfExists(entry);
                Files.deleteIfExists(examples(entry));
            }
        }
    }

    private static List<Path> entries(Path task) {
        if (!Files.isDirectory(task)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(task)) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("can't list " + task.toAbsolutePath(), e);
        }
    }

    private static FileTime lastUse(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0); // another process has just deleted it
        }
    }

    private static long size(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    private Path entry(String task, String model) {
        return folder.resolve(name(task)).resolve(name(model) + ".json");
    }

    private static Path examples(Path entry) {
        return entry.resolveSibling(entry.getFileName().toString().replaceFirst("json$", "npy"));
    }

    private static String name(String hash) {
        return hash.substring(0, NAME_LENGTH);
    }
}
