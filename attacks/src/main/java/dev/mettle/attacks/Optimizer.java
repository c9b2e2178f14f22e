package dev.mettle.attacks;

/** How {@link Pgd} makes its steps out of gradients. */
public enum Optimizer {
    /** The steepest step along the gradient: {@code α · s(g)}. */
    PLAIN,

    /** The steepest step along the sum of all gradients so far, each divided by its L1 norm, as in {@link MiFgsm}. */
    MOMENTUM,

    /**
     * Adam (Kingma and Ba, ICLR 2015), with {@code β₁ = 0.9} and {@code β₂ = 0.999}, on gradients divided by their L2 norm. Its
     * learning rate per feature is such that a step on which all features move by it has the norm {@code α}: {@code α} in L∞,
     * {@code α/√d} in L2 and {@code α/d} in L1.
     */
    ADAM
}
