package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Mark what the attackers of the {@link RobustnessTest}s of a class may do to which feature.
 *
 * <pre>{@code
 * @InputConstraints
 * static final Constraints constraints = Constraints.none().frozen(3).wholeNumbers(0, 1).oneHot(4, 7);
 * }</pre>
 *
 * <p>Put it on one field or one method without parameters, by the same rules as {@link ModelUnderTest}. The value is a
 * {@link dev.mettle.core.threat.Constraints}. Without it, attackers may change every feature within norm and input range.
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface InputConstraints {}
