package dev.mettle.core.threat;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Tolerance;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the attacker may do to an input, and wants: move it by at most {@code epsilon} in {@code norm} inside the valid input
 * range, as the constraints allow, until the model's label changes, or becomes the target.
 *
 * @param norm how the size of a perturbation is measured
 * @param epsilon the largest allowed size, in input units of the model under test (where features have a scale, in units of it);
 *     {@link #UNBOUNDED} leaves only the box
 * @param box the valid range of inputs
 * @param goal what counts as success
 * @param constraints what may be done to which feature
 * @param transformation for an attacker who is bound by a kind of transformation rather than by a norm, such as rotations: its
 *     description; else empty
 */
public record ThreatModel(
        Norm norm, double epsilon, Box box, Goal goal, Constraints constraints, String transformation) {

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
        if (norm == Norm.LINF && epsilon != UNBOUNDED && !constraints.hasScale() && epsilon > box.width()) {
            throw new ConfigurationException(tooLarge(epsilon, norm, box.width(), box));
        }
    }

    /** Create the threat model of an untargeted attacker without further constraints. */
    public ThreatModel(Norm norm, double epsilon, Box box) {
        this(norm, epsilon, box, Goal.untargeted(), Constraints.none(), "");
    }

    /**
     * Create the threat model of an attacker who transforms inputs, such as by rotation; distances are reported in L2.
     *
     * @param transformation what they may do, such as {@code rotation ±30°}
     */
    public static ThreatModel of(String transformation, Box box) {
        return new ThreatModel(Norm.L2, UNBOUNDED, box, Goal.untargeted(), Constraints.none(), transformation);
    }

    /**
     * Refuse an epsilon that exceeds what samples with this many features can differ at all, and constraints that don't fit.
     *
     * @throws ConfigurationException if epsilon is larger than the whole input range
     */
    public void requireWithin(long features) {
        box.requireFeatures(features);
        constraints.requireFeatures(features);
        double largest = largestEpsilon(features);
        if (bounded() && epsilon > largest) {
            throw new ConfigurationException(tooLarge(epsilon, norm, largest, box));
        }
    }

    /** Return the largest size that a perturbation of samples with this many features can have in the box. */
    public double largestEpsilon(long features) {
        return norm.diameter(box.inUnitsOf(constraints, (int) features).width(), features);
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

    /** Say whether a point is within epsilon of a clean sample, inside the box, and keeps the constraints; in double precision. */
    public boolean allows(double[] point, double[] clean) {
        return Tolerance.atMost(Distances.between(point, clean, constraints).in(norm), epsilon)
                && box.firstViolation(point).isEmpty()
                && constraints.allows(point, clean);
    }

    /** Return the same threat with another epsilon. */
    public ThreatModel withEpsilon(double other) {
        return new ThreatModel(norm, other, box, goal, constraints, transformation);
    }

    /** Return the same threat with another goal. */
    public ThreatModel withGoal(Goal other) {
        return new ThreatModel(norm, epsilon, box, other, constraints, transformation);
    }

    /** Return the same threat with other constraints. */
    public ThreatModel withConstraints(Constraints other) {
        return new ThreatModel(norm, epsilon, box, goal, other, transformation);
    }

    /** Return the allowed perturbations of the given clean samples, shape {@code [n, ...]}, and the way to and from them. */
    public AttackSpace space(INDArray clean) {
        return new AttackSpace(this, clean, epsilon);
    }

    /**
     * Return the same space for an attack that comes from afar: whole numbers and categories are not held within epsilon on the way to
     * the model.
     */
    public AttackSpace spaceBeyond(INDArray clean) {
        return new AttackSpace(this, clean, UNBOUNDED);
    }

    /** Return the set of allowed perturbations of the given clean samples, shape {@code [n, ...]}, in attack coordinates. */
    public PerturbationSet around(INDArray clean) {
        return space(clean).perturbations();
    }

    /**
     * Return the short form used in names and messages, such as {@code L∞ ε=8/255}, {@code L2 ε=1 towards class 3}, or
     * {@code rotation ±30°}.
     */
    public String label() {
        return label(norm, epsilon, goal, transformation);
    }

    /** Return the {@link #label()} of a threat model whose box is not known yet. */
    public static String label(Norm norm, double epsilon, Goal goal, String transformation) {
        String size = !transformation.isEmpty()
                ? transformation
                : norm.symbol() + (epsilon == UNBOUNDED ? "" : " ε=" + Epsilons.format(epsilon));
        return goal.isTargeted() ? size + " " + goal : size;
    }

    @Override
    public String toString() {
        return label() + " in " + box + (constraints.isNone() ? "" : ", " + constraints);
    }
}
