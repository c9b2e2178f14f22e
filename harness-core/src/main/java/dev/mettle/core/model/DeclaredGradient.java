package dev.mettle.core.model;

/** What a {@link Preprocessing} declares of its backward pass. */
public enum DeclaredGradient {
    /** The backward pass is the exact derivative, wherever there is one. It is checked by finite differences. */
    EXACT,
    /**
     * The backward pass stands in for a derivative that is zero or missing (BPDA); the most common one passes the gradient straight through.
     * A note in the report says so, and only what lies behind the step is checked.
     */
    APPROXIMATE,
    /**
     * There is no backward pass: all gradients are zero. Attacks that follow them decide nothing, the trust checks doubt the model, and no
     * verdict can be {@code PASS}.
     */
    NONE
}
