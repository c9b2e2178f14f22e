package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.PairedDifference;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.apiguardian.api.API;
import org.opentest4j.TestAbortedException;

/**
 * Assertions on what a defense bought and what it cost; see {@link RobustnessReportAssert#improvesRobustAccuracyOver}.
 *
 * <p>They are decided by exact bounds of the paired difference on the same samples, at the confidence of the report: a claim holds if the
 * bound does, fails if the other bound rules it out, and else aborts the test, since there are too few samples to say either.
 */
@API(status = EXPERIMENTAL, since = "0.1")
public final class ImprovementAssert extends AbstractRobustnessAssert<ImprovementAssert, Improvement> {

    /** A threshold as good as none, which only makes the report say whether it could show anything. */
    private static final double SMALLEST = 1e-9;

    ImprovementAssert(Improvement actual) {
        super(actual, ImprovementAssert.class);
    }

    /**
     * Verify that robust accuracy is <em>shown</em> to be larger by at least {@code fraction}.
     *
     * @param fraction from 0 to below 1, such as 0.30 for 30 points
     * @throws RobustnessAssertionError if it is shown to be less
     * @throws TestAbortedException if there are too few samples to say either
     * @throws UntrustedEvaluationException if the evaluation of the defended model can't show robustness
     */
    public ImprovementAssert by(double fraction) {
        requireDifference("gain of robust accuracy", fraction);
        PairedDifference gain = actual.robustAccuracy();
        if (gain.upperBound() < fraction) {
            throw error(
                    complete("robust accuracy gained less than the required " + points(fraction) + ": " + gain),
                    ">= " + points(fraction),
                    points(gain.difference()));
        }
        List<String> doubts = doubts(fraction);
        if (!doubts.isEmpty()) {
            throw new UntrustedEvaluationException(worded(complete(
                    "the gain of robust accuracy can't be trusted, " + gain + ": " + ReportText.doubted(doubts))));
        }
        if (gain.lowerBound() < fraction) {
            throw undecided(
                    "a gain of " + points(fraction) + " of robust accuracy is neither shown nor ruled out", gain);
        }
        return this;
    }

    /**
     * Verify that clean accuracy is <em>shown</em> to have dropped by at most {@code fraction}.
     *
     * @param fraction from 0 to below 1, such as 0.03 for 3 points
     * @throws RobustnessAssertionError if it is shown to have dropped more
     * @throws TestAbortedException if there are too few samples to say either
     */
    public ImprovementAssert withCleanAccuracyDropAtMost(double fraction) {
        requireDifference("drop of clean accuracy", fraction);
        PairedDifference change = actual.cleanAccuracy();
        if (change.upperBound() < -fraction) {
            throw error(
                    complete("clean accuracy dropped by more than the allowed " + points(fraction) + ": " + change),
                    "<= " + points(fraction),
                    points(-change.difference()));
        }
        if (change.lowerBound() < -fraction) {
            throw undecided(
                    "a drop of clean accuracy of more than " + points(fraction) + " is neither shown nor ruled out",
                    change);
        }
        return this;
    }

    /** Return what speaks against the claim that the defended model is robust at all, as it would against a required robust accuracy. */
    private List<String> doubts(double fraction) {
        RobustnessReport after = actual.after();
        VerdictPolicy requiring = new VerdictPolicy(
                OptionalDouble.of(Math.max(fraction, SMALLEST)), after.policy().confidence());
        return RobustnessReport.of(after.evaluation(), after.results(), requiring)
                .doubts();
    }

    private TestAbortedException undecided(String what, PairedDifference difference) {
        return new TestAbortedException(worded(complete(
                what + " by " + difference.samples() + " samples: " + difference + "; evaluate more samples")));
    }

    private String complete(String sentence) {
        return FailureText.of(
                sentence,
                actual.after(),
                FailureText.seed(actual.after().evaluation().seed()));
    }

    private static String points(double fraction) {
        return String.format(Locale.ROOT, "%.1f points", 100 * fraction);
    }

    private static void requireDifference(String what, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new ConfigurationException("the required " + what + " is " + value
                    + ": give a fraction from 0 to below 1, such as 0.3 for 30 points");
        }
    }
}
