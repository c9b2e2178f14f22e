package dev.mettle.core.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogitLossTests {

    private static final List<double[]> LOGITS = List.of(
            new double[] {1, -2, 0.5}, new double[] {-3, -1, -8}, new double[] {0.2, 9, 8.5}, new double[] {2, 1});

    @Test
    void gradients_agree_with_finite_differences() {
        double h = 1e-6;
        for (LogitLoss loss : List.of(new CrossEntropy(), new Margin())) {
            for (double[] logits : LOGITS) {
                for (int label = 0; label < logits.length; label++) {
                    double[] gradient = loss.gradient(logits, label);
                    for (int j = 0; j < logits.length; j++) {
                        double[] up = logits.clone();
                        double[] down = logits.clone();
                        up[j] += h;
                        down[j] -= h;
                        double numeric = (loss.value(up, label) - loss.value(down, label)) / (2 * h);
                        assertThat(gradient[j]).isCloseTo(numeric, within(1e-8));
                    }
                }
            }
        }
    }

    @Test
    void cross_entropy_keeps_its_digits_where_the_model_is_sure() {
        double[] sure = {60, 0, -1};
        double small = Math.exp(-60) * (1 + Math.exp(-1));
        assertThat(new CrossEntropy().value(sure, 0)).isCloseTo(small, within(1e-38));
        assertThat(new CrossEntropy().gradient(sure, 0)[0]).isCloseTo(-small, within(1e-38));
    }

    @Test
    void the_direction_is_the_gradient_up_to_a_factor_and_never_vanishes() {
        CrossEntropy loss = new CrossEntropy();
        for (double[] logits : LOGITS) {
            double[] gradient = loss.gradient(logits, 0);
            double[] direction = loss.direction(logits, 0);
            double factor = gradient[0] / direction[0];
            assertThat(factor).isPositive();
            for (int j = 0; j < logits.length; j++) {
                assertThat(factor * direction[j]).isCloseTo(gradient[j], within(1e-15));
            }
        }
        assertThat(loss.direction(new double[] {1e5, 0, 0}, 0)).containsExactly(-1, 0.5, 0.5);
        assertThat(Arrays.stream(loss.gradient(new double[] {1e5, 0, 0}, 0))).allMatch(value -> value == 0);
    }

    @Test
    void the_margin_is_positive_exactly_if_the_label_is_not_preferred() {
        Margin margin = new Margin();
        assertThat(margin.value(new double[] {-1, -5, -9}, 0)).isEqualTo(-4); // negative logits are no special case
        assertThat(margin.value(new double[] {-1, -5, -9}, 2)).isEqualTo(8);
        assertThat(margin.value(new double[] {2, 2}, 1)).isZero();
        assertThat(Arrays.stream(margin.gradient(new double[] {3, 2, 1}, 1)).sum())
                .isZero();
    }
}
