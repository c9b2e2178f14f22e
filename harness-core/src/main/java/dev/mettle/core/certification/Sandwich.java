package dev.mettle.core.certification;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Epsilons;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Certificates and attacks on the same model and samples: certified accuracy ≤ robust accuracy ≤ accuracy under attack.
 *
 * <p>What certificates leave open and attacks didn't break is the gap in which the true robust accuracy of these samples lies. An
 * adversarial example inside a certified radius is a contradiction: a bug, or, with a statistical certifier, a rare chance.
 *
 * @param certification the certificates
 * @param report what the attacks did, each on the model that the certificates are about
 * @param contradictions what doesn't go together, in the order of the data; empty as it should be
 */
public record Sandwich(Certification certification, RobustnessReport report, List<Contradiction> contradictions) {

    /** Create the record. */
    public Sandwich {
        contradictions = List.copyOf(contradictions);
    }

    /**
     * Put certificates and attacks together, and check sample by sample that they don't contradict each other.
     *
     * @throws ConfigurationException if they are about different models, samples or norms
     * @throws ContradictedCertificateException if an attack found another class inside a certified radius
     */
    public static Sandwich of(Certification certification, RobustnessReport report) {
        Sandwich sandwich = compare(certification, report);
        if (sandwich.isContradicted()) {
            throw new ContradictedCertificateException(CertificationText.contradiction(sandwich));
        }
        return sandwich;
    }

    /**
     * Put certificates and attacks together, and keep what contradicts.
     *
     * @throws ConfigurationException if they are about different models, samples or norms
     */
    public static Sandwich compare(Certification certification, RobustnessReport report) {
        requireSame(certification, report);
        return new Sandwich(certification, report, contradictions(certification, report));
    }

    private static void requireSame(Certification certification, RobustnessReport report) {
        Evaluation evaluation = report.evaluation();
        if (!certification.model().sha256().equals(evaluation.model().sha256())) {
            throw new ConfigurationException(
                    "the certificates are about " + certification.model().name() + ", but the attacks were run on "
                            + evaluation.model().name() + ": attack the very model that was certified");
        }
        if (certification.norm() != report.threatModel().norm()) {
            throw new ConfigurationException("the certificates are in "
                    + certification.norm().symbol() + ", but the attacks in "
                    + report.threatModel().norm().symbol() + ": give both the same norm");
        }
        if (!report.threatModel().bounded()) {
            throw new ConfigurationException(
                    "the attacks have no epsilon to compare certificates at: attack within one");
        }
        LabeledData data = evaluation.data();
        boolean same = certification.dataSha256().equals(evaluation.dataSha256());
        for (int i = 0; same && i < data.size(); i++) {
            same = certification.certificates().get(i).id() == data.id(i);
        }
        if (!same) {
            throw new ConfigurationException("the certificates are about other samples (" + certification.dataName()
                    + ", " + certification.samples() + ") than the attacks (" + data.name() + ", " + data.size()
                    + "): give both the same data");
        }
    }

    private static List<Contradiction> contradictions(Certification certification, RobustnessReport report) {
        List<Contradiction> found = new ArrayList<>();
        Evaluation evaluation = report.evaluation();
        for (int i = 0; i < certification.samples(); i++) {
            Certificate certificate = certification.certificates().get(i);
            if (certificate.radius() == 0) {
                continue;
            }
            int certified = certificate.predicted().orElseThrow();
            int clean = evaluation.cleanPredictions().get(i);
            // what a smoothed model says of a clean sample is a vote, which may go wrong where it is close
            boolean sure = certification.certifier().alpha() == 0
                    || certificate.radius() >= report.threatModel().epsilon();
            if (clean != certified && sure) {
                found.add(new Contradiction(certificate.id(), certified, certificate.radius(), clean, 0, ""));
                continue;
            }
            for (AttackResult result : report.results()) {
                SampleOutcome outcome = result.outcomes().get(i);
                INDArray adversarial = outcome.adversarial();
                if (outcome.status() != SampleStatus.BROKEN
                        || adversarial == null
                        || outcome.adversarialLabel() == certified) {
                    continue;
                }
                // measured anew: constraints may have measured it in units of their own
                double distance = certification.norm()
                        .distances(adversarial, Rows.slice(evaluation.data().inputs(), i, i + 1))[0];
                if (distance < certificate.radius()) {
                    found.add(new Contradiction(
                            certificate.id(),
                            certified,
                            certificate.radius(),
                            outcome.adversarialLabel(),
                            distance,
                            result.attack().label()));
                    break;
                }
            }
        }
        return found;
    }

    /** Return the radius at which both are compared: the epsilon of the attacks. */
    public double radius() {
        return report.threatModel().epsilon();
    }

    /** Say whether an attack found what a certificate rules out. */
    public boolean isContradicted() {
        return !contradictions.isEmpty();
    }

    /** Return how many samples are certified at the radius: no fewer are robust. */
    public int certifiedCount() {
        return certification.certifiedCount(radius());
    }

    /** Return how many samples the model gets right and no attack broke: no more are robust. */
    public int unbrokenCount() {
        return (int) report.outcomes().stream()
                .filter(outcome ->
                        outcome.status() != SampleStatus.CLEAN_WRONG && outcome.status() != SampleStatus.BROKEN)
                .count();
    }

    /** Return the share of samples that are certified. */
    public double certifiedAccuracy() {
        return (double) certifiedCount() / certification.samples();
    }

    /** Return the share of samples that the model gets right and no attack broke. */
    public double empiricalAccuracy() {
        return (double) unbrokenCount() / certification.samples();
    }

    @Override
    public String toString() {
        return "certified " + certifiedCount() + " ≤ robust ≤ " + unbrokenCount() + " of " + certification.samples()
                + " at " + certification.norm().symbol() + " " + Epsilons.format(radius());
    }
}
