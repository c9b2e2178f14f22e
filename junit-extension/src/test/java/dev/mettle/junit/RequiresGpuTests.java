package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.mettle.core.numeric.Backend;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

class RequiresGpuTests {

    static class MixedTestCases {

        @Test
        @RequiresGpu
        void onGpu() {}

        @Test
        void anywhere() {}
    }

    @RequiresGpu
    static class GpuTestCases {

        @Test
        void first() {}

        @Test
        void second() {}
    }

    private static EngineExecutionResults run(Class<?> fixture) {
        return Kit.run(selectClass(fixture), Map.of()).results();
    }

    private static List<String> reasons(Events events) {
        return events.skipped().stream()
                .map(event -> event.getRequiredPayload(String.class))
                .toList();
    }

    private static String reasonOnCpu() {
        return "needs a GPU, but this is " + Backend.statement()
                + "; with a GPU, put one of ND4J's CUDA builds on the class path in place of nd4j-native";
    }

    @Test
    void aTestIsSkippedOnACpuWithWhatWasFound() {
        assumeThat(Backend.isCuda()).isFalse();

        EngineExecutionResults results = run(MixedTestCases.class);

        assertThat(reasons(results.testEvents())).containsExactly(reasonOnCpu());
        results.testEvents()
                .assertStatistics(statistics -> statistics.succeeded(1).skipped(1));
    }

    @Test
    void aClassIsSkippedOnACpuAsAWhole() {
        assumeThat(Backend.isCuda()).isFalse();

        EngineExecutionResults results = run(GpuTestCases.class);

        assertThat(reasons(results.containerEvents())).containsExactly(reasonOnCpu());
        results.testEvents().assertStatistics(statistics -> statistics.started(0));
    }

    @Test
    void aTestRunsOnAGpu() {
        ConditionEvaluationResult result =
                GpuCondition.decide(true, "ND4J 1.0.0-M2.1 on CUDA (NVIDIA A10, compute capability 8.6)");

        assertThat(result.isDisabled()).isFalse();
        assertThat(result.getReason()).contains("ND4J 1.0.0-M2.1 on CUDA (NVIDIA A10, compute capability 8.6)");
    }

    @Test
    void theReasonOnACpuNamesTheMend() {
        ConditionEvaluationResult result =
                GpuCondition.decide(false, "ND4J 1.0.0-M2.1 on CPU (AMD EPYC, AVX2), oneDNN, 2 threads");

        assertThat(result.isDisabled()).isTrue();
        assertThat(result.getReason())
                .contains(
                        "needs a GPU, but this is ND4J 1.0.0-M2.1 on CPU (AMD EPYC, AVX2), oneDNN, 2 threads; with a GPU,"
                                + " put one of ND4J's CUDA builds on the class path in place of nd4j-native");
    }

    @Test
    void itsTestsHaveATag() {
        assumeThat(Backend.isCuda()).isFalse();

        Event skipped = run(MixedTestCases.class).testEvents().skipped().stream()
                .findFirst()
                .orElseThrow();

        assertThat(skipped.getTestDescriptor().getTags()).contains(TestTag.create("gpu"));
    }
}
