package dev.mettle.graph.nd4j;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Views of arrays that copy nothing. */
final class Views {

    private Views() {}

    /** Return positions {@code from} to {@code to} along an axis. */
    static INDArray slice(INDArray array, int axis, long from, long to) {
        long[] begin = new long[array.rank()];
        long[] size = array.shape().clone();
        begin[axis] = from;
        size[axis] = to - from;
        return region(array, begin, size);
    }

    /** Return the region that begins at a position and has a size. */
    static INDArray region(INDArray array, long[] begin, long[] size) {
        INDArrayIndex[] ranges = new INDArrayIndex[begin.length];
        Arrays.setAll(ranges, axis -> NDArrayIndex.interval(begin[axis], begin[axis] + size[axis]));
        return array.get(ranges).reshape('c', size); // a view; get() drops some axes of size 1
    }
}
