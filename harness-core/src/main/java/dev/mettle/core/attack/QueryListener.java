package dev.mettle.core.attack;

import dev.mettle.core.loss.Aim;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Hears what attacks ask of the model. */
interface QueryListener {

    /** Hears nothing. */
    QueryListener NONE = (asked, aims, points, logits, gradients) -> {};

    /** Called when an attack begins anew; restarts are counted from 0. */
    default void restart(int restart) {}

    /**
     * Called after a query.
     *
     * @param asked what the attack gets to see of the answer
     * @param aims what is wanted of each point's sample
     * @param points the points, in the coordinates of the model
     * @param logits the logits at the points, if the model tells them
     * @param gradients the gradients at the points, one for every backward pass
     */
    void asked(Access asked, Aim[] aims, INDArray points, @Nullable INDArray logits, List<INDArray> gradients);
}
