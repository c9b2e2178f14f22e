package dev.mettle.core.certification;

/**
 * Reports that an attack found what a certificate rules out.
 *
 * <p>It says nothing about the robustness of a model: certifier and attack disagree about what the model does, so one of them is wrong.
 * So it is no {@link AssertionError}.
 */
public final class ContradictedCertificateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Create the exception with a message whose first line is complete in itself. */
    public ContradictedCertificateException(String message) {
        super(message);
    }
}
