package dev.mettle.core.evaluation;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustCheck;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * What one attack did under one threat model.
 *
 * @param attack the attack
 * @param threatModel the threat model
 * @param outcomes one outcome per sample of the data, in order, those that the model gets wrong anyway and those not evaluated included
 * @param unconfirmed how many proposals the original model or the check in double precision refused
 * @param seconds wall-clock time
 * @param cpuSeconds processor time of all threads; 0 where the platform doesn't tell
 * @param suite the suite that the attack ran in, on samples that the attacks before it left standing, or the trust check that ran it,
 *     such as {@code trust check enough-steps}; empty if it ran on its own
 * @param recalled how many outcomes were known from an earlier run, and only confirmed
 */
public record AttackResult(
        Attack attack,
        ThreatModel threatModel,
        List<SampleOutcome> outcomes,
        int unconfirmed,
        double seconds,
        double cpuSeconds,
        String suite,
        int recalled) {

    /** Create the result. */
    public AttackResult {
        outcomes = List.copyOf(outcomes);
    }

    /** Create the result of an attack that ran on its own. */
    public AttackResult(
            Attack attack,
            ThreatModel threatModel,
            List<SampleOutcome> outcomes,
            int unconfirmed,
            double seconds,
            double cpuSeconds) {
        this(attack, threatModel, outcomes, unconfirmed, seconds, cpuSeconds, "");
    }

    /** Create the result of an attack that knew nothing beforehand. */
    public AttackResult(
            Attack attack,
            ThreatModel threatModel,
            List<SampleOutcome> outcomes,
            int unconfirmed,
            double seconds,
            double cpuSeconds,
            String suite) {
        this(attack, threatModel, outcomes, unconfirmed, seconds, cpuSeconds, suite, 0);
    }

    /** Return the trust check that ran the attack on a few samples and broke these; empty if no trust check did. */
    public Optional<TrustCheck> trustCheck() {
        return TrustCheck.ofSuite(suite);
    }

    /** Return how many samples have a status. */
    public int count(SampleStatus status) {
        return (int)
                outcomes.stream().filter(outcome -> outcome.status() == status).count();
    }

    /** Return how many samples were evaluated. */
    public int evaluatedCount() {
        return outcomes.size() - count(SampleStatus.NOT_EVALUATED);
    }

    /** Return the mean number of forward passes the attack spent per attacked sample; 0 if none was attacked. */
    public double forwardPerSample() {
        return meanOverAttacked(SampleOutcome::forwards);
    }

    /** Return the mean number of backward passes the attack spent per attacked sample; 0 if none was attacked. */
    public double backwardPerSample() {
        return meanOverAttacked(SampleOutcome::backwards);
    }

    private double meanOverAttacked(ToLongFunction<SampleOutcome> passes) {
        return outcomes.stream()
                .filter(outcome -> outcome.status().attacked())
                .mapToLong(passes)
                .average()
                .orElse(0);
    }
}
