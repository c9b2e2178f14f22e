package dev.mettle.defenses;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Apgd;
import dev.mettle.attacks.ExpectationOverTransformation;
import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.attacks.SquareAttack;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.model.DeclaredGradient;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.PreprocessedModel;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import dev.mettle.defenses.detection.AbstainingModel;
import dev.mettle.defenses.detection.ConfidenceThreshold;
import dev.mettle.defenses.detection.FeatureSqueezing;
import dev.mettle.defenses.preprocessing.BitDepth;
import dev.mettle.defenses.preprocessing.GaussianSmoothing;
import dev.mettle.defenses.preprocessing.JpegCompression;
import dev.mettle.defenses.preprocessing.MedianSmoothing;
import dev.mettle.defenses.preprocessing.RandomResizePadding;
import dev.mettle.defenses.preprocessing.TotalVariance;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Around an undefended network each of these defenses falls to attacks that know of it, as the literature says; and no plan, however
 * naive, makes it pass.
 */
class BrokenByAdaptiveAttacksTests {

    private static final LabeledData DIGITS = LabeledData.load(
                    Path.of("../examples/src/main/resources/digits-test.npz"))
            .scaled(1 / 255.0);

    private static final LabeledData FEW = DIGITS.first(16);

    private static final double EPSILON = 0.15;
    private static final VerdictPolicy HALF = VerdictPolicy.atLeast(0.5);

    private static final DifferentiableModel MLP = Dl4jClassifier.of(
                    ConformanceNetwork.load("mlp", DataType.FLOAT, true))
            .withInputRange(0, 1);

    private static final AbstainingModel SQUEEZED = AbstainingModel.of(
            MLP,
            FeatureSqueezing.of(MLP, new BitDepth(3), new MedianSmoothing(2))
                    .fittedTo(DIGITS.subset(IntStream.range(200, 400).toArray()), 0.05));

    private enum Defense {
        BIT_DEPTH,
        JPEG,
        MEDIAN,
        GAUSSIAN,
        TOTAL_VARIANCE,
        RANDOM_RESIZE,
        SEVERAL,
        FEATURE_SQUEEZING,
        CONFIDENCE;

        DifferentiableModel model() {
            return switch (this) {
                case BIT_DEPTH -> PreprocessedModel.of(MLP, new BitDepth(3));
                case JPEG -> PreprocessedModel.of(MLP, new JpegCompression(50));
                case MEDIAN -> PreprocessedModel.of(MLP, new MedianSmoothing(3));
                case GAUSSIAN -> PreprocessedModel.of(MLP, new GaussianSmoothing(1));
                case TOTAL_VARIANCE -> PreprocessedModel.of(MLP, new TotalVariance(0.1));
                case RANDOM_RESIZE -> PreprocessedModel.of(MLP, new RandomResizePadding(0.85));
                case SEVERAL ->
                    PreprocessedModel.of(MLP, new JpegCompression(75), new BitDepth(4), new GaussianSmoothing(0.6));
                case FEATURE_SQUEEZING -> SQUEEZED;
                case CONFIDENCE -> AbstainingModel.of(MLP, ConfidenceThreshold.of(MLP, 0.9));
            };
        }

        Attack adaptive() {
            Attack attack = new Apgd(Loss.DLR).withSteps(30);
            return model().randomized() ? ExpectationOverTransformation.of(attack, 10) : attack;
        }
    }

    private static RobustnessReport attack(DifferentiableModel model, VerdictPolicy policy, Attack... attacks) {
        return RobustnessEvaluation.of(model, FEW)
                .policy(policy)
                .attack(attacks)
                .norm(Norm.LINF)
                .epsilon(EPSILON)
                .run();
    }

    @ParameterizedTest
    @EnumSource
    void falls_to_an_attack_that_knows_of_it(Defense defense) {
        RobustnessReport report = attack(defense.model(), HALF, defense.adaptive());

        assertThat(report.cleanAccuracy()).isGreaterThan(0.8);
        assertThat(report.verdict().outcome()).isEqualTo(Outcome.FAIL);
        assertThat(report.robustAccuracy()).isLessThan(0.2);
    }

    static Stream<Arguments> naive() {
        List<Attack> attacks = List.<Attack>of(new Pgd().withSteps(10), new Fgsm(), new SquareAttack().withQueries(60));
        return Arrays.stream(Defense.values())
                .flatMap(defense -> attacks.stream().map(attack -> Arguments.of(defense, attack)));
    }

    @ParameterizedTest
    @MethodSource
    void naive(Defense defense, Attack attack) {
        assertThat(attack(defense.model(), HALF, attack).verdict().outcome()).isNotEqualTo(Outcome.PASS);
    }

    /** A step whose gradient nobody declares, as a library without BPDA meets it. */
    private record Opaque(Preprocessing step) implements Preprocessing {
        @Override
        public String name() {
            return "opaque " + step.name();
        }

        @Override
        public INDArray apply(INDArray inputs) {
            return step.apply(inputs);
        }

        @Override
        public Opaque before(ModelInfo model) {
            return new Opaque(step.before(model));
        }

        @Override
        public DeclaredGradient declaredGradient() {
            return DeclaredGradient.NONE;
        }
    }

    static Stream<Arguments> opaque() {
        return Stream.<Preprocessing>of(
                        new BitDepth(3),
                        new JpegCompression(50),
                        new MedianSmoothing(3),
                        new GaussianSmoothing(1),
                        new TotalVariance(0.1))
                .flatMap(step -> Stream.<Attack>of(new Pgd().withSteps(10), new SquareAttack().withQueries(60))
                        .map(attack -> Arguments.of(new Opaque(step), attack)));
    }

    @ParameterizedTest
    @MethodSource("opaque")
    void is_not_trusted_where_no_gradient_is_declared(Preprocessing step, Attack attack) {
        RobustnessReport report = attack(PreprocessedModel.of(MLP, step), VerdictPolicy.atLeast(0.05), attack);

        assertThat(report.verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(report.trust().orElseThrow().findings(TrustLevel.DOUBT))
                .extracting(TrustFinding::check)
                .contains(TrustCheck.NONZERO_GRADIENTS);
        assertThat(report.evaluation().notes())
                .contains("'" + step.name()
                        + "' declares no gradient, so attacks that follow gradients show nothing: declare an"
                        + " approximation (BPDA), or attack by Square or HopSkipJump");
    }

    /** Small enough that a passing verdict would be possible: what keeps it from passing is that nobody averages. */
    @Test
    void is_not_trusted_where_draws_are_not_averaged() {
        DifferentiableModel model = PreprocessedModel.of(MLP, new RandomResizePadding(0.97));
        RobustnessReport plain = small(model, new Apgd().withSteps(10));

        assertThat(plain.verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(plain.doubts().get(0))
                .isEqualTo(
                        "the model is declared randomized, and no attack averages its gradients over draws: attack the"
                                + " expectation over 10 draws or more: add ExpectationOverTransformation, such as eot-20-apgd-ce, or the"
                                + " suite AutoAttack rand (deterministic)");
        RobustnessReport averaged = small(model, ExpectationOverTransformation.of(new Apgd().withSteps(10), 10));
        assertThat(averaged.trust().orElseThrow().findings(TrustLevel.DOUBT))
                .extracting(TrustFinding::check)
                .doesNotContain(TrustCheck.DETERMINISTIC, TrustCheck.SMOOTH_GRADIENTS, TrustCheck.INDEPENDENT_SAMPLES);
        assertThat(averaged.evaluation().gradientCheck().orElseThrow().passed()).isTrue();
        assertThat(averaged.verdict().outcome()).isEqualTo(Outcome.PASS);
    }

    private static RobustnessReport small(DifferentiableModel model, Attack attack) {
        return RobustnessEvaluation.of(model, FEW)
                .policy(VerdictPolicy.atLeast(0.5))
                .attack(attack)
                .norm(Norm.LINF)
                .epsilon(0.002)
                .run();
    }

    @Test
    void gives_the_same_result_again_whatever_the_batch_size_and_whatever_ran_before() {
        DifferentiableModel model = PreprocessedModel.of(MLP, new RandomResizePadding(0.85));
        Attack attack = ExpectationOverTransformation.of(new Pgd().withSteps(5), 3);
        List<String> hashes = hashes(model, attack, 16);

        assertThat(hashes(model, attack, 16)).isEqualTo(hashes);
        assertThat(hashes(PreprocessedModel.of(MLP, new RandomResizePadding(0.85)), attack, 5))
                .isEqualTo(hashes);
    }

    private static List<String> hashes(DifferentiableModel model, Attack attack, int batchSize) {
        return RobustnessEvaluation.of(model, FEW)
                .attack(attack)
                .norm(Norm.LINF)
                .epsilon(EPSILON)
                .batchSize(batchSize)
                .run()
                .outcomes()
                .stream()
                .map(outcome -> outcome.status() + " " + outcome.exampleSha256().orElse("") + " " + outcome.forwards())
                .toList();
    }
}
