package dev.mettle.core.evaluation;

import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import java.util.List;
import java.util.Optional;

/**
 * Keeps what attacks and trust checks found, so that later evaluations need not search it again. Adversarial examples are judged anew
 * before they count; that an attack failed on a sample, and what a check saw, is taken as it was found.
 */
public interface ResultStore {

    /** Keeps nothing. */
    ResultStore NONE = new ResultStore() {
        @Override
        public Optional<AttackRun> find(String task, String model) {
            return Optional.empty();
        }

        @Override
        public List<AttackRun> findEarlier(String task) {
            return List.of();
        }

        @Override
        public void store(String task, String model, AttackRun run) {}

        @Override
        public Optional<Checked> findChecked(String task, String model) {
            return Optional.empty();
        }

        @Override
        public void store(String task, String model, Checked checked) {}
    };

    /**
     * What trust checks found.
     *
     * @param findings one finding per check
     * @param passes the passes that they spent
     * @param broken the samples that they broke within the threat model
     */
    record Checked(List<TrustFinding> findings, long passes, List<Broken> broken) {

        /** Create the record. */
        public Checked {
            findings = List.copyOf(findings);
            broken = List.copyOf(broken);
        }
    }

    /**
     * A sample that a trust check broke within the threat model.
     *
     * @param check the check
     * @param outcome the sample, with its adversarial example
     */
    record Broken(TrustCheck check, SampleOutcome outcome) {}

    /**
     * Return what was found on a task and a model.
     *
     * @param task a hash of everything but the model that decides the result: data, attack, threat model, seed, version
     * @param model a hash of the model, of what it computes, and of which samples were attacked
     */
    Optional<AttackRun> find(String task, String model);

    /** Return what was found on a task, whatever the model and the samples, the last first; not necessarily all of it. */
    List<AttackRun> findEarlier(String task);

    /** Keep what was found on a task and a model. */
    void store(String task, String model, AttackRun run);

    /** Return what trust checks found on a task and a model. */
    Optional<Checked> findChecked(String task, String model);

    /** Keep what trust checks found on a task and a model. */
    void store(String task, String model, Checked checked);
}
