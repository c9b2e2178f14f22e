package dev.mettle.core.certification;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.OptionalDouble;

/**
 * How certificates become a verdict.
 *
 * @param minCertifiedAccuracy the certified accuracy that is required at the radius, a fraction in (0, 1]; empty to measure only
 * @param confidence the confidence of the one-sided bounds, in [0.5, 1), 0.95 by default
 * @param decision {@link Decision#FIXED} where the samples stand for others, {@link Decision#POPULATION} where they are all there are
 */
public record CertificationPolicy(OptionalDouble minCertifiedAccuracy, double confidence, Decision decision) {

    /**
     * Create the policy.
     *
     * @throws ConfigurationException if the accuracy or the confidence is no fraction, or the decision is one that stops early
     */
    public CertificationPolicy {
        minCertifiedAccuracy.ifPresent(
                required -> VerdictPolicy.requireFraction("the required certified accuracy", required));
        VerdictPolicy.measureOnly().withConfidence(confidence);
        if (decision != Decision.FIXED && decision != Decision.POPULATION) {
            throw new ConfigurationException("decision = " + decision
                    + " can't judge certificates, for all samples are certified at once: use FIXED or POPULATION");
        }
    }

    /** Measure only. */
    public static CertificationPolicy measureOnly() {
        return new CertificationPolicy(OptionalDouble.empty(), VerdictPolicy.DEFAULT_CONFIDENCE, Decision.FIXED);
    }

    /** Require a certified accuracy, with 95 % confidence. */
    public static CertificationPolicy atLeast(double certifiedAccuracy) {
        return measureOnly().withMinCertifiedAccuracy(certifiedAccuracy);
    }

    /** Return the same policy with a required certified accuracy. */
    public CertificationPolicy withMinCertifiedAccuracy(double required) {
        return new CertificationPolicy(OptionalDouble.of(required), confidence, decision);
    }

    /** Return the same policy at another confidence. */
    public CertificationPolicy withConfidence(double other) {
        return new CertificationPolicy(minCertifiedAccuracy, other, decision);
    }

    /** Return the same policy with other bounds. */
    public CertificationPolicy withDecision(Decision other) {
        return new CertificationPolicy(minCertifiedAccuracy, confidence, other);
    }

    /**
     * Refuse a threshold that so few samples could never show, even if all of them were certified.
     *
     * @throws ConfigurationException if {@code samples} samples can never pass
     */
    public void requireDecidable(int samples) {
        minCertifiedAccuracy.ifPresent(required ->
                counting().requireDecidable(samples, required, "a certified accuracy", "all were certified"));
    }

    /** Certificates are counted and judged as robust samples are; what they mean, only their own texts say. */
    VerdictPolicy counting() {
        VerdictPolicy policy =
                VerdictPolicy.measureOnly().withConfidence(confidence).withDecision(decision);
        return minCertifiedAccuracy.isPresent()
                ? policy.withMinRobustAccuracy(minCertifiedAccuracy.getAsDouble())
                : policy;
    }
}
