package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.VerdictPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class SavedEvaluationTests {

    private static final Box BOX = Box.perFeature(new double[] {0, -1 / 3.0, 0, 0}, new double[] {1, 1, 1, 1});

    @TempDir
    static Path folder;

    @Test
    void everythingThatTellsOneRunFromAnotherSurvivesTheFile() {
        Constraints constraints =
                Constraints.none().frozen(0).wholeNumbers(1).oneHot(2, 3).scale(1, 0.1, 1 / 3.0, 2);
        ThreatModel threat = new ThreatModel(Norm.L2, 0.1 + 0.2, BOX, Goal.of(Goal.Kind.NEXT), constraints, "");
        SampleOutcome broken =
                new SampleOutcome(7, 0, SampleStatus.BROKEN, Nd4j.ones(1, 4), 1, new Distances(1, 1 / 3.0, 1, 1), 5, 4);

        SavedEvaluation read = read(evaluation(
                threat,
                "a suite",
                broken,
                unbroken(3, SampleStatus.ROBUST),
                unbroken(2, SampleStatus.CLEAN_WRONG),
                unbroken(9, SampleStatus.SEARCH_FAILED),
                unbroken(11, SampleStatus.BROKEN_BEFORE),
                unbroken(12, SampleStatus.NOT_EVALUATED)));

        assertThat(read.file()).isEqualTo("report.json");
        assertThat(read.model()).isEqualTo("tiny");
        assertThat(read.modelSha256()).isEqualTo("0123");
        assertThat(read.inputShape()).containsExactly(4L);
        assertThat(read.inputRange()).isEqualTo(BOX);
        assertThat(read.dataType()).isEqualTo(DataType.DOUBLE);
        assertThat(read.dataSha256()).isEqualTo("4567");
        assertThat(read.ids()).containsExactly(7L, 3L, 2L, 9L, 11L, 12L);
        assertThat(read.wrong()).containsExactly(2L);
        assertThat(read.constraints()).isEqualTo(constraints);
        assertThat(read.seed()).isEqualTo(Long.MIN_VALUE);
        assertThat(read.batchSize()).isEqualTo(128);
        assertThat(read.decision()).isEqualTo(Decision.FIXED);
        assertThat(read.environment()).containsExactly(Map.entry("java", "17"));
        assertThat(read.files()).isEmpty();
        SavedAttack attack = read.attacks().get(0);
        assertThat(attack.name()).isEqualTo("fgsm");
        assertThat(attack.parameters()).containsExactly(Map.entry("part", "1.0"));
        assertThat(attack.suite()).isEqualTo("a suite");
        assertThat(attack.norm()).isEqualTo(Norm.L2);
        assertThat(attack.epsilon()).isEqualTo(0.1 + 0.2);
        assertThat(attack.goal()).isEqualTo(Goal.of(Goal.Kind.NEXT));
        assertThat(attack.title()).isEqualTo("FGSM (L2 ε=0.3 towards the next class)");
        assertThat(read.outcome(attack, 7)).isEqualTo(SavedOutcome.of(broken, Norm.L2));
        assertThat(read.outcome(attack, 7).distance()).isEqualTo(1 / 3.0);
        assertThat(read.outcome(attack, 3).status()).isEqualTo(SampleStatus.ROBUST);
        assertThat(read.outcome(attack, 2).status()).isEqualTo(SampleStatus.CLEAN_WRONG);
        assertThat(read.outcome(attack, 9).status()).isEqualTo(SampleStatus.SEARCH_FAILED);
        assertThat(read.outcome(attack, 11).status()).isEqualTo(SampleStatus.BROKEN_BEFORE);
        assertThat(read.outcome(attack, 12).status()).isEqualTo(SampleStatus.NOT_EVALUATED);
    }

    @Test
    void masksAreWrittenAsRuns() {
        Constraints constraints = Constraints.none().frozen(0, 1, 3);
        ThreatModel threat = new ThreatModel(Norm.LINF, 0.5, BOX).withConstraints(constraints);
        Evaluation evaluation = evaluation(threat, "", unbroken(0, SampleStatus.ROBUST));

        ObjectNode document = EvaluationJson.of(evaluation, VerdictPolicy.measureOnly());

        assertThat(document.at("/constraints"))
                .hasToString("{\"frozen\":[[0,1],[3,3]],\"wholeNumbers\":[],\"oneHot\":[]}");
        assertThat(document.at("/data").has("ids")).isFalse();
        SavedEvaluation read = read(evaluation);
        assertThat(read.constraints()).isEqualTo(constraints);
        assertThat(read.ids()).containsExactly(0L);
        assertThat(read.attacks().get(0).suite()).isEmpty();
    }

    @Test
    void anUnboundedAttackStaysUnbounded() {
        ThreatModel threat = new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, BOX);

        SavedEvaluation read = read(evaluation(threat, "", unbroken(0, SampleStatus.ROBUST)));

        assertThat(read.attacks().get(0).epsilon()).isInfinite();
        assertThat(read.attacks().get(0).title()).isEqualTo("FGSM (L2)");
    }

    @Test
    void whatIsMissingIsNamed() {
        ThreatModel threat = new ThreatModel(Norm.LINF, 0.5, BOX);
        ObjectNode document = EvaluationJson.of(
                evaluation(threat, "", unbroken(0, SampleStatus.ROBUST)), VerdictPolicy.measureOnly());
        document.remove("seed");
        Path file = folder.resolve("old.json");
        EvaluationJson.write(file, document);

        assertThatThrownBy(() -> SavedEvaluation.read(file))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("old.json lacks seed, which it takes to run an attack again: an earlier version of Mettle"
                        + " wrote it; evaluate again");
    }

    private static SavedEvaluation read(Evaluation evaluation) {
        Path file = folder.resolve("report.json");
        EvaluationJson.write(file, EvaluationJson.of(evaluation, VerdictPolicy.measureOnly()));
        return SavedEvaluation.read(file);
    }

    private static Evaluation evaluation(ThreatModel threat, String suite, SampleOutcome... outcomes) {
        int last = 0;
        for (SampleOutcome outcome : outcomes) {
            last = Math.max(last, (int) outcome.id());
        }
        LabeledData all = LabeledData.of("all", Nd4j.zeros(last + 1, 4), new int[last + 1]);
        int[] positions = new int[outcomes.length];
        for (int i = 0; i < outcomes.length; i++) {
            positions[i] = (int) outcomes[i].id();
        }
        return new Evaluation(
                "a test",
                new ModelInfo("tiny", List.of(4L), 2, BOX, DataType.DOUBLE, "0123", List.of()),
                all.subset(positions),
                "4567",
                List.of(outcomes).stream()
                        .map(outcome -> outcome.status() == SampleStatus.CLEAN_WRONG ? 1 : 0)
                        .toList(),
                List.of(new AttackResult(Reports.STEP, threat, List.of(outcomes), 0, 1.5, 2.5, suite)),
                Optional.empty(),
                List.of(),
                Map.of("java", "17"),
                Long.MIN_VALUE,
                128,
                List.of());
    }

    private static SampleOutcome unbroken(long id, SampleStatus status) {
        return SampleOutcome.unbroken(id, 0, status, 1, 1);
    }
}
