package dev.mettle.reports;

import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Map;

/**
 * What a report holds of one attack at one epsilon.
 *
 * @param name the name of the attack, in lower case
 * @param label the name with what tells it from others in the report
 * @param suite the suite that it ran in; empty if it ran on its own
 * @param norm the norm
 * @param epsilon the epsilon; infinite if there is none
 * @param transformation what the attacker may do, if that is not bound by a norm; else empty
 * @param goal what the attacker wants
 * @param parameters all parameters of the attack
 * @param recalled how many outcomes were known from an earlier run, and only confirmed
 * @param broken the broken samples by id, in the order of the report
 * @param others the samples of any other status than ROBUST and CLEAN_WRONG, by id
 */
public record SavedAttack(
        String name,
        String label,
        String suite,
        Norm norm,
        double epsilon,
        String transformation,
        Goal goal,
        Map<String, String> parameters,
        int recalled,
        Map<Long, SavedOutcome> broken,
        Map<Long, SampleStatus> others) {

    /** Return the attack with its threat model, such as {@code PGD-40 (L∞ ε=8/255)}. */
    public String title() {
        return label + " (" + ThreatModel.label(norm, epsilon, goal, transformation) + ")";
    }

    /** Say whether an entry is about the same attack, in the same suite and norm, whatever its epsilon. */
    public boolean sameButForEpsilon(SavedAttack other) {
        return label.equals(other.label) && parameters.equals(other.parameters) && sameSuite(other);
    }

    /** Say whether an entry ran in the same suite, or both ran on their own, in the same norm. */
    public boolean sameSuite(SavedAttack other) {
        return suite.equals(other.suite) && norm == other.norm && goal.equals(other.goal);
    }
}
