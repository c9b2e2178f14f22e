package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Mark the model that the {@link RobustnessTest}s of a class attack.
 *
 * <pre>{@code
 * @ModelUnderTest
 * static final LabelModel model = Dl4jClassifier.load(Path.of("models/digits.zip")).withInputRange(0, 1);
 * }</pre>
 *
 * <p>Put it on one field, or on one method without parameters, of any visibility, of the test class, a superclass or an
 * interface; the tests of a {@link org.junit.jupiter.api.Nested} class use that of the enclosing class unless they have their
 * own. The value is any {@link dev.mettle.core.model.LabelModel}. A static method is called once per test class; an instance
 * field or method of a class with the life cycle per method is read once per run of the test, so prefer static ones for
 * models that are slow to load.
 *
 * @see EvaluationData
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface ModelUnderTest {}
