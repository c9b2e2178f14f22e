package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Name the method that configures the attacks of a {@link RobustnessTest}.
 *
 * <pre>{@code
 * @RobustnessTest(epsilon = 8 / 255.0, minRobustAccuracy = 0.60)
 * @AttackSource("strongAttacks")
 * void resistsStrongAttacks() {}
 *
 * static Stream<Attack> strongAttacks() {
 *     return Stream.of(new Pgd().withSteps(100).withRestarts(5), new Bim());
 * }
 * }</pre>
 *
 * <p>The method has no parameters, is static (or an instance method, where the life cycle is per class), and returns a stream,
 * a collection or an array of {@link dev.mettle.core.attack.Attack}, {@link dev.mettle.core.attack.AttackSuite} or
 * {@link dev.mettle.core.attack.BudgetedAttack}. The last run with a norm and an epsilon of their own, all others with those of the
 * test. They follow the attacks that {@link RobustnessTest#attacks} names. On a {@link CertifiedRobustnessTest} it gives attacks only.
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface AttackSource {

    /** The name of the method, in the test class, a superclass, an interface, or an enclosing class of a nested one. */
    String value();
}
