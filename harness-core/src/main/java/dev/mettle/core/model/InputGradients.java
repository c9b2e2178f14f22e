package dev.mettle.core.model;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The result of one forward and several backward passes.
 *
 * @param logits the logits at the inputs, shape {@code [n, classes]}
 * @param gradients dLoss/dInputs for each of the losses, each with the shape of the inputs
 */
public record InputGradients(INDArray logits, List<INDArray> gradients) {

    /** Create the result. */
    public InputGradients {
        gradients = List.copyOf(gradients);
    }
}
