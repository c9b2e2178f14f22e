package dev.mettle.defenses.training;

/** The Kullback-Leibler divergence. */
final class Divergence {

    private Divergence() {}

    /** Return {@code KL(p ‖ q) = Σ p (log p − log q)} of two distributions given as logarithms. */
    static double of(double[] logP, double[] logQ) {
        double sum = 0;
        for (int k = 0; k < logP.length; k++) {
            sum += Math.exp(logP[k]) * (logP[k] - logQ[k]);
        }
        return sum;
    }
}
