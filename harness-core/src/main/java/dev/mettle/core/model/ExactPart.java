package dev.mettle.core.model;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The part of a model whose gradients are meant to be derivatives: the model itself, or what lies behind a step whose gradient is a
 * declared stand-in.
 *
 * @param model the part
 * @param inputs where the inputs of the whole model land before it
 */
public record ExactPart(DifferentiableModel model, INDArray inputs) {}
