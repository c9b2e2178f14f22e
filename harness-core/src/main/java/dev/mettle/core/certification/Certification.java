package dev.mettle.core.certification;

import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * The facts of a certification: what was certified by what, and what was proved of every sample. No judgment.
 *
 * <p>Rates are fractions of <em>all</em> samples: abstentions and wrong predictions stay in the denominator.
 *
 * @param name the name of the test or certification
 * @param model the model that the certificates are about, such as a smoothed one
 * @param certifier what certified
 * @param norm the norm of the radii
 * @param radii the radii that were asked for, ascending
 * @param dataName the name of the data
 * @param dataSha256 the hash of the samples
 * @param certificates one certificate per sample, in the order of the data, at least one
 * @param notes facts that limit what the certificates show, as sentences
 * @param environment versions and the backend, for reproduction
 * @param seed the base seed
 * @param batchSize how many inputs were run at once
 * @param seconds wall-clock time
 */
public record Certification(
        String name,
        ModelInfo model,
        Certifier certifier,
        Norm norm,
        List<Double> radii,
        String dataName,
        String dataSha256,
        List<Certificate> certificates,
        List<String> notes,
        Map<String, String> environment,
        long seed,
        int batchSize,
        double seconds) {

    private static final double CONFIDENCE = 0.95;

    /** Create the record. */
    public Certification {
        radii = List.copyOf(radii);
        certificates = List.copyOf(certificates);
        notes = List.copyOf(notes);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("there is no certificate: certify at least one sample");
        }
    }

    /** Return the number of samples. */
    public int samples() {
        return certificates.size();
    }

    /** Return for how many samples the certifier named no class. */
    public int abstainedCount() {
        return (int) certificates.stream().filter(Certificate::isAbstained).count();
    }

    /** Return how many samples the model gets right; abstentions are not right. */
    public int cleanCount() {
        return certifiedCount(0);
    }

    /** Return the share of samples that the model gets right. */
    public double cleanAccuracy() {
        return certifiedAccuracy(0);
    }

    /** Return how many samples are certified, with their true class, within at least a radius. */
    public int certifiedCount(double radius) {
        return (int) certificates.stream()
                .filter(certificate -> certificate.holdsAt(radius))
                .count();
    }

    /** Return the share of all samples that are certified, with their true class, within at least a radius. */
    public double certifiedAccuracy(double radius) {
        return (double) certifiedCount(radius) / samples();
    }

    /** Return the two-sided 95 % Clopper-Pearson interval of the certified accuracy at a radius. */
    public Interval interval(double radius) {
        return ClopperPearson.interval(certifiedCount(radius), samples(), CONFIDENCE);
    }

    /**
     * Return the average certified radius: the mean over all samples, where wrong and abstained ones count as 0 (Zhai et al., MACER, ICLR
     * 2020). Infinite if a radius is.
     */
    public double averageRadius() {
        return certificates.stream()
                .mapToDouble(certificate -> certificate.isCorrect() ? certificate.radius() : 0)
                .average()
                .orElseThrow();
    }

    /** Return the mean number of forward passes per sample. */
    public double forwardPerSample() {
        return certificates.stream().mapToLong(Certificate::forwards).average().orElseThrow();
    }

    /** Return how many false certificates are to be expected at most: 0 for proofs, else alpha times the number of samples. */
    public double mostFalseExpected() {
        return certifier.alpha() * samples();
    }

    /** Return certified accuracy against all radii that were asked for, and all finite ones at which it falls. */
    public CertifiedCurve curve() {
        DoubleStream own = certificates.stream()
                .filter(Certificate::isCorrect)
                .mapToDouble(Certificate::radius)
                .filter(Double::isFinite);
        List<CertifiedCurve.Point> points = new ArrayList<>();
        DoubleStream.concat(
                        DoubleStream.concat(DoubleStream.of(0), own),
                        radii.stream().mapToDouble(Double::doubleValue))
                .distinct()
                .sorted()
                .forEach(radius -> points.add(new CertifiedCurve.Point(radius, certifiedCount(radius))));
        return new CertifiedCurve(certifier.label(), norm, samples(), points);
    }
}
