package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.mettle.attacks.Fgsm;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.model.LabelModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;

class RobustnessPropertiesTests {

    static final List<Evaluation> seen = new ArrayList<>();

    @BeforeEach
    void forget() {
        seen.clear();
    }

    static class RunTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 40, 0);

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
        void plain(Evaluation evaluation) {
            seen.add(evaluation);
        }

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1, seed = 7, samples = 20, batchSize = 16)
        void pinned(Evaluation evaluation) {
            seen.add(evaluation);
        }
    }

    private static Evaluation evaluation(String method, Map<String, String> parameters) {
        Kit kit = Kit.run(RunTestCases.class, parameters);
        assertThat(kit.thrown()).isEmpty();
        return seen.stream()
                .filter(evaluation -> evaluation.name().endsWith("." + method))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void haveDefaults() {
        Evaluation plain = evaluation("plain", Map.of());

        assertThat(plain.name()).isEqualTo("RobustnessPropertiesTests.RunTestCases.plain");
        assertThat(plain.seed()).isEqualTo(RobustnessEvaluation.DEFAULT_SEED);
        assertThat(plain.batchSize()).isEqualTo(RobustnessEvaluation.DEFAULT_BATCH_SIZE);
        assertThat(plain.samples()).isEqualTo(40);
    }

    @Test
    void giveTheSeedUnlessATestPinsItsOwn() {
        Map<String, String> parameters = Map.of(RobustnessProperties.SEED, "42");

        assertThat(evaluation("plain", parameters).seed()).isEqualTo(42);
        assertThat(evaluation("pinned", parameters).seed()).isEqualTo(7);
    }

    @Test
    void drawOneSeedForAllTestsOfARun() {
        Map<String, String> random = Map.of(RobustnessProperties.SEED, "random");

        List<String> first = Kit.run(RunTestCases.class, random).console();
        List<Evaluation> firstRun = seen.stream()
                .filter(evaluation -> evaluation.name().endsWith(".plain"))
                .toList();

        assertThat(firstRun).hasSize(1);
        assertThat(firstRun.get(0).seed()).isBetween(0L, 99_999_999L);
        assertThat(first)
                .anyMatch(line -> line.contains("  seed " + firstRun.get(0).seed() + "  "));
    }

    @Test
    void capTheSamples() {
        assertThat(evaluation("plain", Map.of(RobustnessProperties.SAMPLES, "30"))
                        .samples())
                .isEqualTo(30);
        assertThat(evaluation("pinned", Map.of(RobustnessProperties.SAMPLES, "30"))
                        .samples())
                .isEqualTo(20);
    }

    @Test
    void decideOnTheBatchSize() {
        assertThat(evaluation("pinned", Map.of()).batchSize()).isEqualTo(16);
        seen.clear();
        assertThat(evaluation("pinned", Map.of(RobustnessProperties.BATCH, "8")).batchSize())
                .isEqualTo(8);
    }

    @Test
    void comeFromSystemPropertiesBeforeTheFile() {
        // junit-platform.properties of the test class path says mettle.batch = 37
        EngineTestKit.Builder builder = EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(RunTestCases.class))
                .enableImplicitConfigurationParameters(true);
        Kit.capture(builder);
        assertThat(seen.get(0).batchSize()).isEqualTo(37);
        seen.clear();

        System.setProperty(RobustnessProperties.BATCH, "12");
        try {
            Kit.capture(builder);
        } finally {
            System.clearProperty(RobustnessProperties.BATCH);
        }

        assertThat(seen.get(0).batchSize()).isEqualTo(12);
    }

    private static void assertRefused(String key, String value, String message) {
        assertThat(Kit.run(RunTestCases.class, Map.of(key, value)).thrown())
                .hasSize(2)
                .allSatisfy(thrown -> assertThat(thrown)
                        .isInstanceOf(ConfigurationException.class)
                        .hasMessage(message));
    }

    @Test
    void areRefusedIfTheyAreNoNumbers() {
        assertRefused(
                RobustnessProperties.SEED, "abc", "mettle.seed is \"abc\": give a whole number, or random to draw one");
        assertRefused(
                RobustnessProperties.SAMPLES, "1e3", "mettle.samples is \"1e3\": give a whole number of at least 1");
        assertRefused(RobustnessProperties.SAMPLES, "0", "mettle.samples is \"0\": give a whole number of at least 1");
        assertRefused(RobustnessProperties.BATCH, "-1", "mettle.batch is \"-1\": give a whole number of at least 1");
    }

    static class HopelessTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(10, 0, 0);

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1, minRobustAccuracy = 0.5)
        void holds() {}
    }

    private static String failure(Map<String, String> parameters) {
        return Kit.run(HopelessTestCases.class, parameters).thrown().get(0).getMessage();
    }

    @Test
    void sayHowTheProjectRunsATest() {
        String test = "RobustnessPropertiesTests$HopelessTestCases#holds";

        assertThat(failure(Map.of()))
                .endsWith("  reproduce         mvn test '-Dtest=" + test + "' -Dmettle.seed=20240229");
        assertThat(failure(Map.of(RobustnessProperties.COMMAND, "./mvnw verify -Dit.test={test}")))
                .endsWith("  reproduce         ./mvnw verify '-Dit.test=" + test + "' -Dmettle.seed=20240229");
        assertThat(failure(Map.of(RobustnessProperties.COMMAND, "make test")))
                .isEqualTo("mettle.command is \"make test\": it needs {test} where the test is named, as in mvn test"
                        + " -Dtest={test}");
    }
}
