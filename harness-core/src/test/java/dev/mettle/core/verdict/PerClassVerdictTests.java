package dev.mettle.core.verdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerClassVerdictTests {

    private static final VerdictPolicy HALF = VerdictPolicy.measureOnly().withMinRobustAccuracyPerClass(0.5);

    private static Evidence evidence(int perClass, int... robust) {
        SortedMap<Integer, List<Tally>> classes = new TreeMap<>();
        for (int i = 0; i < robust.length; i++) {
            classes.put(i, List.of(Tally.of(perClass, robust[i], 0)));
        }
        Tally all = Tally.of(perClass * robust.length, Arrays.stream(robust).sum(), 0);
        return new Evidence(List.of(all), classes);
    }

    private static Verdict decide(VerdictPolicy policy, int perClass, int... robust) {
        return Verdict.decide(evidence(perClass, robust), List.of(), policy);
    }

    @Test
    void every_class_has_to_reach_the_threshold() {
        Verdict verdict = decide(HALF, 100, 59, 70, 99);
        assertThat(verdict.outcome()).isEqualTo(Outcome.PASS);
        assertThat(verdict.reason()).isEqualTo("every class reaches the required 50.0% per class");
        assertThat(decide(HALF.withMinRobustAccuracy(0.6), 100, 59, 70, 99).reason())
                .isEqualTo(
                        "the 95% lower bound of robust accuracy, 71.6%, reaches the required 60.0%; every class reaches the"
                                + " required 50.0% per class");
    }

    @Test
    void a_class_with_too_few_samples_leaves_it_open_and_is_told_how_many_it_needs() {
        Verdict verdict = decide(HALF, 100, 58, 70, 99);
        assertThat(verdict.outcome()).isEqualTo(Outcome.INCONCLUSIVE);
        assertThat(verdict.reason())
                .isEqualTo(
                        "not every class is shown to reach the required 50.0% per class: class 0 with 100 samples lies"
                                + " between 49.3% and 68.6%, and about 130 samples of it would decide");
        assertThat(verdict.classes().get(0).samplesNeeded()).isPresent();
        assertThat(verdict.classes().get(1).outcome()).isEqualTo(Outcome.PASS);
        assertThat(verdict.classes().get(1).samplesNeeded()).isEmpty();
        assertThat(verdict.samplesNeeded()).isEmpty();
        assertThat(verdict.overall()).isEqualTo(Outcome.MEASURED);
    }

    @Test
    void a_class_fails_at_the_level_that_holm_gives_it() {
        // alone, 41 of 100 are enough to fail 50 %; among three classes it takes 38, and 39 once another one failed
        assertThat(decide(HALF, 100, 41, 70, 99).outcome()).isEqualTo(Outcome.INCONCLUSIVE);
        assertThat(decide(HALF, 100, 39, 70, 99).outcome()).isEqualTo(Outcome.INCONCLUSIVE);
        Verdict one = decide(HALF, 100, 38, 70, 99);
        assertThat(one.outcome()).isEqualTo(Outcome.FAIL);
        assertThat(one.reason())
                .isEqualTo("the robust accuracy of class 0 is below the required 50.0% per class (upper bound 49.1%,"
                        + " corrected for 3 classes)");
        Verdict two = decide(HALF, 100, 38, 39, 99);
        assertThat(two.reason())
                .isEqualTo("the robust accuracy of classes 0, 1 is below the required 50.0% per class (upper bounds"
                        + " 49.1%, 49.3%, corrected for 3 classes)");
        assertThat(two.classes().stream().map(ClassVerdict::outcome))
                .containsExactly(Outcome.FAIL, Outcome.FAIL, Outcome.PASS);
    }

    @Test
    void the_population_knows_no_correction() {
        VerdictPolicy policy = HALF.withDecision(Decision.POPULATION);
        assertThat(decide(policy, 4, 2, 3, 4).outcome()).isEqualTo(Outcome.PASS);
        Verdict fail = decide(policy, 4, 1, 3, 4);
        assertThat(fail.outcome()).isEqualTo(Outcome.FAIL);
        assertThat(fail.reason())
                .isEqualTo("the robust accuracy of class 0 is below the required 50.0% per class (at most 25.0%)");
    }

    @Test
    void doubts_forbid_a_pass_of_every_class() {
        Verdict verdict = Verdict.decide(evidence(100, 99, 99), List.of("the gradients are wrong"), HALF);
        assertThat(verdict.outcome()).isEqualTo(Outcome.UNTRUSTED);
    }

    @Test
    void refuses_classes_that_can_never_pass() {
        VerdictPolicy policy = HALF.withMinRobustAccuracyPerClass(0.8);
        policy.requireDecidablePerClass(new TreeMap<>(java.util.Map.of(0, 14, 1, 100)));
        assertThatThrownBy(() -> policy.requireDecidablePerClass(new TreeMap<>(java.util.Map.of(0, 100, 7, 13))))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "13 samples of class 7 can never show a robust accuracy of 80.0% per class: even if all withstood"
                                + " every attack, the 95% lower confidence bound would be 79.4%; evaluate at least 14 samples of each"
                                + " class");
        assertThatThrownBy(() -> policy.requireDecidablePerClass(new TreeMap<>(java.util.Map.of(0, 100, 3, 0))))
                .hasMessage(
                        "there is no sample of class 3, so nothing can show its robust accuracy of 80.0%: add samples of it,"
                                + " or leave the threshold per class out");
        assertThatThrownBy(() -> HALF.withMinRobustAccuracyPerClass(50))
                .hasMessage(
                        "the required robust accuracy per class is 50: give a fraction above 0 and up to 1 (50% is 0.5)");
    }

    /** No class that reaches the threshold may be blamed, and no model with a class below it may pass, more often than 5 %. */
    @ParameterizedTest
    @CsvSource({"10, 50, 0", "10, 50, 3", "5, 100, 4", "10, 100, 9"})
    void errs_at_most_as_often_as_the_confidence_allows(int classes, int perClass, int bad) {
        double threshold = 0.8;
        VerdictPolicy policy = HALF.withMinRobustAccuracyPerClass(threshold);
        BinomialDistribution atThreshold = BinomialDistribution.of(perClass, threshold);
        SplittableRandom random = new SplittableRandom(7);
        int blamed = 0;
        int passed = 0;
        int runs = 20_000;
        for (int run = 0; run < runs; run++) {
            int[] robust = new int[classes];
            double[] pValues = new double[classes];
            for (int i = 0; i < classes; i++) {
                for (int j = 0; j < perClass; j++) {
                    robust[i] += random.nextDouble() < (i < bad ? threshold - 0.15 : threshold) ? 1 : 0;
                }
                pValues[i] = atThreshold.cumulativeProbability(robust[i]);
            }
            boolean[] failed = holm(pValues);
            boolean anyGood = false;
            for (int i = bad; i < classes; i++) {
                anyGood |= failed[i];
            }
            blamed += anyGood ? 1 : 0;
            passed += Arrays.stream(robust).allMatch(k -> atThreshold.survivalProbability(k - 1) <= 0.05) ? 1 : 0;
            if (run < 300) {
                Verdict verdict = decide(policy, perClass, robust);
                for (int i = 0; i < classes; i++) {
                    assertThat(verdict.classes().get(i).outcome() == Outcome.FAIL)
                            .isEqualTo(failed[i]);
                }
            }
        }
        double noise = 4 * Math.sqrt(0.05 * 0.95 / runs);
        assertThat((double) blamed / runs).isLessThanOrEqualTo(0.05 + noise);
        assertThat((double) passed / runs).isLessThanOrEqualTo(0.05 + noise);
    }

    /** The same where one looks after every 32 samples of 500 in random order, with classes of random size. */
    @Test
    void errs_at_most_as_often_in_a_sequential_test() {
        int classes = 5;
        double threshold = 0.8;
        VerdictPolicy policy = HALF.withMinRobustAccuracyPerClass(threshold).withDecision(Decision.SEQUENTIAL);
        double[][] above = new double[501][501];
        double[][] below = new double[501][501];
        for (int n = 0; n <= 500; n++) {
            for (int k = 0; k <= n; k++) {
                above[n][k] = BetaBinomialTest.logEvidenceAbove(k, n, threshold);
                below[n][k] = BetaBinomialTest.logEvidenceBelow(k, n, threshold);
            }
        }
        SplittableRandom random = new SplittableRandom(11);
        int runs = 20_000;
        int blamed = 0;
        int passed = 0;
        for (int run = 0; run < runs; run++) {
            int[] label = new int[500];
            int[] total = new int[classes];
            for (int i = 0; i < 500; i++) {
                label[i] = random.nextInt(classes);
                total[label[i]]++;
            }
            int[] seen = new int[classes];
            int[] robust = new int[classes];
            boolean[] shown = new boolean[classes];
            boolean fail = false;
            List<Tally> looks = new ArrayList<>();
            SortedMap<Integer, List<Tally>> byClass = new TreeMap<>();
            for (int i = 0; i < 500; i++) {
                seen[label[i]]++;
                robust[label[i]] += random.nextDouble() < threshold ? 1 : 0;
                if ((i + 1) % 32 != 0 && i != 499) {
                    continue;
                }
                for (int c = 0; c < classes; c++) {
                    shown[c] |= above[seen[c]][robust[c]] >= Math.log(20);
                    fail |= below[seen[c]][robust[c]] >= Math.log(20.0 * classes);
                    if (run < 100) {
                        byClass.computeIfAbsent(c, each -> new ArrayList<>())
                                .add(new Tally(total[c], seen[c], robust[c], 0, total[c] - seen[c]));
                    }
                }
                looks.add(new Tally(500, i + 1, Arrays.stream(robust).sum(), 0, 499 - i));
            }
            boolean pass = true;
            for (boolean each : shown) {
                pass &= each;
            }
            blamed += fail ? 1 : 0;
            passed += pass ? 1 : 0;
            if (run < 100) {
                Outcome outcome = Verdict.decide(new Evidence(looks, byClass), List.of(), policy)
                        .outcome();
                assertThat(outcome).isEqualTo(fail ? Outcome.FAIL : pass ? Outcome.PASS : Outcome.INCONCLUSIVE);
            }
        }
        assertThat((double) blamed / runs).isPositive().isLessThanOrEqualTo(0.05);
        assertThat((double) passed / runs).isLessThanOrEqualTo(0.05);
    }

    /** Holm's step-down procedure (1979) on p-values, in its textbook form. */
    private static boolean[] holm(double[] pValues) {
        Integer[] order = new Integer[pValues.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(pValues[a], pValues[b]));
        boolean[] rejected = new boolean[pValues.length];
        for (int i = 0; i < order.length && pValues[order[i]] < 0.05 / (order.length - i); i++) {
            rejected[order[i]] = true;
        }
        return rejected;
    }

    @Test
    void several_thresholds_apply_at_their_epsilons() {
        VerdictPolicy policy = VerdictPolicy.atLeast(new Threshold(0.1, 0.5), new Threshold(0.05, 0.8));
        assertThat(policy.at(0.1).minRobustAccuracy()).hasValue(0.5);
        assertThat(policy.at(0.05).minRobustAccuracy()).hasValue(0.8);
        assertThat(policy.at(0.2).minRobustAccuracy()).isEqualTo(OptionalDouble.empty());
        assertThat(policy.at(0.2).isRequiring()).isFalse();
        assertThat(policy.thresholds().get(0).epsilon()).isEqualTo(0.05);
        assertThatThrownBy(() -> VerdictPolicy.atLeast(new Threshold(0.1, 0.5), new Threshold(0.1, 0.8)))
                .hasMessage("two robust accuracies are required at the epsilon 0.1: give one");
        assertThatThrownBy(() -> policy.withMinRobustAccuracy(0.6))
                .hasMessage(
                        "a robust accuracy of 0.6 is required at all epsilons, and others at some: give one accuracy, or one"
                                + " for each epsilon");
        assertThatThrownBy(() -> new Threshold(-1, 0.5))
                .hasMessage("a robust accuracy is required at the epsilon -1: give a finite size of at least 0");
        assertThatThrownBy(() -> policy.requireDecidable(13)).hasMessageStartingWith("13 samples can never show");
    }
}
