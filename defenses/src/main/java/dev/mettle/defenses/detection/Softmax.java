package dev.mettle.defenses.detection;

/** Probabilities of logits, computed so that nothing overflows. */
final class Softmax {

    private Softmax() {}

    static int largest(double[] logits) {
        int best = 0;
        for (int j = 1; j < logits.length; j++) {
            best = logits[j] > logits[best] ? j : best;
        }
        return best;
    }

    static double[] of(double[] logits) {
        double top = logits[largest(logits)];
        double[] probabilities = new double[logits.length];
        double sum = 0;
        for (int j = 0; j < logits.length; j++) {
            probabilities[j] = Math.exp(logits[j] - top);
            sum += probabilities[j];
        }
        for (int j = 0; j < logits.length; j++) {
            probabilities[j] /= sum;
        }
        return probabilities;
    }

    /** Return {@code log Σ_{j≠left} exp zⱼ}. */
    static double logSumExpWithout(double[] logits, int left) {
        double top = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < logits.length; j++) {
            top = j == left ? top : Math.max(top, logits[j]);
        }
        double sum = 0;
        for (int j = 0; j < logits.length; j++) {
            sum += j == left ? 0 : Math.exp(logits[j] - top);
        }
        return top + Math.log(sum);
    }

    /** Return dLoss/dLogits for dLoss/dProbabilities. */
    static double[] backward(double[] probabilities, double[] gradient) {
        double mean = 0;
        for (int j = 0; j < gradient.length; j++) {
            mean += probabilities[j] * gradient[j];
        }
        double[] result = new double[gradient.length];
        for (int j = 0; j < gradient.length; j++) {
            result[j] = probabilities[j] * (gradient[j] - mean);
        }
        return result;
    }
}
