package dev.mettle.core.trust;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Attacks a few samples, and no sample twice with the same. */
final class Probes {

    private record Key(Attack attack, ThreatModel threat, long seed, int position) {}

    private final TrustSubject subject;
    private final Map<Key, SampleOutcome> known = new HashMap<>();

    Probes(TrustSubject subject) {
        this.subject = subject;
    }

    /** Return what the attack does to the samples at some positions. */
    List<SampleOutcome> attack(Attack attack, ThreatModel threat, int[] positions, long seed, Meter meter) {
        int[] fresh = Arrays.stream(positions)
                .filter(position -> !known.containsKey(new Key(attack, threat, seed, position)))
                .toArray();
        if (fresh.length > 0) {
            List<SampleOutcome> outcomes = watch(attack, threat, fresh, seed, (sample, logits) -> {});
            meter.attack(outcomes);
            for (int i = 0; i < fresh.length; i++) {
                known.put(new Key(attack, threat, seed, fresh[i]), outcomes.get(i));
            }
        }
        return Arrays.stream(positions)
                .mapToObj(position ->
                        Objects.requireNonNull(known.get(new Key(attack, threat, seed, position)), "just attacked"))
                .toList();
    }

    /** Return how many samples are broken. */
    static Share broken(List<SampleOutcome> outcomes) {
        return new Share(
                (int) outcomes.stream()
                        .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                        .count(),
                outcomes.size());
    }

    /** Return the example of an outcome as one under a threat model and with the seed of the evaluation, if it is one there, too. */
    Optional<SampleOutcome> confirmed(SampleOutcome outcome, ThreatModel threat, int position, Meter meter) {
        if (outcome.status() != SampleStatus.BROKEN) {
            return Optional.empty();
        }
        meter.forward(1);
        LabeledData data = subject.data();
        return AttackEngine.of(subject.model(), subject.seed())
                .withBatchSize(subject.batchSize())
                .confirm(
                        threat,
                        Rows.select(data.inputs(), new int[] {position}),
                        new int[] {data.label(position)},
                        new long[] {data.id(position)},
                        List.of(outcome))
                .get(0)
                .map(confirmed -> outcome);
    }

    /** Attack samples, whatever is known of them, and tell a watcher of every gradient. */
    List<SampleOutcome> watch(
            Attack attack, ThreatModel threat, int[] positions, long seed, AttackEngine.Watcher watcher) {
        LabeledData data = subject.data();
        AttackRun run = AttackEngine.of(subject.model(), seed)
                .withBatchSize(subject.batchSize())
                .stoppingWithinEpsilon()
                .watch(
                        attack,
                        threat,
                        Rows.select(data.inputs(), positions),
                        Arrays.stream(positions).map(data::label).toArray(),
                        Arrays.stream(positions).mapToLong(data::id).toArray(),
                        watcher);
        return run.outcomes();
    }
}
