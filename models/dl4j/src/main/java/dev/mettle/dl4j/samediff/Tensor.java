package dev.mettle.dl4j.samediff;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A tensor of the graph under construction. */
final class Tensor {

    private final String name;
    private final long[] shape;
    private final @Nullable INDArray value;

    private Tensor(String name, long[] shape, @Nullable INDArray value) {
        this.name = name;
        this.shape = shape;
        this.value = value;
    }

    /** Create a tensor that depends on the input; its shape is that for a batch of {@link Drawing#BATCH} samples. */
    static Tensor computed(String name, long... shape) {
        return new Tensor(name, shape, null);
    }

    static Tensor constant(String name, INDArray value) {
        return new Tensor(name, value.shape(), value);
    }

    String name() {
        return name;
    }

    long[] shape() {
        return shape.clone();
    }

    int rank() {
        return shape.length;
    }

    /** Return its values if it is a constant, else null. */
    @Nullable
    INDArray value() {
        return value;
    }

    boolean isConstant() {
        return value != null;
    }
}
