package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationPolicy;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.threat.Epsilons;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/** Assertions on a {@link Certification}; see {@link RobustnessAssertions}. */
@API(status = EXPERIMENTAL, since = "0.1")
public final class CertificationAssert extends AbstractRobustnessAssert<CertificationAssert, Certification> {

    CertificationAssert(@Nullable Certification actual) {
        super(actual, CertificationAssert.class);
    }

    /**
     * Verify that certified accuracy at a radius is <em>shown</em> to be at least {@code fraction}, with 95 % confidence: the same
     * verdict, with the same three endings, as {@link CertifiedRobustnessTest#minCertifiedAccuracy} reaches.
     *
     * <pre>{@code
     * // 75 of 100 samples are certified within 0.5: the 95 % bounds of certified accuracy are 66.9 % and 81.9 %
     * assertThat(certification).hasCertifiedAccuracyOfAtLeast(0.60, 0.5); // succeeds
     * assertThat(certification).hasCertifiedAccuracyOfAtLeast(0.70, 0.5); // aborts the test
     * assertThat(certification).hasCertifiedAccuracyOfAtLeast(0.90, 0.5); // fails
     * }</pre>
     *
     * @param fraction above 0 and up to 1
     * @param radius in input units of the model; one that was asked for, where the certifier decides single radii only
     * @throws RobustnessAssertionError if certified accuracy is shown to be lower
     * @throws org.opentest4j.TestAbortedException if there are too few samples to say either
     * @throws ConfigurationException if {@code fraction} is none, so few samples can never show it, or the radius was not decided
     */
    public CertificationAssert hasCertifiedAccuracyOfAtLeast(double fraction, double radius) {
        requireFraction("certified accuracy", fraction);
        isNotNull();
        requireDecided(radius);
        CertificationPolicy policy = CertificationPolicy.atLeast(fraction);
        policy.requireDecidable(actual.samples());
        CertifiedExpectation.require(
                CertificationReport.of(actual, radius, policy), OnInconclusive.ABORT, seed(), this::worded);
        return this;
    }

    /**
     * Verify that the share of these very samples that are certified at a radius is at least {@code fraction}, without a confidence bound.
     *
     * @param fraction above 0 and up to 1
     * @param radius as in {@link #hasCertifiedAccuracyOfAtLeast}
     * @throws RobustnessAssertionError if it is lower
     * @throws ConfigurationException if {@code fraction} is none, or the radius was not decided
     */
    public CertificationAssert hasObservedCertifiedAccuracyOfAtLeast(double fraction, double radius) {
        requireFraction("certified accuracy", fraction);
        isNotNull();
        requireDecided(radius);
        if (actual.certifiedAccuracy(radius) < fraction) {
            throw tooLow(
                    CertificationText.sentence(
                            CertificationReport.of(actual, radius, CertificationPolicy.measureOnly())),
                    actual.certifiedAccuracy(radius),
                    fraction);
        }
        return this;
    }

    /**
     * Verify that the share of samples that the certified model gets right is at least {@code fraction}; abstentions are not right.
     *
     * @param fraction above 0 and up to 1
     * @throws RobustnessAssertionError if it is lower
     * @throws ConfigurationException if {@code fraction} is none
     */
    public CertificationAssert hasCleanAccuracyOfAtLeast(double fraction) {
        requireFraction("clean accuracy", fraction);
        isNotNull();
        if (actual.cleanAccuracy() < fraction) {
            throw tooLow(
                    "clean accuracy " + ReportText.percent(actual.cleanAccuracy()) + " of "
                            + actual.model().name(),
                    actual.cleanAccuracy(),
                    fraction);
        }
        return this;
    }

    /**
     * Verify that the average certified radius, over all samples, where wrong and abstained ones count as 0, is at least {@code radius}.
     *
     * @param radius in input units of the model
     * @throws RobustnessAssertionError if it is smaller
     * @throws ConfigurationException if {@code radius} is no size
     */
    public CertificationAssert hasAverageRadiusOfAtLeast(double radius) {
        requireSize("the required average radius", radius);
        isNotNull();
        if (actual.averageRadius() < radius) {
            String measured = Epsilons.format(actual.averageRadius());
            throw error(
                    complete("the average certified " + actual.norm().symbol() + " radius " + measured
                            + " is below the required " + Epsilons.format(radius)),
                    ">= " + Epsilons.format(radius),
                    measured);
        }
        return this;
    }

    private RobustnessAssertionError tooLow(String measured, double rate, double required) {
        return error(
                complete(measured + " is below the required " + ReportText.percent(required)),
                ">= " + ReportText.percent(required),
                ReportText.percent(rate));
    }

    private void requireDecided(double radius) {
        requireSize("the radius", radius);
        if (radius > 0
                && !actual.certifier().findsLargestRadius()
                && !actual.radii().contains(radius)) {
            throw new ConfigurationException(actual.certifier().name() + " decided the radii "
                    + actual.radii().stream().map(Epsilons::format).toList() + ", not " + Epsilons.format(radius)
                    + ": certify it too");
        }
    }

    private String complete(String sentence) {
        CertificationReport measured = CertificationReport.of(
                actual, actual.radii().get(actual.radii().size() - 1), CertificationPolicy.measureOnly());
        return FailureText.of(sentence, CertificationText.details(measured), seed());
    }

    private String seed() {
        return FailureText.seed(actual.seed());
    }
}
