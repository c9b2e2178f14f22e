package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Lowers normalizations. */
final class Normalizations {

    private Normalizations() {}

    /** With its running statistics, batch normalization is {@code scale · x + shift} per channel. */
    static Tensor batch(Drawing drawing, BatchNormalization layer, Tensor x) throws NotLoweredException {
        boolean channelsLast = x.rank() == 4 && layer.getCnn2DFormat() == CNN2DFormat.NHWC;
        if (x.rank() != 2 && x.rank() != 4 && !x.perStep()) {
            throw new NotLoweredException("normalizes inputs of rank " + x.rank());
        }
        INDArray mean = Drawing.vector(drawing.parameter("mean"));
        INDArray variance = layer.isUseLogStd()
                ? Transforms.exp(Drawing.vector(drawing.parameter("log10stdev")).mul(2 * Math.log(10)), false)
                : Drawing.vector(drawing.parameter("var"));
        INDArray scale = Transforms.sqrt(variance.add(layer.getEps()), false).rdiv(1);
        INDArray shift = mean.mul(scale).neg();
        if (layer.isLockGammaBeta()) {
            // The forward pass of 1.0.0-M2.1 skips a locked gamma unless beta is set as well; what counts is what it
            // does.
            double gamma = layer.getGamma() != 1 && layer.getBeta() != 0 ? layer.getGamma() : 1;
            scale.muli(gamma);
            shift.muli(gamma).addi(layer.getBeta());
        } else {
            INDArray gamma = Drawing.vector(drawing.parameter("gamma"));
            scale.muli(gamma);
            shift.muli(gamma).addi(Drawing.vector(drawing.parameter("beta")));
        }
        Tensor inside = channelsLast ? drawing.channelsFirst(x) : x;
        long[] shape = new long[x.rank() - 1];
        Arrays.fill(shape, 1);
        shape[0] = mean.length();
        Tensor scaled = drawing.add(new Operator.Mul(), inside, drawing.constant("scale", scale.reshape('c', shape)));
        Tensor y = drawing.add(new Operator.Add(), scaled, drawing.constant("shift", shift.reshape('c', shape)));
        return channelsLast ? drawing.channelsLast(y) : y;
    }

    /** {@code gain · (x − mean) / deviation} over the features of a sample. */
    static Tensor layer(Drawing drawing, INDArray gain, Tensor x) {
        Tensor centered = drawing.add(new Operator.Sub(), x, mean(drawing, x));
        Tensor variance = mean(drawing, drawing.add(new Operator.Mul(), centered, centered));
        Tensor standard = drawing.add(new Operator.Div(), centered, drawing.add(new Operator.Sqrt(), variance));
        return drawing.add(new Operator.Mul(), standard, drawing.constant("g", gain));
    }

    private static Tensor mean(Drawing drawing, Tensor x) {
        return drawing.add(new Operator.Reduce(Operator.Reduction.MEAN, List.of(1)), x);
    }

    /** Deeplearning4j sums squares over {@code n / 2} channels on either side, and doesn't divide alpha by their number. */
    static Tensor localResponse(Drawing drawing, LocalResponseNormalization layer, Tensor x) {
        int size = 2 * ((int) layer.getN() / 2) + 1;
        Operator lrn = new Operator.LRN(size, layer.getAlpha() * size, layer.getBeta(), layer.getK());
        return layer.getDataFormat() == CNN2DFormat.NHWC
                ? drawing.channelsLast(drawing.add(lrn, drawing.channelsFirst(x)))
                : drawing.add(lrn, x);
    }
}
