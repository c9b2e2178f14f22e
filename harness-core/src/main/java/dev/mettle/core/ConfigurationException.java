package dev.mettle.core;

import org.jspecify.annotations.Nullable;

/**
 * Reports that a robustness evaluation was set up wrongly: bad data, an impossible threat model, a missing model.
 *
 * <p>Thrown before any long work starts. The message names the offending value and how to mend it. It says nothing about
 * the robustness of a model, so it is never an {@link AssertionError}.
 */
public final class ConfigurationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Create the exception with a message that names the offending value and the mend. */
    public ConfigurationException(String message) {
        super(message);
    }

    /** Create the exception with a message that names the offending value and the mend, and its cause. */
    public ConfigurationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
