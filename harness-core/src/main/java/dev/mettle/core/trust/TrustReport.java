package dev.mettle.core.trust;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the trust checks found about some attacks under one threat model.
 *
 * @param threatModel the threat model
 * @param attacks the attacks whose failure is questioned
 * @param findings one finding per check, in the order of {@link TrustCheck}
 * @param passes the passes spent, forward and backward
 * @param evaluationPasses the passes that the attacks spent; of a run that is judged at several epsilons its part of them
 * @param skipped why the checks did not run at all; empty if they did
 * @param found the adversarial examples that the checks found within the threat model, each sample under each check at most once
 */
public record TrustReport(
        ThreatModel threatModel,
        List<Attack> attacks,
        List<TrustFinding> findings,
        long passes,
        long evaluationPasses,
        String skipped,
        List<FoundExample> found) {

    /** Create the report. */
    public TrustReport {
        attacks = List.copyOf(attacks);
        findings = List.copyOf(findings);
        found = List.copyOf(found);
    }

    /** Create the report of checks that found no adversarial example. */
    public TrustReport(
            ThreatModel threatModel,
            List<Attack> attacks,
            List<TrustFinding> findings,
            long passes,
            long evaluationPasses,
            String skipped) {
        this(threatModel, attacks, findings, passes, evaluationPasses, skipped, List.of());
    }

    /** Create the report of checks that ran. */
    public static TrustReport of(
            ThreatModel threat,
            List<AttackedSamples> runs,
            List<TrustFinding> findings,
            long passes,
            List<FoundExample> found) {
        return new TrustReport(
                threat, runs.stream().map(AttackedSamples::attack).toList(), findings, passes, passes(runs), "", found);
    }

    static long passes(List<AttackedSamples> runs) {
        return runs.stream().mapToLong(AttackedSamples::passes).sum();
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

    /** Say whether this report is about the given attacks, all of them and no other, in any order. */
    public boolean isAbout(ThreatModel threat, List<Attack> given) {
        return threatModel.equals(threat) && new HashSet<>(attacks).equals(new HashSet<>(given));
    }

    /**
     * Return the same report with the doubts about the model itself that were raised before further attacks ran: these answer doubts
     * about attacks only, and other samples that stand now are no answer.
     */
    public TrustReport keepingDoubtsAboutTheModel(TrustReport before) {
        if (!ran()) {
            return this;
        }
        Map<TrustCheck, TrustFinding> kept = before.findings(TrustLevel.DOUBT).stream()
                .filter(finding -> finding.check().isOfModel())
                .collect(Collectors.toMap(TrustFinding::check, Function.identity()));
        return new TrustReport(
                threatModel,
                attacks,
                findings.stream()
                        .map(finding -> kept.getOrDefault(finding.check(), finding))
                        .toList(),
                passes,
                evaluationPasses,
                skipped,
                found);
    }

    /**
     * Return the same report with the examples that checks of the same attacks found before, on fewer samples: these other samples may
     * not be looked at again, but an example remains one.
     */
    public TrustReport keepingExamples(TrustReport before) {
        List<FoundExample> all = new ArrayList<>(found);
        before.found.stream()
                .filter(earlier -> found.stream().noneMatch(earlier::isRepeatedBy))
                .forEach(all::add);
        return new TrustReport(threatModel, attacks, findings, passes, evaluationPasses, skipped, all);
    }
}
