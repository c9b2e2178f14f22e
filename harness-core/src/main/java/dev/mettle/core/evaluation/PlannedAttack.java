package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.List;

/**
 * An attack to run, in one norm, for one or several epsilons.
 *
 * @param attack the attack
 * @param norm the norm
 * @param epsilons the epsilons, sorted and without repetition; a single infinite one for a minimum-norm attack without bound, and
 *     for an attack that is bound by its own parameters
 * @param suite the suite that the attack runs in, on samples that the attacks before it left standing; empty if it runs on its own
 */
public record PlannedAttack(Attack attack, Norm norm, List<Double> epsilons, String suite) {

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

    /** Plan an attack on its own. */
    public PlannedAttack(Attack attack, Norm norm, List<Double> epsilons) {
        this(attack, norm, epsilons, "");
    }

    /** Plan an attack in a norm and for some epsilons, unless it is bound by its own parameters: then these don't matter. */
    public static PlannedAttack of(Attack attack, Norm norm, List<Double> epsilons) {
        return attack.transformation().isEmpty()
                ? new PlannedAttack(attack, norm, epsilons)
                : new PlannedAttack(attack, Norm.L2, List.of(ThreatModel.UNBOUNDED));
    }

    /** Plan all attacks of a suite. */
    public static List<PlannedAttack> of(AttackSuite suite, Norm norm, List<Double> epsilons) {
        return suite.attacks().stream()
                .map(attack -> new PlannedAttack(attack, norm, epsilons, suite.label()))
                .toList();
    }

    /** Return the threat model for one of the epsilons. */
    public ThreatModel threat(double epsilon, Box box, Goal goal, Constraints constraints) {
        return new ThreatModel(norm, epsilon, box, goal, constraints, attack.transformation());
    }

    /** Say whether the attack runs in a suite. */
    public boolean inSuite() {
        return !suite.isEmpty();
    }

    /** Plan an attack with its own epsilon. */
    public static PlannedAttack of(BudgetedAttack attack) {
        return new PlannedAttack(attack.attack(), attack.norm(), List.of(attack.epsilon()));
    }
}
