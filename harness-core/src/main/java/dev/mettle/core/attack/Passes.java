package dev.mettle.core.attack;

/**
 * How often an attack runs the model on one sample.
 *
 * @param forwards forward passes
 * @param backwards backward passes
 */
public record Passes(long forwards, long backwards) {

    /** Return the passes of several equal runs. */
    public Passes times(long runs) {
        return new Passes(runs * forwards, runs * backwards);
    }

    /** Return the sum of two costs. */
    public Passes plus(Passes other) {
        return new Passes(forwards + other.forwards, backwards + other.backwards);
    }

    /** Return all passes; a backward pass to the input alone costs about as much as a forward pass. */
    public long total() {
        return forwards + backwards;
    }

    @Override
    public String toString() {
        return forwards + " forward" + (backwards == 0 ? "" : " + " + backwards + " backward");
    }
}
