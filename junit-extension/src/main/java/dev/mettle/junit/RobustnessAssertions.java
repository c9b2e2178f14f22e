package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.defenses.Defended;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/**
 * AssertJ assertions on robustness. Import them statically, beside those of AssertJ itself; they don't get in each other's way:
 *
 * <pre>{@code
 * import static dev.mettle.junit.RobustnessAssertions.assertThat;
 * import static org.assertj.core.api.Assertions.assertThat;
 *
 * assertThat(report).hasCleanAccuracyOfAtLeast(0.97).hasMedianDistanceOfAtLeast(1.2).isTrustworthy();
 * }</pre>
 *
 * <p>A claim of robustness that rests on wrong gradients never holds: it ends with an {@link UntrustedEvaluationException}. A
 * required value that makes no sense, such as 60 for 60 %, ends with a {@link dev.mettle.core.ConfigurationException}.
 */
@API(status = EXPERIMENTAL, since = "0.1")
public final class RobustnessAssertions {

    private RobustnessAssertions() {}

    /** Begin assertions on a report. */
    public static RobustnessReportAssert assertThat(@Nullable RobustnessReport actual) {
        return new RobustnessReportAssert(actual);
    }

    /** Begin assertions on a defended model. */
    public static DefendedAssert assertThat(@Nullable Defended<?> actual) {
        return new DefendedAssert(actual);
    }

    /** Begin assertions on a curve. */
    public static RobustnessCurveAssert assertThat(@Nullable RobustnessCurve actual) {
        return new RobustnessCurveAssert(actual);
    }

    /** Begin assertions on certificates. */
    public static CertificationAssert assertThat(@Nullable Certification actual) {
        return new CertificationAssert(actual);
    }

    /** Begin assertions on the adversarial examples that an attack generator made. */
    public static AdversarialExamplesAssert assertThat(@Nullable AdversarialExamples actual) {
        return new AdversarialExamplesAssert(actual);
    }
}
