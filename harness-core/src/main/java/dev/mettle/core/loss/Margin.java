package dev.mettle.core.loss;

/**
 * The lead of the wanted class: {@code max_{j≠y} zⱼ − z_y}, or {@code z_t − max_{j≠t} zⱼ} for a target. Positive exactly if the
 * attack has reached its aim (Carlini and Wagner 2017).
 */
public final class Margin extends LogitLoss {

    @Override
    public double value(double[] logits, Aim aim) {
        return aim.lead(logits);
    }

    @Override
    public double[] gradient(double[] logits, Aim aim) {
        int own = aim.isTargeted() ? aim.target() : aim.label();
        int sign = aim.isTargeted() ? 1 : -1;
        double[] gradient = new double[logits.length];
        gradient[own] = sign;
        gradient[runnerUp(logits, own)] = -sign;
        return gradient;
    }

    @Override
    public String toString() {
        return "margin";
    }
}
