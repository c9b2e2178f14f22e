package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.numeric.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One sample under a minimum-norm attack: where it was, how far each feature may move, and where it is now, in doubles. */
final class PerturbedSample {

    final double[] clean;
    final double[] lower;
    final double[] upper;

    /** The point of the next query; inside the bounds. */
    double[] x;

    PerturbedSample(double[] clean, double[] lower, double[] upper) {
        this.clean = clean;
        this.lower = lower;
        this.upper = upper;
        this.x = clean.clone();
    }

    /** Start at the clean samples. */
    static List<PerturbedSample> of(SampleBatch batch) {
        double[][] clean = Rows.toRows(batch.inputs());
        double[][] lower = Rows.toRows(batch.perturbations().lower());
        double[][] upper = Rows.toRows(batch.perturbations().upper());
        List<PerturbedSample> samples = new ArrayList<>();
        for (int i = 0; i < clean.length; i++) {
            samples.add(new PerturbedSample(clean[i], lower[i], upper[i]));
        }
        return samples;
    }

    /** Return the points of some samples as a batch. */
    static INDArray points(List<PerturbedSample> samples, SampleBatch batch) {
        return Rows.fromRows(samples.stream().map(sample -> sample.x).toArray(double[][]::new), batch.inputs());
    }

    /** Return the width of the widest feature: lengths of the literature are for inputs from 0 to 1. */
    double unit() {
        double unit = 0;
        for (int i = 0; i < clean.length; i++) {
            unit = Math.max(unit, upper[i] - lower[i]);
        }
        return unit;
    }

    /** Return the perturbation to the farthest point of the box. */
    double[] farthest() {
        double[] delta = new double[clean.length];
        Arrays.setAll(delta, i -> Math.max(clean[i] - lower[i], upper[i] - clean[i]));
        return delta;
    }

    double[] delta() {
        return RowVectors.minus(x, clean);
    }

    /** Move to {@code clean + delta}, clipped to the box. */
    void moveTo(double[] delta) {
        for (int i = 0; i < clean.length; i++) {
            x[i] = RowVectors.clip(clean[i] + delta[i], lower[i], upper[i]);
        }
    }
}
