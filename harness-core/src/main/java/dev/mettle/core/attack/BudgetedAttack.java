package dev.mettle.core.attack;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;

/**
 * An attack with the norm and the epsilon it is to be run with.
 *
 * @param attack the attack
 * @param norm the norm of the perturbation
 * @param epsilon its largest size, in input units of the model under test; infinite for a minimum-norm attack without bound
 */
public record BudgetedAttack(Attack attack, Norm norm, double epsilon) {

    /**
     * Create the pair.
     *
     * @throws ConfigurationException if the attack is not defined for the norm, or epsilon is negative, NaN or needlessly
     *     infinite
     */
    public BudgetedAttack {
        if (!attack.norms().contains(norm)) {
            throw new ConfigurationException(
                    attack.name() + " is not defined for the norm " + norm.symbol() + ": use one of "
                            + attack.norms().stream().sorted().map(Norm::symbol).toList());
        }
        if (Double.isNaN(epsilon) || epsilon < 0) {
            throw new ConfigurationException(
                    "epsilon is " + epsilon + ": give a number of at least 0, in input units of the model");
        }
        if (!Double.isInfinite(epsilon) && !attack.transformation().isEmpty()) {
            throw new ConfigurationException(
                    attack.name() + " takes no epsilon, but was given " + Epsilons.format(epsilon)
                            + ": its parameters say what it may do (" + attack.transformation() + ")");
        }
        if (Double.isInfinite(epsilon)
                && !attack.minimizesNorm()
                && attack.transformation().isEmpty()) {
            throw new ConfigurationException(attack.name()
                    + " needs an epsilon: it searches within a ball, not for the nearest adversarial example");
        }
    }

    @Override
    public String toString() {
        return !attack.transformation().isEmpty()
                ? attack.label()
                : attack.label() + " within " + norm.symbol() + " ε=" + Epsilons.format(epsilon);
    }
}
