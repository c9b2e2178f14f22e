package dev.mettle.junit;

import dev.mettle.core.evaluation.PlannedAttack;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of a robustness test: an attack under a threat, or the per-sample worst case of several.
 *
 * @param threat the threat
 * @param attacks the attack, or all attacks under this threat
 */
record Invocation(Threat threat, List<PlannedAttack> attacks) {

    Invocation {
        attacks = List.copyOf(attacks);
    }

    /**
     * Return the runs of a test: norms in the order of the attacks, epsilons ascending, attacks in their order, the worst case
     * last where there are several.
     */
    static List<Invocation> of(List<PlannedAttack> planned) {
        List<Invocation> invocations = new ArrayList<>();
        for (Threat threat : threats(planned)) {
            List<PlannedAttack> attacks = planned.stream()
                    .filter(attack ->
                            attack.norm() == threat.norm() && attack.epsilons().contains(threat.epsilon()))
                    .toList();
            attacks.forEach(attack -> invocations.add(new Invocation(threat, List.of(attack))));
            if (attacks.size() > 1) {
                invocations.add(new Invocation(threat, attacks));
            }
        }
        return invocations;
    }

    private static List<Threat> threats(List<PlannedAttack> planned) {
        return planned.stream()
                .map(PlannedAttack::norm)
                .distinct()
                .flatMap(norm -> planned.stream()
                        .filter(attack -> attack.norm() == norm)
                        .flatMap(attack -> attack.epsilons().stream())
                        .distinct()
                        .sorted()
                        .map(epsilon -> new Threat(norm, epsilon)))
                .toList();
    }

    boolean isWorstCase() {
        return attacks.size() > 1;
    }

    /** Return the attack as it is named in short, such as {@code PGD-40}. */
    String attackLabel() {
        return isWorstCase() ? "worst case" : attacks.get(0).attack().label();
    }

    /** Return the display name, such as {@code PGD-40, L∞ ε=8/255}. */
    String label() {
        return attackLabel() + ", " + threat.label();
    }
}
