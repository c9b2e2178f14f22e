package dev.mettle.core.numeric;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Batches seen as rows: sample {@code i} of an array of shape {@code [n, ...]} is its row {@code i}, with all features
 * flattened in C order.
 */
public final class Rows {

    private Rows() {}

    /** Return the batch as a matrix {@code [n, features]}; a view wherever the memory layout allows it. */
    public static INDArray matrix(INDArray batch) {
        return batch.reshape('c', batch.size(0), features(batch));
    }

    /** Return the number of features of one sample. */
    public static long features(INDArray batch) {
        long features = 1;
        for (int axis = 1; axis < batch.rank(); axis++) {
            features *= batch.size(axis);
        }
        return features;
    }

    /** Return the shape {@code [n, ...]} of a batch of {@code n} samples shaped as those of {@code batch}. */
    public static long[] shape(long n, INDArray batch) {
        long[] shape = batch.shape().clone();
        shape[0] = n;
        return shape;
    }

    /** Return the shape of one sample, without the batch dimension. */
    public static long[] sampleShape(INDArray batch) {
        return Arrays.copyOfRange(batch.shape(), 1, batch.rank());
    }

    /**
     * Give back the memory of an array that nobody needs any more. That of a view, or of an array in a workspace, is another's
     * and stays: ND4J 1.0.0-M1.1 throws at closing it, later ones do nothing.
     */
    public static void release(INDArray array) {
        if (array.closeable()) {
            array.close();
        }
    }

    /** Copy the chosen rows, in the order given. */
    public static INDArray select(INDArray batch, int[] rows) {
        if (runs(rows) > 2) {
            return Nd4j.pullRows(matrix(batch), 1, rows, 'c').reshape('c', shape(rows.length, batch));
        }
        INDArray selected = Nd4j.createUninitialized(batch.dataType(), shape(rows.length, batch), 'c');
        INDArray source = matrix(batch);
        INDArray target = matrix(selected);
        for (int start = 0; start < rows.length; ) { // copy runs of neighbors at once
            int end = start + 1;
            while (end < rows.length && rows[end] == rows[end - 1] + 1) {
                end++;
            }
            slice(target, start, end).assign(slice(source, rows[start], rows[start] + (end - start)));
            start = end;
        }
        return selected;
    }

    /** Count the runs of neighbors. */
    private static int runs(int[] rows) {
        int runs = Math.min(1, rows.length);
        for (int i = 1; i < rows.length; i++) {
            runs += rows[i] == rows[i - 1] + 1 ? 0 : 1;
        }
        return runs;
    }

    /** Return the samples {@code from} (inclusive) to {@code to} (exclusive) as a view. */
    public static INDArray slice(INDArray batch, long from, long to) {
        INDArray matrix = batch.rank() == 2 ? batch : matrix(batch);
        INDArray view = matrix.get(
                org.nd4j.linalg.indexing.NDArrayIndex.interval(from, to), org.nd4j.linalg.indexing.NDArrayIndex.all());
        return batch.rank() == 2 ? view : view.reshape('c', shape(to - from, batch));
    }

    /** Copy row {@code sourceRow} of {@code source} over row {@code targetRow} of {@code target}. */
    public static void copy(INDArray source, int sourceRow, INDArray target, int targetRow) {
        slice(matrix(target), targetRow, targetRow + 1).assign(slice(matrix(source), sourceRow, sourceRow + 1));
    }

    /** Copy all values, in C order, to doubles. */
    public static double[] toDoubles(INDArray array) {
        if (array.dataType() != DataType.DOUBLE && array.dataType() != DataType.FLOAT) {
            INDArray cast = array.castTo(DataType.DOUBLE);
            double[] values = toDoubles(cast);
            release(cast);
            return values;
        }
        boolean inOrder = array.ordering() == 'c'
                && !array.isView()
                && array.data().length() == array.length()
                && Shape.hasDefaultStridesForShape(array);
        INDArray source = inOrder ? array : array.dup('c');
        double[] values = source.dataType() == DataType.DOUBLE
                ? source.data().asDouble()
                : widened(source.data().asFloat());
        if (source != array) {
            release(source);
        }
        return values;
    }

    private static double[] widened(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    /** Copy the rows to one array of doubles per sample. */
    public static double[][] toRows(INDArray batch) {
        double[] flat = toDoubles(batch);
        int n = (int) batch.size(0);
        int features = (int) features(batch);
        double[][] rows = new double[n][];
        for (int row = 0; row < n; row++) {
            rows[row] = Arrays.copyOfRange(flat, row * features, (row + 1) * features);
        }
        return rows;
    }

    /** Build a batch with the shape and the data type of {@code like} from one array of doubles per sample. */
    public static INDArray fromRows(double[][] rows, INDArray like) {
        int features = (int) features(like);
        double[] flat = new double[rows.length * features];
        for (int row = 0; row < rows.length; row++) {
            System.arraycopy(rows[row], 0, flat, row * features, features);
        }
        return fromDoubles(flat, shape(rows.length, like), like.dataType());
    }

    /** Build an array of the given shape, in C order, and data type from doubles. */
    public static INDArray fromDoubles(double[] values, long[] shape, DataType type) {
        if (type == DataType.FLOAT) {
            float[] floats = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                floats[i] = (float) values[i];
            }
            return Nd4j.create(floats, shape, 'c');
        }
        INDArray doubles = Nd4j.create(values, shape, 'c');
        if (type == DataType.DOUBLE) {
            return doubles;
        }
        INDArray cast = doubles.castTo(type);
        release(doubles);
        return cast;
    }
}
