package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.attacks.Suite;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
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
 * Attack the model under test and decide whether it is robust.
 *
 * <pre>{@code
 * class DigitsRobustnessTests {
 *
 *     @ModelUnderTest
 *     static final LabelModel model = Dl4jClassifier.load(Path.of("models/digits.zip")).withInputRange(0, 1);
 *
 *     @EvaluationData
 *     static final LabeledData digits = LabeledData.fromClasspath("digits-test.npz");
 *
 *     @RobustnessTest(attacks = {Fgsm.class, Pgd.class}, epsilon = 8 / 255.0, minRobustAccuracy = 0.60)
 *     void staysAccurateUnderGradientAttacks() {}
 * }
 * }</pre>
 *
 * <p>The test runs once per epsilon and attack or suite: epsilons ascending, attacks in the order in which they are named, and, where
 * several attacks share an epsilon, once more for their per-sample worst case. Each run passes if it shows, with the
 * {@link #confidence}, that robust accuracy is at least {@link #minRobustAccuracy}. It fails with a
 * {@link RobustnessAssertionError} if it shows the contrary; it is aborted if there are too few samples to say either; it
 * ends with an {@link UntrustedEvaluationException} if the attacks themselves can't be trusted, for example because the
 * input gradients of the model are wrong. A wrong setup ends with a {@link dev.mettle.core.ConfigurationException}, never with
 * an {@link AssertionError}.
 *
 * <p>The method may declare parameters: {@link dev.mettle.core.evaluation.RobustnessReport},
 * {@link dev.mettle.core.evaluation.RobustnessCurve}, {@link dev.mettle.core.evaluation.Evaluation},
 * {@link dev.mettle.core.attack.AttackGenerator}, an attack such as {@code Pgd}, the model by its own type or one of its
 * interfaces, and {@link dev.mettle.core.data.LabeledData}. The body runs after the attacks and before the verdict; what it
 * throws takes precedence over the verdict. {@link org.junit.jupiter.api.Timeout} limits the body, not the attacks.
 *
 * <p>The annotation may be put on an annotation of your own, to name a policy once. Tests carry the tag {@code robustness}.
 *
 * @see ModelUnderTest
 * @see EvaluationData
 * @see InputConstraints
 * @see AttackSource
 * @see RobustnessProperties
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@TestTemplate
@ExtendWith(RobustnessTestExtension.class)
@Execution(
        ExecutionMode.SAME_THREAD) // the runs of one test share one evaluation, and their order is part of its output
@Tag("robustness")
public @interface RobustnessTest {

    /** The value of {@link #seed} that stands for "not set". */
    long SEED_NOT_SET = Long.MIN_VALUE;

    /**
     * Name the attacks, to run with the defaults of their constructors without parameters.
     *
     * <p>If neither this nor {@link #suite} nor an {@link AttackSource} names any, it is {@link dev.mettle.attacks.Pgd} alone.
     */
    Class<? extends Attack>[] attacks() default {};

    /**
     * Run a suite of attacks, such as {@link Suite#QUICK}: one after the other, each on the samples that those before it left standing,
     * as one run with one verdict. It stops as soon as that is sure to be FAIL.
     */
    Suite[] suite() default {};

    /** Choose what counts as success of an attack: any wrong label, or one in particular. */
    Goal.Kind goal() default Goal.Kind.UNTARGETED;

    /** Set the label that attacks are to reach, together with {@code goal = CLASS}. */
    int targetClass() default Aim.ANY;

    /** Set the norm of the perturbation. An attack that is not defined for it is refused. */
    Norm norm() default Norm.LINF;

    /**
     * Set the largest perturbation, in input units of the model, such as {@code 8 / 255.0}.
     *
     * <p>Attacks that search the nearest adversarial example, such as {@link dev.mettle.attacks.CarliniWagner}, may do
     * without. All others need this or {@link #epsilons}.
     */
    double epsilon() default Double.NaN;

    /** Set several epsilons instead of one, for an accuracy-versus-epsilon curve. */
    double[] epsilons() default {};

    /**
     * Set the required robust accuracy: a fraction of <em>all</em> samples, above 0 and up to 1.
     *
     * <p>Not set, the attacks are only measured, and the body of the test decides.
     */
    double minRobustAccuracy() default Double.NaN;

    /**
     * Require a robust accuracy of every class: a fraction of the samples of the class, above 0 and up to 1, at every epsilon.
     *
     * <p>The test passes if every class is shown to reach it, and fails if some class is shown not to; the worst class is reported in any
     * case. Every class needs samples enough: 14 at least for 0.80, 29 for 0.90.
     */
    double minRobustAccuracyPerClass() default Double.NaN;

    /**
     * Require a robust accuracy of its own at each of some epsilons, instead of {@link #minRobustAccuracy}; the epsilons needn't be named
     * again. At further {@link #epsilons} the attacks are only measured.
     */
    Threshold[] thresholds() default {};

    /**
     * Choose which bounds decide, and whether to stop as soon as they do: {@link Decision#SEQUENTIAL} for speed,
     * {@link Decision#POPULATION} for a fixed regression set. By default all samples are evaluated, and reports show them all.
     */
    Decision decision() default Decision.FIXED;

    /** Evaluate only the first samples, at most this many. {@value RobustnessProperties#SAMPLES} can lower it. */
    int samples() default Integer.MAX_VALUE;

    /** Set the confidence of the one-sided bounds behind the verdict, from 0.5 to below 1. */
    double confidence() default VerdictPolicy.DEFAULT_CONFIDENCE;

    /**
     * Pin the base seed of all random draws. Not set, it is {@value RobustnessProperties#SEED}, and without that
     * {@link RobustnessEvaluation#DEFAULT_SEED}.
     */
    long seed() default SEED_NOT_SET;

    /** Attack this many samples at once. {@value RobustnessProperties#BATCH} overrides it. Results don't depend on it. */
    int batchSize() default RobustnessEvaluation.DEFAULT_BATCH_SIZE;

    /**
     * Document a known weakness with {@link Outcome#FAIL}: the test then succeeds exactly if the verdict is FAIL, and fails
     * if the model turns out to hold the threshold after all. Only PASS and FAIL are allowed.
     */
    Outcome expectedVerdict() default Outcome.PASS;

    /** Choose what becomes of a test whose samples are too few for a verdict. */
    OnInconclusive onInconclusive() default OnInconclusive.ABORT;

    /** Choose what becomes of a test whose attacks can't be trusted to show anything. */
    OnUntrusted onUntrusted() default OnUntrusted.FAIL;
}
