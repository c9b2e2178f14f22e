package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ListenerTests {

    @BeforeEach
    void forget() {
        RecordingListener.HEARD.get().clear();
    }

    abstract static class Base {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(4, 26, 10);
    }

    static class HeardTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 0.1)
        void test() {
            RecordingListener.HEARD.get().add("body");
        }
    }

    @Test
    void hearOfAReportOnTheThreadOfTheTestBeforeItsBody() {
        Kit.run(HeardTestCases.class);

        assertThat(RecordingListener.HEARD.get())
                .containsExactly(
                        "FGSM, L∞ ε=0.1 <- mvn test '-Dtest=ListenerTests$HeardTestCases#test' -Dmettle.seed=20240229",
                        "body");
    }

    static class AbortedTestCases extends Base {

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.6)
        void aborted() {}

        @RobustnessTest(attacks = OneStep.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.9)
        void failed() {}
    }

    @Test
    void hearOfReportsWhoseTestsAreAbortedOrFail() {
        Kit kit = Kit.run(AbortedTestCases.class);

        List<String> heard = RecordingListener.HEARD.get();
        assertThat(kit.outcomes())
                .containsExactlyInAnyOrder(
                        "FGSM, L∞ ε=8/255: ABORTED TestAbortedException",
                        "FGSM, L∞ ε=8/255: FAILED RobustnessAssertionError");
        assertThat(heard).hasSize(2).allMatch(line -> line.startsWith("FGSM, L∞ ε=8/255 <- mvn test "));
    }
}
