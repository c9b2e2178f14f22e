package dev.mettle.defenses.certification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.CertificationContext;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.RobustnessCertification;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Outcome;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class RandomizedSmoothingTests {

    /** A model of one feature that says what a function does. */
    private record Told(ToIntFunction<double[]> says, int classes) implements LabelModel {

        @Override
        public ModelInfo info() {
            return new ModelInfo(
                    "told", ModelInfo.shape(1), classes, Box.of(0, 1), DataType.DOUBLE, "0".repeat(64), List.of());
        }

        @Override
        public int[] predict(INDArray inputs) {
            double[][] rows = Rows.toRows(inputs);
            int[] labels = new int[rows.length];
            for (int i = 0; i < labels.length; i++) {
                labels[i] = says.applyAsInt(rows[i]);
            }
            return labels;
        }
    }

    private static final LabelModel CONSTANT = new Told(row -> 0, 2);

    private static LabeledData one(double value) {
        return LabeledData.of(
                Rows.fromDoubles(new double[] {value}, new long[] {1, 1}, DataType.DOUBLE), new int[] {0});
    }

    private static List<Certificate> certify(
            RandomizedSmoothing smoothing, LabelModel model, LabeledData data, int batchSize) {
        return smoothing.certify(
                new CertificationContext(model, data, Norm.L2, List.of(0.1), 5, batchSize, (done, total) -> {}));
    }

    @ParameterizedTest
    @CsvSource({"100, 1.500", "1000, 2.463", "10000, 3.199", "100000, 3.811"})
    void unanimous_votes_certify_the_radius_in_closed_form(int n, double radiusPerSigma) {
        RandomizedSmoothing smoothing = new RandomizedSmoothing(0.5, 10, n, 0.001);

        Certificate certificate = certify(smoothing, CONSTANT, one(0.5), 1000).get(0);

        assertThat(certificate.radius() / 0.5).isCloseTo(radiusPerSigma, within(0.0005));
        assertThat(certificate.radius()).isEqualTo(smoothing.largestRadius());
        assertThat(certificate.predicted()).hasValue(0);
        assertThat(certificate.forwards()).isEqualTo(10 + n);
        assertThat(certificate.evidence()).isEqualTo(n + " of " + n + " votes for class 0");
    }

    /** R / σ by SciPy 1.x: {@code norm.ppf(beta.ppf(.001, k, n - k + 1))}. */
    @ParameterizedTest
    @CsvSource({
        "100, 100, 1.5004750241206364",
        "100, 99, 1.3492590388103902",
        "1000, 1000, 2.4632626147808114",
        "10000, 10000, 3.1985775147383384",
        "100000, 100000, 3.8114565633899145",
        "1000, 990, 1.9780095821411994",
        "1000, 700, 0.39471134460417756",
        "10000, 9950, 2.428326743636836",
        "10000, 5200, 0.01128470119149607",
        "10000, 5150, 0",
        "100000, 99950, 3.171097651998891",
        "100000, 50600, 0.002779834639847259"
    })
    void radii_are_those_of_an_independent_computation(int n, int votes, double radiusPerSigma) {
        assertThat(new RandomizedSmoothing(0.25).withN(n).radius(votes)).isCloseTo(0.25 * radiusPerSigma, within(1e-8));
    }

    @Test
    void fewer_than_ten_votes_can_never_certify() {
        assertThat(new RandomizedSmoothing(0.25).withN(10).largestRadius()).isPositive();
        assertThatThrownBy(() -> new RandomizedSmoothing(0.25).withN(9))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "randomized smoothing with n = 9 and alpha = 0.001 can never certify, even if all votes agree:"
                                + " give n of at least 10");
    }

    @Test
    void refuses_parameters_that_make_no_sense() {
        assertThatThrownBy(() -> new RandomizedSmoothing(0))
                .hasMessage(
                        "randomized smoothing has sigma = 0.0: give the standard deviation of the noise, above 0, in"
                                + " input units of the model, such as 0.25");
        assertThatThrownBy(() -> new RandomizedSmoothing(1).withN0(0))
                .hasMessage("randomized smoothing has n0 = 0: give at least 1 vote to choose the class");
        assertThatThrownBy(() -> new RandomizedSmoothing(1).withAlpha(0.5))
                .hasMessage("randomized smoothing has alpha = 0.5: give a probability above 0 and below 0.5, such as"
                        + " 0.001");
    }

    @Test
    void refuses_a_radius_that_no_votes_can_certify() {
        assertThatThrownBy(() -> RobustnessCertification.of(Line.model(), Line.samples(20))
                        .certifier(new RandomizedSmoothing(0.25))
                        .radius(1)
                        .plan())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("randomized smoothing with sigma = 0.25, n = 10000 and alpha = 0.001 can never certify the"
                        + " radius 1: even if all votes agree it is 0.7996; raise n, or take a model that was trained with"
                        + " more noise and raise sigma");
    }

    @Test
    void refuses_other_norms() {
        assertThatThrownBy(() -> RobustnessCertification.of(Line.model(), Line.samples(20))
                        .certifier(new RandomizedSmoothing(0.25))
                        .norm(Norm.LINF)
                        .radius(0.1)
                        .plan())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "randomized smoothing certifies in L2, not in L∞: change the norm, or take another certifier");
    }

    /** At alpha = 0.1 false certificates are frequent enough to be counted, and must not be more frequent than that. */
    @Test
    void radii_exceed_the_distance_from_a_line_no_more_often_than_alpha() {
        LabeledData data = Line.samples(600);
        double[][] samples = Rows.toRows(data.inputs());
        int wrong = 0;
        double reached = 0;
        double reachable = 0;
        List<Certificate> certificates = certify(new RandomizedSmoothing(0.3, 20, 400, 0.1), Line.model(), data, 500);
        for (int i = 0; i < samples.length; i++) {
            Certificate each = certificates.get(i);
            boolean another = each.predicted().isPresent() && each.predicted().getAsInt() != Line.label(samples[i]);
            wrong += another || each.radius() > Line.distance(samples[i]) ? 1 : 0;
            reached += each.radius();
            reachable += Line.distance(samples[i]);
        }

        assertThat(wrong).isPositive();
        // one-sided, at a confidence that leaves a chance of one in a million
        assertThat(ClopperPearson.lowerBound(wrong, samples.length, 1 - 1e-6)).isLessThanOrEqualTo(0.1);
        assertThat(reached / reachable).isBetween(0.8, 1.0);
    }

    @Test
    void at_the_usual_alpha_radii_stay_within_the_distance_from_a_line() {
        LabeledData data = Line.samples(100);
        double[][] samples = Rows.toRows(data.inputs());
        List<Certificate> certificates =
                certify(new RandomizedSmoothing(0.3, 50, 5000, 0.001), Line.model(), data, 1000);
        for (int i = 0; i < samples.length; i++) {
            assertThat(certificates.get(i).radius()).isLessThan(Line.distance(samples[i]));
        }
    }

    @Test
    void abstains_where_no_class_has_the_majority() {
        // three classes by the position of the noise within a lattice much finer than sigma
        LabelModel dice = new Told(row -> Math.floorMod((long) Math.floor(row[0] * 1e6), 3), 3);

        Certificate certificate =
                certify(new RandomizedSmoothing(0.5), dice, one(0.5), 1000).get(0);

        assertThat(certificate.isAbstained()).isTrue();
        assertThat(certificate.radius()).isZero();
        assertThat(certificate.evidence()).matches("3[23]\\d\\d of 10000 votes for class [012]");
    }

    @Test
    void votes_depend_neither_on_the_batch_size_nor_on_other_samples() {
        LabeledData data = Line.samples(12);
        RandomizedSmoothing smoothing = new RandomizedSmoothing(0.3, 10, 300, 0.01);

        List<Certificate> certificates = certify(smoothing, Line.model(), data, 1000);

        assertThat(certify(smoothing, Line.model(), data, 7)).isEqualTo(certificates);
        assertThat(certify(smoothing, Line.model(), data.subset(11, 3), 64))
                .containsExactly(certificates.get(11), certificates.get(3));
    }

    @Test
    void the_class_is_chosen_by_other_noise_than_its_share_is_estimated_with() {
        List<Double> seen = new ArrayList<>();
        LabelModel recording = new Told(
                row -> {
                    seen.add(row[0]);
                    return 0;
                },
                2);

        certify(new RandomizedSmoothing(0.5, 50, 70, 0.001), recording, one(0.5), 16);

        assertThat(seen).hasSize(120);
        Set<Double> selection = new HashSet<>(seen.subList(0, 50));
        assertThat(seen.subList(50, 120)).doesNotContainAnyElementsOf(selection);
    }

    @Test
    void refuses_logits_that_contradict_the_predictions_of_the_model() {
        AffineModel honest = Line.model();
        LogitModel contradicting = new LogitModel() {
            @Override
            public ModelInfo info() {
                return honest.info();
            }

            @Override
            public int[] predict(INDArray inputs) {
                return honest.predict(inputs);
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return honest.withBias(1, 0.3).logits(inputs);
            }
        };

        assertThatThrownBy(() -> certify(new RandomizedSmoothing(0.3).withN(100), contradicting, Line.samples(20), 100))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("the logits of affine give other classes than its predictions, in at least ")
                .hasMessageEndingWith(": no certificate can rest on them");
    }

    @Test
    void keeps_one_batch_in_memory_at_a_time() {
        List<INDArray> given = new ArrayList<>();
        LabelModel watching = new LabelModel() {
            @Override
            public ModelInfo info() {
                return CONSTANT.info();
            }

            @Override
            public int[] predict(INDArray inputs) {
                assertThat(given).allMatch(INDArray::wasClosed);
                assertThat(inputs.size(0)).isLessThanOrEqualTo(32);
                given.add(inputs);
                return new int[(int) inputs.size(0)];
            }
        };

        certify(new RandomizedSmoothing(0.5, 10, 1000, 0.001), watching, one(0.5), 32);

        assertThat(given).hasSize(1 + 32).allMatch(INDArray::wasClosed);
    }

    @Test
    void predicts_as_soon_as_eleven_votes_agree() {
        RandomizedSmoothing eleven = new RandomizedSmoothing(0.5, 1, 11, 0.001);

        assertThat(eleven.predict(CONSTANT, one(0.5), 1, 100)).containsExactly(OptionalInt.of(0));
        assertThatThrownBy(() -> eleven.withN(10).predict(CONSTANT, one(0.5), 1, 100))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "randomized smoothing with n = 10 and alpha = 0.001 always abstains from predicting, even if all"
                                + " votes agree: give n of at least 11");
    }

    /** Two-sided p-values by SciPy: 0.00111 for 552 to 448 votes, 0.00089 for 553 to 447. */
    @Test
    void prediction_compares_the_two_most_frequent_classes_by_the_exact_test() {
        assertThat(new NoisyVotes(List.of(0, 448, 552)).significantTop(0.001)).isEmpty();
        assertThat(new NoisyVotes(List.of(0, 447, 553)).significantTop(0.001)).hasValue(2);
        assertThat(new NoisyVotes(List.of(0, 447, 553)).significantTop(0.00088)).isEmpty();
        assertThat(new NoisyVotes(List.of(5, 5)).significantTop(0.4)).isEmpty();
    }

    @Test
    void prediction_abstains_on_the_line_and_names_the_class_far_from_it() {
        INDArray inputs = Rows.fromDoubles(new double[] {0.5, 0.5, 1, 1, 0, 0}, new long[] {3, 2}, DataType.DOUBLE);
        LabeledData data = LabeledData.of(inputs, new int[] {0, 1, 0}); // 0.6 · 0.5 + 0.8 · 0.5 = 0.7

        assertThat(new RandomizedSmoothing(0.3).withN(2000).predict(Line.model(), data, 3, 500))
                .containsExactly(OptionalInt.empty(), OptionalInt.of(1), OptionalInt.of(0));
    }

    @Test
    void judges_certified_accuracy_over_all_samples() {
        CertificationReport report = RobustnessCertification.of(Line.model(), Line.samples(100))
                .certifier(new RandomizedSmoothing(0.3).withN(1000))
                .radius(0.1)
                .minCertifiedAccuracy(0.3)
                .batchSize(500)
                .run();

        double[][] samples = Rows.toRows(Line.samples(100).inputs());
        int reachable = 0;
        for (int i = 0; i < 100; i++) {
            reachable += i % 10 != 9 && Line.distance(samples[i]) > 0.1 ? 1 : 0;
        }
        assertThat(report.certifiedCount()).isBetween(reachable - 20, reachable);
        assertThat(report.certifiedAccuracy()).isEqualTo(report.certifiedCount() / 100.0);
        assertThat(report.outcome()).isEqualTo(Outcome.PASS);
        assertThat(report.robustLowerBound()).isCloseTo(report.lowerBound() - 0.001, within(1e-12));
        assertThat(report.certification().model().name()).isEqualTo("affine smoothed with σ = 0.3");
        assertThat(report.certification().abstainedCount()).isPositive();
        assertThat(report.certification().cleanCount()).isLessThanOrEqualTo(90);
    }
}
