package dev.mettle.defenses.certification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.attack.AttackGenerator;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.Logits;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class DifferentiableSmoothedClassifierTests {

    /** Three classes, so that probabilities are no logistic curve. */
    private static AffineModel corners() {
        return new AffineModel(
                new double[][] {{3, 1}, {-2, 2}, {1, -4}}, new double[] {0, 0.5, 1}, Box.of(0, 1), DataType.DOUBLE, 2);
    }

    private static INDArray points(double... values) {
        return Rows.fromDoubles(values, new long[] {values.length / 2, 2}, DataType.DOUBLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 300})
    void gradients_are_those_of_finite_differences(int draws) {
        DifferentiableSmoothedClassifier smoothed = new DifferentiableSmoothedClassifier(corners(), 0.3, 15, draws, 1);
        INDArray x = points(0.3, 0.6, 0.8, 0.1, 0.5, 0.5);
        double[][] weights = {{1, -2, 0.5}, {0, 1, -1}, {2, 0, 0}};
        double[][] gradient = Rows.toRows(
                smoothed.gradient(x, logits -> Rows.fromRows(weights, logits)).gradient());
        double step = 1e-6;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 2; j++) {
                INDArray above = x.dup();
                above.putScalar(i, j, x.getDouble(i, j) + step);
                INDArray below = x.dup();
                below.putScalar(i, j, x.getDouble(i, j) - step);
                double difference =
                        (weighted(smoothed, above, weights) - weighted(smoothed, below, weights)) / (2 * step);
                assertThat(gradient[i][j]).isCloseTo(difference, within(1e-7 * (1 + Math.abs(difference))));
                assertThat(Math.abs(difference)).isGreaterThan(1e-3);
            }
        }
        assertThat(GradientCheck.of(smoothed, x, new int[] {0, 1, 2}).passed()).isTrue();
    }

    private static double weighted(DifferentiableSmoothedClassifier model, INDArray x, double[][] weights) {
        double[][] logits = Rows.toRows(model.logits(x));
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            for (int k = 0; k < logits[i].length; k++) {
                sum += weights[i][k] * logits[i][k];
            }
        }
        return sum;
    }

    @Test
    void logits_are_the_logarithms_of_mean_probabilities() {
        DifferentiableSmoothedClassifier smoothed = new DifferentiableSmoothedClassifier(corners(), 0.3, 15, 5, 1);
        double[][] logits = Rows.toRows(smoothed.logits(points(0.3, 0.6, 0.8, 0.1)));
        for (double[] row : logits) {
            double sum = 0;
            for (double logit : row) {
                sum += Math.exp(logit);
            }
            assertThat(sum).isCloseTo(1, within(1e-12));
        }
        assertThat(Rows.toRows(smoothed.logits(points(0.8, 0.1)))[0]).containsExactly(logits[1]);
    }

    /** Beyond a line all distances are known: what is farther than epsilon withstands, and what is nearer falls. */
    @Test
    void pgd_on_it_breaks_what_can_be_broken() {
        SmoothedClassifier smoothed = SmoothedClassifier.of(Line.model(), 0.2, 500, 0);
        assertThat(smoothed).isInstanceOf(DifferentiableSmoothedClassifier.class);
        LabeledData data = Line.samples(60);
        double epsilon = 0.3;
        AdversarialExamples examples = new AttackGenerator(
                        List.of(new Pgd()), smoothed, new ThreatModel(Norm.L2, epsilon, Box.of(0, 1)))
                .generate(data);
        int broken = 0;
        double[][] samples = Rows.toRows(data.inputs());
        for (int i = 0; i < samples.length; i++) {
            double distance = Line.distance(samples[i]);
            if (Line.label(samples[i]) != data.label(i)) {
                assertThat(examples.isAdversarial(i)).isFalse();
            } else if (distance < epsilon - 0.1 && staysInBox(samples[i], data.label(i), epsilon)) {
                // beyond the line by half a standard deviation: 500 votes are sure
                assertThat(examples.isAdversarial(i)).as("sample %s", i).isTrue();
                broken++;
            } else if (distance > epsilon) {
                assertThat(examples.isAdversarial(i)).as("sample %s", i).isFalse();
            }
        }
        assertThat(broken).isGreaterThan(10);
    }

    /** The box must not be in the way of the shortest path. */
    private static boolean staysInBox(double[] sample, int label, double epsilon) {
        double toward = label == 1 ? -epsilon : epsilon;
        double x = sample[0] + 0.6 * toward;
        double y = sample[1] + 0.8 * toward;
        return x >= 0 && x <= 1 && y >= 0 && y <= 1;
    }

    @Test
    void labels_are_those_of_the_vote() {
        LabeledData data = Line.samples(30);
        SmoothedClassifier labels = new SmoothedClassifier(Line.model(), 0.2, 100, 3);
        DifferentiableSmoothedClassifier smoothed = new DifferentiableSmoothedClassifier(Line.model(), 0.2, 100, 1, 3);
        assertThat(smoothed.predict(data.inputs())).isEqualTo(labels.predict(data.inputs()));
        assertThat(Logits.argMax(smoothed.logits(data.inputs()))).isNotEqualTo(labels.predict(data.inputs()));
        assertThat(smoothed.info().sha256()).isNotEqualTo(labels.info().sha256());
    }

    @Test
    void refuses_what_makes_no_sense() {
        assertThatThrownBy(() -> new DifferentiableSmoothedClassifier(corners(), 0.3, 15, 0, 1))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("probabilities are averaged over 0 draws: give at least 1");
    }
}
