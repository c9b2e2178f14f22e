package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.defenses.Defended;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/** Assertions on a {@link Defended} model; see {@link RobustnessAssertions}. */
@API(status = EXPERIMENTAL, since = "0.1")
public final class DefendedAssert extends AbstractRobustnessAssert<DefendedAssert, Defended<?>> {

    DefendedAssert(@Nullable Defended<?> actual) {
        super(actual, DefendedAssert.class);
    }

    /**
     * Attack the defended model and another one, such as {@link Defended#original}, with the same attacks on the same samples, and
     * begin assertions on the difference.
     *
     * <pre>{@code
     * assertThat(defended).improvesRobustAccuracyOver(defended.original()).by(0.30).withCleanAccuracyDropAtMost(0.03);
     * }</pre>
     *
     * @throws dev.mettle.core.ConfigurationException if it isn't known how to evaluate models; see {@link Defended#judgedBy}
     */
    public ImprovementAssert improvesRobustAccuracyOver(LabelModel other) {
        isNotNull();
        return new ImprovementAssert(new Improvement(actual.report(other), actual.report(actual.model())));
    }
}
