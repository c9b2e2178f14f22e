package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.data.NumpyFiles;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Known adversarial examples of a model that changes between runs: its boundary moves away from the samples of class 0, and back. */
class CorpusTests {

    private static final double AT_FIRST = 0.5;

    /** Farther than 8/255 from all samples. */
    private static final double HARDENED = 0.45;

    private static final String COMMAND =
            "mvn test '-Dtest=CorpusTests$DigitsTestCases#withstands' -Dmettle.seed=20240229";

    private static double boundary = AT_FIRST;
    private static LabeledData samples = twoNear();

    @TempDir
    Path folder;

    private static LabeledData twoNear() {
        return Samples.at(0.02, 0.4, 0.025, 0.4);
    }

    @AfterEach
    void reset() {
        boundary = AT_FIRST;
        samples = twoNear();
    }

    abstract static class Base {

        @ModelUnderTest
        static LabelModel model() {
            return AffineModel.withBoundary(boundary);
        }

        @EvaluationData
        static LabeledData data() {
            return samples;
        }
    }

    static class DigitsTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @Corpus
        void withstands() {}
    }

    static class SeveralTestCases extends Base {

        @RobustnessTest(
                attacks = {OneStep.class, Pgd.class},
                epsilons = {6 / 255.0, 8 / 255.0})
        @Corpus
        void withstands() {}
    }

    static class SmallTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @Corpus(maxExamples = 1)
        void withstands(RobustnessReport report) {
            assertThat(report.brokenCount()).isEqualTo(2);
        }
    }

    static class WrongTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @Corpus(maxExamples = 0)
        void withstands() {}
    }

    private Kit run(Class<?> fixture, String... properties) {
        Map<String, String> parameters =
                new HashMap<>(Map.of("mettle.corpora", folder.toString(), "mettle.ci", "false"));
        for (int i = 0; i < properties.length; i += 2) {
            parameters.put(properties[i], properties[i + 1]);
        }
        return Kit.run(DiscoverySelectors.selectClass(fixture), parameters);
    }

    private List<String> lines(Class<?> fixture, String... properties) {
        Kit kit = run(fixture, properties);
        assertThat(kit.thrown()).isEmpty();
        return kit.console().stream().filter(line -> line.contains("corpus: ")).toList();
    }

    private Path corpus(Class<?> fixture) {
        return folder.resolve(fixture.getName());
    }

    private Path index() {
        return corpus(DigitsTestCases.class).resolve("index.json");
    }

    private List<Path> arrays(Class<?> fixture) throws IOException {
        try (Stream<Path> files = Files.list(corpus(fixture))) {
            return files.filter(file -> file.toString().endsWith(".npy"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void the_first_run_keeps_what_broke_the_model_and_the_next_one_tries_it_again() throws IOException {
        assertThat(lines(DigitsTestCases.class))
                .containsExactly("[mettle]     corpus: kept 2 new adversarial examples in "
                        + corpus(DigitsTestCases.class) + "; commit it with the test");
        assertThat(index()).hasContent("""
                {
                  "schema": "mettle-corpus/1",
                  "testClass": "dev.mettle.junit.CorpusTests$DigitsTestCases",
                  "tests": {
                    "withstands": {
                      "data": "samples",
                      "shape": [ 2 ],
                      "classes": 2,
                      "examples": {
                        "b4f7a8603a4f575b": {
                          "state": "open",
                          "sample": "a7616632efa6cbbd",
                          "label": 0,
                          "foundBy": "FGSM",
                          "origin": "FGSM{} under L∞ ε=8/255, seed 20240229",
                          "model": "00"
                        },
                        "cf88b9e4bd8bda0e": {
                          "state": "open",
                          "sample": "f8e30d2f72ece976",
                          "label": 0,
                          "foundBy": "FGSM",
                          "origin": "FGSM{} under L∞ ε=8/255, seed 20240229",
                          "model": "00"
                        }
                      }
                    }
                  }
                }
                """);
        assertThat(folder.resolve(".gitattributes")).hasContent("*.npy binary");
        byte[] before = Files.readAllBytes(index());
        assertThat(lines(DigitsTestCases.class))
                .containsExactly("[mettle]     corpus: of 2 known adversarial examples, 0 are resisted and 2 open");
        assertThat(Files.readAllBytes(index())).isEqualTo(before);
        assertThat(lines(DigitsTestCases.class, "mettle.corpus", "off")).isEmpty();
    }

    @Test
    void known_examples_that_still_fool_the_model_cost_no_attack() {
        run(DigitsTestCases.class);
        assertThat(run(DigitsTestCases.class).console())
                .anyMatch(line -> line.endsWith(" s  measured (2 of 4 outcomes known from an earlier run)"));
    }

    @Test
    void what_the_model_resists_by_now_is_closed_on_demand_and_must_not_fool_it_again() throws IOException {
        run(DigitsTestCases.class);
        boundary = HARDENED;
        assertThat(lines(DigitsTestCases.class))
                .containsExactly(
                        "[mettle]     corpus: of 2 known adversarial examples, 0 are resisted and 2 open; 2 open ones"
                                + " are resisted now; keep that with " + COMMAND + " -Dmettle.corpus=update");
        assertThat(index()).content().doesNotContain("resisted");
        assertThat(lines(DigitsTestCases.class, "mettle.corpus", "update"))
                .containsExactly(
                        "[mettle]     corpus: kept 0 new adversarial examples, closed 2 that the model resists in "
                                + corpus(DigitsTestCases.class) + "; commit it with the test");
        assertThat(lines(DigitsTestCases.class))
                .containsExactly("[mettle]     corpus: of 2 known adversarial examples, 2 are resisted and 0 open");

        boundary = AT_FIRST;
        List<Path> arrays = arrays(DigitsTestCases.class);
        assertThat(run(DigitsTestCases.class).onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        FGSM, L∞ ε=8/255: 2 of 2 known adversarial examples that the model resisted fool it again

                          clean accuracy    100.0%%   4 of 4   95%% CI [39.8%%, 100.0%%]
                          robust accuracy    50.0%%   2 of 4   95%% CI [6.8%%, 93.2%%]
                          worst class 0       0.0%%   0 of 2   95%% CI [0.0%%, 88.8%%]
                          worst examples    #0 0→1, #2 0→1 (2 broken)

                          fooled again      #0 0 → 1 (cf88b9e4bd8bda0e.npy, FGSM)
                                            #2 0 → 1 (b4f7a8603a4f575b.npy, FGSM)
                          corpus            %s
                          accept            %s -Dmettle.corpus=update
                          reproduce         %s""".formatted(corpus(DigitsTestCases.class), COMMAND, COMMAND));
        assertThat(lines(DigitsTestCases.class, "mettle.corpus", "update"))
                .containsExactly("[mettle]     corpus: kept 0 new adversarial examples, opened 2 that fool it again in "
                        + corpus(DigitsTestCases.class) + "; commit it with the test");
        assertThat(arrays(DigitsTestCases.class)).isEqualTo(arrays);
        assertThat(run(DigitsTestCases.class).thrown()).isEmpty();
    }

    @Test
    void new_examples_are_told_and_kept_on_demand() {
        boundary = HARDENED;
        assertThat(lines(DigitsTestCases.class))
                .containsExactly("[mettle]     corpus: kept 0 new adversarial examples in "
                        + corpus(DigitsTestCases.class) + "; commit it with the test");
        boundary = AT_FIRST;
        String found = "[mettle]     corpus: no adversarial example was known; 2 new ones were found;"
                + " keep that with " + COMMAND + " -Dmettle.corpus=update";
        assertThat(lines(DigitsTestCases.class)).containsExactly(found);
        assertThat(lines(DigitsTestCases.class, "mettle.ci", "true")).containsExactly(found);
        run(DigitsTestCases.class, "mettle.corpus", "update");
        assertThat(lines(DigitsTestCases.class))
                .containsExactly("[mettle]     corpus: of 2 known adversarial examples, 0 are resisted and 2 open");
    }

    @Test
    void all_attacks_and_epsilons_of_a_test_share_its_examples() throws IOException {
        assertThat(lines(SeveralTestCases.class))
                .containsExactly(
                        "[mettle]     corpus: kept 1 new adversarial example in " + corpus(SeveralTestCases.class)
                                + "; commit it with the test",
                        "[mettle]     corpus: kept 1 new adversarial example in " + corpus(SeveralTestCases.class)
                                + "; commit it with the test");
        assertThat(arrays(SeveralTestCases.class)).hasSize(2);
        assertThat(lines(SeveralTestCases.class))
                .containsExactly(
                        "[mettle]     corpus: of 1 known adversarial example, 0 are resisted and 1 open",
                        "[mettle]     corpus: of 2 known adversarial examples, 0 are resisted and 2 open");
    }

    @Test
    void no_more_examples_than_asked_for_are_kept() throws IOException {
        assertThat(lines(SmallTestCases.class))
                .containsExactly("[mettle]     corpus: kept 1 new adversarial example, left out 1 for lack of room in "
                        + corpus(SmallTestCases.class) + "; commit it with the test");
        assertThat(arrays(SmallTestCases.class)).hasSize(1);
        assertThat(lines(SmallTestCases.class))
                .containsExactly("[mettle]     corpus: of 1 known adversarial example, 0 are resisted and 1 open");
        assertThat(run(WrongTestCases.class).onlyThrown()).hasMessage("maxExamples = 0 of @Corpus: give at least 1");
    }

    @Test
    void fewer_samples_try_fewer_examples() {
        run(DigitsTestCases.class);
        assertThat(lines(DigitsTestCases.class, "mettle.samples", "2"))
                .containsExactly("[mettle]     corpus: of 1 known adversarial example, 0 are resisted and 1 open");
    }

    @Test
    void on_ci_nothing_is_kept() {
        assertThat(run(DigitsTestCases.class, "mettle.ci", "true").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("there are no known adversarial examples of CorpusTests.DigitsTestCases.withstands in "
                        + corpus(DigitsTestCases.class)
                        + ", and none are kept on CI: run the test once on your machine, and commit the folder");
        assertThat(run(DigitsTestCases.class, "mettle.ci", "true", "mettle.corpus", "update")
                        .onlyThrown())
                .hasMessage(
                        "-Dmettle.corpus=update on CI: known adversarial examples are part of the sources; record them on"
                                + " your machine, and commit them");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void examples_of_other_data_are_never_used() throws IOException {
        run(DigitsTestCases.class);
        samples = Samples.at(0.02, 0.4, 0.4, 0.4);
        assertThat(run(DigitsTestCases.class).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "1 of the 2 known adversarial examples are about samples that are not in samples (4 samples), found"
                                + " in samples: they can't be tried again; " + COMMAND
                                + " -Dmettle.corpus=update forgets them");
        assertThat(lines(DigitsTestCases.class, "mettle.corpus", "update")).hasSize(1);
        assertThat(arrays(DigitsTestCases.class)).hasSize(1);
        assertThat(run(DigitsTestCases.class).thrown()).isEmpty();
    }

    @Test
    void examples_for_a_model_of_another_shape_are_never_used() throws IOException {
        run(DigitsTestCases.class);
        Files.writeString(index(), Files.readString(index()).replace("\"classes\": 2", "\"classes\": 3"));
        assertThat(run(DigitsTestCases.class).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the 2 known adversarial examples are of shape 2 and 3 classes, but samples are 2 and the model has"
                                + " 2 classes: they can't be tried again; " + COMMAND
                                + " -Dmettle.corpus=update forgets them");
    }

    @Test
    void an_example_that_is_not_what_was_recorded_is_named() throws IOException {
        run(DigitsTestCases.class);
        Path first = arrays(DigitsTestCases.class).get(0);
        INDArray changed = NumpyFiles.read(first);
        NumpyFiles.write(first, changed.add(0.001));
        assertThat(run(DigitsTestCases.class).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the known adversarial example " + first
                        + " was changed since it was recorded: bring it back, for example from version control, or delete it and"
                        + " its entry in " + index());
        Files.delete(first);
        assertThat(run(DigitsTestCases.class).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the known adversarial example " + first
                        + " is missing: bring it back, for example from version control, or take its entry out of "
                        + index());
    }
}
