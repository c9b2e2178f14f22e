package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.opentest4j.TestAbortedException;

/** Baselines of a model that changes between runs: its boundary moves towards the samples of class 0. */
class BaselineTests {

    private static final double AT_FIRST = 0.5;

    /** Within 8/255 of all samples of class 0. */
    private static final double NEARER = 0.88;

    private static double boundary = AT_FIRST;
    private static LabeledData samples = Samples.of(0, 40, 0);

    @TempDir
    Path folder;

    @AfterEach
    void reset() {
        boundary = AT_FIRST;
        samples = Samples.of(0, 40, 0);
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

    static class MeasuredTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @Baseline
        void stays() {}
    }

    static class TolerantTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @Baseline(tolerance = 0.5)
        void stays() {}
    }

    @Baseline
    static class InconclusiveTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.5)
        void stays() {}
    }

    @Baseline
    static class SeveralTestCases extends Base {

        @RobustnessTest(
                attacks = {OneStep.class, Pgd.class},
                epsilons = {2 / 255.0, 8 / 255.0})
        void one() {}

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        void another() {}
    }

    static class WrongTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0)
        @Baseline(tolerance = 3)
        void stays() {}
    }

    private Kit run(Class<?> fixture, String... properties) {
        Map<String, String> parameters =
                new HashMap<>(Map.of("mettle.baselines", folder.toString(), "mettle.ci", "false"));
        for (int i = 0; i < properties.length; i += 2) {
            parameters.put(properties[i], properties[i + 1]);
        }
        return Kit.run(DiscoverySelectors.selectClass(fixture), parameters);
    }

    private Path file(Class<?> fixture) {
        return folder.resolve(fixture.getName() + ".json");
    }

    private static List<String> aboutBaseline(Kit kit) {
        return kit.console().stream()
                .filter(line -> line.contains("baseline: "))
                .toList();
    }

    @Test
    void the_first_run_records_and_the_next_one_finds_nothing_changed() throws IOException {
        samples = Samples.at(0.4, 0.4, 0.02);
        Path file = file(MeasuredTestCases.class);
        Kit first = run(MeasuredTestCases.class);
        assertThat(first.thrown()).isEmpty();
        assertThat(aboutBaseline(first))
                .containsExactly("[mettle]     baseline: recorded in " + file + "; commit it with the test");
        assertThat(file).hasContent("""
                {
                  "schema": "mettle-baselines/1",
                  "testClass": "dev.mettle.junit.BaselineTests$MeasuredTestCases",
                  "tests": {
                    "stays": {
                      "FGSM{} under LINF 0.03137254901960784, untargeted": {
                        "data": "samples",
                        "seed": 20240229,
                        "robust": "2 of 3",
                        "outcomes": {
                          "10326330fb9c5fc6": "robust",
                          "acdbdd9bc8300159": "robust",
                          "f8e30d2f72ece976": "broken"
                        }
                      }
                    }
                  }
                }
                """);
        byte[] before = Files.readAllBytes(file);
        Kit second = run(MeasuredTestCases.class);
        assertThat(second.thrown()).isEmpty();
        assertThat(aboutBaseline(second))
                .containsExactly(
                        "[mettle]     baseline: robust accuracy is 66.7%, as in the baseline, on the same 3 samples");
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }

    @Test
    void a_model_that_became_worse_fails() {
        run(MeasuredTestCases.class);
        boundary = NEARER;
        assertThat(run(MeasuredTestCases.class).onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("""
                        FGSM, L∞ ε=8/255: robust accuracy fell from 100.0%% to 50.0%% of the same 40 samples: 20 newly broken, 0 newly robust (p < 0.001)

                          clean accuracy    100.0%%   40 of 40   95%% CI [91.2%%, 100.0%%]
                          robust accuracy    50.0%%   20 of 40   95%% CI [33.8%%, 66.2%%]
                          worst class 0       0.0%%    0 of 20   95%% CI [0.0%%, 19.7%%]
                          worst examples    #0 0→1, #2 0→1, #4 0→1 (20 broken)

                          newly broken      #0, #2, #4, #6, #8, #10, #12, #14, #16, #18 and 10 more
                          baseline          %s
                          accept            mvn test '-Dtest=BaselineTests$MeasuredTestCases#stays' -Dmettle.seed=20240229 -Dmettle.baseline=update
                          reproduce         mvn test '-Dtest=BaselineTests$MeasuredTestCases#stays' -Dmettle.seed=20240229""".formatted(file(MeasuredTestCases.class)));
    }

    @Test
    void a_drop_within_the_tolerance_passes() {
        run(TolerantTestCases.class);
        boundary = NEARER;
        Kit kit = run(TolerantTestCases.class);
        assertThat(kit.thrown()).isEmpty();
        assertThat(aboutBaseline(kit))
                .containsExactly(
                        "[mettle]     baseline: robust accuracy is 50.0%, in the baseline 100.0%, of the same 40 samples:"
                                + " 20 newly broken, 0 newly robust, a drop within the tolerance of 50.0 points");
    }

    @Test
    void a_model_that_became_better_passes_and_is_told_how_to_raise_the_bar() throws IOException {
        boundary = NEARER;
        run(MeasuredTestCases.class);
        byte[] before = Files.readAllBytes(file(MeasuredTestCases.class));
        boundary = AT_FIRST;
        Kit kit = run(MeasuredTestCases.class);
        assertThat(kit.thrown()).isEmpty();
        assertThat(aboutBaseline(kit))
                .containsExactly(
                        "[mettle]     baseline: robust accuracy rose from 50.0% to 100.0% of the same 40 samples: 0 newly"
                                + " broken, 20 newly robust (p < 0.001); raise the bar with mvn test"
                                + " '-Dtest=BaselineTests$MeasuredTestCases#stays' -Dmettle.seed=20240229 -Dmettle.baseline=update");
        assertThat(Files.readAllBytes(file(MeasuredTestCases.class))).isEqualTo(before);
        assertThat(run(MeasuredTestCases.class, "mettle.baseline", "update").thrown())
                .isEmpty();
        boundary = NEARER;
        assertThat(run(MeasuredTestCases.class).onlyThrown()).isInstanceOf(RobustnessAssertionError.class);
        assertThat(run(MeasuredTestCases.class, "mettle.baseline", "off").thrown())
                .isEmpty();
    }

    @Test
    void a_regression_is_a_fact_even_where_the_threshold_can_not_be_decided() {
        run(InconclusiveTestCases.class);
        boundary = NEARER;
        assertThat(run(InconclusiveTestCases.class).onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith("FGSM, L∞ ε=8/255: robust accuracy fell from 100.0% to 50.0%");
        assertThat(run(InconclusiveTestCases.class, "mettle.baseline", "off").onlyThrown())
                .isInstanceOf(TestAbortedException.class);
    }

    @Test
    void every_run_of_every_test_has_its_own() throws IOException {
        assertThat(run(SeveralTestCases.class).thrown()).isEmpty();
        String text = Files.readString(file(SeveralTestCases.class));
        assertThat(text.lines().filter(line -> line.contains(" under LINF "))).hasSize(7);
        assertThat(text.indexOf("\"another\"")).isLessThan(text.indexOf("\"one\""));
        Kit second = run(SeveralTestCases.class);
        assertThat(aboutBaseline(second)).hasSize(7).allMatch(line -> line.contains("as in the baseline"));
        assertThat(Files.readString(file(SeveralTestCases.class))).isEqualTo(text);
    }

    @Test
    void fewer_samples_are_compared_with_their_own_outcomes() {
        run(MeasuredTestCases.class);
        assertThat(aboutBaseline(run(MeasuredTestCases.class, "mettle.samples", "10")))
                .containsExactly(
                        "[mettle]     baseline: robust accuracy is 100.0%, as in the baseline, on the same 10 samples");
    }

    @Test
    void on_ci_nothing_is_recorded() {
        assertThat(run(MeasuredTestCases.class, "mettle.ci", "true").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("there is no baseline of FGSM, L∞ ε=8/255 in " + file(MeasuredTestCases.class)
                        + ", and none is recorded on CI: run the test once on your machine, and commit the file");
        assertThat(file(MeasuredTestCases.class)).doesNotExist();
        assertThat(run(MeasuredTestCases.class, "mettle.ci", "true", "mettle.baseline", "update")
                        .onlyThrown())
                .hasMessage(
                        "-Dmettle.baseline=update on CI: baselines are part of the sources; record them on your machine, and"
                                + " commit them");
        run(MeasuredTestCases.class);
        assertThat(run(MeasuredTestCases.class, "mettle.ci", "true").thrown()).isEmpty();
    }

    @Test
    void a_baseline_of_other_data_is_never_used() {
        run(MeasuredTestCases.class);
        samples = Samples.of(0, 0, 20);
        assertThat(run(MeasuredTestCases.class).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "no sample of samples (20 samples) has an outcome in the baseline, too: it was recorded on other data;"
                                + " record it anew");
    }

    @Test
    void wrong_settings_are_refused_before_any_attack() {
        assertThat(run(WrongTestCases.class).onlyThrown())
                .hasMessage(
                        "the tolerance of the baseline is 3.0: give the drop of robust accuracy to tolerate as a fraction"
                                + " from 0 to below 1, such as 0.02");
        assertThat(run(MeasuredTestCases.class, "mettle.baseline", "refresh").onlyThrown())
                .hasMessage("mettle.baseline is \"refresh\": give compare, update or off");
        assertThat(run(MeasuredTestCases.class, "mettle.baseline", "update", "mettle.samples", "5")
                        .onlyThrown())
                .hasMessage(
                        "-Dmettle.baseline=update with -Dmettle.samples: the baseline would forget the other samples; leave"
                                + " one of them out");
        assertThat(run(MeasuredTestCases.class, "mettle.ci", "yes").onlyThrown())
                .hasMessage("mettle.ci is \"yes\": give true or false");
    }

    @Test
    void a_file_that_holds_something_else_is_named() throws IOException {
        Files.writeString(file(MeasuredTestCases.class), "{\"schema\": \"mettle-baselines/9\"}");
        assertThat(run(MeasuredTestCases.class).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(file(MeasuredTestCases.class)
                        + " has the schema \"mettle-baselines/9\" instead of \"mettle-baselines/1\": move it away, and the next"
                        + " run writes a new one");
    }
}
