package dev.mettle.defenses.training;

import dev.mettle.core.numeric.Softmax;

/**
 * {@code CE(z, y) + β · KL(p ‖ q)} with {@code p = softmax(z)}, {@code q = softmax(z')} (Zhang et al. 2019). The gradient flows through
 * both.
 *
 * @param beta the weight of the divergence
 */
record TradesLoss(double beta) implements PairLoss {

    @Override
    public String name() {
        return "TRADES";
    }

    @Override
    public double compute(
            double[] clean, double[] adversarial, int label, double[] cleanGradient, double[] adversarialGradient) {
        double[] p = Softmax.log(clean);
        double[] q = Softmax.log(adversarial);
        double divergence = Divergence.of(p, q);
        for (int k = 0; k < p.length; k++) {
            double own = Math.exp(p[k]);
            cleanGradient[k] = own - (k == label ? 1 : 0) + beta * own * (p[k] - q[k] - divergence);
            adversarialGradient[k] = beta * (Math.exp(q[k]) - own);
        }
        return -p[label] + beta * divergence;
    }
}
