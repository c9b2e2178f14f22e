package dev.mettle.core.certification;

import dev.mettle.core.verdict.Evidence;
import dev.mettle.core.verdict.Interval;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Tally;
import dev.mettle.core.verdict.Verdict;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The facts of a certification and the verdict at one radius.
 *
 * <p>PASS only if the one-sided lower Clopper-Pearson bound of certified accuracy reaches what is required, FAIL if the upper bound is
 * below it, INCONCLUSIVE in between, MEASURED if nothing is required; UNTRUSTED if an attack found what a certificate rules out. A FAIL
 * says that so much can't be shown with this certifier; it is no proof of an adversarial example.
 */
public final class CertificationReport {

    private final Certification certification;
    private final double radius;
    private final CertificationPolicy policy;
    private final Optional<Sandwich> sandwich;
    private final Verdict verdict;

    private CertificationReport(
            Certification certification, double radius, CertificationPolicy policy, Optional<Sandwich> sandwich) {
        this.certification = certification;
        this.radius = radius;
        this.policy = policy;
        this.sandwich = sandwich;
        Tally tally = Tally.of(certification.samples(), certification.certifiedCount(radius), 0);
        this.verdict = Verdict.decide(Evidence.of(tally), List.of(), policy.counting());
    }

    /** Report on certificates alone. */
    public static CertificationReport of(Certification certification, double radius, CertificationPolicy policy) {
        return new CertificationReport(certification, radius, policy, Optional.empty());
    }

    /** Report on certificates, with attacks on the same model and samples. */
    public static CertificationReport of(Sandwich sandwich, CertificationPolicy policy) {
        return new CertificationReport(sandwich.certification(), sandwich.radius(), policy, Optional.of(sandwich));
    }

    /** Return the facts. */
    public Certification certification() {
        return certification;
    }

    /** Return the radius that was judged, in input units of the model. */
    public double radius() {
        return radius;
    }

    /** Return how the verdict was reached. */
    public CertificationPolicy policy() {
        return policy;
    }

    /** Return certificates and attacks put together, if there were attacks. */
    public Optional<Sandwich> sandwich() {
        return sandwich;
    }

    /** Return the verdict. */
    public Outcome outcome() {
        return sandwich.map(Sandwich::isContradicted).orElse(false) ? Outcome.UNTRUSTED : verdict.outcome();
    }

    /** Return how many of all samples are certified, with their true class, at the radius. */
    public int certifiedCount() {
        return certification.certifiedCount(radius);
    }

    /** Return the share of all samples that are certified, with their true class, at the radius. */
    public double certifiedAccuracy() {
        return certification.certifiedAccuracy(radius);
    }

    /** Return the two-sided 95 % Clopper-Pearson interval of the certified accuracy. */
    public Interval certifiedInterval() {
        return certification.interval(radius);
    }

    /** Return the one-sided lower bound of the certified accuracy, at the confidence of the policy. */
    public double lowerBound() {
        return verdict.lowerBound();
    }

    /** Return the one-sided upper bound of the certified accuracy, at the confidence of the policy. */
    public double upperBound() {
        return verdict.upperBound();
    }

    /**
     * Return what is shown of robust accuracy itself: the lower bound, less {@link Certifier#alpha}.
     *
     * <p>A sample is certified falsely with a probability of at most alpha, so of all inputs that the certifier certifies at most that
     * share is not robust: {@code P(robust) ≥ P(certified) − α}.
     */
    public double robustLowerBound() {
        return Math.max(0, verdict.lowerBound() - certification.certifier().alpha());
    }

    /** Return how many samples would decide if the observed rate held; only where inconclusive. */
    public OptionalInt samplesNeeded() {
        return verdict.samplesNeeded();
    }

    @Override
    public String toString() {
        return CertificationText.sentence(this);
    }
}
