package dev.mettle.defenses.training;

import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.numeric.Softmax;

/**
 * {@code −log q_y − log(1 − q_k) + λ · KL(p ‖ q) · (1 − p_y)} with {@code p = softmax(z)}, {@code q = softmax(z')} and {@code k} the
 * likeliest wrong class of {@code q} (Wang et al. 2020). The gradient flows through both.
 *
 * @param lambda the weight of the divergence
 */
record MartLoss(double lambda) implements PairLoss {

    /** Keeps {@code log(1 − q_k)} finite where the network is sure of a wrong class, as the authors' code does. */
    private static final double TINY = 1e-12;

    @Override
    public String name() {
        return "MART";
    }

    @Override
    public double compute(
            double[] clean, double[] adversarial, int label, double[] cleanGradient, double[] adversarialGradient) {
        double[] p = Softmax.log(clean);
        double[] q = Softmax.log(adversarial);
        int wrong = LogitLoss.runnerUp(adversarial, label);
        double likeliest = Math.exp(q[wrong]);
        double rest = 1 - likeliest + TINY;
        double divergence = Divergence.of(p, q);
        double own = Math.exp(p[label]);
        double missing = 1 - own;
        for (int k = 0; k < p.length; k++) {
            double pk = Math.exp(p[k]);
            double qk = Math.exp(q[k]);
            double boosted = qk - (k == label ? 1 : 0) + likeliest * ((k == wrong ? 1 : 0) - qk) / rest;
            adversarialGradient[k] = boosted + lambda * missing * (qk - pk);
            double weight = pk * (p[k] - q[k] - divergence) * missing;
            double share = -divergence * own * ((k == label ? 1 : 0) - pk);
            cleanGradient[k] = lambda * (weight + share);
        }
        return -q[label] - Math.log(rest) + lambda * divergence * missing;
    }
}
