package dev.mettle.dl4j.samediff;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.ScalarOp;

/**
 * An operation of a SameDiff graph with the tensors it takes.
 *
 * @param step the operation
 * @param inputs what it takes
 */
record Operation(Step step, List<Tensor> inputs) {

    /**
     * An operation of a SameDiff graph.
     *
     * @param function the operation itself, with its arguments
     * @param inputs the names of the variables it takes
     * @param output the name of the variable it puts out
     */
    record Step(DifferentialFunction function, List<String> inputs, String output) {

        String name() {
            return function.opName();
        }

        /** Return the exception that refuses this operation, for a reason that ends the sentence. */
        ConfigurationException refusal(String reason) {
            return new ConfigurationException(
                    "the variable \"" + output + "\" is computed by the operation " + name() + ", which " + reason);
        }

        /** Print the arguments. */
        String arguments() {
            if (function instanceof DynamicCustomOp custom) {
                return Arrays.toString(custom.iArgs())
                        + Arrays.toString(custom.tArgs())
                        + Arrays.toString(custom.bArgs());
            } else if (function instanceof BaseReduceOp reduction) {
                return Arrays.toString(reduction.getDimensions()) + reduction.isKeepDims();
            }
            return function instanceof ScalarOp scalar
                    ? String.valueOf(scalar.scalar().getDouble(0))
                    : "";
        }
    }

    ConfigurationException refusal(String reason) {
        return step.refusal(reason);
    }

    void require(boolean fits, String reason) {
        if (!fits) {
            throw refusal(reason);
        }
    }

    Tensor input(int index) {
        require(index < inputs.size(), "takes " + inputs.size() + " inputs here, in a form that Mettle doesn't know");
        return inputs.get(index);
    }

    boolean has(int index) {
        return index < inputs.size();
    }

    /** Return the values of an input that must not depend on the input of the model. */
    INDArray constant(int index, String what) {
        INDArray value = input(index).value();
        if (value == null) {
            throw refusal(
                    "takes " + what + " that depend on the model's input, which Mettle doesn't know how to follow");
        }
        return value;
    }

    /** Return the whole numbers of a constant input. */
    long[] integers(int index, String what) {
        return Arrays.stream(Rows.toDoubles(constant(index, what)))
                .mapToLong(value -> (long) value)
                .toArray();
    }

    long[] integers() {
        return step.function() instanceof DynamicCustomOp custom ? custom.iArgs() : new long[0];
    }

    /** Return an integer argument, or the default if there are fewer. */
    int integer(int index, int otherwise) {
        long[] arguments = integers();
        return index < arguments.length ? Math.toIntExact(arguments[index]) : otherwise;
    }

    double floating(int index, double otherwise) {
        double[] arguments = step.function() instanceof DynamicCustomOp custom ? custom.tArgs() : new double[0];
        return index < arguments.length ? arguments[index] : otherwise;
    }

    boolean flag(int index, boolean otherwise) {
        boolean[] arguments = step.function() instanceof DynamicCustomOp custom ? custom.bArgs() : new boolean[0];
        return index < arguments.length ? arguments[index] : otherwise;
    }

    /** Return the number that an operation with a scalar takes. */
    double scalar() {
        if (step.function() instanceof ScalarOp scalar && scalar.scalar() != null) {
            return scalar.scalar().getDouble(0);
        }
        throw refusal("has no number to take here, in a form that Mettle doesn't know");
    }

    /** Count an axis from 0. */
    static int axis(long axis, int rank) {
        return Math.toIntExact(axis < 0 ? axis + rank : axis);
    }

    /** Count axes from 0, in order; the batch must not be among them. */
    List<Integer> axes(long[] given, int rank) {
        List<Integer> axes = given.length == 0 || given[0] == Integer.MAX_VALUE
                ? IntStream.range(0, rank).boxed().toList()
                : Arrays.stream(given)
                        .mapToObj(axis -> axis(axis, rank))
                        .sorted()
                        .toList();
        require(
                axes.stream().allMatch(axis -> axis > 0 && axis < rank),
                "runs along the axes " + Arrays.toString(given) + " of " + rank
                        + " and so mixes the samples of a batch: leave out axis 0");
        return axes;
    }
}
