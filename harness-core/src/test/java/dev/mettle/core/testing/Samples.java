package dev.mettle.core.testing;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Random inputs. */
public final class Samples {

    private Samples() {}

    /** Draw {@code n} inputs uniformly from [0.1, 0.9], away from the edges of the box. */
    public static INDArray interior(int n, DataType type, long... sampleShape) {
        return uniform(n, type, sampleShape).muli(0.8).addi(0.1);
    }

    /** Draw {@code n} inputs uniformly from [0, 1], a tenth of the features at 0 or 1 exactly; sample i is always the same. */
    public static INDArray uniform(int n, DataType type, long... sampleShape) {
        int features = (int) Arrays.stream(sampleShape).reduce(1, (a, b) -> a * b);
        double[] values = new double[n * features];
        for (int row = 0; row < n; row++) {
            SampleRandom random = SampleRandom.of(7, "samples", 0, row);
            for (int i = 0; i < features; i++) {
                double u = random.uniform(-0.05, 1.05);
                values[row * features + i] = Math.min(Math.max(u, 0), 1);
            }
        }
        long[] shape = new long[sampleShape.length + 1];
        shape[0] = n;
        System.arraycopy(sampleShape, 0, shape, 1, sampleShape.length);
        return Rows.fromDoubles(values, shape, type);
    }
}
