package dev.mettle.dl4j.samediff;

import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Small SameDiff graphs with random weights. */
final class Graphs {

    private Graphs() {}

    /** Build a graph from the placeholder {@code x} to the variable {@code logits}, which has four classes. */
    static SameDiff classifier(DataType type, long[] sampleShape, UnaryOperator<SDVariable> hidden) {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", type, batch(-1, sampleShape));
        SDVariable y = hidden.apply(x).rename("hidden");
        INDArray sample = graph.outputSingle(Map.of("x", inputs(type, batch(1, sampleShape))), "hidden");
        SDVariable flat = sample.rank() == 2 ? y : y.reshape(-1, sample.length());
        flat.mmul(weights(flat, sample.length(), 4))
                .mul(0.5 / Math.max(1, sample.norm2Number().doubleValue()))
                .rename("logits");
        return graph;
    }

    static SDVariable weights(SDVariable like, long... shape) {
        return like.getSameDiff().var(random(17, like.dataType(), shape));
    }

    static SDVariable positive(SDVariable like, long... shape) {
        INDArray values = random(18, like.dataType(), shape);
        return like.getSameDiff().constant(values.mul(values).add(0.5));
    }

    static INDArray inputs(DataType type, long... shape) {
        return random(19, type, shape);
    }

    private static INDArray random(long seed, DataType type, long... shape) {
        Random random = new Random(seed + Arrays.hashCode(shape));
        double[] values = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        Arrays.setAll(values, i -> random.nextGaussian());
        return Rows.fromDoubles(values, shape, type);
    }

    static long[] batch(long n, long... sampleShape) {
        long[] shape = new long[sampleShape.length + 1];
        shape[0] = n;
        System.arraycopy(sampleShape, 0, shape, 1, sampleShape.length);
        return shape;
    }

    static int[] labels(int n) {
        int[] labels = new int[n];
        Arrays.setAll(labels, i -> i % 4);
        return labels;
    }
}
