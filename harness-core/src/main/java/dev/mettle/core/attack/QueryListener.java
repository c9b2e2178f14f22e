package dev.mettle.core.attack;

import dev.mettle.core.loss.Aim;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Hears what attacks ask of the model. */
interface QueryListener {

    /** Hears nothing. */
    QueryListener NONE = (asked, rows, aims, points, logits, gradients) -> {};

    /**
     * Called when an attack begins, on some of the samples of its run.
     *
     * @param restart the restart, counted from 0
     * @param samples the positions of these samples in the run
     */
    default void begin(int restart, int[] samples) {}

    /**
     * Called after a query.
     *
     * @param asked what the attack gets to see of the answer
     * @param rows the position of each point's sample among those that the attack began on
     * @param aims what is wanted of each point's sample
     * @param points the points, in the coordinates of the model
     * @param logits the logits at the points, if the model tells them
     * @param gradients the gradients at the points, one for every backward pass
     */
    void asked(
            Access asked, int[] rows, Aim[] aims, INDArray points, @Nullable INDArray logits, List<INDArray> gradients);
}
