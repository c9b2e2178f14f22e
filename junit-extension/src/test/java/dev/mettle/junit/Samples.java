package dev.mettle.junit;

import dev.mettle.core.data.LabeledData;
import java.util.stream.DoubleStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Samples for {@link AffineModel}, of both classes in turn, at known distances from its decision boundary. */
final class Samples {

    /** Farther from the boundary than 8/255. */
    static final double FAR = 0.4;

    /** Nearer than 8/255. */
    static final double NEAR = 0.02;

    /** On the wrong side. */
    static final double WRONG = -0.25;

    private Samples() {}

    static LabeledData of(int wrong, int far, int near) {
        return at(DoubleStream.concat(
                        DoubleStream.generate(() -> WRONG).limit(wrong),
                        DoubleStream.concat(
                                DoubleStream.generate(() -> FAR).limit(far),
                                DoubleStream.generate(() -> NEAR).limit(near)))
                .toArray());
    }

    static LabeledData at(double... distances) {
        float[][] inputs = new float[distances.length][];
        int[] labels = new int[distances.length];
        for (int i = 0; i < distances.length; i++) {
            labels[i] = i % 2;
            inputs[i] = new float[] {(float) (0.5 + (labels[i] == 0 ? distances[i] : -distances[i])), 0.5f};
        }
        INDArray batch = Nd4j.createFromArray(inputs);
        return LabeledData.of("samples", batch, labels);
    }
}
