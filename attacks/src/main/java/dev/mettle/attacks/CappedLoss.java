package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The sum of the losses of many samples, for one perturbation of all: a sample that is fooled with a loss of {@value #ENOUGH} has no
 * gradient any more, so that it doesn't outweigh those still to be fooled (Shafahi et al. 2020 clip the cross-entropy so).
 */
record CappedLoss(LogitLoss loss) {

    static final int ENOUGH = 5;

    /** Return dLoss/dLogits. */
    INDArray gradients(SampleBatch batch, INDArray logits) {
        Aim[] aims = batch.aims();
        double[] values = loss.values(logits, aims);
        boolean[] fooled = batch.successes(logits);
        double[][] gradients = Rows.toRows(loss.gradients(logits, aims));
        for (int i = 0; i < values.length; i++) {
            if (fooled[i] && values[i] > ENOUGH) {
                Arrays.fill(gradients[i], 0);
            }
        }
        return Rows.fromRows(gradients, logits);
    }
}
