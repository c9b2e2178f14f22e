package dev.mettle.core.certification;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.EvaluationListeners;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Decision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certifies the robustness of a model in one sentence, without JUnit:
 *
 * <pre>{@code
 * CertificationReport report = RobustnessCertification.of(model, digits)
 *         .certifier(new RandomizedSmoothing(0.25))
 *         .norm(Norm.L2)
 *         .radius(0.5)
 *         .minCertifiedAccuracy(0.60)
 *         .run();
 * }</pre>
 */
public final class RobustnessCertification {

    private static final Logger LOG = LoggerFactory.getLogger(RobustnessCertification.class);

    private final LabelModel model;
    private LabeledData data;
    private String name = "robustness certification";
    private @Nullable Certifier certifier;
    private @Nullable Norm norm;
    private double radius = Double.NaN;
    private List<Double> radii = List.of();
    private final List<Attack> attacks = new ArrayList<>();
    private CertificationPolicy policy = CertificationPolicy.measureOnly();
    private long seed = RobustnessEvaluation.DEFAULT_SEED;
    private int batchSize = RobustnessEvaluation.DEFAULT_BATCH_SIZE;

    private RobustnessCertification(LabelModel model, LabeledData data) {
        this.model = model;
        this.data = data;
    }

    /** Start to describe a certification. */
    public static RobustnessCertification of(LabelModel model, LabeledData data) {
        return new RobustnessCertification(model, data);
    }

    /** Name the certification in reports. */
    public RobustnessCertification name(String newName) {
        this.name = newName;
        return this;
    }

    /** Set what certifies. */
    public RobustnessCertification certifier(Certifier newCertifier) {
        this.certifier = newCertifier;
        return this;
    }

    /** Set the norm of the radii; that of the certifier, if it has only one. */
    public RobustnessCertification norm(Norm newNorm) {
        this.norm = newNorm;
        return this;
    }

    /** Set the radius to judge, in input units of the model. */
    public RobustnessCertification radius(double newRadius) {
        this.radius = newRadius;
        return this;
    }

    /** Set further radii to certify, for the curve. */
    public RobustnessCertification radii(double... more) {
        this.radii = Arrays.stream(more).boxed().toList();
        return this;
    }

    /** Require a certified accuracy at the radius: a fraction of all samples. */
    public RobustnessCertification minCertifiedAccuracy(double fraction) {
        return policy(policy.withMinCertifiedAccuracy(fraction));
    }

    /** Take the samples for a choice from others, or for all there are; for a choice, unless set. */
    public RobustnessCertification decision(Decision decision) {
        return policy(policy.withDecision(decision));
    }

    /** Set how facts become a verdict. */
    public RobustnessCertification policy(CertificationPolicy newPolicy) {
        this.policy = newPolicy;
        return this;
    }

    /** Add attacks to compare the certificates with, at the radius to judge, on the model that they are about. */
    public RobustnessCertification attack(Attack... more) {
        attacks.addAll(Arrays.asList(more));
        return this;
    }

    /** Use only the first {@code count} samples. */
    public RobustnessCertification samples(int count) {
        if (count < 1) {
            throw new ConfigurationException("the number of samples is " + count + ": give at least 1");
        }
        this.data = data.first(count);
        return this;
    }

    /** Set the base seed of all random draws. */
    public RobustnessCertification seed(long newSeed) {
        this.seed = newSeed;
        return this;
    }

    /** Set how many inputs are run at once. Results don't depend on it; memory and speed do. */
    public RobustnessCertification batchSize(int size) {
        this.batchSize = size;
        return this;
    }

    /**
     * Return the plan.
     *
     * @throws ConfigurationException if the certifier or the norm is missing, or something doesn't fit
     */
    public CertificationPlan plan() {
        Certifier chosen = certifier;
        if (chosen == null) {
            throw new ConfigurationException(
                    "there is nothing to certify with: set a certifier, such as RandomizedSmoothing");
        }
        Norm chosenNorm = norm;
        if (chosenNorm == null) {
            if (chosen.norms().size() > 1) {
                throw new ConfigurationException("the norm for " + chosen.name() + " is missing: set one of "
                        + chosen.norms().stream().sorted().map(Norm::symbol).toList());
            }
            chosenNorm = chosen.norms().iterator().next();
        }
        return new CertificationPlan(
                name, model, data, chosen, chosenNorm, radius, radii, attacks, policy, seed, batchSize);
    }

    /** Certify, attack if there are attacks, judge, and tell the listeners. */
    public CertificationReport run() {
        CertificationPlan plan = plan();
        Backend.introduce(LOG::info, LOG::warn);
        CertificationReport report = plan.run((done, total) -> {});
        certified(report, "");
        return report;
    }

    /** Tell all listeners that a report is complete; see {@link CertificationListener#certified}. */
    public static void certified(CertificationReport report, String reproduce) {
        EvaluationListeners.notifyAll(CertificationListener.class, listener -> listener.certified(report, reproduce));
    }
}
