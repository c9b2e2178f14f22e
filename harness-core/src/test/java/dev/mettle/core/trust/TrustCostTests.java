package dev.mettle.core.trust;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The checks spend a fifth of the passes of the attacks, or a few hundred where that is more: always, whatever they find. */
class TrustCostTests {

    private static final int FEATURES = 4;
    private static final double EPSILON = 0.05;
    private static final double FAR = 0.3;
    private static final double NEAR = 0.02;
    private static final AffineModel HONEST = new AffineModel(
            new double[][] {{0.25, 0.25, 0.25, 0.25}, {-0.25, -0.25, -0.25, -0.25}},
            new double[] {-0.5, 0.5},
            Box.of(0, 1),
            DataType.FLOAT,
            FEATURES);

    /** Its gradients lead away from the boundary, so that no attack along them ever breaks a sample, and all of them cost the most. */
    private static final DifferentiableModel ASTRAY = new Disguised(HONEST) {
        @Override
        void gradient(double[] gradient, double[] input) {
            Arrays.setAll(gradient, i -> -gradient[i]);
        }
    };

    /** Lends attacks that spend what they may, and break nothing that is farther than epsilon. */
    private static final TrustAttacks LENT = new TrustAttacks() {
        @Override
        public Optional<Attack> attack(Role role, Norm norm, int passes) {
            int steps = role == Role.SINGLE_STEP ? 1 : Math.max(1, passes / 2 - 1);
            return Optional.of(new Steps(role + "-" + steps, steps, 1.0 / steps, ThreatModel.UNBOUNDED));
        }

        @Override
        public List<Attack> next(TrustCheck check, Norm norm) {
            return List.of();
        }
    };

    private static TrustReport check(
            DifferentiableModel model, int samples, int standing, Attack attack, int epsilons) {
        double[][] rows = new double[samples][FEATURES];
        int[] labels = new int[samples];
        long[] ids = new long[samples];
        for (int i = 0; i < samples; i++) {
            labels[i] = i % 2;
            ids[i] = i;
            double distance = i < standing ? FAR : NEAR;
            Arrays.fill(rows[i], 0.5 + (labels[i] == 0 ? distance : -distance));
        }
        double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        INDArray inputs = Rows.fromDoubles(flat, new long[] {samples, FEATURES}, DataType.FLOAT);
        LabeledData data = LabeledData.of("samples", inputs, labels);
        ThreatModel threat = new ThreatModel(Norm.LINF, EPSILON, Box.of(0, 1));
        AttackRun run = AttackEngine.of(model, 5).run(attack, threat, inputs, labels, ids);
        List<AttackedSamples> runs = List.of(new AttackedSamples(attack, run.outcomes(), run.unconfirmed(), epsilons));
        TrustSubject subject = new TrustSubject(model, data, Optional.empty(), 5, 128);
        return new TrustChecker(subject, Optional.of(LENT)).check(threat, runs, run.outcomes(), Optional.empty());
    }

    private static long limit(TrustReport report, int standing) {
        return Math.max(report.evaluationPasses() / 5, Math.min(500, 100 + 25L * standing));
    }

    @ParameterizedTest
    @CsvSource({
        "50, 0, 1",
        "50, 2, 1",
        "50, 25, 1",
        "50, 48, 1",
        "50, 0, 40",
        "50, 2, 40",
        "50, 25, 40",
        "50, 48, 40",
        "50, 0, 100",
        "50, 2, 100",
        "50, 25, 100",
        "50, 48, 100",
        "200, 0, 1",
        "200, 4, 1",
        "200, 100, 1",
        "200, 196, 1",
        "200, 0, 40",
        "200, 4, 40",
        "200, 100, 40",
        "200, 196, 40",
        "1000, 10, 40",
        "1000, 500, 40",
        "1000, 990, 100",
        "4, 4, 1",
        "1, 1, 40"
    })
    void checksCostAFifthAtMost(int samples, int standing, int steps) {
        Attack attack = new Steps(steps, 1.0 / steps);

        TrustReport honest = check(HONEST, samples, standing, attack, 1);
        TrustReport astray = check(ASTRAY, samples, standing, attack, 1);

        assertThat(honest.passes()).isBetween(20L, limit(honest, standing));
        assertThat(astray.passes()).isBetween(20L, limit(astray, samples));
        assertThat(honest.findings(TrustLevel.DOUBT)).isEmpty();
    }

    /** From 25 withstanding samples on the checks of a cheap attack see as much as a few hundred passes show. */
    @Test
    void aCheapAttackIsCheckedAllTheSame() {
        TrustReport report = check(HONEST, 30, 30, new Steps(1, 1), 1);

        assertThat(report.evaluationPasses()).isEqualTo(120);
        assertThat(report.passes()).isBetween(400L, 500L);
        assertThat(report.findings(TrustLevel.NOT_RUN))
                .extracting(TrustFinding::check)
                .doesNotContain(
                        TrustCheck.BEATS_SINGLE_STEP,
                        TrustCheck.UNBOUNDED_SUCCEEDS,
                        TrustCheck.BEATS_OTHER_LOSS,
                        TrustCheck.BEATS_NOISE,
                        TrustCheck.BEATS_BLACK_BOX);
    }

    /** What is known already is charged as if it were asked again: so the same is looked at, and it costs less. */
    @Test
    void whatRunsDoesNotDependOnWhatIsKnown() {
        List<TrustReport> reports = new ArrayList<>();
        LabeledData data = LabeledData.of(
                "samples",
                Rows.fromDoubles(
                        new double[] {0.8, 0.8, 0.8, 0.8, 0.2, 0.2, 0.2, 0.2},
                        new long[] {2, FEATURES},
                        DataType.FLOAT),
                new int[] {0, 1});
        ThreatModel threat = new ThreatModel(Norm.LINF, EPSILON, Box.of(0, 1));
        Attack attack = new Steps(40, 0.025);
        AttackRun run = AttackEngine.of(HONEST, 5)
                .run(attack, threat, data.inputs(), new int[] {0, 1}, new long[] {data.id(0), data.id(1)});
        List<AttackedSamples> runs = List.of(new AttackedSamples(attack, run.outcomes(), run.unconfirmed()));
        TrustChecker checker =
                new TrustChecker(new TrustSubject(HONEST, data, Optional.empty(), 5, 128), Optional.of(LENT));
        for (int again = 0; again < 2; again++) {
            reports.add(checker.check(threat, runs, run.outcomes(), Optional.empty()));
        }

        assertThat(run.outcomes()).allMatch(outcome -> outcome.status() == SampleStatus.ROBUST);
        assertThat(reports.get(1).findings()).isEqualTo(reports.get(0).findings());
        assertThat(reports.get(1).passes()).isLessThan(reports.get(0).passes());
    }

    /** A search for the nearest example is judged at every epsilon, but its passes are spent once. */
    @Test
    void theEpsilonsOfASearchShareItsPasses() {
        TrustReport alone = check(HONEST, 200, 100, new Steps(40, 0.025), 1);
        TrustReport shared = check(HONEST, 200, 100, new Steps(40, 0.025), 5);

        assertThat(shared.evaluationPasses()).isEqualTo(alone.evaluationPasses() / 5);
        assertThat(5 * shared.passes()).isLessThanOrEqualTo(alone.evaluationPasses() / 5);
    }
}
