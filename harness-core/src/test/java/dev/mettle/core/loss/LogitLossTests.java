package dev.mettle.core.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogitLossTests {

    private static final List<double[]> LOGITS = List.of(
            new double[] {1, -2, 0.5},
            new double[] {-3, -1, -8},
            new double[] {0.2, 9, 8.5},
            new double[] {2, 1},
            new double[] {1, -2, 0.5, 3, 0.7},
            new double[] {-3, -1, -8, -4});

    private static List<Aim> aims(int classes) {
        List<Aim> aims = new ArrayList<>();
        for (int label = 0; label < classes; label++) {
            aims.add(Aim.awayFrom(label));
            for (int target = 0; target < classes; target++) {
                if (target != label) {
                    aims.add(Aim.towards(label, target));
                }
            }
        }
        return aims;
    }

    @ParameterizedTest
    @EnumSource
    void gradients_agree_with_finite_differences(Loss loss) {
        double h = 1e-6;
        for (double[] logits : LOGITS) {
            for (Aim aim : aims(logits.length)) {
                double[] gradient = loss.logitLoss().gradient(logits, aim);
                for (int j = 0; j < logits.length; j++) {
                    double[] up = logits.clone();
                    double[] down = logits.clone();
                    up[j] += h;
                    down[j] -= h;
                    double numeric =
                            (loss.logitLoss().value(up, aim) - loss.logitLoss().value(down, aim)) / (2 * h);
                    assertThat(gradient[j])
                            .as("%s of %s, %s", loss, Arrays.toString(logits), aim)
                            .isCloseTo(numeric, within(1e-8));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void directions_are_gradients_up_to_a_positive_factor(Loss loss) {
        for (double[] logits : LOGITS) {
            for (Aim aim : aims(logits.length)) {
                double[] gradient = loss.logitLoss().gradient(logits, aim);
                double[] direction = loss.logitLoss().direction(logits, aim);
                double dot = 0;
                double squares = 0;
                double other = 0;
                for (int j = 0; j < logits.length; j++) {
                    dot += gradient[j] * direction[j];
                    squares += gradient[j] * gradient[j];
                    other += direction[j] * direction[j];
                }
                // a loss at its maximum has no direction
                assertThat(dot).isCloseTo(Math.sqrt(squares * other), within(1e-12 * (1 + squares + other)));
            }
        }
    }

    @Test
    void the_targeted_margin_is_positive_exactly_if_the_target_is_preferred_to_all_others() {
        Margin margin = new Margin();
        assertThat(margin.value(new double[] {1, 4, 3}, Aim.towards(0, 2))).isEqualTo(-1);
        assertThat(margin.value(new double[] {1, 3, 4}, Aim.towards(0, 2))).isEqualTo(1);
        assertThat(margin.value(new double[] {1, 3, 3}, Aim.towards(0, 2))).isZero();
    }

    @Test
    void the_difference_of_logits_ratio_follows_the_paper_and_no_scaling_changes_it() {
        DifferenceOfLogitsRatio dlr = new DifferenceOfLogitsRatio();
        double[] logits = {5, 3, 2, 0, -1};
        assertThat(dlr.value(logits, Aim.awayFrom(0))).isCloseTo((3 - 5) / (5.0 - 2), within(1e-12));
        assertThat(dlr.value(logits, Aim.awayFrom(1))).isCloseTo((5 - 3) / (5.0 - 2), within(1e-12));
        assertThat(dlr.value(logits, Aim.towards(0, 4))).isCloseTo((-1 - 5) / (5 - (2 + 0) / 2.0), within(1e-12));
        for (double factor : new double[] {1e-3, 1e4}) {
            double[] scaled = Arrays.stream(logits).map(z -> factor * z).toArray();
            for (Aim aim : aims(5)) {
                assertThat(dlr.value(scaled, aim)).isCloseTo(dlr.value(logits, aim), within(1e-8));
            }
        }
        // fewer classes than the ratio needs
        assertThat(dlr.value(new double[] {5, 3}, Aim.awayFrom(0))).isEqualTo(-2);
        assertThat(dlr.value(new double[] {5, 3, 2}, Aim.towards(0, 1))).isCloseTo(-2 / 3.0, within(1e-12));
    }

    @Test
    void an_aim_at_the_true_label_is_refused() {
        assertThatThrownBy(() -> Aim.towards(3, 3))
                .hasMessage("the target 3 is the true label of the sample: aim at another class");
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
