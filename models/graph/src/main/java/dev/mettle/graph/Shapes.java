package dev.mettle.graph;

import dev.mettle.core.ConfigurationException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Arithmetic on shapes. */
public final class Shapes {

    private Shapes() {}

    /** Return the number of values in a tensor. */
    public static long length(long... shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** Print shapes, such as {@code [8, 3, 32, 32]}. */
    public static String format(List<long[]> shapes) {
        return shapes.stream().map(Arrays::toString).collect(Collectors.joining(" and "));
    }

    static long[] broadcast(long[] a, long[] b, Operator operator, List<long[]> inputs) {
        long[] shape = new long[Math.max(a.length, b.length)];
        for (int i = 1; i <= shape.length; i++) {
            long left = i <= a.length ? a[a.length - i] : 1;
            long right = i <= b.length ? b[b.length - i] : 1;
            require(left == right || left == 1 || right == 1, operator, inputs);
            shape[shape.length - i] = left == 1 ? right : left;
        }
        return shape;
    }

    static void require(boolean fits, Operator operator, List<long[]> inputs) {
        if (!fits) {
            throw new ConfigurationException(
                    "the operator " + operator.type() + " can't take inputs of shape " + format(inputs));
        }
    }

    static void require(boolean fits, Window window, long[] x) {
        if (!fits) {
            throw new ConfigurationException("the window " + window + " doesn't fit into an input of shape "
                    + Arrays.toString(x) + ": give larger inputs");
        }
    }
}
