package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.threat.Norm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of docs/attacks.md says what the code does. */
class AttackDocsTests {

    @Test
    void every_attack_stands_in_the_table_with_its_parameters_and_cost() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "attacks.md"));
        for (AttackCatalog.Entry entry : AttackCatalog.entries()) {
            Attack attack = entry.defaults();
            String norms = attack.transformation().isEmpty()
                    ? attack.norms().stream().sorted().map(Norm::symbol).collect(Collectors.joining(", "))
                    : "–";
            String parameters = attack.parameters().entrySet().stream()
                    .map(parameter -> "`" + parameter.getKey() + "` " + parameter.getValue())
                    .collect(Collectors.joining(", "));
            assertThat(page)
                    .contains("| `" + entry.name() + "` | `" + attack.getClass().getSimpleName() + "` | " + norms
                            + " | " + (parameters.isEmpty() ? "–" : parameters) + " | " + attack.passes(10) + " | ");
        }
        for (Suite suite : Suite.values()) {
            assertThat(page).contains("| `Suite." + suite + "` | `" + suite.commandName() + "` | ");
        }
    }
}
