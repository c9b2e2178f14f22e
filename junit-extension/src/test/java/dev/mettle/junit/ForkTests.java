package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.discovery.DiscoverySelectors;

/** Builds that fork: several Java processes run tests at the same time and share what is recorded and remembered. */
class ForkTests {

    private static final int FORKS = 2;

    @TempDir
    Path folder;

    /** Every fork runs these very tests, which is worse than a build would do. */
    @Baseline
    @Corpus
    static class DigitsTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 12, 8); // many of them equal

        @RobustnessTest(attacks = Pgd.class, epsilon = 8 / 255.0)
        void one() {}

        @RobustnessTest(
                attacks = OneStep.class,
                epsilons = {4 / 255.0, 8 / 255.0})
        void another() {}
    }

    /** Runs in a process of its own. */
    static final class Fork {

        private Fork() {}

        public static void main(String[] folders) throws IOException {
            Kit kit = run(Path.of(folders[0]));
            List<String> lines = new ArrayList<>(kit.console());
            kit.thrown().forEach(thrown -> lines.add("thrown: " + thrown));
            Files.write(Path.of(folders[1]), lines);
            System.exit(0); // ND4J keeps threads
        }
    }

    private static Kit run(Path folder) {
        Map<String, String> parameters = new HashMap<>(Map.of(
                "mettle.ci",
                "false",
                "mettle.baselines",
                folder.resolve("baselines").toString(),
                "mettle.corpora",
                folder.resolve("corpus").toString(),
                "mettle.cache",
                folder.resolve("results").toString(),
                "junit.jupiter.execution.parallel.enabled",
                "true",
                "junit.jupiter.execution.parallel.mode.default",
                "concurrent"));
        return Kit.run(DiscoverySelectors.selectClass(DigitsTestCases.class), parameters);
    }

    private Process fork(Path output) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Fork.class.getName(),
                        folder.toString(),
                        output.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(output.getFileName() + ".log").toFile())
                .start();
    }

    @Test
    void share_what_they_keep() throws Exception {
        List<Process> forks = new ArrayList<>();
        for (int i = 0; i < FORKS; i++) {
            forks.add(fork(folder.resolve("fork-" + i)));
        }
        for (int i = 0; i < FORKS; i++) {
            assertThat(forks.get(i).waitFor()).as("exit of fork %d", i).isZero();
            assertThat(Files.readAllLines(folder.resolve("fork-" + i)))
                    .noneMatch(line -> line.startsWith("thrown: "))
                    .anyMatch(line -> line.contains("robust"));
        }

        Kit after = run(folder);

        assertThat(after.thrown()).isEmpty();
        assertThat(after.console())
                .filteredOn(line -> line.contains("  robust "))
                .hasSize(3)
                .allMatch(line -> line.endsWith("known from an earlier run)"));
        assertThat(after.console())
                .filteredOn(line -> line.contains("baseline: "))
                .hasSize(3)
                .allMatch(line -> line.contains("as in the baseline"));
        assertThat(after.console())
                .filteredOn(line -> line.contains("corpus: "))
                .containsExactlyInAnyOrder(
                        "[mettle]     corpus: of 2 known adversarial examples, 0 are resisted and 2 open",
                        "[mettle]     corpus: no adversarial example was known",
                        "[mettle]     corpus: of 2 known adversarial examples, 0 are resisted and 2 open");
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.filter(file -> file.toString().endsWith(".tmp"))).isEmpty();
        }
        String index = Files.readString(
                folder.resolve("corpus")
                        .resolve(DigitsTestCases.class.getName())
                        .resolve("index.json"),
                StandardCharsets.UTF_8);
        assertThat(index).contains("\"one\"", "\"another\"");
    }
}
