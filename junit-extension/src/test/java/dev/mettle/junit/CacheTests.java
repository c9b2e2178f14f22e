package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.ResultStore;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.discovery.DiscoverySelectors;

/** Tests whose results are known from an earlier run. */
class CacheTests {

    @TempDir
    Path folder;

    static class DigitsTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(2, 10, 8);

        @RobustnessTest(attacks = Pgd.class, epsilon = 8 / 255.0)
        void isMeasured(RobustnessReport report) {
            assertThat(report.robustCount()).isEqualTo(10);
        }
    }

    private List<String> run(Map<String, String> parameters) {
        Kit kit = Kit.run(DiscoverySelectors.selectClass(DigitsTestCases.class), parameters);
        assertThat(kit.thrown()).isEmpty();
        return kit.console().stream()
                .filter(line -> line.contains("earlier run"))
                .toList();
    }

    @Test
    void a_second_run_says_that_it_attacked_nothing() {
        Map<String, String> here = Map.of("mettle.cache", folder.toString());
        assertThat(run(here)).isEmpty();
        assertThat(run(here)).singleElement().asString().endsWith(" s  measured (known from an earlier run)");
        assertThat(run(Map.of("mettle.cache", "off"))).isEmpty();
    }

    @Test
    void on_ci_nothing_is_remembered_unless_a_folder_is_given() {
        RobustnessProperties onCi = properties(Map.of("mettle.ci", "true"));
        assertThat(onCi.cache(CacheTests.class)).isSameAs(ResultStore.NONE);
        assertThat(properties(Map.of("mettle.ci", "true", "mettle.cache", folder.toString()))
                        .cache(CacheTests.class))
                .isNotSameAs(ResultStore.NONE);
        assertThat(properties(Map.of("mettle.ci", "false")).cache(CacheTests.class))
                .isNotSameAs(ResultStore.NONE);
    }

    private static RobustnessProperties properties(Map<String, String> values) {
        return new RobustnessProperties(key -> Optional.ofNullable(values.get(key)));
    }
}
