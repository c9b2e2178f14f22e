package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import org.apiguardian.api.API;

/**
 * What becomes of a {@link RobustnessTest} whose samples are too few for a verdict.
 *
 * <pre>{@code
 * @RobustnessTest(epsilon = 8 / 255.0, minRobustAccuracy = 0.60, onInconclusive = OnInconclusive.FAIL)
 * void isShownToBeRobust() {}
 * }</pre>
 */
@API(status = EXPERIMENTAL, since = "0.1")
public enum OnInconclusive {
    /** Abort the test: it shows as skipped, with the number of samples that would decide. */
    ABORT,
    /** Fail the test: what is not shown is not accepted. */
    FAIL
}
