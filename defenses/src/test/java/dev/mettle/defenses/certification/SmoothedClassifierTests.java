package dev.mettle.defenses.certification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class SmoothedClassifierTests {

    private final SmoothedClassifier smoothed = new SmoothedClassifier(Line.model(), 0.2);

    private static INDArray points(double... values) {
        return Rows.fromDoubles(values, new long[] {values.length / 2, 2}, DataType.DOUBLE);
    }

    @Test
    void votes_as_the_model_does_beyond_a_line() {
        LabeledData data = Line.samples(50);
        double[][] samples = Rows.toRows(data.inputs());
        int[] predicted = smoothed.predict(data.inputs());
        int compared = 0;
        for (int i = 0; i < samples.length; i++) {
            if (Line.distance(samples[i]) > 0.05) { // 1000 votes err here with a probability below 1e-9
                assertThat(predicted[i]).isEqualTo(Line.label(samples[i]));
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(30);
    }

    @Test
    void is_a_function_whatever_the_batch() {
        INDArray many = Line.samples(40).inputs();
        int[] labels = smoothed.predict(many);

        assertThat(smoothed.predict(many)).isEqualTo(labels);
        for (int i = 0; i < labels.length; i++) {
            assertThat(smoothed.predict(Rows.slice(many, i, i + 1))).containsExactly(labels[i]);
        }
    }

    @Test
    void a_narrow_vote_breaks_no_sample() {
        double[] values = new double[200];
        for (int i = 0; i < 100; i++) { // 0.001 beyond the line, where about half of the votes say so
            values[2 * i] = 0.2 + 0.006 * i;
            values[2 * i + 1] = (0.701 - 0.6 * values[2 * i]) / 0.8;
        }
        Aim[] aims = Aim.awayFrom(new int[100]);

        assertThat(smoothed.predict(points(values))).contains(1);
        assertThat(smoothed.reaches(points(values), aims)).doesNotContain(true);
    }

    @Test
    void a_clear_vote_breaks_a_sample() {
        assertThat(smoothed.reaches(points(0.9, 0.9, 0.1, 0.1), Aim.awayFrom(new int[] {0, 0})))
                .containsExactly(true, false);
    }

    @Test
    void is_another_model_with_other_noise() {
        String hash = smoothed.info().sha256();

        assertThat(new SmoothedClassifier(Line.model(), 0.2).info().sha256()).isEqualTo(hash);
        assertThat(new SmoothedClassifier(Line.model(), 0.3).info().sha256()).isNotEqualTo(hash);
        assertThat(new SmoothedClassifier(Line.model(), 0.2, 999, 0).info().sha256())
                .isNotEqualTo(hash);
        assertThat(new SmoothedClassifier(Line.model(), 0.2, 1000, 1).info().sha256())
                .isNotEqualTo(hash);
    }

    @Test
    void refuses_what_makes_no_sense() {
        assertThatThrownBy(() -> new SmoothedClassifier(smoothed, 0.2))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "affine smoothed with σ = 0.2 is smoothed already: smooth the model behind it, or use it as it"
                                + " is");
        assertThatThrownBy(() -> new SmoothedClassifier(Line.model(), 0.2, 14, 0))
                .hasMessage("a smoothed classifier has 14 votes: give at least 15");
    }
}
