package dev.mettle.junit;

import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;

/**
 * A threat model before the input range of the model is known.
 *
 * @param norm the norm of the perturbation
 * @param epsilon its largest size; infinite where there is no bound
 * @param goal what the attacker wants
 * @param transformation what an attacker who is bound by no norm may do; else empty
 */
record Threat(Norm norm, double epsilon, Goal goal, String transformation) {

    /** Say whether an attack is planned under this threat. */
    boolean includes(PlannedAttack planned) {
        return planned.norm() == norm
                && planned.epsilons().contains(epsilon)
                && planned.attack().transformation().equals(transformation);
    }

    /** Say whether attacks search the nearest adversarial example, however far. */
    boolean isUnbounded() {
        return epsilon == ThreatModel.UNBOUNDED && transformation.isEmpty();
    }

    /** Return the short form, the same as {@link ThreatModel#label()}. */
    String label() {
        return ThreatModel.label(norm, epsilon, goal, transformation);
    }
}
