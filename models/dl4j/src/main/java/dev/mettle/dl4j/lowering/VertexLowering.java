package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PoolHelperVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.nd4j.linalg.factory.Nd4j;

/** Lowers the vertices of a graph that hold no layer. */
final class VertexLowering {

    private VertexLowering() {}

    static Tensor lower(Drawing drawing, GraphVertex vertex, Tensor... in) throws NotLoweredException {
        Tensor x = in[0];
        if (vertex instanceof PreprocessorVertex preprocessor) {
            return PreProcessorLowering.lower(drawing, preprocessor.getPreProcessor(), x);
        } else if (vertex instanceof ElementWiseVertex elementWise) {
            return elementWise(drawing, elementWise, in);
        } else if (vertex instanceof ScaleVertex scale) {
            return drawing.add(new Operator.Mul(), x, drawing.constant(scale.getScaleFactor()));
        } else if (vertex instanceof ShiftVertex shift) {
            return drawing.add(new Operator.Add(), x, drawing.constant(shift.getShiftFactor()));
        }
        if (Arrays.stream(in).anyMatch(Tensor::perStep)) {
            throw new NotLoweredException("gets the steps of a time series as rows");
        }
        if (vertex instanceof MergeVertex merge) {
            return in.length == 1 ? x : drawing.add(new Operator.Concat(merge.getMergeAxis()), in);
        } else if (vertex instanceof SubsetVertex subset) {
            return drawing.add(new Operator.Slice(1, subset.getFrom(), subset.getTo() + 1), x);
        } else if (vertex instanceof StackVertex) {
            return drawing.add(new Operator.Concat(0), in);
        } else if (vertex instanceof UnstackVertex unstack) {
            return drawing.add(new Operator.Split(0, unstack.getStackSize(), unstack.getFrom()), x);
        } else if (vertex instanceof ReshapeVertex reshape) {
            return reshape(drawing, reshape, x);
        } else if (vertex instanceof L2NormalizeVertex normalize) {
            return normalize(drawing, normalize, x);
        } else if (vertex instanceof PoolHelperVertex) {
            Tensor rows = drawing.add(new Operator.Slice(2, 1, Integer.MAX_VALUE), x);
            return drawing.add(new Operator.Slice(3, 1, Integer.MAX_VALUE), rows);
        } else if (vertex instanceof LastTimeStepVertex last) {
            return Recurrences.lastStep(drawing, 2, Masks.lastStep(drawing.mask(last.getMaskArrayInputName())), x);
        } else if (vertex instanceof DuplicateToTimeSeriesVertex duplicate) {
            return duplicate(drawing, drawing.output(duplicate.getInputName()), x);
        }
        throw new NotLoweredException("has no known operators");
    }

    private static Tensor elementWise(Drawing drawing, ElementWiseVertex vertex, Tensor... in)
            throws NotLoweredException {
        Operator operator = switch (vertex.getOp()) {
            case Add, Average -> new Operator.Add();
            case Subtract -> new Operator.Sub();
            case Product -> new Operator.Mul();
            case Max -> new Operator.Max();
            default -> throw new NotLoweredException("combines its inputs by " + vertex.getOp());
        };
        Tensor y = in[0];
        for (int i = 1; i < in.length; i++) {
            y = drawing.add(operator, Math.max(y.rank(), in[i].rank()), y, in[i]);
        }
        return vertex.getOp() == ElementWiseVertex.Op.Average
                ? drawing.add(new Operator.Mul(), y, drawing.constant(1.0 / in.length))
                : y;
    }

    private static Tensor reshape(Drawing drawing, ReshapeVertex vertex, Tensor x) throws NotLoweredException {
        int[] shape = vertex.getNewShape();
        if (vertex.getReshapeOrder() != 'c' || shape[0] != -1) {
            throw new NotLoweredException("reshapes to " + Arrays.toString(shape) + " in order "
                    + vertex.getReshapeOrder() + ", which is known for order c and a batch of any size (-1) alone");
        }
        return drawing.reshape(x, Arrays.stream(shape).mapToObj(Long::valueOf).toArray(Long[]::new));
    }

    /** {@code x / max(‖x‖₂, eps)}. */
    private static Tensor normalize(Drawing drawing, L2NormalizeVertex vertex, Tensor x) {
        int[] configured = vertex.getDimension();
        List<Integer> axes = configured == null || configured.length == 0
                ? IntStream.range(1, x.rank()).boxed().toList()
                : Arrays.stream(configured).sorted().boxed().toList();
        Tensor squares = drawing.add(new Operator.Mul(), x, x);
        Tensor norm = drawing.add(
                new Operator.Sqrt(), drawing.add(new Operator.Reduce(Operator.Reduction.SUM, axes), squares));
        Tensor atLeast = drawing.add(new Operator.Max(), norm, drawing.constant(vertex.getEps()));
        return drawing.add(new Operator.Div(), x, atLeast);
    }

    /** Repeat features {@code [n, f]} at every step of a series: added to zeros made of it, they broadcast over its time. */
    private static Tensor duplicate(Drawing drawing, Tensor series, Tensor x) {
        Tensor one = drawing.add(new Operator.Slice(1, 0, 1), series);
        Tensor zeros = drawing.add(new Operator.Mul(), one, drawing.constant("zero", Nd4j.createFromArray(0.0)));
        return drawing.add(new Operator.Add(), drawing.reshape(x, 0L, -1L, 1L), zeros);
    }
}
