package dev.mettle.defenses.training;

import java.util.Map;

/**
 * How a network learns from a minibatch: immutable parameters and the algorithm of a paper.
 *
 * <p>Implementations are records whose components are the parameters, and hold no state.
 */
public interface TrainingMethod {

    /** Return the short name of the literature, such as {@code TRADES}. */
    String name();

    /** Return the name with what tells it from others in one report, such as {@code PGD-7 training}. */
    default String label() {
        return name();
    }

    /** Return all parameters by name, in a stable order. */
    Map<String, String> parameters();

    /** Say whether every minibatch is learned both clean and perturbed anyway, so that no share of it may be left clean. */
    default boolean needsPairs() {
        return false;
    }

    /** Return the share of all epochs over which epsilon grows from 0, unless the settings say so themselves. */
    default double warmUpShare() {
        return 0;
    }

    /** Learn from one minibatch: perturb its samples, and fit the network to them. */
    void learn(Minibatch batch);
}
