package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.numeric.Rows;
import org.nd4j.linalg.api.buffer.DataType;

/** One clean sample, flattened, and how far each of its features may move. */
final class Neighborhood {

    final double[] clean;
    final double[] lower;
    final double[] upper;

    private Neighborhood(double[] clean, double[] lower, double[] upper) {
        this.clean = clean;
        this.lower = lower;
        this.upper = upper;
    }

    /** Return what an interval per feature allows. */
    static Neighborhood of(double[] clean, double[] lower, double[] upper) {
        return new Neighborhood(clean, lower, upper);
    }

    /** Return what the box, and all that narrows it, allows the samples of a batch. */
    static Neighborhood[] of(SampleBatch batch) {
        double[][] clean = Rows.toRows(batch.inputs());
        double[][] lower = Rows.toRows(batch.perturbations().lower());
        double[][] upper = Rows.toRows(batch.perturbations().upper());
        Neighborhood[] all = new Neighborhood[clean.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = new Neighborhood(clean[i], lower[i], upper[i]);
        }
        return all;
    }

    /** Return the part of it in which no feature moves by more than {@code epsilon}, after rounding to the data type. */
    Neighborhood within(double epsilon, DataType type) {
        double[] low = new double[clean.length];
        double[] high = new double[clean.length];
        for (int i = 0; i < low.length; i++) {
            low[i] = Math.max(lower[i], clean[i] - epsilon);
            high[i] = Math.min(upper[i], clean[i] + epsilon);
            if (type == DataType.FLOAT) {
                low[i] = (float) low[i] < low[i] ? Math.nextUp((float) low[i]) : (float) low[i];
                high[i] = (float) high[i] > high[i] ? Math.nextDown((float) high[i]) : (float) high[i];
            }
        }
        return new Neighborhood(clean, low, high);
    }

    int features() {
        return clean.length;
    }

    /** Say whether a feature can move at all. */
    boolean isFree(int i) {
        return lower[i] < upper[i];
    }

    double clip(double value, int i) {
        return Math.min(Math.max(value, lower[i]), upper[i]);
    }
}
