package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.LogitDifference;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A decision boundary as it looks from a point x: {@code f(x + δ) ≈ value + normal · δ}, crossed where positive.
 *
 * <p>Untargeted, f is {@code zⱼ − z_y} for some other class j; for a target t of the evaluation, {@code z_t − max_{j≠t} zⱼ}.
 */
final class DecisionBoundary {

    final double value;
    final double[] normal;

    private DecisionBoundary(double value, double[] normal) {
        this.value = value;
        this.normal = normal;
    }

    /** The size of the smallest δ that takes the linear function to zero. */
    double distance(Norm norm) {
        return Math.abs(value) / RowVectors.dual(normal, norm);
    }

    /** Return the aims at every other class, the most likely one first, but no more than {@code most}; or only at the target. */
    static Aim[] rivals(Aim aim, double[] logits, int most) {
        if (aim.isTargeted()) {
            return new Aim[] {aim};
        }
        return IntStream.range(0, logits.length)
                .filter(j -> j != aim.label() && j != aim.abstention())
                .boxed()
                .sorted(Comparator.comparingDouble((Integer j) -> -logits[j]))
                .limit(most)
                .map(aim::at)
                .toArray(Aim[]::new);
    }

    /**
     * Query the model at {@code x} and linearize some boundaries there.
     *
     * @param batch the samples
     * @param x one point each
     * @param rivals one list of aims per sample, given the logits at {@code x}; all of the same length
     * @param reached filled with which points reach the goal
     * @return per sample the nearest of its boundaries; that of the first aim if none has a finite distance
     */
    static DecisionBoundary[] nearest(
            SampleBatch batch, INDArray x, Function<INDArray, Aim[][]> rivals, Norm norm, boolean[] reached) {
        LogitLoss loss = batch.aims()[0].isTargeted() ? new Margin() : new LogitDifference();
        List<Aim[]> queried = new ArrayList<>();
        InputGradients pass = batch.gradients(x, logits -> {
            Aim[][] bySample = rivals.apply(logits);
            for (int k = 0; k < bySample[0].length; k++) {
                int rank = k;
                queried.add(Arrays.stream(bySample).map(aims -> aims[rank]).toArray(Aim[]::new));
            }
            return queried.stream().map(aims -> loss.gradients(logits, aims)).toList();
        });
        System.arraycopy(batch.successes(pass.logits()), 0, reached, 0, reached.length);
        DecisionBoundary[] nearest = new DecisionBoundary[batch.size()];
        for (int k = 0; k < queried.size(); k++) {
            double[] values = loss.values(pass.logits(), queried.get(k));
            double[][] normals = Rows.toRows(pass.gradients().get(k));
            Rows.release(pass.gradients().get(k));
            for (int i = 0; i < values.length; i++) {
                DecisionBoundary boundary = new DecisionBoundary(values[i], normals[i]);
                if (k == 0 || boundary.isNearerThan(nearest[i], norm)) {
                    nearest[i] = boundary;
                }
            }
        }
        return nearest;
    }

    private boolean isNearerThan(DecisionBoundary other, Norm norm) {
        double otherDistance = other.distance(norm);
        return distance(norm) < (Double.isFinite(otherDistance) ? otherDistance : Double.POSITIVE_INFINITY);
    }
}
