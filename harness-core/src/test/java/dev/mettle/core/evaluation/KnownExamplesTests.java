package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Known adversarial examples count as what they are, whether an attack finds them again or not. */
class KnownExamplesTests {

    private static final AffineModel MODEL =
            new AffineModel(new double[][] {{1}, {-1}}, new double[] {-0.5, 0.5}, Box.of(0, 1), DataType.DOUBLE, 1);
    private static final LabeledData DATA =
            LabeledData.of(Nd4j.createFromArray(new double[][] {{0.6}, {0.7}, {0.3}}), new int[] {0, 0, 1});

    /** Finds nothing, or the point that it is given. */
    private record Guess(double point, boolean minimizesNorm) implements Attack {

        @Override
        public String name() {
            return "Guess";
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of();
        }

        @Override
        public Access access() {
            return Access.LABELS;
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.LINF);
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(1, 0);
        }

        @Override
        public void run(AttackContext context) {
            context.samples().propose(context.samples().inputs().mul(0).add(point));
        }
    }

    private static List<SampleOutcome> outcomes(Attack attack, double epsilon, KnownExamples known) {
        return RobustnessEvaluation.of(MODEL, DATA)
                .attack(attack)
                .norm(Norm.LINF)
                .epsilon(epsilon)
                .trust(TrustPolicy.OFF)
                .knownExamples(known)
                .run()
                .outcomes();
    }

    /** Knows points for the first sample. */
    private static KnownExamples first(double... points) {
        String key = DATA.sampleKeys().get(0);
        return (attack, sample) -> sample.equals(key)
                ? DoubleStream.of(points)
                        .mapToObj(point -> Nd4j.createFromArray(new double[][] {{point}}))
                        .toList()
                : List.of();
    }

    @Test
    void an_attack_that_fails_does_not_make_a_known_weakness_robust() {
        assertThat(outcomes(new Guess(0.6, false), 0.15, KnownExamples.NONE))
                .extracting(SampleOutcome::status)
                .containsOnly(SampleStatus.ROBUST);
        List<SampleOutcome> outcomes = outcomes(new Guess(0.6, false), 0.15, first(0.48));
        assertThat(outcomes)
                .extracting(SampleOutcome::status)
                .containsExactly(SampleStatus.BROKEN, SampleStatus.ROBUST, SampleStatus.ROBUST);
        assertThat(outcomes.get(0).breakingDistance(Norm.LINF)).isEqualTo(0.12, offset(1e-12));
    }

    @Test
    void an_example_counts_only_within_the_threat_model_and_if_it_fools_the_model() {
        assertThat(outcomes(new Guess(0.6, false), 0.1, first(0.48, 0.51, -0.1)))
                .extracting(SampleOutcome::status)
                .containsOnly(SampleStatus.ROBUST);
        assertThat(outcomes(new Guess(0.6, false), 0.15, first(0.51, 0.48))
                        .get(0)
                        .status())
                .isEqualTo(SampleStatus.BROKEN);
    }

    @Test
    void of_the_nearest_examples_the_nearer_one_counts() {
        assertThat(outcomes(new Guess(0.4, true), 0.25, first(0.48)).get(0).breakingDistance(Norm.LINF))
                .isEqualTo(0.12, offset(1e-12));
        assertThat(outcomes(new Guess(0.49, true), 0.25, first(0.48)).get(0).breakingDistance(Norm.LINF))
                .isEqualTo(0.11, offset(1e-12));
        assertThat(outcomes(new Guess(0.6, true), 0.25, first(0.48)).get(0).status())
                .isEqualTo(SampleStatus.BROKEN);
    }
}
