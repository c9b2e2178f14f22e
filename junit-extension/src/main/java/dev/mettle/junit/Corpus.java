package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Keep the adversarial examples that a {@link RobustnessTest} finds, and try them again before its attacks in every later run.
 *
 * <pre>{@code
 * @RobustnessTest(attacks = Pgd.class, epsilon = 0.1, minRobustAccuracy = 0.6)
 * @Corpus
 * void withstandsWhatBrokeItBefore() {}
 * }</pre>
 *
 * <p>The first run keeps what it finds in {@code src/test/resources/mettle/corpus/<test class>}; commit the folder. An example is
 * <em>open</em> while it fools the model: a known weakness, reported and tolerated. Once the model resists it, the console says so, and
 * {@code -Dmettle.corpus=update} closes it: from then on it is <em>resisted</em>, and a model that it fools again fails the test with a
 * {@link RobustnessAssertionError}. The same command keeps examples that are new, and takes back what can't be helped.
 *
 * <p>Examples that still fool the model count as broken samples without an attack; each is judged anew. On CI, where the environment
 * variable {@code CI} is set, examples are tried but never kept or changed; a missing folder is an error. On a class, the annotation holds
 * for all its tests.
 *
 * @see RobustnessProperties#CORPUS
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface Corpus {

    /** Set how many examples to keep per test, at least 1; the nearest ones are kept. The values of all examples of a class take at most 4 MiB. */
    int maxExamples() default 50;
}
