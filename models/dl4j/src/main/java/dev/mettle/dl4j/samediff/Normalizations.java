package dev.mettle.dl4j.samediff;

import dev.mettle.graph.Operator;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Lowers normalizations and what else is done per channel. */
final class Normalizations {

    private Normalizations() {}

    static void register(Map<String, Rules.Rule> rules) {
        rules.put("batchnorm", Normalizations::batch);
        rules.put("layer_norm", Normalizations::layer);
        rules.put("standardize", (drawing, op) -> standardized(drawing, op));
        rules.put("biasadd", Normalizations::bias);
    }

    /** With constant statistics, batch normalization is {@code scale · x + shift} per channel. */
    private static Tensor batch(Drawing drawing, Operation op) {
        Tensor x = op.input(0);
        int axes = Math.max(1, op.integers().length - 2);
        op.require(axes == 1, "normalizes along " + axes + " axes here: Mettle knows it along one");
        int axis = Operation.axis(op.integer(2, -1), x.rank());
        op.require(axis > 0, "normalizes along the batch here: the channels are on another axis");
        boolean hasGamma = op.integer(0, 0) != 0;
        boolean hasBeta = op.integer(1, 0) != 0;
        INDArray mean = vector(op, 1, "means");
        INDArray variance = vector(op, 2, "variances");
        INDArray scale =
                Transforms.sqrt(variance.add(op.floating(0, 1e-5)), false).rdiv(1);
        if (hasGamma) {
            scale.muli(vector(op, 3, "gains"));
        }
        INDArray shift = mean.mul(scale).neg();
        if (hasBeta) {
            shift.addi(vector(op, hasGamma ? 4 : 3, "shifts"));
        }
        Tensor inside = onSecondAxis(drawing, x, axis);
        Tensor scaled = drawing.times(inside, perChannel(drawing, "scale", scale, inside));
        Tensor y = drawing.plus(scaled, perChannel(drawing, "shift", shift, inside));
        return inside == x ? y : drawing.channelsLast(y);
    }

    private static Tensor bias(Drawing drawing, Operation op) {
        Tensor x = op.input(0);
        boolean channelsLast = !op.flag(0, false) && x.rank() > 2;
        Tensor inside = onSecondAxis(drawing, x, channelsLast ? x.rank() - 1 : 1);
        Tensor y = drawing.plus(inside, perChannel(drawing, "bias", vector(op, 1, "biases"), inside));
        return inside == x ? y : drawing.channelsLast(y);
    }

    /** Bring the channels to the axis behind the batch, where they can be folded into a convolution before. */
    private static Tensor onSecondAxis(Drawing drawing, Tensor x, int axis) {
        return x.rank() > 2 && axis == x.rank() - 1 ? drawing.channelsFirst(x) : x;
    }

    private static Tensor perChannel(Drawing drawing, String name, INDArray vector, Tensor x) {
        long[] shape = new long[x.rank() - 1];
        Arrays.fill(shape, 1);
        shape[0] = vector.length();
        return drawing.constant(name, vector.reshape('c', shape));
    }

    private static INDArray vector(Operation op, int index, String what) {
        INDArray value = op.constant(index, what);
        return value.dup('c').reshape(new long[] {value.length()});
    }

    /** {@code gain · (x − mean) / deviation + bias}, with gain and bias per channel. */
    private static Tensor layer(Drawing drawing, Operation op) {
        Tensor y = standardized(drawing, op);
        boolean channelsFirst = op.flag(0, true);
        long[] shape = new long[channelsFirst ? y.rank() - 1 : 1];
        Arrays.fill(shape, 1);
        INDArray gain = vector(op, 1, "gains");
        shape[0] = gain.length();
        y = drawing.times(y, drawing.constant("gain", gain.reshape('c', shape)));
        return op.has(2)
                ? drawing.plus(
                        y, drawing.constant("bias", vector(op, 2, "biases").reshape('c', shape)))
                : y;
    }

    private static Tensor standardized(Drawing drawing, Operation op) {
        Tensor x = op.input(0);
        List<Integer> axes = op.axes(op.integers(), x.rank());
        Tensor centered = drawing.minus(x, drawing.reduce(Operator.Reduction.MEAN, axes, x));
        Tensor variance = drawing.reduce(Operator.Reduction.MEAN, axes, drawing.times(centered, centered));
        return drawing.over(centered, drawing.add(new Operator.Sqrt(), variance));
    }
}
