package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Evaluations side by side in one JVM, on one model, find what they find one after another. */
class ParallelEvaluationTests {

    private static final List<String> ATTACKS =
            List.of("fgsm", "pgd:steps=10,step=0.02", "bim:steps=5,step=0.02", "pgd:steps=7,step=0.03");

    @Test
    void evaluations_do_not_disturb_each_other() throws ExecutionException, InterruptedException {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load("cnn", DataType.FLOAT, true))
                .withInputRange(0, 1);
        List<List<SampleOutcome>> alone =
                ATTACKS.stream().map(attack -> evaluate(model, attack)).toList();

        ExecutorService threads = Executors.newFixedThreadPool(ATTACKS.size());
        try {
            List<Future<List<SampleOutcome>>> together = ATTACKS.stream()
                    .map(attack -> threads.submit(() -> evaluate(model, attack)))
                    .toList();
            for (int i = 0; i < ATTACKS.size(); i++) {
                assertThat(together.get(i).get()).as(ATTACKS.get(i)).isEqualTo(alone.get(i));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static List<SampleOutcome> evaluate(Dl4jClassifier model, String attack) {
        LabeledData digits = LabeledData.load(Path.of("../examples/src/main/resources/digits-test.npz"));
        return RobustnessEvaluation.of(model, digits.scaled(1 / 255.0).first(40))
                .attack(AttackCatalog.parse(attack))
                .norm(Norm.LINF)
                .epsilon(0.1)
                .run()
                .outcomes();
    }
}
