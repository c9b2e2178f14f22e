package dev.mettle.core.evaluation;

import dev.mettle.core.attack.AttackRun;
import java.util.Optional;

/**
 * Keeps what attacks found, so that later evaluations need not search it again. Adversarial examples are judged anew before
 * they count; that an attack failed on a sample is taken as it was found.
 */
public interface ResultStore {

    /** Keeps nothing. */
    ResultStore NONE = new ResultStore() {
        @Override
        public Optional<AttackRun> find(String task, String model) {
            return Optional.empty();
        }

        @Override
        public Optional<AttackRun> findLatest(String task) {
            return Optional.empty();
        }

        @Override
        public void store(String task, String model, AttackRun run) {}
    };

    /**
     * Return what was found on a task and a model.
     *
     * @param task a hash of everything but the model that decides the result: samples, attack, threat model, seed, version
     * @param model a hash of the model and of what it computes
     */
    Optional<AttackRun> find(String task, String model);

    /** Return what was found last on a task, whatever the model. */
    Optional<AttackRun> findLatest(String task);

    /** Keep what was found on a task and a model. */
    void store(String task, String model, AttackRun run);
}
