package dev.mettle.memory;

import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.ThreatModel;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Names what was measured, by everything that decides it but model, data and seed: attacks with all parameters, and the threat. */
final class RunKey {

    private RunKey() {}

    static String of(RobustnessReport report) {
        List<AttackResult> results = report.results().stream()
                .filter(result -> result.trustCheck().isEmpty())
                .toList();
        String suite = results.get(0).suite();
        boolean oneSuite = !suite.isEmpty()
                && results.stream().allMatch(result -> result.suite().equals(suite));
        String attacks = oneSuite ? suite : results.stream().map(RunKey::attack).collect(Collectors.joining(" + "));
        return attacks + " under " + threat(report.threatModel());
    }

    private static String attack(AttackResult result) {
        String suite = result.suite().isEmpty() ? "" : result.suite() + ": ";
        return suite + result.attack().name() + new TreeMap<>(result.attack().parameters());
    }

    private static String threat(ThreatModel threat) {
        String bound =
                threat.transformation().isEmpty() ? threat.norm() + " " + threat.epsilon() : threat.transformation();
        return bound + ", " + threat.goal() + (threat.constraints().isNone() ? "" : ", " + threat.constraints());
    }
}
