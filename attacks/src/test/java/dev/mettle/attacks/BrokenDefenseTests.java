package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.trust.TrustReport;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** No defense that is known to be broken passes, whatever attacks are planned, and each is found out by its own trust check. */
class BrokenDefenseTests {

    private static final VerdictPolicy LENIENT = VerdictPolicy.atLeast(0.2);

    private static final LabeledData DIGITS = LabeledData.load(
                    Path.of("../examples/src/main/resources/digits-test.npz"))
            .scaled(1 / 255.0);

    private static final LabeledData FEW = DIGITS.first(30);

    private static final DifferentiableModel MLP = Dl4jClassifier.of(
                    ConformanceNetwork.load("mlp", DataType.FLOAT, true))
            .withInputRange(0, 1);

    private enum Zoo {
        QUANTIZER(TrustCheck.NONZERO_GRADIENTS, 0.02, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.quantizer(MLP, 8);
            }
        },
        LARGE_LOGITS(TrustCheck.UNSATURATED_LOGITS, 0.02, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.scaled(MLP, 1e4);
            }
        },
        SOFTMAX(TrustCheck.LOGITS, 0.02, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.softmax(MLP);
            }
        },
        OUTPUT_NOISE(TrustCheck.DETERMINISTIC, 0.02, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.noisy(MLP, 0.5, SampleRandom.of(3, "noise", 0, 0));
            }
        },
        SHATTERED_GRADIENTS(TrustCheck.SMOOTH_GRADIENTS, 0.05, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.shattered(MLP, 0.02, 3000);
            }
        },
        WINNERS_TAKE_ALL(TrustCheck.SMOOTH_GRADIENTS, 0.05, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.winnersTakeAll(MLP, 1000, 30);
            }
        },
        BATCH_STATISTICS(TrustCheck.INDEPENDENT_SAMPLES, 0.02, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.batchNormalized(MLP);
            }
        },
        SHIFTING_DETECTOR(TrustCheck.CONTINUOUS_SCORES, 0.1, 1) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.shiftingDetector(
                        MLP, BrokenDefense.means(DIGITS.inputs(), labels(DIGITS), 10), 100);
            }
        },
        MEMORIZER(TrustCheck.CHANGING_SCORES, 0.02, 0.5) {
            @Override
            DifferentiableModel model() {
                return BrokenDefense.memorizer(MLP, FEW.inputs(), labels(FEW));
            }
        };

        private final TrustCheck own;
        private final double linf;
        private final double l2;

        Zoo(TrustCheck own, double linf, double l2) {
            this.own = own;
            this.linf = linf;
            this.l2 = l2;
        }

        abstract DifferentiableModel model();
    }

    private static int[] labels(LabeledData data) {
        return IntStream.range(0, data.size()).map(data::label).toArray();
    }

    private static AttackSuite plan(Attack... attacks) {
        return new AttackSuite(
                Arrays.stream(attacks).map(Attack::label).collect(Collectors.joining(" + ")), "1", List.of(attacks));
    }

    static Stream<Arguments> plans() {
        return Arrays.stream(Zoo.values())
                .flatMap(zoo -> Stream.of(
                        arguments(zoo, plan(new Pgd().withSteps(20)), Norm.LINF),
                        arguments(zoo, plan(new Apgd().withSteps(30)), Norm.LINF),
                        arguments(zoo, plan(new FabTargeted().withSteps(5).withTargets(2)), Norm.LINF),
                        arguments(zoo, plan(new SquareAttack().withQueries(200)), Norm.LINF),
                        arguments(zoo, Suite.QUICK.in(Norm.LINF), Norm.LINF),
                        arguments(zoo, plan(new Ddn().withSteps(30)), Norm.L2)));
    }

    @ParameterizedTest
    @MethodSource("plans")
    void never_pass(Zoo zoo, AttackSuite plan, Norm norm) {
        RobustnessReport report = RobustnessEvaluation.of(zoo.model(), FEW)
                .suite(plan)
                .norm(norm)
                .epsilon(norm == Norm.LINF ? zoo.linf : zoo.l2)
                .policy(LENIENT)
                .run();

        assertThat(report.verdict().outcome()).isNotEqualTo(Outcome.PASS);
        TrustReport trust = report.trust().orElseThrow();
        Set<TrustCheck> doubted = trust.findings(TrustLevel.DOUBT).stream()
                .map(TrustFinding::check)
                .collect(Collectors.toSet());
        // a harness without trust checks takes whatever is not broken for robust
        double naive = ClopperPearson.lowerBound(
                report.robustCount() + report.undecidedCount(), report.samples(), LENIENT.confidence());
        boolean whiteBox = plan.attacks().stream().allMatch(attack -> attack.access() == Access.GRADIENTS);
        if (whiteBox) {
            assertThat(naive)
                    .as("what a harness without trust checks takes for shown")
                    .isGreaterThanOrEqualTo(LENIENT.minRobustAccuracy().orElseThrow());
            assertThat(doubted).contains(zoo.own);
        }
    }
}
