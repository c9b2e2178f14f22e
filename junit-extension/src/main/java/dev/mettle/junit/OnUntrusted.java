package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import org.apiguardian.api.API;

/**
 * What becomes of a {@link RobustnessTest} whose trust checks doubt that the failure of the attacks shows anything.
 *
 * <pre>{@code
 * @RobustnessTest(epsilon = 8 / 255.0, minRobustAccuracy = 0.60, onUntrusted = OnUntrusted.ESCALATE)
 * void isShownToBeRobust() {}
 * }</pre>
 */
@API(status = EXPERIMENTAL, since = "0.1")
public enum OnUntrusted {
    /** End the test with an {@link UntrustedEvaluationException} that names the doubts and the attacks to try next. */
    FAIL,
    /** Run these attacks on the samples still standing and judge again; what doubts remain end the test in the same way. */
    ESCALATE
}
