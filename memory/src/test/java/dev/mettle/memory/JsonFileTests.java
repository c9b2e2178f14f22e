package dev.mettle.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonFileTests {

    @TempDir
    Path folder;

    @Test
    void changes_by_several_threads_are_all_kept() throws Exception {
        JsonFile file = new JsonFile(folder.resolve("new").resolve("file.json"), "test/1");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> changes = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String key = "key " + i;
                changes.add(threads.submit(() -> file.update(document -> document.put(key, true))));
            }
            for (Future<?> change : changes) {
                change.get();
            }
        } finally {
            threads.shutdown();
        }
        ObjectNode document = file.read().orElseThrow();
        assertThat(document.size()).isEqualTo(41);
        try (var files = Files.list(folder.resolve("new"))) {
            assertThat(files).containsExactly(folder.resolve("new").resolve("file.json"));
        }
    }

    @Test
    void a_file_without_json_is_named() throws IOException {
        Path path = folder.resolve("file.json");
        Files.writeString(path, "<<<<<<< ours");
        JsonFile file = new JsonFile(path, "test/1");
        assertThatThrownBy(file::read)
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(path + " can't be read as JSON: mend it, or delete it and the next run writes a new one");
        assertThatThrownBy(() -> file.update(document -> {})).isInstanceOf(ConfigurationException.class);
        assertThat(path).hasContent("<<<<<<< ours");
    }
}
