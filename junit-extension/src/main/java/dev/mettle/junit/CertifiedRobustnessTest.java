package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.VerdictPolicy;
import dev.mettle.defenses.certification.RandomizedSmoothing;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Certify the model under test, and decide whether enough samples are certified within a radius.
 *
 * <pre>{@code
 * @CertifiedRobustnessTest(norm = L2, radius = 0.5, minCertifiedAccuracy = 0.60, sigma = 0.25)
 * void isCertified() {}
 * }</pre>
 *
 * <p>The certifier is randomized smoothing, if {@link #sigma} is set; or the one that {@link #certifier} names; or that of a
 * {@link CertifierSource}. The test passes if it shows, with the {@link #confidence}, that certified accuracy at the radius is at least
 * {@link #minCertifiedAccuracy}. It fails with a {@link RobustnessAssertionError} if it shows the contrary, which says that so much
 * can't be certified in this way, not that there are adversarial examples; it is aborted if there are too few samples to say either; it
 * ends with an {@link UntrustedEvaluationException} if an attack of {@link #attacks} found what a certificate rules out. A wrong setup
 * ends with a {@link dev.mettle.core.ConfigurationException}.
 *
 * <p>The method may declare parameters: {@link dev.mettle.core.certification.Certification},
 * {@link dev.mettle.core.certification.CertificationReport}, {@link dev.mettle.core.certification.CertifiedCurve},
 * {@link dev.mettle.core.certification.Sandwich} where there are attacks, the model, and {@link dev.mettle.core.data.LabeledData}. The
 * body runs after the certification and before the verdict; what it throws takes precedence.
 *
 * <p>The annotation may be put on an annotation of your own. Tests carry the tag {@code robustness}.
 *
 * @see ModelUnderTest
 * @see EvaluationData
 * @see AttackSource
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@TestTemplate
@ExtendWith(CertifiedRobustnessTestExtension.class)
@Execution(ExecutionMode.SAME_THREAD)
@Tag("robustness")
public @interface CertifiedRobustnessTest {

    /** Set the norm of the radius. Randomized smoothing knows L2 only. */
    Norm norm();

    /** Set the radius within which samples have to be certified, in input units of the model. */
    double radius();

    /** Set further radii to certify, for the curve, where the certifier decides single radii only. */
    double[] radii() default {};

    /**
     * Set the required certified accuracy: a fraction of <em>all</em> samples, above 0 and up to 1; abstentions don't count.
     *
     * <p>Not set, it is only measured, and the body of the test decides.
     */
    double minCertifiedAccuracy() default Double.NaN;

    /** Name a certifier, to run with the defaults of its constructor without parameters. */
    Class<? extends Certifier> certifier() default Certifier.class;

    /**
     * Certify by randomized smoothing with Gaussian noise of this standard deviation, in input units of the model, which has to be trained
     * with such noise.
     */
    double sigma() default Double.NaN;

    /** Set how many noisy votes choose the class, for randomized smoothing. */
    int n0() default RandomizedSmoothing.DEFAULT_N0;

    /** Set how many noisy votes estimate the share of the class, for randomized smoothing. */
    int n() default RandomizedSmoothing.DEFAULT_N;

    /** Set the largest probability that the certificate of a sample is false, for randomized smoothing. */
    double alpha() default RandomizedSmoothing.DEFAULT_ALPHA;

    /**
     * Attack as well, at the radius, the very model that is certified: with these attacks and the defaults of their constructors, and with
     * those of an {@link AttackSource}. The report then shows what is certified beside what withstood; an adversarial example inside a certified radius ends the test.
     */
    Class<? extends Attack>[] attacks() default {};

    /** Choose whether the samples stand for others, {@link Decision#FIXED}, or are all there are, {@link Decision#POPULATION}. */
    Decision decision() default Decision.FIXED;

    /** Certify only the first samples, at most this many. {@value RobustnessProperties#SAMPLES} can lower it. */
    int samples() default Integer.MAX_VALUE;

    /** Set the confidence of the one-sided bounds behind the verdict, from 0.5 to below 1. */
    double confidence() default VerdictPolicy.DEFAULT_CONFIDENCE;

    /** Pin the base seed of all random draws; see {@link RobustnessTest#seed}. */
    long seed() default RobustnessTest.SEED_NOT_SET;

    /** Run this many inputs at once. {@value RobustnessProperties#BATCH} overrides it. Results don't depend on it. */
    int batchSize() default RobustnessEvaluation.DEFAULT_BATCH_SIZE;

    /** Choose what becomes of a test whose samples are too few for a verdict. */
    OnInconclusive onInconclusive() default OnInconclusive.ABORT;
}
