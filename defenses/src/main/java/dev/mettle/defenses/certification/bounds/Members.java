package dev.mettle.defenses.certification.bounds;

import dev.mettle.graph.Shapes;
import dev.mettle.graph.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Which values of one sample, counted in C order, a maximum is taken of. */
final class Members {

    private Members() {}

    /**
     * Return the values in every window; padding is none of them.
     *
     * @param x the shape of the input, {@code [1, channels, spatial…]}
     * @param y the shape of the output
     */
    static int[][] ofWindows(Window window, long[] x, long[] y) {
        int[][] members = new int[Math.toIntExact(Shapes.length(y))][];
        for (int output = 0; output < members.length; output++) {
            long[] position = position(output, y);
            List<long[]> inside = new ArrayList<>(List.of(position.clone()));
            for (int i = 0; i < window.rank(); i++) {
                int axis = i + 2;
                long start = position[axis] * window.strides().get(i) - window.before(i, x[axis]);
                List<long[]> extended = new ArrayList<>();
                for (int k = 0; k < window.kernel().get(i); k++) {
                    long at = start + (long) k * window.dilations().get(i);
                    if (at >= 0 && at < x[axis]) {
                        for (long[] partial : inside) {
                            long[] next = partial.clone();
                            next[axis] = at;
                            extended.add(next);
                        }
                    }
                }
                inside = extended;
            }
            members[output] =
                    inside.stream().mapToInt(member -> index(member, x)).toArray();
        }
        return members;
    }

    /** Return the values along some axes. */
    static int[][] ofAxes(List<Integer> axes, long[] x, long[] y) {
        List<List<Integer>> members = new ArrayList<>();
        IntStream.range(0, Math.toIntExact(Shapes.length(y))).forEach(i -> members.add(new ArrayList<>()));
        for (int input = 0; input < Shapes.length(x); input++) {
            long[] position = position(input, x);
            axes.forEach(axis -> position[axis] = 0);
            members.get(index(position, y)).add(input);
        }
        return members.stream()
                .map(list -> list.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
    }

    /** Return the position of a value. */
    static long[] position(long index, long[] shape) {
        long[] position = new long[shape.length];
        long rest = index;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            position[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        return position;
    }

    private static int index(long[] position, long[] shape) {
        long index = 0;
        for (int axis = 0; axis < shape.length; axis++) {
            index = index * shape[axis] + position[axis];
        }
        return Math.toIntExact(index);
    }
}
