package dev.mettle.core.verdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.verdict.SequentialSamples.Expectation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Error rates and sample numbers: exactly, by the probabilities of all counts, and by simulation, which must agree. */
class SequentialSamplesTests {

    private static final int RUNS = 20_000;

    /** Four standard deviations of a share of so many runs. */
    private static double noise(double share) {
        return 4 * Math.sqrt(Math.max(share * (1 - share), 1.0 / RUNS) / RUNS);
    }

    @ParameterizedTest
    @CsvSource({
        "FIXED, .5, 100, 32",
        "FIXED, .8, 500, 32",
        "FIXED, .9, 1000, 32",
        "CURTAILED, .5, 100, 1",
        "CURTAILED, .8, 500, 32",
        "CURTAILED, .9, 1000, 7",
        "SEQUENTIAL, .5, 500, 1",
        "SEQUENTIAL, .5, 500, 32",
        "SEQUENTIAL, .8, 500, 1",
        "SEQUENTIAL, .8, 500, 32",
        "SEQUENTIAL, .8, 5000, 32",
        "SEQUENTIAL, .9, 1000, 1",
        "SEQUENTIAL, .95, 1000, 32",
        "SEQUENTIAL, .99, 2000, 1",
    })
    void errs_at_most_as_often_as_the_confidence_allows(Decision decision, double threshold, int samples, int step) {
        for (double confidence : new double[] {0.95, 0.8}) {
            VerdictPolicy policy =
                    VerdictPolicy.atLeast(threshold).withConfidence(confidence).withDecision(decision);
            // the worst case of both errors: a model that lies at the threshold
            Expectation exact = SequentialSamples.expectation(policy, threshold, samples, step);
            assertThat(exact.pass()).isPositive().isLessThanOrEqualTo(1 - confidence);
            assertThat(exact.fail()).isPositive().isLessThanOrEqualTo(1 - confidence);
            assertThat(exact.pass() + exact.fail() + exact.inconclusive()).isCloseTo(1, within(1e-9));
            for (double distance = 0.01; distance < 0.1; distance += 0.03) {
                assertThat(SequentialSamples.expectation(policy, threshold - distance, samples, step)
                                .pass())
                        .isLessThanOrEqualTo(exact.pass());
                assertThat(SequentialSamples.expectation(policy, Math.min(1, threshold + distance), samples, step)
                                .fail())
                        .isLessThanOrEqualTo(exact.fail());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FIXED, .8, .8, 500, 32",
        "CURTAILED, .8, .8, 500, 32",
        "CURTAILED, .8, .9, 500, 1",
        "SEQUENTIAL, .8, .8, 500, 32",
        "SEQUENTIAL, .8, .8, 500, 1",
        "SEQUENTIAL, .8, .79, 500, 32",
        "SEQUENTIAL, .8, .9, 500, 32",
        "SEQUENTIAL, .8, .6, 500, 1",
        "SEQUENTIAL, .5, .5, 1000, 32",
        "SEQUENTIAL, .9, .9, 1000, 32",
        "SEQUENTIAL, .9, .95, 1000, 32",
        "POPULATION, .8, .82, 200, 32",
    })
    void simulation_agrees_with_the_exact_numbers(
            Decision decision, double threshold, double rate, int samples, int step) {
        VerdictPolicy policy = VerdictPolicy.atLeast(threshold).withDecision(decision);
        Expectation exact = SequentialSamples.expectation(policy, rate, samples, step);
        Simulation simulation = new Simulation(policy, samples, step);
        SplittableRandom random = new SplittableRandom(20240229);
        double pass = 0;
        double fail = 0;
        double sum = 0;
        double squares = 0;
        for (int run = 0; run < RUNS; run++) {
            Outcome outcome = simulation.run(random, rate);
            pass += outcome == Outcome.PASS ? 1.0 / RUNS : 0;
            fail += outcome == Outcome.FAIL ? 1.0 / RUNS : 0;
            sum += simulation.evaluated;
            squares += (double) simulation.evaluated * simulation.evaluated;
        }
        assertThat(pass).isCloseTo(exact.pass(), within(noise(exact.pass())));
        assertThat(fail).isCloseTo(exact.fail(), within(noise(exact.fail())));
        double mean = sum / RUNS;
        double deviation = Math.sqrt(Math.max(0, squares / RUNS - mean * mean) / RUNS);
        assertThat(mean).isCloseTo(exact.samples(), within(4 * deviation + 1e-6));
        if (decision.generalizes() && rate == threshold) {
            assertThat(pass).isLessThanOrEqualTo(0.05 + noise(0.05));
            assertThat(fail).isLessThanOrEqualTo(0.05 + noise(0.05));
        }
    }

    /** Evaluates one data set after the other, sample by sample, by the rules of the verdict itself. */
    private static final class Simulation {
        private final VerdictPolicy policy;
        private final int samples;
        private final int step;
        private final Map<Long, Outcome> known = new HashMap<>();
        private int evaluated;

        Simulation(VerdictPolicy policy, int samples, int step) {
            this.policy = policy;
            this.samples = samples;
            this.step = policy.decision().stopsEarly() ? step : samples;
        }

        Outcome run(SplittableRandom random, double rate) {
            int robust = 0;
            for (evaluated = 1; ; evaluated++) {
                robust += random.nextDouble() < rate ? 1 : 0;
                if (evaluated % step == 0 || evaluated == samples) {
                    int count = robust;
                    Outcome outcome =
                            known.computeIfAbsent((long) evaluated * (samples + 1) + robust, key -> judge(count));
                    if (outcome != Outcome.MEASURED) {
                        return outcome;
                    }
                }
            }
        }

        /** MEASURED stands for going on. */
        private Outcome judge(int robust) {
            Tally tally = new Tally(samples, evaluated, robust, 0, samples - evaluated);
            if (!Verdict.isCertain(Evidence.of(tally), policy)) {
                return Outcome.MEASURED;
            }
            double threshold = policy.minRobustAccuracy().orElseThrow();
            if (policy.decision().refutes(tally, threshold, policy.confidence())) {
                return Outcome.FAIL;
            }
            return policy.decision().shows(tally, threshold, policy.confidence()) ? Outcome.PASS : Outcome.INCONCLUSIVE;
        }
    }

    /** All ways to go on from every count: what is called certain is, and nothing is called certain too late. */
    @ParameterizedTest
    @CsvSource({"CURTAILED, .8, 60", "CURTAILED, .5, 41", "POPULATION, .8, 60", "POPULATION, 1, 30", "POPULATION, .9, 7"
    })
    void curtailment_is_exact_to_the_sample(Decision decision, double threshold, int samples) {
        VerdictPolicy policy = VerdictPolicy.atLeast(threshold).withDecision(decision);
        List<Outcome> atTheEnd = IntStream.rangeClosed(0, samples)
                .mapToObj(robust -> outcome(Tally.of(samples, robust, 0), policy))
                .toList();
        for (int evaluated = 1; evaluated <= samples; evaluated++) {
            int left = samples - evaluated;
            for (int robust = 0; robust <= evaluated; robust++) {
                Tally tally = new Tally(samples, evaluated, robust, 0, left);
                List<Outcome> possible = atTheEnd.subList(robust, robust + left + 1).stream()
                        .distinct()
                        .toList();
                assertThat(Verdict.isCertain(Evidence.of(tally), policy))
                        .as("%s of %s of %s", robust, evaluated, samples)
                        .isEqualTo(possible.size() == 1 || left == 0);
                if (possible.size() == 1) {
                    assertThat(outcome(tally, policy)).isEqualTo(possible.get(0));
                }
            }
        }
    }

    private static Outcome outcome(Tally tally, VerdictPolicy policy) {
        double threshold = policy.minRobustAccuracy().orElseThrow();
        if (policy.decision().refutes(tally, threshold, policy.confidence())) {
            return Outcome.FAIL;
        }
        return policy.decision().shows(tally, threshold, policy.confidence()) ? Outcome.PASS : Outcome.INCONCLUSIVE;
    }

    @Test
    void curtailment_keeps_the_verdict_and_its_error_rates_and_saves_samples() {
        VerdictPolicy fixed = VerdictPolicy.atLeast(0.8);
        for (double rate : new double[] {0.6, 0.75, 0.8, 0.85, 0.95}) {
            Expectation all = SequentialSamples.expectation(fixed, rate, 500, 32);
            Expectation curtailed =
                    SequentialSamples.expectation(fixed.withDecision(Decision.CURTAILED), rate, 500, 32);
            assertThat(curtailed.pass()).isCloseTo(all.pass(), within(1e-12));
            assertThat(curtailed.fail()).isCloseTo(all.fail(), within(1e-12));
            assertThat(all.samples()).isCloseTo(500, within(1e-9));
            assertThat(curtailed.samples()).isLessThan(500);
        }
    }

    /** Nothing that a sequential test gives up could still have been reached, in whatever order samples come. */
    @Test
    void a_sequential_test_gives_up_only_what_is_out_of_reach() {
        int samples = 120;
        VerdictPolicy policy = VerdictPolicy.atLeast(0.8).withDecision(Decision.SEQUENTIAL);
        int given = 0;
        for (int evaluated = 1; evaluated <= samples; evaluated++) {
            for (int robust = 0; robust <= evaluated; robust++) {
                Tally tally = new Tally(samples, evaluated, robust, 0, samples - evaluated);
                boolean reachable = false;
                for (int more = 0; more <= samples - evaluated; more++) {
                    reachable |= outcome(new Tally(samples, evaluated + more, robust + more, 0, 0), policy)
                                    == Outcome.PASS
                            || outcome(new Tally(samples, evaluated + more, robust, 0, 0), policy) == Outcome.FAIL;
                }
                boolean decided = outcome(tally, policy) != Outcome.INCONCLUSIVE;
                assertThat(Verdict.isCertain(Evidence.of(tally), policy))
                        .isEqualTo(decided || !reachable || evaluated == samples);
                given += reachable || evaluated == samples ? 0 : 1;
            }
        }
        assertThat(given).as("there is something to give up").isPositive();
    }

    @Test
    void the_expected_number_without_end_is_that_of_a_long_evaluation() {
        VerdictPolicy policy = VerdictPolicy.atLeast(0.8).withDecision(Decision.SEQUENTIAL);
        for (double rate : new double[] {0.5, 0.7, 0.9, 0.95, 1}) {
            Expectation finite = SequentialSamples.expectation(policy, rate, 4000, 32);
            assertThat(finite.inconclusive()).isLessThan(1e-6);
            assertThat((double) SequentialSamples.expected(rate, policy, 32).orElseThrow())
                    .isCloseTo(finite.samples(), within(1.0));
        }
        assertThat(SequentialSamples.expected(0.8, policy, 32)).isEmpty();
    }

    /** Reference numbers of docs/verdicts.md, computed independently. */
    @ParameterizedTest
    @CsvSource({".5, 247.6", ".6, 305.5", ".7, 402.1", ".8, 491.9", ".9, 479.4", ".95, 448.6", "1, 416.0"})
    void curtailing_500_samples_leaves_these_numbers(double rate, double expected) {
        VerdictPolicy policy = VerdictPolicy.atLeast(0.8).withDecision(Decision.CURTAILED);
        assertThat(SequentialSamples.expectation(policy, rate, 500, 32).samples())
                .isCloseTo(expected, within(0.05));
    }

    /** Reference numbers of docs/verdicts.md, computed independently. */
    @ParameterizedTest
    @CsvSource({".5, 39", ".6, 65", ".7, 208", ".75, 794", ".85, 531", ".9, 124", ".95, 55", "1, 32"})
    void needs_these_numbers_for_a_threshold_of_four_fifths(double rate, int expected) {
        VerdictPolicy policy = VerdictPolicy.atLeast(0.8).withDecision(Decision.SEQUENTIAL);
        assertThat(SequentialSamples.expected(rate, policy, 32)).hasValue(expected);
    }
}
