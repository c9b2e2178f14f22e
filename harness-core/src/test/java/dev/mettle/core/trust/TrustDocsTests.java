package dev.mettle.core.trust;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table of docs/trust.md lists the checks of the code, all of them, in their order. */
class TrustDocsTests {

    @Test
    void every_check_stands_in_the_table_with_its_source() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "trust.md"));
        List<String> rows = page.substring(page.indexOf("## The checks"), page.indexOf("\"Surely\""))
                .lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring(0, line.indexOf(" | ", line.indexOf(" | ", line.indexOf(" | ") + 3) + 3)))
                .toList();
        assertThat(rows)
                .containsExactlyElementsOf(Arrays.stream(TrustCheck.values())
                        .map(check -> "| `" + check.id() + "` | " + check.title() + " | " + check.source())
                        .toList());
    }
}
