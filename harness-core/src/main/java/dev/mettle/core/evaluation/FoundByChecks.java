package dev.mettle.core.evaluation;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.FoundExample;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Counts the adversarial examples that trust checks found: an example is proof, whoever found it.
 *
 * <p>What a check of some attacks found counts wherever all of these are judged, alone or with others, under the same threat model or one
 * with a larger epsilon.
 */
final class FoundByChecks {

    /** An example under a threat model that allows it, at no cost where it was found under a smaller epsilon. */
    private record Counted(FoundExample example, SampleOutcome outcome) {}

    private FoundByChecks() {}

    /**
     * Return what checks found, one result per check and attack; none if they found nothing that counts.
     *
     * @param reports what the checks said so far
     * @param results the results of attacks under one threat model, at least one; none of checks
     */
    static List<AttackResult> beyond(List<TrustReport> reports, List<AttackResult> results) {
        ThreatModel threat = results.get(0).threatModel();
        Set<Attack> attacks = new HashSet<>();
        results.forEach(result -> attacks.add(result.attack()));
        Map<Long, Counted> nearest = new HashMap<>();
        for (TrustReport report : reports) {
            if (isWithin(report.threatModel(), threat) && attacks.containsAll(report.attacks())) {
                boolean smaller = !report.threatModel().equals(threat);
                for (FoundExample example : report.found()) {
                    SampleOutcome outcome = smaller ? example.outcome().withoutCost() : example.outcome();
                    nearest.merge(
                            outcome.id(),
                            new Counted(example, outcome),
                            (known, other) ->
                                    distance(other.outcome, threat) < distance(known.outcome, threat) ? other : known);
                }
            }
        }
        return results(nearest, results);
    }

    private static double distance(SampleOutcome outcome, ThreatModel threat) {
        return outcome.breakingDistance(threat.norm());
    }

    static boolean isWithin(ThreatModel smaller, ThreatModel larger) {
        return smaller.epsilon() <= larger.epsilon() && smaller.equals(larger.withEpsilon(smaller.epsilon()));
    }

    private static List<AttackResult> results(Map<Long, Counted> nearest, List<AttackResult> results) {
        ThreatModel threat = results.get(0).threatModel();
        List<SampleOutcome> others = new ArrayList<>();
        Map<Integer, Counted> counted = new HashMap<>();
        for (int i = 0; i < results.get(0).outcomes().size(); i++) {
            SampleOutcome own = other(results, i);
            others.add(own);
            Counted found = nearest.get(own.id());
            if (found != null
                    && own.status() != SampleStatus.NOT_EVALUATED
                    && isNearer(found.outcome, results, i, threat)) {
                counted.put(i, found);
            }
        }
        List<AttackResult> all = new ArrayList<>();
        for (TrustCheck check : TrustCheck.values()) {
            counted.values().stream()
                    .map(Counted::example)
                    .filter(example -> example.check() == check)
                    .map(FoundExample::attack)
                    .distinct()
                    .sorted(Comparator.comparing(Attack::toString))
                    .forEach(attack -> all.add(result(check, attack, threat, others, counted)));
        }
        return List.copyOf(all);
    }

    /** What is to be said of a sample that a check didn't break. */
    private static SampleOutcome other(List<AttackResult> results, int position) {
        SampleOutcome any = results.get(0).outcomes().get(position);
        SampleStatus status = SampleStatus.LEFT_OPEN;
        for (AttackResult result : results) {
            SampleStatus own = result.outcomes().get(position).status();
            status = switch (own) {
                case NOT_EVALUATED -> SampleStatus.NOT_EVALUATED;
                case CLEAN_WRONG, ABSTAINED -> status == SampleStatus.NOT_EVALUATED ? status : own;
                case BROKEN -> status == SampleStatus.LEFT_OPEN ? SampleStatus.BROKEN_BEFORE : status;
                default -> status;
            };
        }
        return SampleOutcome.unbroken(any.id(), any.label(), status, 0, 0);
    }

    private static boolean isNearer(SampleOutcome found, List<AttackResult> results, int position, ThreatModel threat) {
        return results.stream()
                .map(result -> result.outcomes().get(position))
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .allMatch(outcome -> distance(found, threat) < distance(outcome, threat));
    }

    private static AttackResult result(
            TrustCheck check,
            Attack attack,
            ThreatModel threat,
            List<SampleOutcome> others,
            Map<Integer, Counted> counted) {
        List<SampleOutcome> outcomes = new ArrayList<>(others);
        int recalled = 0;
        for (int i = 0; i < outcomes.size(); i++) {
            Counted own = counted.get(i);
            if (own != null
                    && own.example.check() == check
                    && own.example.attack().equals(attack)) {
                outcomes.set(i, own.outcome);
                recalled += own.example.recalled() && own.outcome.forwards() > 0 ? 1 : 0;
            }
        }
        return new AttackResult(attack, threat, outcomes, 0, 0, 0, check.suite(), recalled);
    }
}
