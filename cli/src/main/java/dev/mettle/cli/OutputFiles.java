package dev.mettle.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The files that a command writes: all are checked, then all are rendered, and only then any is written. */
final class OutputFiles {

    private final List<Path> named;
    private final Map<Path, Supplier<String>> contents = new LinkedHashMap<>();

    /** Create no files yet; none may be one of those that the command reads. */
    OutputFiles(List<Path> read) {
        this.named = new ArrayList<>(read);
    }

    /** Add a file, if its option was given. */
    void add(String option, @Nullable Path file, Supplier<String> content) {
        if (file != null) {
            FileCheck.writable(option, file, named);
            named.add(file);
            contents.put(file, content);
        }
    }

    /** Say whether no option was given. */
    boolean isEmpty() {
        return contents.isEmpty();
    }

    /** Render and write all, and return their paths. */
    Set<Path> write() {
        Map<Path, String> rendered = new LinkedHashMap<>();
        contents.forEach((file, content) -> rendered.put(file, content.get()));
        rendered.forEach((file, content) -> {
            try {
                Files.writeString(file, content, StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException("can't write " + file.toAbsolutePath() + ": " + e.getMessage(), e);
            }
        });
        return rendered.keySet();
    }
}
