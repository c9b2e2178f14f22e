package dev.mettle.dl4j.samediff;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ops.BaseReduceOp;

/** Lowers operations that move values, and reductions. */
final class Layouts {

    private static final int C_ORDER = -99;

    private Layouts() {}

    static void register(Map<String, Rules.Rule> rules) {
        rules.put("reshape", Layouts::reshape);
        rules.put("expand_dims", Layouts::expandDimensions);
        rules.put("squeeze", Layouts::squeeze);
        rules.put("permute", Layouts::permute);
        rules.put("transpose", Layouts::permute);
        rules.put("concat", Layouts::concat);
        rules.put("pad", Layouts::pad);
        rules.put("upsampling2d", Layouts::upsample);
        rules.put("identity", (drawing, op) -> op.input(0));
        rules.put("cast", (drawing, op) -> op.input(0)); // to another type, it was refused before
        rules.put("reduce_mean", (drawing, op) -> reduce(drawing, op, Operator.Reduction.MEAN));
        rules.put("reduce_max", (drawing, op) -> reduce(drawing, op, Operator.Reduction.MAX));
        rules.put("reduce_sum", (drawing, op) -> reduce(drawing, op, Operator.Reduction.SUM));
    }

    private static Tensor reshape(Drawing drawing, Operation op) {
        long[] arguments = op.integers();
        boolean ordered = arguments.length > 0 && arguments[0] < -1;
        op.require(!ordered || arguments[0] == C_ORDER, "reads values in Fortran order, which Mettle doesn't know");
        long[] shape =
                op.has(1) ? op.integers(1, "shapes") : Arrays.copyOfRange(arguments, ordered ? 1 : 0, arguments.length);
        op.require(
                shape.length > 0 && shape[0] <= 0,
                "gives the fixed batch size " + (shape.length > 0 ? shape[0] : 1) + " in the shape "
                        + Arrays.toString(shape) + ": give -1 instead");
        Tensor x = op.input(0);
        long rest = Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
        op.require(
                rest == Shapes.length(x.shape()) / Drawing.BATCH,
                "mixes the samples of a batch here, since the shape " + Arrays.toString(shape)
                        + " doesn't leave their "
                        + Shapes.length(x.shape()) / Drawing.BATCH + " values together");
        return drawing.reshape(x, shape);
    }

    private static Tensor expandDimensions(Drawing drawing, Operation op) {
        Tensor x = op.input(0);
        int axis = op.has(1) ? (int) op.integers(1, "axes")[0] : op.integer(0, -1);
        int position = axis < 0 ? axis + x.rank() + 1 : axis;
        op.require(position > 0 && position <= x.rank(), "puts another axis before the batch here: leave that first");
        long[] shape = IntStream.rangeClosed(0, x.rank())
                .mapToLong(i -> i < position ? x.shape()[i] : i == position ? 1 : x.shape()[i - 1])
                .toArray();
        return drawing.reshape(x, shape);
    }

    private static Tensor squeeze(Drawing drawing, Operation op) {
        Tensor x = op.input(0);
        List<Integer> axes = Arrays.stream(op.integers())
                .mapToObj(axis -> Operation.axis(axis, x.rank()))
                .toList();
        op.require(
                !axes.isEmpty() && axes.stream().allMatch(axis -> axis > 0 && axis < x.rank() && x.shape()[axis] == 1),
                "may take away the axis of the batch here: name axes of size 1 other than axis 0");
        return drawing.reshape(x, without(axes, x.shape()));
    }

    private static Tensor permute(Drawing drawing, Operation op) {
        Tensor x = op.input(0);
        long[] given = op.has(1) ? op.integers(1, "axes") : op.integers();
        List<Integer> order = given.length == 0
                ? IntStream.range(0, x.rank())
                        .map(i -> x.rank() - 1 - i)
                        .boxed()
                        .toList()
                : Arrays.stream(given)
                        .mapToObj(axis -> Operation.axis(axis, x.rank()))
                        .toList();
        op.require(order.get(0) == 0, "moves the axis of the batch here: leave axis 0 where it is");
        return drawing.add(new Operator.Transpose(order), x);
    }

    private static Tensor concat(Drawing drawing, Operation op) {
        op.require(!op.flag(0, false), "takes its axis from a variable, which Mettle doesn't know");
        int axis = op.axes(new long[] {op.integer(0, 0)}, op.input(0).rank()).get(0);
        op.require(
                op.inputs().stream().noneMatch(Tensor::isConstant),
                "appends constants, whose batch size is fixed: pad instead");
        return drawing.add(new Operator.Concat(axis), op.inputs().toArray(Tensor[]::new));
    }

    private static Tensor pad(Drawing drawing, Operation op) {
        op.require(op.integer(0, 0) == 0, "pads by reflection: Mettle knows constant padding only");
        long[] padding = op.integers(1, "widths");
        List<Long> before = new ArrayList<>();
        List<Long> after = new ArrayList<>();
        for (int i = 0; i + 1 < padding.length; i += 2) {
            before.add(padding[i]);
            after.add(padding[i + 1]);
        }
        op.require(before.get(0) == 0 && after.get(0) == 0, "pads the batch: leave out axis 0");
        return drawing.add(new Operator.Pad(before, after, op.floating(0, 0)), op.input(0));
    }

    private static Tensor upsample(Drawing drawing, Operation op) {
        Tensor x = op.input(0);
        op.require(x.rank() == 4, "takes an input of " + x.rank() + " dimensions here: images have four");
        Operator resize = new Operator.Resize(List.of((long) op.integer(0, 1), (long) op.integer(1, 1)));
        return op.integer(2, 1) != 0
                ? drawing.add(resize, x)
                : drawing.channelsLast(drawing.add(resize, drawing.channelsFirst(x)));
    }

    private static Tensor reduce(Drawing drawing, Operation op, Operator.Reduction reduction) {
        if (!(op.step().function() instanceof BaseReduceOp configured)) {
            throw op.refusal("is given in a form that Mettle doesn't know");
        }
        Tensor x = op.input(0);
        int[] dimensions = configured.getDimensions();
        long[] given = op.has(1)
                ? op.integers(1, "axes")
                : dimensions == null
                        ? new long[0]
                        : Arrays.stream(dimensions).asLongStream().toArray();
        List<Integer> axes = op.axes(given, x.rank());
        op.require(
                !configured.isKeepDims() || given.length == 0 || isRising(given),
                "keeps the dimensions of the axes " + Arrays.toString(given)
                        + ", for which ND4J 1.0.0-M2.1 computes wrong values: count axes from 0, in rising order");
        Tensor y = drawing.reduce(reduction, axes, x);
        return configured.isKeepDims() ? y : drawing.reshape(y, without(axes, y.shape()));
    }

    private static boolean isRising(long... axes) {
        return axes[0] >= 0 && IntStream.range(1, axes.length).allMatch(i -> axes[i - 1] < axes[i]);
    }

    private static long[] without(List<Integer> axes, long[] shape) {
        return IntStream.range(0, shape.length)
                .filter(axis -> !axes.contains(axis))
                .mapToLong(axis -> shape[axis])
                .toArray();
    }
}
