package dev.mettle.defenses.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.attacks.Apgd;
import dev.mettle.attacks.AttackCatalog;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.PreprocessedModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.defenses.preprocessing.BitDepth;
import dev.mettle.defenses.preprocessing.GaussianSmoothing;
import dev.mettle.defenses.preprocessing.MedianSmoothing;
import dev.mettle.defenses.preprocessing.RandomResizePadding;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class AbstainingModelTests {

    /** z = (0, 10 (x − 0.5)): class 1 above one half, with probability 0.9 from 0.5 + log 9 / 10 = 0.7197 on. */
    private static final AffineModel LINE =
            new AffineModel(new double[][] {{0}, {10}}, new double[] {0, -5}, Box.of(0, 1), DataType.DOUBLE, 1);

    private static final AbstainingModel CAREFUL = AbstainingModel.of(LINE, ConfidenceThreshold.of(LINE, 0.9));

    private static INDArray points(double... x) {
        return Nd4j.create(x, new long[] {x.length, 1}, 'c');
    }

    private static LabeledData data(double[] x, int... labels) {
        return LabeledData.of(points(x), labels);
    }

    @Test
    void abstains_exactly_where_confidence_is_low() {
        INDArray x = points(0.1, 0.27, 0.29, 0.5, 0.71, 0.73, 0.9);

        assertThat(CAREFUL.predict(x)).containsExactly(0, 0, -1, -1, -1, 1, 1);
        double[][] logits = Rows.toRows(CAREFUL.logits(x));
        for (double[] row : logits) {
            // log 9 is the lead at which the probability of the larger one of two classes is 0.9
            double lead = Math.abs(row[1] - row[0]);
            assertThat(row).hasSize(3);
            assertThat(row[2]).isEqualTo(Math.max(row[0], row[1]) + (Math.log(9) - lead) / 2, within(1e-12));
        }
    }

    @Test
    void is_fooled_only_by_a_wrong_label_that_is_not_rejected() {
        Judgement[] judgements = CAREFUL.judge(points(0.1, 0.29, 0.71, 0.73), Aim.awayFrom(new int[] {0, 0, 0, 0}));

        assertThat(judgements)
                .containsExactly(
                        new Judgement(0, false),
                        new Judgement(LabelModel.ABSTAINED, false),
                        new Judgement(LabelModel.ABSTAINED, false),
                        new Judgement(1, true));
        assertThat(CAREFUL.countingAbstentionAsBroken()
                        .judge(points(0.1, 0.29, 0.71, 0.73), Aim.awayFrom(new int[] {0, 0, 0, 0})))
                .extracting(Judgement::reachesAim)
                .containsExactly(false, true, true, true);
    }

    /** The margin is the smaller one of the lead of the wrong class and of what is left to acceptance, here (lead − log 9) / 2. */
    @Test
    void shows_losses_the_way_past_model_and_detector() {
        Aim[] aims = {CAREFUL.against(Aim.awayFrom(0))};
        for (double x : new double[] {0.55, 0.7, 0.72, 0.8}) {
            INDArray logits = CAREFUL.logits(points(x));
            double lead = 10 * (x - 0.5);
            assertThat(new Margin().values(logits, aims)[0])
                    .isEqualTo(Math.min(lead, (lead - Math.log(9)) / 2), within(1e-9));
            INDArray uphill = CAREFUL.gradient(points(x), z -> new CrossEntropy().directions(z, aims))
                    .gradient();
            assertThat(uphill.getDouble(0)).isPositive();
        }
    }

    /** Also where the input is rejected already while the label is still right: less confidence there must not look like a step back. */
    @Test
    void shows_losses_the_way_across_the_boundary() {
        Aim[] aims = {CAREFUL.against(Aim.awayFrom(0))};
        double before = Double.NEGATIVE_INFINITY;
        for (double x : new double[] {0.1, 0.2, 0.29, 0.35, 0.45, 0.5, 0.55, 0.7, 0.8}) {
            double margin = new Margin().values(CAREFUL.logits(points(x)), aims)[0];
            assertThat(margin).isGreaterThan(before);
            before = margin;
            assertThat(CAREFUL.gradient(points(x), z -> new Margin().gradients(z, aims))
                            .gradient()
                            .getDouble(0))
                    .isPositive();
        }
    }

    private static RobustnessReport report(DifferentiableModel model, double epsilon) {
        LabeledData samples = data(
                new double[] {0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.95, 0.2, 0.8},
                0,
                0,
                0,
                0,
                0,
                1,
                1,
                1,
                1,
                1,
                1,
                0);
        return RobustnessEvaluation.of(model, samples)
                .attack(new Apgd().withSteps(20))
                .norm(Norm.LINF)
                .epsilon(epsilon)
                .run();
    }

    @Test
    void counts_abstentions_honestly() {
        // clean: four are rejected, two wrong, six right. ε = 0.55 takes 0.2 and 0.8 across; 0.1 and 0.9 only to
        // rejection
        RobustnessReport report = report(CAREFUL, 0.55);

        assertThat(report.abstainedCount()).isEqualTo(4);
        assertThat(report.cleanCount()).isEqualTo(6);
        assertThat(report.brokenCount()).isEqualTo(2);
        assertThat(report.robustCount()).isEqualTo(4);
        assertThat(report.outcomes())
                .extracting(SampleOutcome::status)
                .filteredOn(status -> status == SampleStatus.ABSTAINED)
                .hasSize(4);
        assertThat(report.curve().points().get(0).robustCount()).isEqualTo(6);
        assertThat(ReportText.details(report))
                .contains("  clean accuracy    50.0%   6 of 12   95% CI [21.1%, 78.9%]")
                .contains("  abstained         33.3%   4 of 12");
        assertThat(report.evaluation().notes())
                .contains(
                        "the model abstains on 4 of 12 clean samples: they are neither right nor attacked, and count against"
                                + " both accuracies");
    }

    @Test
    void breaks_more_where_no_answer_is_as_bad_as_a_wrong_one() {
        RobustnessReport report = report(CAREFUL.countingAbstentionAsBroken(), 0.2);

        // right are 0.05, 0.1, 0.2 and their mirror images; 0.2 takes 0.1 and 0.2 to where nothing is said
        assertThat(report.brokenCount()).isEqualTo(4);
        assertThat(report.abstainedCount()).isEqualTo(4);
        assertThat(ReportText.example(report.brokenSamples().get(0))).endsWith("→abstained");
        assertThat(report.evaluation().notes()).contains("an abstention within epsilon counts as broken");
        assertThat(report(CAREFUL, 0.2).brokenCount()).isZero();
    }

    private static final AffineModel IMAGES = AffineModel.random(4, 11, DataType.FLOAT, 1, 6, 6);

    static Stream<Supplier<AbstainingModel>> exact() {
        return Stream.of(
                () -> AbstainingModel.of(IMAGES, ConfidenceThreshold.of(IMAGES, 0.8)),
                () -> AbstainingModel.of(
                        IMAGES,
                        FeatureSqueezing.of(IMAGES, new MedianSmoothing(2), new GaussianSmoothing(1))
                                .withThreshold(0.1)));
    }

    private static INDArray images(int n) {
        return Nd4j.linspace(1, 36L * n, 36L * n, DataType.DOUBLE)
                .mul(0.7548776662)
                .fmod(1)
                .castTo(DataType.FLOAT)
                .reshape(n, 1, 6, 6);
    }

    @ParameterizedTest
    @MethodSource("exact")
    void has_gradients_that_finite_differences_confirm(Supplier<AbstainingModel> model) {
        AbstainingModel whole = model.get();
        INDArray inputs = images(6);
        int[] answers = IMAGES.predict(inputs);

        assertThat(whole.exactPart(inputs).model()).isSameAs(whole);
        for (int label = 0; label < 5; label++) { // the last one is the logit of abstention
            int[] labels = new int[answers.length];
            java.util.Arrays.fill(labels, label);
            GradientCheck check = GradientCheck.of(whole, inputs, labels);
            assertThat(check.passed()).as(check.message()).isTrue();
        }
    }

    static List<Attack> attacks() {
        return AttackCatalog.entries().stream()
                .map(AttackCatalog.Entry::defaults)
                .filter(attack -> attack.transformation().isEmpty())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void is_attacked_by_every_attack_and_never_broken_by_what_it_rejects(Attack attack) {
        AbstainingModel model = AbstainingModel.of(IMAGES, ConfidenceThreshold.of(IMAGES, 0.6));
        INDArray inputs = images(3);
        int[] labels = IMAGES.predict(inputs);
        Norm norm =
                attack.norms().stream().min(java.util.Comparator.naturalOrder()).orElseThrow();

        RobustnessReport report = RobustnessEvaluation.of(model, LabeledData.of(inputs, labels))
                .attack(attack)
                .trust(TrustPolicy.OFF)
                .norm(norm)
                .epsilon(norm == Norm.LINF ? 0.3 : norm == Norm.L2 ? 1 : 5)
                .run();

        for (SampleOutcome outcome : report.outcomes()) {
            if (outcome.status() == SampleStatus.BROKEN) {
                INDArray adversarial = java.util.Objects.requireNonNull(outcome.adversarial());
                assertThat(model.predict(adversarial)[0])
                        .isNotEqualTo(outcome.label())
                        .isNotEqualTo(LabelModel.ABSTAINED)
                        .isEqualTo(outcome.adversarialLabel());
            }
        }
    }

    @Test
    void squeezes_features_as_the_formula_says() {
        INDArray x = Nd4j.create(new double[][] {{0.2}, {0.9}, {0.6}});
        FeatureSqueezing squeezing = FeatureSqueezing.of(LINE, new BitDepth(1));

        double[] scores = squeezing.scores(x);

        for (int i = 0; i < 3; i++) {
            double p = 1 / (1 + Math.exp(-10 * (x.getDouble(i) - 0.5)));
            double q = 1 / (1 + Math.exp(-10 * (Math.rint(x.getDouble(i)) - 0.5)));
            assertThat(scores[i]).isEqualTo(2 * Math.abs(p - q), within(1e-12));
        }
    }

    @Test
    void rejects_no_more_clean_samples_than_it_was_fitted_to() {
        double[] x = new double[40];
        java.util.Arrays.setAll(x, i -> i / 40.0);
        LabeledData clean = LabeledData.of(points(x), new int[40]);
        FeatureSqueezing squeezing = FeatureSqueezing.of(LINE, new BitDepth(1));
        for (double rate : new double[] {0, 0.05, 0.1, 0.5}) {
            FeatureSqueezing fitted = squeezing.fittedTo(clean, rate);
            long rejected = java.util.Arrays.stream(fitted.scores(clean.inputs()))
                    .filter(score -> score > fitted.threshold())
                    .count();
            assertThat(rejected).isBetween((long) (40 * rate) - 1, (long) (40 * rate)); // scores tie in pairs
        }
    }

    static Stream<Arguments> refused() {
        DifferentiableModel random = PreprocessedModel.of(IMAGES, new RandomResizePadding(0.8));
        return Stream.of(
                Arguments.of(
                        (Supplier<Object>) () -> ConfidenceThreshold.of(IMAGES, 1),
                        "ConfidenceThreshold: the smallest accepted probability is 1.0: give one above 0 and below 1"),
                Arguments.of(
                        (Supplier<Object>) () -> AbstainingModel.of(random, ConfidenceThreshold.of(IMAGES, 0.5)),
                        "AbstainingModel: the model random resize and padding (from 0.8) + affine is randomized, and a"
                                + " threshold on one of its draws says nothing of the next: give a model without random steps"),
                Arguments.of(
                        (Supplier<Object>) () -> AbstainingModel.of(CAREFUL, ConfidenceThreshold.of(LINE, 0.5)),
                        "AbstainingModel: the model affine or abstain by confidence below 0.9 abstains already: give the"
                                + " model inside"),
                Arguments.of(
                        (Supplier<Object>) () -> AbstainingModel.of(
                                PreprocessedModel.of(IMAGES, new BitDepth(2)), ConfidenceThreshold.of(IMAGES, 0.5)),
                        "ConfidenceThreshold: the detector asks the model affine, but 2-bit rounding + affine is to abstain:"
                                + " make the detector of the same model"),
                Arguments.of(
                        (Supplier<Object>) () -> FeatureSqueezing.of(IMAGES, new RandomResizePadding(0.5)),
                        "FeatureSqueezing: the squeezer 'random resize and padding (from 0.5)' draws anew at every call, and"
                                + " a threshold on one draw says nothing of the next: give one without random draws"),
                Arguments.of(
                        (Supplier<Object>) () ->
                                FeatureSqueezing.of(IMAGES, new BitDepth(1)).withThreshold(3),
                        "FeatureSqueezing: the threshold is 3.0: give one from 0 to 2, the distances that two softmax outputs"
                                + " can have"),
                Arguments.of(
                        (Supplier<Object>) () ->
                                FeatureSqueezing.of(LINE, new BitDepth(1)).fittedTo(data(new double[] {0.5}, 1), 1),
                        "FeatureSqueezing: the false positive rate is 1.0: give a share from 0 to below 1"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refuses_what_makes_no_sense(Supplier<Object> call, String message) {
        assertThatThrownBy(call::get).isInstanceOf(ConfigurationException.class).hasMessage(message);
    }
}
