package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackTrace;
import dev.mettle.core.attack.Query;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class ReproducedAttackTests {

    private static final SavedOutcome BROKEN = SavedOutcome.of(broken(0.5, 1).outcome(), Norm.L2);
    private static final SavedOutcome ROBUST = SavedOutcome.unbroken(SampleStatus.ROBUST);

    @Test
    void equalOutcomesAreCalledEqual() {
        assertThat(alone(BROKEN, broken(0.5, 1)).sentence())
                .isEqualTo("sample #7 is broken: class 2 at 0.5 L2, as in the report to the bit (example sha256 "
                        + BROKEN.exampleSha256().substring(0, 12) + ")");
        assertThat(alone(ROBUST, unbroken(SampleStatus.ROBUST)).sentence())
                .isEqualTo("sample #7 withstands, as in the report");
        assertThat(alone(SavedOutcome.unbroken(SampleStatus.GRADIENT_ZERO), unbroken(SampleStatus.GRADIENT_ZERO))
                        .sentence())
                .isEqualTo("sample #7 is undecided (all gradients are zero), as in the report");
        assertThat(alone(BROKEN, broken(0.5, 1)).equal()).isTrue();
    }

    @Test
    void differencesAreNamed() {
        assertThat(alone(BROKEN, unbroken(SampleStatus.ROBUST)).sentence())
                .isEqualTo("sample #7 is broken: class 2 at 0.5 L2 in the report, but withstands here");
        assertThat(alone(ROBUST, broken(0.5, 1)).sentence())
                .isEqualTo("sample #7 withstands in the report, but is broken: class 2 at 0.5 L2 here");
        assertThat(alone(BROKEN, broken(0.501, 1)).sentence())
                .isEqualTo(
                        "sample #7 is broken as in the report, but not to the bit: L2 distance 0.501 instead of 0.5, a"
                                + " relative difference of 2.0e-03");
        assertThat(alone(BROKEN, broken(0.5, 3)).sentence())
                .isEqualTo(
                        "sample #7 is broken as in the report, but not to the bit: another example at the same distance,"
                                + " 0.5 L2");
        assertThat(alone(BROKEN, broken(0.5, 3)).equal()).isFalse();
    }

    @Test
    void theBatchDecidesWhereASampleAloneRoundsDifferently() {
        ReproducedAttack equal = new ReproducedAttack(
                attack(Map.of(), Map.of()), BROKEN, broken(0.5000001, 2), Optional.of(broken(0.5, 1, 19)));
        ReproducedAttack different = new ReproducedAttack(
                attack(Map.of(), Map.of()), BROKEN, unbroken(SampleStatus.ROBUST), Optional.of(broken(0.25, 1, 19)));

        assertThat(equal.equal()).isTrue();
        assertThat(equal.sentence())
                .isEqualTo(
                        "among the 19 samples of its batch, sample #7 is broken: class 2 at 0.5 L2, as in the report to"
                                + " the bit (example sha256 "
                                + BROKEN.exampleSha256().substring(0, 12)
                                + "); alone, where other routines round differently, L2 distance 0.5000001 instead of 0.5, a relative"
                                + " difference of 2.0e-07");
        assertThat(different.equal()).isFalse();
        assertThat(different.sentence())
                .isEqualTo(
                        "among the 19 samples of its batch, sample #7 is broken as in the report, but not to the bit: L2"
                                + " distance 0.25 instead of 0.5, a relative difference of 5.0e-01; alone, it withstands");
    }

    @Test
    void theTableHasOneLinePerPass() {
        assertThat(TraceCsv.text(List.of(alone(BROKEN, broken(0.5, 1))))).isEqualTo("""
                attack,pass,restart,asked,backward,margin,gradient_norm,distance
                "PGD-40",1,1,logits,0,0.25,,0.0
                "PGD-40",2,2,gradients,1,-0.5,NaN,0.5
                """);
    }

    @Test
    void theDocumentHoldsBothOutcomesAndEveryPass() {
        SavedEvaluation report = evaluation(4, Decision.FIXED, attack(Map.of(), Map.of()));

        ObjectNode document = ReproductionJson.of(report, List.of(alone(BROKEN, broken(0.5, 1))), true, false);

        assertThat(document.at("/equal").asBoolean()).isTrue();
        assertThat(document.at("/sameData").asBoolean()).isFalse();
        assertThat(document.at("/attacks/0/here/distance").asDouble()).isEqualTo(0.5);
        assertThat(document.at("/attacks/0/here")).isEqualTo(document.at("/attacks/0/inReport"));
        assertThat(document.at("/attacks/0/trace/1"))
                .hasToString(
                        "{\"restart\":2,\"asked\":\"gradients\",\"backward\":1,\"margin\":-0.5,\"gradientNorm\":null,"
                                + "\"distance\":0.5}");
    }

    @Test
    void theBatchIsThatOfTheSamplesTheAttackWasRunOn() {
        SavedAttack attack = attack(
                Map.of(1L, BROKEN, 3L, new SavedOutcome(SampleStatus.BROKEN, 2, 0.1, "00", 0, 0)),
                Map.of(5L, SampleStatus.BROKEN_BEFORE, 6L, SampleStatus.SEARCH_FAILED));

        SavedEvaluation fixed = evaluation(3, Decision.FIXED, attack);

        // #0 is wrong without an attack, #3 broke at a smaller epsilon, #5 under an earlier attack
        assertThat(fixed.batch(attack, 1)).containsExactly(1L, 2L, 4L);
        assertThat(fixed.batch(attack, 4)).containsExactly(1L, 2L, 4L);
        assertThat(fixed.batch(attack, 6)).containsExactly(6L, 7L, 8L);
        assertThat(fixed.batch(attack, 9)).containsExactly(9L);
        assertThat(evaluation(3, Decision.CURTAILED, attack).batch(attack, 4)).containsExactly(4L);
    }

    private static ReproducedAttack alone(SavedOutcome report, AttackTrace trace) {
        return new ReproducedAttack(attack(Map.of(), Map.of()), report, trace, Optional.empty());
    }

    private static SavedAttack attack(Map<Long, SavedOutcome> broken, Map<Long, SampleStatus> others) {
        return new SavedAttack(
                "pgd", "PGD-40", "", Norm.L2, 1, "", Goal.untargeted(), Map.of("steps", "40"), 0, broken, others);
    }

    private static SavedEvaluation evaluation(int batchSize, Decision decision, SavedAttack attack) {
        return new SavedEvaluation(
                "out.json",
                "net",
                "01",
                List.of(2L),
                Box.of(0, 1),
                DataType.FLOAT,
                "x",
                "02",
                LongStream.range(0, 10).boxed().toList(),
                Set.of(0L),
                Constraints.none(),
                7,
                batchSize,
                decision,
                Map.of(),
                Map.of(),
                List.of(attack));
    }

    private static AttackTrace broken(double distance, double value) {
        return broken(distance, value, 1);
    }

    private static AttackTrace broken(double distance, double value, int samples) {
        SampleOutcome outcome = new SampleOutcome(
                7,
                0,
                SampleStatus.BROKEN,
                Nd4j.valueArrayOf(1, 2, value),
                2,
                new Distances(distance, distance, distance, 2),
                2,
                1);
        return new AttackTrace(
                outcome,
                List.of(
                        new Query(0, Access.LOGITS, 0, 0.25, Double.NaN, 0),
                        new Query(1, Access.GRADIENTS, 1, -0.5, Double.NaN, 0.5)),
                samples);
    }

    private static AttackTrace unbroken(SampleStatus status) {
        return new AttackTrace(SampleOutcome.unbroken(7, 0, status, 2, 1), List.of(), 1);
    }
}
