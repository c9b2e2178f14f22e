package dev.mettle.defenses.training;

import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A batch of intervals, or of gradients with respect to them, while training.
 *
 * @param center the middles, {@code [n, ...]}
 * @param radius half the widths, of the same shape; empty if all are 0
 */
record Interval(INDArray center, Optional<INDArray> radius) {

    /** Return intervals of no width. */
    static Interval point(INDArray values) {
        return new Interval(values, Optional.empty());
    }

    static Interval of(INDArray center, INDArray radius) {
        return new Interval(center, Optional.of(radius));
    }
}
