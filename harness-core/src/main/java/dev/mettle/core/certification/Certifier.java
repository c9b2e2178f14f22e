package dev.mettle.core.certification;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A way to prove that no perturbation within a radius changes the class of a sample: immutable parameters and the algorithm of a paper.
 *
 * <p>There are two kinds. A deterministic certifier, such as bound propagation, proves; its {@link #alpha} is 0. A statistical one,
 * such as randomized smoothing, is wrong about a sample with a probability of at most {@link #alpha}, over its own random draws.
 * Reports state that level beside the confidence of the verdict, for they are about different chances.
 *
 * <p>A certifier may be incomplete: that it proves nothing of a sample doesn't mean that there is an adversarial example.
 *
 * <p>Implementations are records whose components are the parameters. They hold no state: the same certifier can run twice, on several
 * models, with equal results for equal seeds, whatever the batch size and the order of the samples.
 */
public interface Certifier {

    /** Return the short name of the literature, such as {@code CROWN}. */
    String name();

    /** Return the name with what tells it from others in one report. */
    default String label() {
        return name();
    }

    /** Return all parameters by name, in a stable order, for reports. */
    Map<String, String> parameters();

    /** Return the norms in which it certifies. */
    Set<Norm> norms();

    /** Return the largest probability, per sample, that a certificate is false: 0 for a proof, else below 0.5. */
    default double alpha() {
        return 0;
    }

    /**
     * Say whether the radius of a certificate is the largest that the certifier can prove, so that every other radius is decided with it;
     * else only the radii that were asked for are.
     */
    default boolean findsLargestRadius() {
        return false;
    }

    /**
     * Refuse what can never be certified, before any work: a model of the wrong kind, a radius out of reach.
     *
     * @param model the model as the user gave it
     * @param norm one of {@link #norms}
     * @param radii the radii to decide, in input units of the model, ascending
     * @throws ConfigurationException naming what doesn't fit and the mend
     */
    default void requireCertifiable(LabelModel model, Norm norm, List<Double> radii) {}

    /**
     * Return the model that the certificates are about: the given one, unless the certifier makes another of it, such as its smoothed
     * version. It is this one that has to be used, and that attacks have to be compared with.
     *
     * @param seed the base seed of the certification
     */
    default LabelModel subject(LabelModel model, long seed) {
        return model;
    }

    /** Return facts that limit what certificates of this model show, as sentences. */
    default List<String> notes(LabelModel model) {
        return List.of();
    }

    /**
     * Certify all samples.
     *
     * <p>The radius of a certificate is the largest that is proved: of all, if the certifier {@link #findsLargestRadius}, else of
     * {@link CertificationContext#radii}; 0 if none is.
     *
     * @return one certificate per sample, in the order of the data
     */
    List<Certificate> certify(CertificationContext context);
}
