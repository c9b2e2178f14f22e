package dev.mettle.core.verdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BetaBinomialTestTests {

    @Test
    void starts_without_any_evidence() {
        assertThat(BetaBinomialTest.logEvidenceAbove(0, 0, 0.8)).isCloseTo(0, within(1e-12));
        assertThat(BetaBinomialTest.logEvidenceBelow(0, 0, 0.8)).isCloseTo(0, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"1, .8", "7, .8", "22, .8", "59, .95", "300, .5", "1000, .999"})
    void has_a_closed_form_where_all_succeed(int n, double t) {
        // (1 + t + … + tⁿ) / ((n+1) tⁿ)
        double powers =
                IntStream.rangeClosed(0, n).mapToDouble(i -> Math.pow(t, i)).sum();
        double expected = Math.log(powers / (n + 1)) - n * Math.log(t);
        assertThat(BetaBinomialTest.logEvidenceAbove(n, n, t)).isCloseTo(expected, within(1e-9));
        assertThat(BetaBinomialTest.logEvidenceBelow(0, n, 1 - t)).isCloseTo(expected, within(1e-9));
    }

    /** The expectation of the next value, over the next toss, is the value itself at the threshold, and no more below it. */
    @ParameterizedTest
    @CsvSource({"3, 5, .6", "50, 60, .8", "400, 500, .8", "10, 200, .03"})
    void is_a_martingale_at_the_threshold_and_a_supermartingale_below(int k, int n, double t) {
        double now = BetaBinomialTest.logEvidenceAbove(k, n, t);
        double robust = Math.exp(BetaBinomialTest.logEvidenceAbove(k + 1, n + 1, t) - now);
        double broken = Math.exp(BetaBinomialTest.logEvidenceAbove(k, n + 1, t) - now);
        assertThat(t * robust + (1 - t) * broken).isCloseTo(1, within(1e-9));
        for (double rate = 0; rate < t; rate += t / 7) {
            assertThat(rate * robust + (1 - rate) * broken).isLessThanOrEqualTo(1 + 1e-9);
        }
    }

    @ParameterizedTest
    @CsvSource({"84, 100", "60, 100", "3, 10", "480, 500", "499, 500"})
    void falls_in_the_threshold_up_to_the_observed_rate_and_is_small_beyond(int k, int n) {
        double rate = (double) k / n;
        double[] thresholds =
                DoubleStream.iterate(0.001, t -> t < 1, t -> t + 0.001).toArray();
        double before = Double.POSITIVE_INFINITY;
        for (double t : thresholds) {
            double evidence = BetaBinomialTest.logEvidenceAbove(k, n, t);
            if (t < rate) {
                assertThat(evidence).isLessThan(before);
            } else {
                assertThat(evidence).isNegative();
            }
            before = evidence;
        }
    }

    @ParameterizedTest
    @CsvSource({"90, 100, .95", "50, 60, .975", "3, 400, .99", "32, 32, .95"})
    void bounds_are_where_the_evidence_reaches_its_level(int k, int n, double confidence) {
        double needed = -Math.log(1 - confidence);
        double lower = BetaBinomialTest.lowerBound(k, n, confidence);
        assertThat(BetaBinomialTest.logEvidenceAbove(k, n, lower)).isCloseTo(needed, within(1e-9));
        double upper = BetaBinomialTest.upperBound(k, n, confidence);
        if (k < n) {
            assertThat(BetaBinomialTest.logEvidenceBelow(k, n, upper)).isCloseTo(needed, within(1e-9));
        } else {
            assertThat(upper).isEqualTo(1);
        }
        // looking at any time costs width
        assertThat(lower).isLessThan(ClopperPearson.lowerBound(k, n, confidence));
        assertThat(upper).isGreaterThanOrEqualTo(ClopperPearson.upperBound(k, n, confidence));
    }

    @Test
    void a_single_broken_sample_refutes_certainty() {
        assertThat(BetaBinomialTest.logEvidenceBelow(9, 10, 1)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(BetaBinomialTest.logEvidenceBelow(10, 10, 1)).isCloseTo(-Math.log(11), within(1e-12));
        assertThat(BetaBinomialTest.logEvidenceAbove(10, 10, 1)).isEqualTo(Double.NEGATIVE_INFINITY);
    }

    @Test
    void refuses_counts_that_make_no_sense() {
        assertThatThrownBy(() -> BetaBinomialTest.logEvidenceAbove(3, 2, 0.5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("3 successes in 2 trials make no sense");
    }
}
