package dev.mettle.core.certification;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.DataCheck;
import dev.mettle.core.evaluation.EvaluationPlan;
import dev.mettle.core.evaluation.Evaluator;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Everything that determines a certification and its verdict.
 *
 * @param name the name of the test or certification, for reports
 * @param model the model, which the certifier may turn into another
 * @param data the samples to certify
 * @param certifier what certifies
 * @param norm the norm of the radii
 * @param radius the radius to judge, in input units of the model
 * @param radii further radii to certify, for the curve
 * @param attacks attacks to compare the certificates with, at the radius to judge; may be empty
 * @param policy how facts become a verdict
 * @param seed the base seed of all random draws
 * @param batchSize how many inputs to run at once; results don't depend on it
 */
public record CertificationPlan(
        String name,
        LabelModel model,
        LabeledData data,
        Certifier certifier,
        Norm norm,
        double radius,
        List<Double> radii,
        List<Attack> attacks,
        CertificationPolicy policy,
        long seed,
        int batchSize) {

    /**
     * Create the plan.
     *
     * @throws ConfigurationException if a radius is no size, the certifier doesn't certify in the norm or can't reach a radius, there
     *     are too few samples for what is required, or the batch size is not positive
     */
    public CertificationPlan {
        List<Double> all = Stream.concat(radii.stream(), Stream.of(radius))
                .distinct()
                .sorted()
                .toList();
        for (double each : all) {
            if (!(each > 0 && each < Double.POSITIVE_INFINITY)) {
                throw new ConfigurationException("a certified radius is " + (Double.isNaN(each) ? "missing" : each)
                        + ": give a finite size above 0, in input units of the model, such as 0.5");
            }
        }
        radii = all;
        attacks = List.copyOf(attacks);
        if (!certifier.norms().contains(norm)) {
            throw new ConfigurationException(certifier.name() + " certifies in "
                    + String.join(
                            ", ",
                            certifier.norms().stream()
                                    .sorted()
                                    .map(Norm::symbol)
                                    .toList())
                    + ", not in " + norm.symbol() + ": change the norm, or take another certifier");
        }
        if (batchSize < 1) {
            throw new ConfigurationException("the batch size is " + batchSize + ": give at least 1");
        }
        certifier.requireCertifiable(model, norm, radii);
        policy.requireDecidable(data.size());
    }

    /** Certify, attack if there are attacks, and judge. */
    public CertificationReport run(CertificationContext.Heartbeat heartbeat) {
        Backend.require();
        LabeledData fitted = DataCheck.fit(data, model.info());
        LabelModel subject = certifier.subject(model, seed);
        Certification certification = certify(fitted, subject, heartbeat);
        if (attacks.isEmpty()) {
            return CertificationReport.of(certification, radius, policy);
        }
        Evaluator evaluator = new Evaluator(attackPlan(subject, fitted));
        return CertificationReport.of(
                Sandwich.compare(
                        certification, evaluator.worstCase(evaluator.evaluate().onlyThreatModel())),
                policy);
    }

    private EvaluationPlan attackPlan(LabelModel subject, LabeledData fitted) {
        List<PlannedAttack> planned = attacks.stream()
                .map(attack -> {
                    if (!attack.transformation().isEmpty()) {
                        throw new ConfigurationException(attack.name()
                                + " is bound by its own parameters, not by a norm, so certificates can't be compared with"
                                + " it: leave it out");
                    }
                    return new PlannedAttack(attack, norm, List.of(radius));
                })
                .toList();
        // that attacks fail shows nothing here, so there is nothing to doubt; what they break counts
        return new EvaluationPlan(
                name,
                subject,
                fitted,
                planned,
                VerdictPolicy.measureOnly(),
                seed,
                batchSize,
                Goal.untargeted(),
                Constraints.none(),
                TrustPolicy.OFF);
    }

    private Certification certify(LabeledData fitted, LabelModel subject, CertificationContext.Heartbeat heartbeat) {
        long begun = System.nanoTime();
        List<Certificate> certificates = List.copyOf(
                certifier.certify(new CertificationContext(model, fitted, norm, radii, seed, batchSize, heartbeat)));
        double seconds = (System.nanoTime() - begun) / 1e9;
        requireAbout(fitted, certificates);
        if (certifier.alpha() == 0) {
            requireSamePredictions(fitted, subject, certificates);
        }
        List<String> notes = new ArrayList<>(subject.info().warnings());
        notes.addAll(certifier.notes(model));
        notes.addAll(DataCheck.notes(fitted, model.info()));
        return new Certification(
                name,
                subject.info(),
                certifier,
                norm,
                radii,
                fitted.name(),
                fitted.sha256(),
                certificates,
                notes.stream().distinct().toList(),
                Backend.describe(),
                seed,
                batchSize,
                seconds);
    }

    private void requireAbout(LabeledData fitted, List<Certificate> certificates) {
        boolean same = certificates.size() == fitted.size();
        for (int i = 0; same && i < fitted.size(); i++) {
            Certificate each = certificates.get(i);
            same = each.id() == fitted.id(i) && each.label() == fitted.label(i);
        }
        if (!same) {
            throw new IllegalStateException(
                    certifier.name() + " did not give one certificate per sample, in the order of the data");
        }
    }

    /** A proof about another function than the model is none: the model itself has the last word on what it predicts. */
    private void requireSamePredictions(LabeledData fitted, LabelModel subject, List<Certificate> certificates) {
        for (int from = 0; from < fitted.size(); from += batchSize) {
            int to = Math.min(from + batchSize, fitted.size());
            int[] predicted = subject.predict(
                    Rows.select(fitted.inputs(), IntStream.range(from, to).toArray()));
            for (int i = from; i < to; i++) {
                Certificate each = certificates.get(i);
                if (each.radius() > 0 && each.predicted().orElseThrow() != predicted[i - from]) {
                    throw new IllegalStateException(certifier.name() + " certified class "
                            + each.predicted().getAsInt() + " of sample #" + each.id() + " within "
                            + Epsilons.format(each.radius()) + ", but the model takes it for class "
                            + predicted[i - from]
                            + ": the certifier computes another function than the model, which is a bug");
                }
            }
        }
    }
}
