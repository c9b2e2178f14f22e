package dev.mettle.core.verdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaselineComparisonTests {

    /** Computed by hand from sums of binomial coefficients. */
    @ParameterizedTest
    @CsvSource({
        "5, 0, 0.03125",
        "6, 1, 0.0625",
        "10, 3, 0.046142578125",
        "15, 6, 0.0391769409179",
        "0, 0, 1",
        "0, 7, 1",
        "1, 0, 0.5"
    })
    void the_p_value_is_the_upper_tail_of_a_fair_coin(int worse, int better, double p) {
        assertThat(McNemar.pValue(worse, better)).isCloseTo(p, within(1e-12));
    }

    private static BaselineComparison comparison(int before, int broken, int fixed, double tolerance) {
        List<Long> ids = LongStream.range(0, broken).boxed().toList();
        return new BaselineComparison(100, before, before - broken + fixed, ids, fixed, tolerance, 0.95);
    }

    @Test
    void a_regression_is_a_drop_that_chance_does_not_explain() {
        assertThat(comparison(71, 8, 1, 0).isRegression()).isTrue();
        assertThat(comparison(71, 8, 1, 0).sentence())
                .isEqualTo(
                        "robust accuracy fell from 71.0% to 64.0% of the same 100 samples: 8 newly broken, 1 newly robust"
                                + " (p = 0.020)");
        assertThat(comparison(71, 4, 0, 0).isRegression()).isFalse();
        assertThat(comparison(71, 4, 0, 0).sentence())
                .isEqualTo(
                        "robust accuracy is 67.0%, in the baseline 71.0%, of the same 100 samples: 4 newly broken, 0 newly"
                                + " robust, which may be chance (p = 0.063)");
    }

    @Test
    void a_drop_within_the_tolerance_is_none() {
        assertThat(comparison(71, 8, 1, 0.07).isRegression()).isFalse();
        assertThat(comparison(71, 8, 1, 0.07).sentence())
                .isEqualTo(
                        "robust accuracy is 64.0%, in the baseline 71.0%, of the same 100 samples: 8 newly broken, 1 newly"
                                + " robust, a drop within the tolerance of 7.0 points");
        assertThat(comparison(71, 8, 1, 0.069).isRegression()).isTrue();
    }

    @Test
    void better_is_no_regression() {
        assertThat(comparison(71, 0, 12, 0).isRegression()).isFalse();
        assertThat(comparison(71, 0, 12, 0).isImprovement()).isTrue();
        assertThat(comparison(71, 0, 12, 0).sentence())
                .isEqualTo(
                        "robust accuracy rose from 71.0% to 83.0% of the same 100 samples: 0 newly broken, 12 newly robust"
                                + " (p < 0.001)");
    }

    @Test
    void nothing_changed() {
        assertThat(comparison(71, 0, 0, 0).sentence())
                .isEqualTo("robust accuracy is 71.0%, as in the baseline, on the same 100 samples");
    }

    @Test
    void a_tolerance_in_points_is_refused() {
        assertThatThrownBy(() -> comparison(71, 0, 0, 2))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the tolerance of the baseline is 2.0: give the drop of robust accuracy to tolerate as a fraction"
                                + " from 0 to below 1, such as 0.02");
    }
}
