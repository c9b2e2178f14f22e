package dev.mettle.core.attack;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Tells a watcher of the queries for gradients, sample by sample. */
final class GradientQueries implements QueryListener {

    private final AttackEngine.Watcher watcher;
    private int[] samples = new int[0];

    GradientQueries(AttackEngine.Watcher watcher) {
        this.watcher = watcher;
    }

    @Override
    public void begin(int restart, int[] begun) {
        samples = begun.clone();
    }

    @Override
    public void asked(
            Access asked,
            int[] rows,
            Aim[] aims,
            INDArray points,
            @Nullable INDArray logits,
            List<INDArray> gradients) {
        if (asked != Access.GRADIENTS || logits == null) {
            return;
        }
        double[][] scores = Rows.toRows(logits);
        for (int i = 0; i < rows.length; i++) {
            watcher.asked(samples[rows[i]], scores[i]);
        }
    }
}
