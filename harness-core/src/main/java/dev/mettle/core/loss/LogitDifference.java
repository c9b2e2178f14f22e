package dev.mettle.core.loss;

/** The difference of two logits: {@code z_t − z_y} for a target; without one, the margin to the strongest other class. */
public final class LogitDifference extends LogitLoss {

    private final Margin margin = new Margin();

    @Override
    public double value(double[] logits, Aim aim) {
        return aim.isTargeted() ? logits[aim.target()] - logits[aim.label()] : margin.value(logits, aim);
    }

    @Override
    public double[] gradient(double[] logits, Aim aim) {
        if (!aim.isTargeted()) {
            return margin.gradient(logits, aim);
        }
        double[] gradient = new double[logits.length];
        gradient[aim.target()] = 1;
        gradient[aim.label()] = -1;
        return gradient;
    }

    @Override
    public String toString() {
        return "difference of logits";
    }
}
