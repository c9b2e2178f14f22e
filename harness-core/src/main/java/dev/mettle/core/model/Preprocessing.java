package dev.mettle.core.model;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A step before the model that is part of what is attacked, such as rounding to a few bits or JPEG compression.
 *
 * <p>Where the step has no useful derivative, {@link #backward} stands in for it: the backward pass differentiable approximation
 * (BPDA) of Athalye, Carlini, Wagner: Obfuscated Gradients Give a False Sense of Security, ICML 2018,
 * <a href="https://arxiv.org/abs/1802.00420">arXiv:1802.00420</a>. A step that draws random numbers is a {@link RandomizedPreprocessing}.
 */
public interface Preprocessing {

    /** Return the name for reports, such as {@code 3-bit rounding}, with all parameters: steps of the same name do the same. */
    String name();

    /**
     * Apply the step.
     *
     * @param inputs a batch of shape {@code [n, ...]}; must not be changed
     * @return a batch that the model takes
     */
    INDArray apply(INDArray inputs);

    /**
     * Return dLoss/dInputs for dLoss/dOutputs. The default passes the gradient on as it is, the straight-through estimate, for steps
     * whose output is close to their input.
     *
     * @param inputs the batch that the step was applied to
     * @param gradient dLoss/dOutputs
     */
    default INDArray backward(INDArray inputs, INDArray gradient) {
        return gradient;
    }

    /** Return what {@link #backward} is: the derivative, a stand-in for it, or nothing. */
    default DeclaredGradient declaredGradient() {
        return DeclaredGradient.APPROXIMATE;
    }

    /**
     * Return the step as it works before a model, with its input range; called once when it is put there. The default returns the step
     * itself.
     *
     * @throws dev.mettle.core.ConfigurationException if it makes no sense for inputs of that shape
     */
    default Preprocessing before(ModelInfo model) {
        return this;
    }
}
