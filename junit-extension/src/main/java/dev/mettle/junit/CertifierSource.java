package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Name the method that configures the certifier of a {@link CertifiedRobustnessTest}.
 *
 * <pre>{@code
 * @CertifiedRobustnessTest(norm = L2, radius = 0.5, minCertifiedAccuracy = 0.60)
 * @CertifierSource("manyVotes")
 * void isCertifiedByManyVotes() {}
 *
 * static Certifier manyVotes() {
 *     return new RandomizedSmoothing(0.25).withN(100_000);
 * }
 * }</pre>
 *
 * <p>The method has no parameters, is static (or an instance method, where the life cycle is per class), and returns a
 * {@link dev.mettle.core.certification.Certifier}.
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface CertifierSource {

    /** The name of the method, in the test class, a superclass, an interface, or an enclosing class of a nested one. */
    String value();
}
