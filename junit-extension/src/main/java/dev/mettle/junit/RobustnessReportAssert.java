package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import java.util.OptionalDouble;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/** Assertions on a {@link RobustnessReport}; see {@link RobustnessAssertions}. */
@API(status = EXPERIMENTAL, since = "0.1")
public final class RobustnessReportAssert extends AbstractRobustnessAssert<RobustnessReportAssert, RobustnessReport> {

    RobustnessReportAssert(@Nullable RobustnessReport actual) {
        super(actual, RobustnessReportAssert.class);
    }

    /**
     * Verify that the share of samples that the model gets right without any attack is at least {@code fraction}.
     *
     * <p>It compares the observed share, without a confidence bound: this is the usual test of a model, not a claim about an
     * attacker.
     *
     * <pre>{@code
     * // 97 of 100 samples are classified correctly
     * assertThat(report).hasCleanAccuracyOfAtLeast(0.97); // succeeds
     * assertThat(report).hasCleanAccuracyOfAtLeast(0.98); // fails
     * }</pre>
     *
     * @param fraction above 0 and up to 1
     * @throws RobustnessAssertionError if it is lower
     * @throws dev.mettle.core.ConfigurationException if {@code fraction} is none
     */
    public RobustnessReportAssert hasCleanAccuracyOfAtLeast(double fraction) {
        requireFraction("clean accuracy", fraction);
        isNotNull();
        if (actual.cleanAccuracy() < fraction) {
            String measured = ReportText.percent(actual.cleanAccuracy());
            String required = ReportText.percent(fraction);
            throw error(
                    complete("clean accuracy " + measured + " is below the required " + required),
                    ">= " + required,
                    measured);
        }
        return this;
    }

    /**
     * Verify that robust accuracy is <em>shown</em> to be at least {@code fraction}: the same verdict, with the same confidence
     * and the same three endings, as {@link RobustnessTest#minRobustAccuracy} reaches.
     *
     * <p>Samples are few and attacks are compared on them, so the observed share is not the robust accuracy of the model. With
     * too few samples to say either, the test is aborted, which leaves out the assertions after this one: put it last. To
     * compare the observed share only, use {@link #hasObservedRobustAccuracyOfAtLeast}.
     *
     * <pre>{@code
     * // 75 of 100 samples withstood the attack: the 95 % bounds of robust accuracy are 66.9 % and 81.9 %
     * assertThat(report).hasRobustAccuracyOfAtLeast(0.60); // succeeds
     * assertThat(report).hasRobustAccuracyOfAtLeast(0.70); // aborts the test
     * assertThat(report).hasRobustAccuracyOfAtLeast(0.90); // fails
     * }</pre>
     *
     * @param fraction above 0 and up to 1
     * @throws RobustnessAssertionError if robust accuracy is shown to be lower
     * @throws org.opentest4j.TestAbortedException if there are too few samples to say either
     * @throws UntrustedEvaluationException if the evaluation can't show robustness
     * @throws dev.mettle.core.ConfigurationException if {@code fraction} is none, or so few samples can never show it
     */
    public RobustnessReportAssert hasRobustAccuracyOfAtLeast(double fraction) {
        requireFraction("robust accuracy", fraction);
        isNotNull();
        VerdictPolicy policy = new VerdictPolicy(
                        OptionalDouble.of(fraction), actual.policy().confidence())
                .withDecision(actual.policy().decision());
        policy.requireDecidable(actual.samples());
        RobustnessReport judged = RobustnessReport.of(actual.evaluation(), actual.results(), policy);
        Expectation.PASS.require(judged, seed(), this::worded);
        return this;
    }

    /**
     * Verify that the share of samples that withstood the attacks is at least {@code fraction}, without a confidence bound.
     *
     * <p>It holds for the very samples evaluated, not for the population they come from. Samples that the attacks left
     * undecided don't count as robust.
     *
     * <pre>{@code
     * // 75 of 100 samples withstood the attack
     * assertThat(report).hasObservedRobustAccuracyOfAtLeast(0.75); // succeeds
     * assertThat(report).hasObservedRobustAccuracyOfAtLeast(0.76); // fails
     * }</pre>
     *
     * @param fraction above 0 and up to 1
     * @throws RobustnessAssertionError if it is lower
     * @throws UntrustedEvaluationException if the evaluation can't show robustness
     * @throws dev.mettle.core.ConfigurationException if {@code fraction} is none
     */
    public RobustnessReportAssert hasObservedRobustAccuracyOfAtLeast(double fraction) {
        requireFraction("robust accuracy", fraction);
        isNotNull();
        requireAllEvaluated();
        double atBest = (double) (actual.robustCount() + actual.undecidedCount()) / actual.samples();
        if (atBest < fraction) {
            String measured = ReportText.percent(actual.robustAccuracy());
            String required = ReportText.percent(fraction);
            throw error(
                    complete("observed robust accuracy " + measured + " under " + attack() + " is below the required "
                            + required),
                    ">= " + required,
                    measured);
        }
        requireNoDoubts();
        if (actual.robustAccuracy() < fraction) {
            throw undecided();
        }
        return this;
    }

    /**
     * Verify that half of the correctly classified samples break only at {@code distance} or farther, in the norm of the
     * threat model.
     *
     * <pre>{@code
     * // the Carlini-Wagner attack needed a median L2 distance of 1.53
     * assertThat(report).hasMedianDistanceOfAtLeast(1.2); // succeeds
     * assertThat(report).hasMedianDistanceOfAtLeast(2.0); // fails
     * }</pre>
     *
     * @param distance at least 0, in input units of the model
     * @throws RobustnessAssertionError if the median is smaller, or no sample is classified correctly
     * @throws UntrustedEvaluationException if the evaluation can't show robustness
     * @throws dev.mettle.core.ConfigurationException if {@code distance} is negative, infinite or NaN
     */
    public RobustnessReportAssert hasMedianDistanceOfAtLeast(double distance) {
        requireSize("the required median distance", distance);
        isNotNull();
        requireAllEvaluated();
        String required = Epsilons.format(distance);
        if (actual.cleanCount() == 0) {
            throw error(
                    complete(
                            "the model classifies no sample correctly, so there is no median distance to compare with the"
                                    + " required " + required),
                    ">= " + required,
                    "none");
        }
        double median = actual.medianDistance();
        if (median < distance) {
            if (actual.undecidedCount() > 0) {
                throw undecided();
            }
            String measured = Epsilons.format(median);
            throw error(
                    complete("median distance " + measured + " under " + attack() + " is below the required "
                            + required),
                    ">= " + required,
                    measured);
        }
        requireNoDoubts();
        return this;
    }

    /**
     * Begin assertions on how much more robust this model is than another one, evaluated on the same samples under the same threat.
     *
     * <pre>{@code
     * assertThat(defended).improvesRobustAccuracyOver(plain).by(0.30).withCleanAccuracyDropAtMost(0.03);
     * }</pre>
     *
     * @param other the report of the other model
     * @throws dev.mettle.core.ConfigurationException if the reports are not about the same samples and the same threat
     */
    public ImprovementAssert improvesRobustAccuracyOver(RobustnessReport other) {
        isNotNull();
        return new ImprovementAssert(new Improvement(other, actual));
    }

    /**
     * Verify that the attacks broke at most {@code count} samples.
     *
     * <pre>{@code
     * // the attack broke 22 samples
     * assertThat(report).hasBrokenAtMost(22); // succeeds
     * assertThat(report).hasBrokenAtMost(21); // fails
     * }</pre>
     *
     * @param count at least 0
     * @throws RobustnessAssertionError if they broke more
     * @throws UntrustedEvaluationException if the evaluation can't show robustness
     * @throws dev.mettle.core.ConfigurationException if {@code count} is negative
     */
    public RobustnessReportAssert hasBrokenAtMost(int count) {
        requireCount("the allowed number of broken samples", count);
        isNotNull();
        requireAllEvaluated();
        if (actual.brokenCount() > count) {
            throw error(
                    complete(attack() + " broke " + actual.brokenCount() + " of " + actual.samples()
                            + " samples, more than the allowed " + count),
                    "<= " + count,
                    String.valueOf(actual.brokenCount()));
        }
        requireNoDoubts();
        if (actual.brokenCount() + actual.undecidedCount() > count) {
            throw undecided();
        }
        return this;
    }

    /**
     * Verify that the attacks broke at least {@code count} samples: a check of the attacks, not of the model.
     *
     * <pre>{@code
     * // the attack broke 22 samples
     * assertThat(report).hasBrokenAtLeast(20); // succeeds
     * assertThat(report).hasBrokenAtLeast(50); // fails
     * }</pre>
     *
     * @param count at least 0
     * @throws RobustnessAssertionError if they broke fewer
     * @throws dev.mettle.core.ConfigurationException if {@code count} is negative
     */
    public RobustnessReportAssert hasBrokenAtLeast(int count) {
        requireCount("the required number of broken samples", count);
        isNotNull();
        requireAllEvaluated();
        if (actual.brokenCount() < count) {
            throw error(
                    complete(attack() + " broke " + actual.brokenCount() + " of " + actual.samples()
                            + " samples, fewer than the required " + count),
                    ">= " + count,
                    String.valueOf(actual.brokenCount()));
        }
        return this;
    }

    /**
     * Verify that the evaluation can show robustness: the input gradients passed their check, and no sample was left undecided.
     *
     * <pre>{@code
     * // every gradient at 3 of the 100 samples was zero
     * assertThat(report).isTrustworthy(); // fails
     * }</pre>
     *
     * @throws RobustnessAssertionError if it can't
     */
    public RobustnessReportAssert isTrustworthy() {
        isNotNull();
        if (!actual.doubts().isEmpty()) {
            throw error(untrusted(), "trustworthy", "untrusted");
        }
        if (actual.undecidedCount() > 0) {
            throw error(
                    complete(doubtful(undecidedReason())),
                    "trustworthy",
                    actual.undecidedCount() + " of " + actual.samples() + " samples undecided");
        }
        return this;
    }

    /** What was observed on some samples, until a verdict was certain, says little of what would be on all. */
    private void requireAllEvaluated() {
        requireAllEvaluated(actual.evaluatedCount(), actual.samples());
    }

    private void requireNoDoubts() {
        if (!actual.doubts().isEmpty()) {
            throw new UntrustedEvaluationException(worded(untrusted()));
        }
    }

    private String untrusted() {
        List<String> doubts = actual.doubts();
        return FailureText.of(doubtful(ReportText.doubted(doubts)), doubts, actual, seed());
    }

    private UntrustedEvaluationException undecided() {
        return new UntrustedEvaluationException(
                worded(complete(doubtful(undecidedReason() + ", and the assertion hangs on them"))));
    }

    private String undecidedReason() {
        return "the attacks could not decide " + actual.undecidedCount() + " of " + actual.samples() + " samples";
    }

    private String doubtful(String reason) {
        return "robust accuracy " + ReportText.percent(actual.robustAccuracy()) + " under " + attack()
                + " can't be trusted: " + reason;
    }

    private String attack() {
        return ReportText.attackers(actual) + " (" + ReportText.threat(actual.threatModel()) + ")";
    }

    private String complete(String sentence) {
        return FailureText.of(sentence, actual, seed());
    }

    private String seed() {
        return FailureText.seed(actual.evaluation().seed());
    }
}
