package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.numeric.Tolerance;
import dev.mettle.core.threat.Epsilons;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/** Assertions on {@link AdversarialExamples}; see {@link RobustnessAssertions}. */
@API(status = EXPERIMENTAL, since = "0.1")
public final class AdversarialExamplesAssert
        extends AbstractRobustnessAssert<AdversarialExamplesAssert, AdversarialExamples> {

    AdversarialExamplesAssert(@Nullable AdversarialExamples actual) {
        super(actual, AdversarialExamplesAssert.class);
    }

    /**
     * Verify that no sample was moved farther than {@code epsilon}, in the norm of the threat model.
     *
     * <pre>{@code
     * // generated within ε = 4/255
     * assertThat(examples).allWithin(8 / 255.0); // succeeds
     * assertThat(examples).allWithin(1 / 255.0); // fails
     * }</pre>
     *
     * @param epsilon at least 0, in input units of the model
     * @throws RobustnessAssertionError if one was
     * @throws dev.mettle.core.ConfigurationException if {@code epsilon} is negative, infinite or NaN
     */
    public AdversarialExamplesAssert allWithin(double epsilon) {
        requireSize("epsilon", epsilon);
        isNotNull();
        for (int i = 0; i < actual.size(); i++) {
            if (!Tolerance.atMost(actual.distance(i), epsilon)) {
                throw error(
                        "sample #" + actual.outcomes().get(i).id() + " was moved by "
                                + actual.norm().symbol() + " " + Epsilons.format(actual.distance(i))
                                + ", more than ε = "
                                + Epsilons.format(epsilon) + " (" + actual + ")",
                        "<= " + Epsilons.format(epsilon),
                        Epsilons.format(actual.distance(i)));
            }
        }
        return this;
    }

    /**
     * Verify that exactly {@code count} samples were broken.
     *
     * <pre>{@code
     * // 3 of 10 samples broken
     * assertThat(examples).haveBroken(3); // succeeds
     * assertThat(examples).haveBroken(0); // fails
     * }</pre>
     *
     * @param count at least 0
     * @throws RobustnessAssertionError if it were more or fewer
     * @throws UntrustedEvaluationException if it is as many, but there are samples that the attacks could not decide
     * @throws dev.mettle.core.ConfigurationException if {@code count} is negative
     */
    public AdversarialExamplesAssert haveBroken(int count) {
        requireCount("the number of broken samples", count);
        isNotNull();
        if (actual.broken() != count) {
            throw error(
                    actual + " but " + count + " were expected",
                    String.valueOf(count),
                    String.valueOf(actual.broken()));
        }
        long undecided = actual.outcomes().stream()
                .filter(outcome -> outcome.status().undecided())
                .count();
        if (undecided > 0) {
            throw new UntrustedEvaluationException(
                    worded(actual + " can't be trusted: the attacks could not decide " + undecided + " of them"));
        }
        return this;
    }

    /**
     * Verify that at least {@code count} samples were broken.
     *
     * <pre>{@code
     * // 3 of 10 samples broken
     * assertThat(examples).haveBrokenAtLeast(1); // succeeds
     * assertThat(examples).haveBrokenAtLeast(5); // fails
     * }</pre>
     *
     * @param count at least 0
     * @throws RobustnessAssertionError if it were fewer
     * @throws dev.mettle.core.ConfigurationException if {@code count} is negative
     */
    public AdversarialExamplesAssert haveBrokenAtLeast(int count) {
        requireCount("the number of broken samples", count);
        isNotNull();
        if (actual.broken() < count) {
            throw error(
                    actual + " but at least " + count + " were expected",
                    ">= " + count,
                    String.valueOf(actual.broken()));
        }
        return this;
    }
}
