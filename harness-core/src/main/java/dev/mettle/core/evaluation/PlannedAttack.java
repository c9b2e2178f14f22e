package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.threat.Norm;
import java.util.List;

/**
 * An attack to run, in one norm, for one or several epsilons.
 *
 * @param attack the attack
 * @param norm the norm
 * @param epsilons the epsilons, sorted and without repetition; a single infinite one for a minimum-norm attack without bound
 */
public record PlannedAttack(Attack attack, Norm norm, List<Double> epsilons) {

    /**
     * Create the plan.
     *
     * @throws ConfigurationException if there is no epsilon, or the attack can't be run with one of them
     */
    public PlannedAttack {
        if (epsilons.isEmpty()) {
            throw new ConfigurationException("there is no epsilon for " + attack.name() + ": give at least one");
        }
        epsilons.forEach(epsilon -> new BudgetedAttack(attack, norm, epsilon));
        epsilons = epsilons.stream().sorted().distinct().toList();
    }

    /** Plan an attack with its own epsilon. */
    public static PlannedAttack of(BudgetedAttack attack) {
        return new PlannedAttack(attack.attack(), attack.norm(), List.of(attack.epsilon()));
    }
}
