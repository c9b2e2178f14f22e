package dev.mettle.reports;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.threat.Box;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class AllureResultsFolderTests {

    @TempDir
    private Path directory;

    @Test
    void theEnvironmentIsSortedAndWithoutDate() throws IOException {
        folder().describe(evaluation("digits.zip", "0123456789abcdef"));

        assertThat(environment()).isEqualTo("""
                BLAS=OPENBLAS
                Data=digits \\u03B5
                Data\\ SHA-256=fedcba987654
                Device=AMD EPYC
                Helpers=oneDNN
                Instruction\\ set=AVX2
                Java=17.0.15
                Mettle=1.0
                Model=digits.zip
                Model\\ SHA-256=0123456789ab
                ND4J=1.0.0-M2.1
                ND4J\\ backend=CPU
                OS=Linux amd64
                Seed=7
                Threads=2
                """);
    }

    @Test
    void severalModelsAreSeveralValues() throws IOException {
        folder().describe(evaluation("a.zip", "aaaa"));
        folder().describe(evaluation("b.zip", "bbbb"));
        folder().describe(evaluation("a.zip", "aaaa"));

        assertThat(environment())
                .contains("Model=a.zip, b.zip\n", "Model\\ SHA-256=aaaa, bbbb\n", "Data\\ SHA-256=fedcba987654\n");
    }

    @Test
    void whatTheProjectWroteItselfStays() throws IOException {
        Files.writeString(directory.resolve("environment.properties"), "Branch=main\n");
        Files.writeString(directory.resolve("categories.json"), "[]");

        folder().describe(evaluation("a.zip", "aaaa"));
        folder().addCategories();

        assertThat(environment()).contains("Branch=main\n", "Model=a.zip\n");
        assertThat(Files.readString(directory.resolve("categories.json"))).isEqualTo("[]");
    }

    @Test
    void nothingButTheTwoFilesIsLeft() throws IOException {
        folder().describe(evaluation("a.zip", "aaaa"));
        folder().addCategories();

        try (var files = Files.list(directory)) {
            assertThat(files)
                    .extracting(file -> file.getFileName().toString())
                    .containsExactlyInAnyOrder("environment.properties", "categories.json");
        }
    }

    @Test
    void messagesFindTheirCategory() throws IOException {
        folder().addCategories();

        assertThat(categories("failed", "robust accuracy 44.0% under A (L2) is below the required 60.0%\n\nmore", ""))
                .containsExactly("Robustness below threshold");
        assertThat(categories("skipped", "x: robust accuracy 1 neither shows nor rules out the required 60.0%; y", ""))
                .containsExactly("Robustness inconclusive");
        assertThat(categories(
                        "failed", "PGD-40, L2 ε=1: robust accuracy fell from 71.0% to 60.0% of the same\n\nmore", ""))
                .containsExactly("Robustness regression");
        assertThat(categories(
                        "failed", "x: 1 of 3 known adversarial examples that the model resisted fools it again", ""))
                .containsExactly("Robustness regression");
        assertThat(categories("broken", "m", "a.B: m\n\tat x\nCaused by: dev.mettle.core.ConfigurationException: m"))
                .containsExactly("Robustness untrusted or misconfigured");
        assertThat(categories("failed", "expected: 1", "AssertionError: expected: 1\n\tat x"))
                .isEmpty();
    }

    private AllureResultsFolder folder() {
        return new AllureResultsFolder(directory);
    }

    private String environment() throws IOException {
        return Files.readString(directory.resolve("environment.properties"), StandardCharsets.ISO_8859_1);
    }

    /** As Allure 2 does it: the status is one of those listed, and each expression given matches the whole text. */
    private List<String> categories(String status, String message, String trace) throws IOException {
        List<String> names = new ArrayList<>();
        for (JsonNode category :
                new JsonMapper().readTree(directory.resolve("categories.json").toFile())) {
            boolean matches = matches(category.get("messageRegex"), message)
                    && matches(category.get("traceRegex"), trace)
                    && category.get("matchedStatuses").toString().contains("\"" + status + "\"");
            if (matches) {
                names.add(category.get("name").asText());
            }
        }
        return names;
    }

    private static boolean matches(JsonNode regex, String text) {
        return regex == null
                || Pattern.compile(regex.asText(), Pattern.DOTALL).matcher(text).matches();
    }

    private static Evaluation evaluation(String model, String hash) {
        return new Evaluation(
                "a test",
                new ModelInfo(model, List.of(2L), 2, Box.of(0, 1), DataType.FLOAT, hash, List.of()),
                LabeledData.of("digits ε", Nd4j.zeros(1, 2), new int[] {0}),
                "fedcba9876543210",
                List.of(0),
                List.of(),
                Optional.empty(),
                List.of(),
                Map.ofEntries(
                        entry("backend", "CPU"),
                        entry("blas", "OPENBLAS"),
                        entry("device", "AMD EPYC"),
                        entry("helpers", "oneDNN"),
                        entry("instructionSet", "AVX2"),
                        entry("java", "17.0.15"),
                        entry("kernels", "x86-64"),
                        entry("mettle", "1.0"),
                        entry("nd4j", "1.0.0-M2.1"),
                        entry("os", "Linux amd64"),
                        entry("threads", "2")),
                7,
                128,
                List.of());
    }
}
