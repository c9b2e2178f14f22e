package dev.mettle.core.loss;

/**
 * Cross-entropy of the softmax, {@code log Σⱼ exp(zⱼ) − z_y}, or minus that of the target, {@code z_t − log Σⱼ exp(zⱼ)}: the loss
 * that networks are trained with, and that FGSM (Goodfellow et al. 2015) and PGD (Madry et al. 2018) ascend.
 */
public final class CrossEntropy extends LogitLoss {

    @Override
    public double value(double[] logits, Aim aim) {
        return aim.isTargeted() ? -crossEntropy(logits, aim.target()) : crossEntropy(logits, aim.label());
    }

    private static double crossEntropy(double[] logits, int label) {
        // z_max − z_y + log Σ exp(z − z_max); log1p of the other terms where the label itself is the largest
        int top = logits[runnerUp(logits, label)] > logits[label] ? runnerUp(logits, label) : label;
        double others = 0;
        for (int j = 0; j < logits.length; j++) {
            if (j != top) {
                others += Math.exp(logits[j] - logits[top]);
            }
        }
        return logits[top] - logits[label] + Math.log1p(others);
    }

    /** {@code softmax(z) − onehot(y)}, with the entry of the label computed as minus the sum of the others: no cancellation. */
    @Override
    public double[] gradient(double[] logits, Aim aim) {
        int label = aim.isTargeted() ? aim.target() : aim.label();
        double top = Math.max(logits[label], logits[runnerUp(logits, label)]);
        double[] gradient = new double[logits.length];
        double wrong = 0;
        for (int j = 0; j < logits.length; j++) {
            if (j != label) {
                gradient[j] = Math.exp(logits[j] - top);
                wrong += gradient[j];
            }
        }
        double sum = wrong + Math.exp(logits[label] - top);
        gradient[label] = -wrong;
        return scaled(gradient, (aim.isTargeted() ? -1 : 1) / sum);
    }

    /** The gradient over {@code 1 − softmax(z)_y}: the softmax over the wrong classes, minus onehot(y); negated for a target. */
    @Override
    public double[] direction(double[] logits, Aim aim) {
        int label = aim.isTargeted() ? aim.target() : aim.label();
        double top = logits[runnerUp(logits, label)];
        double[] direction = new double[logits.length];
        double sum = 0;
        for (int j = 0; j < logits.length; j++) {
            if (j != label) {
                direction[j] = Math.exp(logits[j] - top);
                sum += direction[j];
            }
        }
        direction[label] = -sum;
        return scaled(direction, (aim.isTargeted() ? -1 : 1) / sum);
    }

    private static double[] scaled(double[] values, double factor) {
        for (int j = 0; j < values.length; j++) {
            values[j] *= factor;
        }
        return values;
    }

    @Override
    public String toString() {
        return "cross-entropy";
    }
}
