package dev.mettle.core.threat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThreatModelTests {

    private static final Box BOX = Box.of(0, 1);

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0.1, 0.1",
        "0.3, 0.3",
        "1.5, 1.5",
        "8, 8",
        "0.002, 0.002",
        "1e-3, 0.001",
        "0.2, 0.2",
        "0.123456789, 0.1235",
        "100, 100",
    })
    void prints_short_decimals_as_they_are(double epsilon, String text) {
        assertThat(Epsilons.format(epsilon)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "4", "8", "16", "37"})
    void prints_multiples_of_one_255th_as_fractions(int steps) {
        assertThat(Epsilons.format(steps / 255.0)).isEqualTo(steps + "/255");
    }

    @Test
    void labels_a_threat_model_as_the_literature_does() {
        assertThat(new ThreatModel(Norm.LINF, 8 / 255.0, BOX)).hasToString("L∞ ε=8/255 in [0, 1]");
        assertThat(new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, BOX).label()).isEqualTo("L2");
    }

    @Test
    void refuses_an_epsilon_that_makes_no_sense() {
        assertThatThrownBy(() -> new ThreatModel(Norm.LINF, -0.1, BOX))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("epsilon is -0.1: give a number of at least 0, in input units of the model");
        assertThatThrownBy(() -> new ThreatModel(Norm.LINF, Double.NaN, BOX))
                .hasMessage("epsilon is NaN: give a number of at least 0, in input units of the model");
    }

    @Test
    void refuses_an_epsilon_beyond_the_input_range() {
        assertThatThrownBy(() -> new ThreatModel(Norm.LINF, 8, BOX))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "epsilon 8 is larger than the whole input range [0, 1] (L∞ at most 1): give it in input units of the"
                                + " model, for example 8/255");
        assertThatThrownBy(() -> new ThreatModel(Norm.L2, 30, BOX).requireWithin(784))
                .hasMessage(
                        "epsilon 30 is larger than the whole input range [0, 1] (L2 at most 28): give it in input units of"
                                + " the model");
    }

    @Test
    void refuses_a_box_that_is_none() {
        assertThatThrownBy(() -> Box.of(1, 0))
                .hasMessage(
                        "the input range [1.0, 0.0] is not an interval: give two finite numbers, the smaller one first");
        assertThatThrownBy(() -> Box.perFeature(new double[] {0, 3}, new double[] {1, 3}))
                .hasMessage(
                        "the input range [3.0, 3.0] of feature 1 is not an interval: give two finite numbers, the smaller"
                                + " one first");
        assertThatThrownBy(() -> Box.perFeature(new double[] {0}, new double[] {1, 3}))
                .hasMessage("the input range has 1 lower and 2 upper bounds: give one of each per feature");
        Box three = Box.perFeature(new double[3], new double[] {1, 1, 1});
        assertThatThrownBy(() -> three.requireFeatures(4))
                .hasMessage(
                        "the input range has bounds for 3 features but a sample has 4: give one pair of bounds per feature");
    }
}
