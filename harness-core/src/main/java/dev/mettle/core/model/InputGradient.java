package dev.mettle.core.model;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The result of one forward and one backward pass.
 *
 * @param logits the logits at the inputs, shape {@code [n, classes]}
 * @param gradient dLoss/dInputs, shape of the inputs
 */
public record InputGradient(INDArray logits, INDArray gradient) {}
