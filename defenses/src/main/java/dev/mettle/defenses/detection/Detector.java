package dev.mettle.defenses.detection;

import dev.mettle.core.model.ModelInfo;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rejects inputs that look adversarial: those whose score lies above a threshold. An {@link AbstainingModel} gives no answer on them.
 *
 * <p>A detector is attacked together with the model, so it tells the gradient of its score too. Carlini and Wagner: Adversarial Examples
 * Are Not Easily Detected: Bypassing Ten Detection Methods, AISec 2017, <a href="https://arxiv.org/abs/1705.07263">arXiv:1705.07263</a>,
 * fool each of ten detectors by attacks that know of them.
 */
public interface Detector {

    /** Return the name for reports, with all parameters and the threshold: detectors of the same name on the same model do the same. */
    String name();

    /**
     * Return how suspicious every sample looks: the larger, the more. NaN is rejected.
     *
     * @param inputs a batch of shape {@code [n, ...]}; must not be changed
     */
    double[] scores(INDArray inputs);

    /**
     * Return dLoss/dInputs for dLoss/dScore.
     *
     * @param inputs the batch, shape {@code [n, ...]}
     * @param weights dLoss/dScore of every sample
     * @return an array of the shape of the inputs
     */
    INDArray gradient(INDArray inputs, double[] weights);

    /** Return the score above which a sample is rejected. */
    double threshold();

    /**
     * Return how many logits one unit of the score is worth to an attack that has to lower both; see {@link AbstainingModel}. It changes no
     * decision.
     */
    double logitsPerScore();

    /** Say whether {@link #gradient} is the derivative of the score, wherever there is one, and so can be checked. */
    boolean hasExactGradient();

    /** Return the same detector with its scores computed in double precision. */
    Detector inDoublePrecision();

    /**
     * Make sure that the detector fits a model.
     *
     * @throws dev.mettle.core.ConfigurationException if it was made for another one
     */
    void requireFor(ModelInfo model);
}
