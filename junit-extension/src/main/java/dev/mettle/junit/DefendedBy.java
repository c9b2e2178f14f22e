package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Defend the model under test first, and test the defended model.
 *
 * <pre>{@code
 * static final Defense<Dl4jClassifier> madry = AdversarialTraining.pgd(LINF, 0.3)
 *         .on(trainingData, TrainedNetworks.in(Path.of("src/test/resources/defended")));
 *
 * @RobustnessTest(suite = Suite.AUTO_ATTACK, epsilon = 0.3, minRobustAccuracy = 0.60)
 * @DefendedBy("madry")
 * void isRobustAfterTraining(Defended<Dl4jClassifier> defended) {
 *     assertThat(defended).improvesRobustAccuracyOver(defended.original()).by(0.30).withCleanAccuracyDropAtMost(0.03);
 * }
 * }</pre>
 *
 * <p>Each model is defended once per run, however many tests ask for it. The attacks of the test run on the model without the defense,
 * too, so that reports show what the defense bought and what it cost. The verdict is that of the defended model.
 *
 * <p>On a class it holds for all its robustness tests.
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
public @interface DefendedBy {

    /**
     * The name of the static field that holds the {@link dev.mettle.defenses.Defense}, or of the static method without parameters that
     * returns it, in the test class, a superclass, an interface, or an enclosing class of a nested one.
     */
    String value();
}
