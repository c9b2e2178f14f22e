package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import org.apiguardian.api.API;

/**
 * Reports that an evaluation can't be trusted to show robustness, for example because the input gradients of the model are
 * wrong or all zero.
 *
 * <p>It says nothing about the model, so it is no {@link AssertionError}: the test shows as an error, neither as failed nor as
 * passed nor as skipped.
 *
 * <pre>{@code
 * robust accuracy 80.0% under PGD-40 (L∞, ε = 8/255) can't be trusted: input gradients differ from finite differences …
 * }</pre>
 */
@API(status = EXPERIMENTAL, since = "0.1")
public final class UntrustedEvaluationException extends RuntimeException {

    /** Create the exception with a message whose first line is complete in itself. */
    public UntrustedEvaluationException(String message) {
        super(message);
    }
}
