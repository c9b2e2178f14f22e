package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;

/**
 * Mark the labeled data that the {@link RobustnessTest}s of a class evaluate the model on.
 *
 * <pre>{@code
 * @EvaluationData
 * static final LabeledData digits = LabeledData.fromClasspath("digits-test.npz");
 * }</pre>
 *
 * <p>Put it on one field or one method without parameters, by the same rules as {@link ModelUnderTest}. The value is a
 * {@link dev.mettle.core.data.LabeledData}.
 */
@API(status = EXPERIMENTAL, since = "0.1")
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface EvaluationData {}
