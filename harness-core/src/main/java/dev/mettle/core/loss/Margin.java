package dev.mettle.core.loss;

/**
 * The negative margin {@code max_{j≠y} zⱼ − z_y}: positive exactly if the sample is misclassified (Carlini and Wagner 2017).
 */
public final class Margin extends LogitLoss {

    @Override
    public double value(double[] logits, int label) {
        return logits[runnerUp(logits, label)] - logits[label];
    }

    @Override
    public double[] gradient(double[] logits, int label) {
        double[] gradient = new double[logits.length];
        gradient[runnerUp(logits, label)] = 1;
        gradient[label] = -1;
        return gradient;
    }

    @Override
    public String toString() {
        return "margin";
    }
}
