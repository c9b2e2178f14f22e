package dev.mettle.defenses.detection;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Softmax;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Reject inputs that the model is not confident of: those whose largest softmax probability lies below a limit (Hendrycks and Gimpel: A
 * Baseline for Detecting Misclassified and Out-of-Distribution Examples, ICLR 2017,
 * <a href="https://arxiv.org/abs/1610.02136">arXiv:1610.02136</a>).
 *
 * <p>The score is minus the log-odds of the largest probability, {@code log Σ_{j≠top} exp zⱼ − z_top}: in logits, so that it never
 * saturates. Its gradient is exact.
 *
 * <p>Attacks that go on until the model is confident of its error pass it: the confidence parameter of Carlini and Wagner 2017, or any loss
 * on the logits that {@link AbstainingModel} tells. It is the simplest detector to be evaluated, not one to rely on.
 */
public final class ConfidenceThreshold implements Detector {

    /**
     * Less than 1: on the way across the boundary the model is less and less confident, and at 1 what an attack gains in the lead of the
     * wrong class it would lose to abstention, so that it stops on a plateau.
     */
    private static final double LOGITS_PER_SCORE = 0.5;

    private final DifferentiableModel model;
    private final double least;

    private ConfidenceThreshold(DifferentiableModel model, double least) {
        this.model = model;
        this.least = least;
    }

    /**
     * Create the detector.
     *
     * @param model the model whose confidence counts
     * @param least the smallest probability of the largest class that is accepted, above 0 and below 1
     * @throws ConfigurationException if the probability is not between 0 and 1, or the model is randomized or abstains
     */
    public static ConfidenceThreshold of(DifferentiableModel model, double least) {
        if (!(least > 0 && least < 1)) {
            throw new ConfigurationException("ConfidenceThreshold: the smallest accepted probability is " + least
                    + ": give one above 0 and below 1");
        }
        AbstainingModel.requireFixed("ConfidenceThreshold", model);
        return new ConfidenceThreshold(model, least);
    }

    @Override
    public String name() {
        return "confidence below " + least;
    }

    @Override
    public double[] scores(INDArray inputs) {
        double[][] rows = Rows.toRows(model.logits(inputs));
        double[] scores = new double[rows.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = score(rows[i]);
        }
        return scores;
    }

    private static double score(double[] logits) {
        int top = Softmax.largest(logits);
        return Softmax.logSumExpWithout(logits, top) - logits[top];
    }

    @Override
    public INDArray gradient(INDArray inputs, double[] weights) {
        return model.gradient(inputs, logits -> {
                    double[][] rows = Rows.toRows(logits);
                    for (int i = 0; i < rows.length; i++) {
                        int top = Softmax.largest(rows[i]);
                        double others = Softmax.logSumExpWithout(rows[i], top);
                        for (int j = 0; j < rows[i].length; j++) {
                            rows[i][j] = weights[i] * (j == top ? -1 : Math.exp(rows[i][j] - others));
                        }
                    }
                    return Rows.fromRows(rows, logits);
                })
                .gradient();
    }

    @Override
    public double threshold() {
        return Math.log((1 - least) / least);
    }

    @Override
    public double logitsPerScore() {
        return LOGITS_PER_SCORE;
    }

    @Override
    public boolean hasExactGradient() {
        return true;
    }

    @Override
    public Detector inDoublePrecision() {
        return new ConfidenceThreshold(model.inDoublePrecision(), least);
    }

    @Override
    public void requireFor(ModelInfo other) {
        FeatureSqueezing.requireSame("ConfidenceThreshold", model.info(), other);
    }
}
