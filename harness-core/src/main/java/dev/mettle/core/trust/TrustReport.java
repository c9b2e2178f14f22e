package dev.mettle.core.trust;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.threat.ThreatModel;
import java.util.HashSet;
import java.util.List;

/**
 * What the trust checks found about some attacks under one threat model.
 *
 * @param threatModel the threat model
 * @param attacks the attacks whose failure is questioned
 * @param findings one finding per check, in the order of {@link TrustCheck}
 * @param passes the passes spent, forward and backward
 * @param evaluationPasses the passes that the attacks spent
 * @param skipped why the checks did not run at all; empty if they did
 */
public record TrustReport(
        ThreatModel threatModel,
        List<Attack> attacks,
        List<TrustFinding> findings,
        long passes,
        long evaluationPasses,
        String skipped) {

    /** Create the report. */
    public TrustReport {
        attacks = List.copyOf(attacks);
        findings = List.copyOf(findings);
    }

    /** Create the report of checks that ran. */
    public static TrustReport of(
            ThreatModel threat, List<AttackedSamples> runs, List<TrustFinding> findings, long passes) {
        return new TrustReport(
                threat, runs.stream().map(AttackedSamples::attack).toList(), findings, passes, passes(runs), "");
    }

    static long passes(List<AttackedSamples> runs) {
        return runs.stream().mapToLong(run -> Meter.passes(run.outcomes())).sum();
    }

    /** Say whether the checks ran. */
    public boolean ran() {
        return skipped.isEmpty();
    }

    /** Return the findings of one level. */
    public List<TrustFinding> findings(TrustLevel level) {
        return findings.stream().filter(finding -> finding.level() == level).toList();
    }

    /** Return the passes spent as a share of those of the attacks; 0 if these spent none. */
    public double overhead() {
        return evaluationPasses == 0 ? 0 : (double) passes / evaluationPasses;
    }

    /** Say whether this report is about all of the given attacks, and perhaps more. */
    public boolean covers(ThreatModel threat, List<Attack> given) {
        return threatModel.equals(threat) && new HashSet<>(attacks).containsAll(given);
    }
}
