package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Window;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;

/** Lowers poolings. */
final class Poolings {

    private Poolings() {}

    static Tensor lower(Drawing drawing, SubsamplingLayer layer, Tensor x) throws NotLoweredException {
        boolean channelsLast = layer.getCnn2dDataFormat() == CNN2DFormat.NHWC;
        if (channelsLast && layer instanceof Subsampling1DLayer) {
            throw new NotLoweredException("pools a time series with its features last");
        }
        Window window = Convolutions.window(
                layer.getConvolutionMode(),
                layer instanceof Subsampling1DLayer ? 1 : 2,
                layer.getKernelSize(),
                layer.getStride(),
                layer.getPadding(),
                layer.getDilation());
        Operator pool = switch (layer.getPoolingType()) {
            case MAX -> new Operator.MaxPool(window);
            case AVG -> new Operator.AveragePool(window, layer.isAvgPoolIncludePadInDivisor());
            case PNORM -> new Operator.LpPool(window, layer.getPnorm());
            default -> throw new NotLoweredException("pools by " + layer.getPoolingType());
        };
        return channelsLast ? drawing.channelsLast(drawing.add(pool, drawing.channelsFirst(x))) : drawing.add(pool, x);
    }

    static Tensor lower(Drawing drawing, Subsampling3DLayer layer, Tensor x) throws NotLoweredException {
        Window window = Convolutions.window(
                layer.getConvolutionMode(),
                3,
                layer.getKernelSize(),
                layer.getStride(),
                layer.getPadding(),
                layer.getDilation());
        Operator pool = switch (layer.getPoolingType()) {
            case MAX -> new Operator.MaxPool(window);
            case AVG -> new Operator.AveragePool(window, false);
            default -> throw new NotLoweredException("pools by " + layer.getPoolingType());
        };
        return layer.getDataFormat() == Convolution3D.DataFormat.NDHWC
                ? drawing.channelsLast(drawing.add(pool, drawing.channelsFirst(x)))
                : drawing.add(pool, x);
    }

    static Tensor global(Drawing drawing, GlobalPoolingLayer layer, Tensor x) throws NotLoweredException {
        int[] configured = layer.getPoolingDimensions();
        List<Integer> axes = configured == null
                ? IntStream.range(2, x.rank()).boxed().toList()
                : Arrays.stream(configured).boxed().toList();
        if (axes.isEmpty() || axes.size() != x.rank() - 2) {
            throw new NotLoweredException("pools over " + axes + " of " + x.rank() + " dimensions");
        }
        if (drawing.mask() != null && !axes.equals(List.of(2))) {
            throw new NotLoweredException("gets a mask, and pools over " + axes + " of " + x.rank() + " dimensions");
        }
        Tensor present = Masks.present(drawing, x);
        Tensor pooled = switch (layer.getPoolingType()) {
            case MAX -> reduce(drawing, Operator.Reduction.MAX, axes, present);
            case AVG -> reduce(drawing, Operator.Reduction.MEAN, axes, present);
            case SUM -> reduce(drawing, Operator.Reduction.SUM, axes, present);
            case PNORM -> pNorm(drawing, layer.getPnorm(), axes, present);
            default -> throw new NotLoweredException("pools by " + layer.getPoolingType());
        };
        return layer.isCollapseDimensions()
                ? drawing.reshape(pooled, 0L, -1L)
                : drawing.reshape(
                        pooled,
                        Stream.concat(Stream.of(0L, -1L), axes.stream().map(axis -> 1L))
                                .toArray(Long[]::new));
    }

    private static Tensor reduce(Drawing drawing, Operator.Reduction reduction, List<Integer> axes, Tensor x) {
        return drawing.add(new Operator.Reduce(reduction, axes), x);
    }

    private static Tensor pNorm(Drawing drawing, int p, List<Integer> axes, Tensor x) {
        Tensor powers = drawing.add(new Operator.Pow(p), drawing.add(new Operator.Abs(), x));
        return drawing.add(new Operator.Pow(1.0 / p), reduce(drawing, Operator.Reduction.SUM, axes, powers));
    }
}
