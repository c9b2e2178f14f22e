package dev.mettle.core.verdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerdictTests {

    private static Evidence evidence(int samples, int robust, int undecided) {
        return Evidence.of(Tally.of(samples, robust, undecided));
    }

    private static Outcome decide(int samples, int robust, double threshold) {
        return Verdict.decide(evidence(samples, robust, 0), List.of(), VerdictPolicy.atLeast(threshold))
                .outcome();
    }

    @ParameterizedTest
    @CsvSource({
        "50, 40, .6844, .8873, .6628, .8997",
        "100, 50, .4136, .5864, .3983, .6017",
        "100, 80, .7228, .8633, .7082, .8733",
        "100, 95, .8977, .9801, .8872, .9836",
        "200, 160, .7478, .8454, .7378, .8531",
        "500, 250, .4623, .5377, .4553, .5447",
        "1000, 500, .4735, .5265, .4685, .5315",
        "1000, 800, .7780, .8206, .7738, .8244",
        "10000, 8000, .7933, .8066, .7920, .8078",
    })
    void clopper_pearson_matches_the_table(int n, int k, double lower, double upper, double low, double high) {
        assertThat(ClopperPearson.lowerBound(k, n, 0.95)).isCloseTo(lower, within(5e-5));
        assertThat(ClopperPearson.upperBound(k, n, 0.95)).isCloseTo(upper, within(5e-5));
        assertThat(ClopperPearson.interval(k, n, 0.95).lower()).isCloseTo(low, within(5e-5));
        assertThat(ClopperPearson.interval(k, n, 0.95).upper()).isCloseTo(high, within(5e-5));
    }

    @Test
    void clopper_pearson_has_closed_forms_at_the_ends() {
        assertThat(ClopperPearson.lowerBound(100, 100, 0.95)).isCloseTo(Math.pow(0.05, 0.01), within(1e-12));
        assertThat(ClopperPearson.upperBound(100, 100, 0.95)).isEqualTo(1);
        assertThat(ClopperPearson.lowerBound(0, 100, 0.95)).isZero();
        assertThat(ClopperPearson.upperBound(0, 100, 0.95)).isCloseTo(1 - Math.pow(0.05, 0.01), within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({
        ".5, 100, 59, 41", ".5, 200, 113, 87", ".5, 500, 269, 231", ".5, 1000, 527, 473",
        ".8, 100, 87, 72", ".8, 200, 170, 150", ".8, 500, 416, 384", ".8, 1000, 822, 778",
        ".9, 100, 96, 84", ".9, 200, 188, 172", ".9, 500, 462, 438", ".9, 1000, 916, 883",
    })
    void decides_to_the_sample(double threshold, int samples, int pass, int fail) {
        assertThat(decide(samples, pass, threshold)).isEqualTo(Outcome.PASS);
        assertThat(decide(samples, pass - 1, threshold)).isEqualTo(Outcome.INCONCLUSIVE);
        assertThat(decide(samples, fail + 1, threshold)).isEqualTo(Outcome.INCONCLUSIVE);
        assertThat(decide(samples, fail, threshold)).isEqualTo(Outcome.FAIL);
    }

    @Test
    void names_the_samples_that_would_decide() {
        Verdict verdict = Verdict.decide(evidence(100, 62, 0), List.of(), VerdictPolicy.atLeast(0.6));
        assertThat(verdict.outcome()).isEqualTo(Outcome.INCONCLUSIVE);
        int needed = verdict.samplesNeeded().orElseThrow();
        assertThat(needed).isGreaterThan(100);
        assertThat(decide(needed, (int) Math.round(0.62 * needed), 0.6)).isEqualTo(Outcome.PASS);
        assertThat(verdict.reason())
                .isEqualTo("the 95% bounds of robust accuracy, 53.3% to 70.1%, enclose the required 60.0%");
    }

    @Test
    void names_no_number_where_the_rate_lies_at_the_threshold() {
        assertThat(Verdict.decide(evidence(100, 60, 0), List.of(), VerdictPolicy.atLeast(0.6))
                        .samplesNeeded())
                .isEmpty();
    }

    @Test
    void a_doubt_forbids_a_pass_but_not_a_failure() {
        List<String> doubts = List.of("the gradients are wrong");
        Verdict verdict = Verdict.decide(evidence(100, 100, 0), doubts, VerdictPolicy.atLeast(0.6));
        assertThat(verdict.outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(verdict.reason()).isEqualTo("the gradients are wrong");
        assertThat(Verdict.decide(evidence(100, 10, 0), doubts, VerdictPolicy.atLeast(0.6))
                        .outcome())
                .isEqualTo(Outcome.FAIL);
    }

    @Test
    void undecided_samples_count_against_a_pass_and_against_a_failure() {
        VerdictPolicy policy = VerdictPolicy.atLeast(0.8);
        assertThat(Verdict.decide(evidence(100, 87, 13), List.of(), policy).outcome())
                .isEqualTo(Outcome.PASS);
        Verdict hanging = Verdict.decide(evidence(100, 60, 40), List.of(), policy);
        assertThat(hanging.outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(hanging.reason())
                .isEqualTo(
                        "the attacks could not decide 40 of 100 samples (zero or invalid gradients, or a failed search),"
                                + " and the verdict hangs on them");
        assertThat(Verdict.decide(evidence(100, 60, 12), List.of(), policy).outcome())
                .isEqualTo(Outcome.FAIL);
        assertThat(Verdict.decide(evidence(100, 0, 100), List.of(), policy).outcome())
                .isEqualTo(Outcome.UNTRUSTED);
    }

    @Test
    void without_a_threshold_there_is_nothing_to_decide() {
        Verdict measured = Verdict.decide(evidence(10, 0, 0), List.of(), VerdictPolicy.measureOnly());
        assertThat(measured.outcome()).isEqualTo(Outcome.MEASURED);
        assertThat(measured.reason()).isEqualTo("no robust accuracy was required");
    }

    @Test
    void without_a_threshold_doubts_remain() {
        Verdict doubtful = Verdict.decide(evidence(10, 9, 0), List.of("one", "two"), VerdictPolicy.measureOnly());
        assertThat(doubtful.outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(doubtful.reason()).isEqualTo("one; two");
    }

    @Test
    void refuses_a_threshold_in_per_cent() {
        assertThatThrownBy(() -> VerdictPolicy.atLeast(60))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the required robust accuracy is 60: give a fraction above 0 and up to 1 (60% is 0.6)");
        assertThatThrownBy(() -> VerdictPolicy.atLeast(-0.1))
                .hasMessage("the required robust accuracy is -0.1: give a fraction above 0 and up to 1");
        assertThatThrownBy(() -> VerdictPolicy.atLeast(0.5).withConfidence(95))
                .hasMessage("the confidence is 95: give a fraction from 0.5 to below 1, such as 0.95");
    }

    @ParameterizedTest
    @CsvSource({".8, 14", ".9, 29", ".95, 59", ".99, 299", ".999, 2995"})
    void tells_how_many_samples_a_threshold_needs_at_least(double threshold, int needed) {
        VerdictPolicy policy = VerdictPolicy.atLeast(threshold);
        policy.requireDecidable(needed);
        assertThatThrownBy(() -> policy.requireDecidable(needed - 1))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageEndingWith("; evaluate at least " + needed + " samples");
    }

    @Test
    void says_why_so_few_samples_can_never_pass() {
        assertThatThrownBy(() -> VerdictPolicy.atLeast(0.9).requireDecidable(10))
                .hasMessage(
                        "10 samples can never show a robust accuracy of 90.0%: even if all withstood every attack, the 95%"
                                + " lower confidence bound would be 74.1%; evaluate at least 29 samples");
        assertThatThrownBy(() -> VerdictPolicy.atLeast(1).requireDecidable(1000))
                .hasMessageEndingWith("no number of samples shows 100%: lower the threshold");
    }

    @Test
    void says_why_so_few_samples_can_never_pass_a_sequential_test() {
        VerdictPolicy policy = VerdictPolicy.atLeast(0.8).withDecision(Decision.SEQUENTIAL);
        policy.requireDecidable(20);
        assertThatThrownBy(() -> policy.requireDecidable(19))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("19 samples can never show a robust accuracy of 80.0%")
                .hasMessageEndingWith("; evaluate at least 20 samples");
        policy.withDecision(Decision.POPULATION).requireDecidable(1);
    }
}
