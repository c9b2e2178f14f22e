package dev.mettle.attacks;

import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Turns points into batches for the model, one after the other in the same memory. Where few features changed since the last batch,
 * as in a random search, only these are written: making an array anew costs ND4J as much as a small network's forward pass.
 */
final class PointBuffer {

    /** Writing single features pays if at most one in so many changed. */
    private static final int SPARSE = 4;

    private final INDArray like;
    private float[] values = new float[0];
    private @Nullable INDArray batch;

    /** Create a buffer for batches with the sample shape and data type of another. */
    PointBuffer(INDArray like) {
        this.like = like;
    }

    /** Return points as a batch, which is good until the next call. */
    INDArray write(double[][] points, int from, int count) {
        if (like.dataType() != DataType.FLOAT) {
            return replace(Rows.fromRows(Arrays.copyOfRange(points, from, from + count), like));
        }
        int features = points[from].length;
        INDArray written = batch;
        if (written == null || values.length != count * features) {
            values = new float[count * features];
            written = null;
        }
        int[] changed = new int[written == null ? 0 : values.length / SPARSE];
        int changes = 0;
        for (int row = 0; row < count; row++) {
            double[] point = points[from + row];
            for (int i = 0, at = row * features; i < features; i++, at++) {
                float value = (float) point[i];
                if (value != values[at]) {
                    values[at] = value;
                    if (changes < changed.length) {
                        changed[changes] = at;
                    }
                    changes++;
                }
            }
        }
        if (written == null || changes > changed.length) {
            return replace(Nd4j.create(values, Rows.shape(count, like), 'c'));
        }
        for (int k = 0; k < changes; k++) {
            written.data().put(changed[k], values[changed[k]]);
        }
        return written;
    }

    private INDArray replace(INDArray next) {
        release();
        batch = next;
        return next;
    }

    /** Give the memory back. */
    void release() {
        if (batch != null) {
            Rows.release(batch);
        }
    }
}
