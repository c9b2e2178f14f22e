package dev.mettle.core.model;

import org.nd4j.linalg.api.ndarray.INDArray;

/** A classifier that tells its logits: the scores before the softmax or sigmoid. */
public interface LogitModel extends LabelModel {

    /**
     * Run one forward pass.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @return logits of shape {@code [n, classes]}
     */
    INDArray logits(INDArray inputs);
}
