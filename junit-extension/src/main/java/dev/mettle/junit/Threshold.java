package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Require a robust accuracy at one epsilon of a {@link RobustnessTest}, which then runs, and is judged, at each of its epsilons.
 *
 * <pre>{@code
 * @RobustnessTest(thresholds = {
 *     @Threshold(epsilon = 2 / 255.0, minRobustAccuracy = 0.80),
 *     @Threshold(epsilon = 8 / 255.0, minRobustAccuracy = 0.40)
 * })
 * void degradesGracefully() {}
 * }</pre>
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface Threshold {

    /** Set the size of the perturbation, in input units of the model. */
    double epsilon();

    /** Set the required robust accuracy: a fraction of all samples, above 0 and up to 1. */
    double minRobustAccuracy();
}
