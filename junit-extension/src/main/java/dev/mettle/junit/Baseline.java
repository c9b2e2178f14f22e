package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.verdict.VerdictPolicy;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Compare a {@link RobustnessTest} with a baseline, so that a model can't become less robust unnoticed.
 *
 * <pre>{@code
 * @RobustnessTest(attacks = Pgd.class, epsilon = 0.1, minRobustAccuracy = 0.6)
 * @Baseline(tolerance = 0.02)
 * void staysAsRobustAsItWas() {}
 * }</pre>
 *
 * <p>The first run records the outcome of every sample in {@code src/test/resources/mettle/baselines/<test class>.json}; commit the
 * file. Later runs fail with a {@link RobustnessAssertionError} where robust accuracy fell by more than the {@link #tolerance} and
 * McNemar's exact test on the same samples rules out chance. A model that became better never fails; the console says how to raise the
 * bar: {@code -Dmettle.baseline=update}.
 *
 * <p>On CI, where the environment variable {@code CI} is set, baselines are compared but never recorded or changed; a missing one is
 * an error. On a class, the annotation holds for all its tests.
 *
 * @see RobustnessProperties#BASELINE
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface Baseline {

    /** Set the drop of robust accuracy to tolerate, a fraction of the samples from 0 to below 1. */
    double tolerance() default 0;

    /** Set the confidence at which a drop counts as more than chance, from 0.5 to below 1. */
    double confidence() default VerdictPolicy.DEFAULT_CONFIDENCE;
}
