package dev.mettle.junit;

import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.threat.Goal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One run of a robustness test: an attack under a threat, a suite, or the per-sample worst case of several.
 *
 * @param threat the threat
 * @param attackLabel the attack as it is named in short, such as {@code PGD-40} or {@code worst case}
 * @param attacks the attack, those of the suite, or all attacks under this threat
 */
record Invocation(Threat threat, String attackLabel, List<PlannedAttack> attacks) {

    Invocation {
        attacks = List.copyOf(attacks);
    }

    /**
     * Return the runs of a test: norms in the order of the attacks, epsilons ascending, attacks and suites in their order, the worst
     * case last where there are several.
     */
    static List<Invocation> of(List<PlannedAttack> planned, Goal goal) {
        List<Invocation> invocations = new ArrayList<>();
        for (Threat threat : threats(planned, goal)) {
            List<PlannedAttack> attacks =
                    planned.stream().filter(threat::includes).toList();
            Map<Object, List<PlannedAttack>> runs = attacks.stream()
                    .collect(Collectors.groupingBy(
                            attack -> attack.inSuite() ? attack.suite() : attack,
                            LinkedHashMap::new,
                            Collectors.toList()));
            runs.values().forEach(run -> invocations.add(new Invocation(threat, label(run.get(0)), run)));
            if (runs.size() > 1) {
                invocations.add(new Invocation(threat, "worst case", attacks));
            }
        }
        return invocations;
    }

    private static String label(PlannedAttack planned) {
        return planned.inSuite() ? planned.suite() : planned.attack().label();
    }

    private static List<Threat> threats(List<PlannedAttack> planned, Goal goal) {
        return planned.stream()
                .map(PlannedAttack::norm)
                .distinct()
                .flatMap(norm -> planned.stream()
                        .filter(attack -> attack.norm() == norm)
                        .flatMap(attack -> attack.epsilons().stream()
                                .map(epsilon -> new Threat(
                                        norm, epsilon, goal, attack.attack().transformation())))
                        .distinct()
                        .sorted(Comparator.comparingDouble(Threat::epsilon)))
                .toList();
    }

    boolean isWorstCase() {
        return attacks.size() > 1;
    }

    /** Return the display name, such as {@code PGD-40, L∞ ε=8/255}. */
    String label() {
        return attackLabel + ", " + threat.label();
    }
}
