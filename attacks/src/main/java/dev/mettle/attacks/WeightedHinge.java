package dev.mettle.attacks;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The loss {@code c · max(κ − margin, 0)} of Carlini and Wagner, with a weight c per sample: zero once the goal is reached with
 * confidence κ.
 *
 * @param confidence the logit margin κ to reach
 */
record WeightedHinge(double confidence) {

    private static final Margin MARGIN = new Margin();

    double[] margins(INDArray logits, Aim[] aims) {
        return MARGIN.values(logits, aims);
    }

    /** Return the hinge at a margin, without its weight. */
    double value(double margin) {
        return Math.max(confidence - margin, 0);
    }

    /** Say whether a margin is that of an adversarial example with enough confidence. A tie is none. */
    boolean reached(double margin) {
        return margin > 0 && margin >= confidence;
    }

    /** Return dLoss/dLogits per row. */
    INDArray gradients(INDArray logits, Aim[] aims, double[] weights) {
        double[] margins = margins(logits, aims);
        double[] scale = new double[margins.length];
        Arrays.setAll(scale, i -> reached(margins[i]) ? 0 : -weights[i]);
        return MARGIN.gradients(logits, aims)
                .muliColumnVector(Rows.fromDoubles(scale, new long[] {scale.length, 1}, logits.dataType()));
    }
}
