package dev.mettle.core.threat;

import dev.mettle.core.ConfigurationException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the attacker may do to an input, untargeted: move it by at most {@code epsilon} in {@code norm} inside the valid
 * input range, until the model's label changes.
 *
 * @param norm how the size of a perturbation is measured
 * @param epsilon the largest allowed size, in input units of the model under test; {@link #UNBOUNDED} leaves only the box
 * @param box the valid range of inputs
 */
public record ThreatModel(Norm norm, double epsilon, Box box) {

    /** The epsilon of an attacker who may use the whole input range, as minimum-norm attacks do. */
    public static final double UNBOUNDED = Double.POSITIVE_INFINITY;

    /**
     * Create a threat model.
     *
     * @throws ConfigurationException if epsilon is negative, NaN, or larger than the input range
     */
    public ThreatModel {
        if (Double.isNaN(epsilon) || epsilon < 0) {
            throw new ConfigurationException(
                    "epsilon is " + epsilon + ": give a number of at least 0, in input units of the model");
        }
        if (norm == Norm.LINF && epsilon != UNBOUNDED && epsilon > box.width()) {
            throw new ConfigurationException(tooLarge(epsilon, norm, box.width(), box));
        }
    }

    /**
     * Refuse an epsilon that exceeds what samples with this many features can differ at all.
     *
     * @throws ConfigurationException if epsilon is larger than the whole input range
     */
    public void requireWithin(long features) {
        box.requireFeatures(features);
        double largest = norm.diameter(box.width(), features);
        if (bounded() && epsilon > largest) {
            throw new ConfigurationException(tooLarge(epsilon, norm, largest, box));
        }
    }

    private static String tooLarge(double epsilon, Norm norm, double largest, Box box) {
        String hint = box.width() <= 2 && epsilon >= 1 && epsilon <= 255 && norm == Norm.LINF
                ? ", for example " + Epsilons.format(Math.rint(epsilon) / 255)
                : "";
        return "epsilon " + Epsilons.format(epsilon) + " is larger than the whole input range " + box + " ("
                + norm.symbol() + " at most " + Epsilons.format(largest) + "): give it in input units of the model"
                + hint;
    }

    /** Say whether epsilon is finite. */
    public boolean bounded() {
        return epsilon != UNBOUNDED;
    }

    /** Return the same threat with another epsilon. */
    public ThreatModel withEpsilon(double other) {
        return new ThreatModel(norm, other, box);
    }

    /** Return the set of allowed perturbations of the given clean samples, shape {@code [n, ...]}. */
    public PerturbationSet around(INDArray clean) {
        return norm.ball(epsilon, box, clean);
    }

    /** Return the short form used in names and messages, such as {@code L∞ ε=8/255}. */
    public String label() {
        return bounded() ? norm.symbol() + " ε=" + Epsilons.format(epsilon) : norm.symbol();
    }

    @Override
    public String toString() {
        return label() + " in " + box;
    }
}
