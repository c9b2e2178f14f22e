package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class ParallelTests {

    static final Set<String> threads = ConcurrentHashMap.newKeySet();

    static class ConcurrentTestCases {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 20, 0);

        @RobustnessTest(
                attacks = {Fgsm.class, Pgd.class},
                epsilons = {0.1, 0.2})
        void test() {
            threads.add(Thread.currentThread().getName());
        }
    }

    @Test
    void runsOfOneTestStayInOrderOnOneThread() {
        threads.clear();

        Kit kit = Kit.run(
                ConcurrentTestCases.class,
                Map.of(
                        "junit.jupiter.execution.parallel.enabled", "true",
                        "junit.jupiter.execution.parallel.mode.default", "concurrent"));

        assertThat(kit.thrown()).isEmpty();
        assertThat(threads).hasSize(1);
        assertThat(kit.names())
                .containsExactly(
                        "FGSM, L∞ ε=0.1",
                        "PGD-40, L∞ ε=0.1",
                        "worst case, L∞ ε=0.1",
                        "FGSM, L∞ ε=0.2",
                        "PGD-40, L∞ ε=0.2",
                        "worst case, L∞ ε=0.2");
    }
}
