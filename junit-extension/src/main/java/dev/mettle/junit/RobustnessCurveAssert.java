package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessCurve.Point;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.verdict.Evidence;
import dev.mettle.core.verdict.Tally;
import dev.mettle.core.verdict.Verdict;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * Assertions on a {@link RobustnessCurve}; see {@link RobustnessAssertions}.
 *
 * <p>A curve doesn't know whether its gradients were right. In a {@link RobustnessTest} the extension sees to that.
 */
@API(status = EXPERIMENTAL, since = "0.1")
public final class RobustnessCurveAssert extends AbstractRobustnessAssert<RobustnessCurveAssert, RobustnessCurve> {

    RobustnessCurveAssert(@Nullable RobustnessCurve actual) {
        super(actual, RobustnessCurveAssert.class);
    }

    /**
     * Verify that robust accuracy nowhere rises with epsilon. If it does, the attack is broken, not the model.
     *
     * <pre>{@code
     * // 97.0%, 71.0%, 44.0%
     * assertThat(curve).isNonIncreasing(); // succeeds
     * // 97.0%, 44.0%, 71.0%
     * assertThat(curve).isNonIncreasing(); // fails
     * }</pre>
     *
     * @throws RobustnessAssertionError if it rises
     */
    public RobustnessCurveAssert isNonIncreasing() {
        isNotNull();
        List<Point> points = actual.points();
        for (int i = 1; i < points.size(); i++) {
            Point before = points.get(i - 1);
            Point after = points.get(i);
            if (after.robustCount() > before.robustCount()) {
                throw error(
                        complete("robust accuracy under " + actual.title() + " ("
                                + actual.norm().symbol() + ") rises from " + at(before) + " to " + at(after)),
                        "<= " + ReportText.percent(actual.robustAccuracy(before)),
                        ReportText.percent(actual.robustAccuracy(after)));
            }
        }
        return this;
    }

    /**
     * Begin to verify that robust accuracy is <em>shown</em> to be at least {@code fraction}, with 95 % confidence, at the
     * epsilon named next; the endings are those of {@link RobustnessReportAssert#hasRobustAccuracyOfAtLeast}.
     *
     * <pre>{@code
     * assertThat(curve).hasRobustAccuracyOfAtLeast(0.80).atEpsilon(2 / 255.0);
     * }</pre>
     *
     * @param fraction above 0 and up to 1
     * @throws dev.mettle.core.ConfigurationException if {@code fraction} is none
     */
    public AtLeast hasRobustAccuracyOfAtLeast(double fraction) {
        requireFraction("robust accuracy", fraction);
        return new AtLeast(fraction, true);
    }

    /**
     * Begin to verify that the share of samples that withstood the attacks is at least {@code fraction}, without a confidence
     * bound, at the epsilon named next.
     *
     * <pre>{@code
     * assertThat(curve).hasObservedRobustAccuracyOfAtLeast(0.80).atEpsilon(2 / 255.0);
     * }</pre>
     *
     * @param fraction above 0 and up to 1
     * @throws dev.mettle.core.ConfigurationException if {@code fraction} is none
     */
    public AtLeast hasObservedRobustAccuracyOfAtLeast(double fraction) {
        requireFraction("robust accuracy", fraction);
        return new AtLeast(fraction, false);
    }

    /** An assertion that still needs its epsilon. */
    @API(status = EXPERIMENTAL, since = "0.1")
    public final class AtLeast {

        private final double fraction;
        private final boolean shown;

        private AtLeast(double fraction, boolean shown) {
            this.fraction = fraction;
            this.shown = shown;
        }

        /**
         * Verify the assertion at one of the epsilons of the curve.
         *
         * @throws RobustnessAssertionError if robust accuracy is lower
         * @throws TestAbortedException if it was to be shown, and there are too few samples to say either
         * @throws UntrustedEvaluationException if it was to be shown, and the attacks can't show it
         * @throws IllegalArgumentException if that epsilon was not evaluated
         */
        public RobustnessCurveAssert atEpsilon(double epsilon) {
            isNotNull();
            double accuracy = actual.robustAccuracyAt(epsilon);
            String measured = ReportText.percent(accuracy);
            String required = ReportText.percent(fraction);
            String sentence = "robust accuracy " + measured + " under " + actual.title() + " ("
                    + actual.norm().symbol() + ", ε = " + Epsilons.format(epsilon) + ")";
            String below = complete((shown ? "" : "observed ") + sentence + " is below the required " + required);
            if (!shown) {
                requireAllEvaluated(actual.samples(), actual.planned());
                if (accuracy < fraction) {
                    throw error(below, ">= " + required, measured);
                }
                return RobustnessCurveAssert.this;
            }
            VerdictPolicy policy = VerdictPolicy.atLeast(fraction).withDecision(actual.decision());
            policy.requireDecidable(actual.planned());
            int robust = (int) Math.round(accuracy * actual.samples());
            Tally tally = new Tally(actual.planned(), actual.samples(), robust, 0, actual.planned() - actual.samples());
            List<String> doubts = actual.at(epsilon).doubts();
            Verdict verdict = Verdict.decide(Evidence.of(tally), doubts, policy);
            switch (verdict.outcome()) {
                case PASS, MEASURED -> {}
                case FAIL -> throw error(below, ">= " + required, measured);
                case UNTRUSTED ->
                    throw new UntrustedEvaluationException(
                            worded(complete(sentence + " can't be trusted: " + ReportText.doubted(doubts), doubts)));
                case INCONCLUSIVE ->
                    throw new TestAbortedException(worded(complete(sentence + " with " + actual.samples()
                            + " samples neither shows nor rules out the required " + required)));
            }
            return RobustnessCurveAssert.this;
        }
    }

    private String at(Point point) {
        return ReportText.percent(actual.robustAccuracy(point)) + " at ε = " + Epsilons.format(point.epsilon());
    }

    private String complete(String sentence) {
        return complete(sentence, List.of());
    }

    private String complete(String sentence, List<String> doubts) {
        Stream<String> points = actual.points().stream()
                .map(point -> FailureText.line(
                        "ε = " + Epsilons.format(point.epsilon()),
                        ReportText.percent(actual.robustAccuracy(point)) + "   " + point.robustCount() + " of "
                                + actual.samples()));
        Stream<String> further = doubts.size() > 1
                ? Stream.concat(ReportText.doubtDetails(doubts).stream(), Stream.of(""))
                : Stream.empty();
        return Stream.concat(further, points).collect(Collectors.joining("\n", sentence + "\n\n", ""));
    }
}
