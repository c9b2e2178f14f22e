package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Lowers what masks do: they tell for every step of a time series whether it is there (1) or padding (0). Each layer has its own
 * way with them, or none: an LSTM ignores its mask unless it is in a {@code LastTimeStep}. What counts is the mask that
 * Deeplearning4j hands to a layer.
 */
final class Masks {

    private Masks() {}

    /** A part of a series whose steps are all there: from {@code start} to before {@code end}. */
    private record Run(int start, int end) {}

    private static List<Run> runs(INDArray mask) {
        double[] steps = doubles(mask).data().asDouble();
        List<Run> runs = new ArrayList<>();
        for (int step = 0; step < steps.length; step++) {
            if (steps[step] != 0) {
                int start = step;
                while (step < steps.length && steps[step] != 0) {
                    step++;
                }
                runs.add(new Run(start, step));
            }
        }
        return runs;
    }

    /**
     * Refuse a layer with a mask whose way with it isn't known.
     *
     * @throws NotLoweredException if the layer has a mask
     */
    static void requireKnown(Drawing drawing, Layer layer, Tensor x) throws NotLoweredException {
        INDArray mask = drawing.mask();
        if (mask == null || isTransparent(layer)) {
            return;
        }
        if (runs(mask).isEmpty()) {
            throw new NotLoweredException("gets a mask without any step that is there");
        }
        if (layer instanceof TimeDistributed) {
            throw new NotLoweredException("gets a mask, which Deeplearning4j 1.0.0-M2.1 lays over the wrong steps");
        }
        boolean known = mask.rank() == 2
                && (x.perStep()
                        ? LayerLowering.isDense(layer)
                        : x.rank() == 3 && isKnownOfSeries(layer) && Recurrences.format(layer) == RNNFormat.NCW);
        if (!known) {
            throw new NotLoweredException("gets a mask, and what it does with it is not known");
        }
    }

    /** Say whether a layer ignores its mask, or holds another layer that gets it. */
    private static boolean isTransparent(Layer layer) {
        return layer instanceof ActivationLayer
                || layer instanceof BatchNormalization
                || layer instanceof FrozenLayer
                || layer instanceof FrozenLayerWithBackprop;
    }

    private static boolean isKnownOfSeries(Layer layer) {
        return layer instanceof GlobalPoolingLayer
                || layer instanceof AbstractLSTM
                || layer instanceof SimpleRnn
                || layer instanceof Bidirectional
                || layer instanceof SelfAttentionLayer
                || (layer instanceof LastTimeStep last
                        && (last.getUnderlying() instanceof AbstractLSTM
                                || last.getUnderlying() instanceof SimpleRnn
                                || last.getUnderlying() instanceof Bidirectional));
    }

    /** Return the last step that is there; negative if the series has no mask: it then counts from the end. */
    static int lastStep(@Nullable INDArray mask) {
        if (mask == null) {
            return -1;
        }
        List<Run> runs = runs(mask);
        return runs.get(runs.size() - 1).end - 1;
    }

    /** Leave out the steps of a series {@code [n, features, time]} that aren't there. */
    static Tensor present(Drawing drawing, Tensor series) {
        INDArray mask = drawing.mask();
        if (mask == null) {
            return series;
        }
        Tensor[] parts = runs(mask).stream()
                .map(run -> drawing.add(new Operator.Slice(2, run.start, run.end), series))
                .toArray(Tensor[]::new);
        return parts.length == 1 ? parts[0] : drawing.add(new Operator.Concat(2), parts);
    }

    /** Set the steps of a series {@code [n, features, time]} to zero that aren't there. */
    static Tensor zeroed(Drawing drawing, Tensor series) {
        INDArray mask = drawing.mask();
        return mask == null
                ? series
                : drawing.add(new Operator.Mul(), series, drawing.constant("mask", Drawing.vector(doubles(mask))));
    }

    /** What makes a series of a series, step by step. */
    @FunctionalInterface
    interface Recurrence {

        Tensor over(Tensor series) throws NotLoweredException;
    }

    /** Let a recurrence begin anew, with a state of zeros, after each step that isn't there, where it puts out zeros. */
    static Tensor recur(Drawing drawing, Tensor series, Recurrence recurrence) throws NotLoweredException {
        INDArray mask = drawing.mask();
        if (mask == null) {
            return recurrence.over(series);
        }
        int time = Math.toIntExact(mask.length());
        List<Run> runs = runs(mask);
        List<Tensor> parts = new ArrayList<>();
        int end = 0;
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            int next = i + 1 < runs.size() ? run.end : time; // the last one is padded to the end
            Tensor part = recurrence.over(drawing.add(new Operator.Slice(2, run.start, run.end), series));
            parts.add(padded(drawing, run.start - end, next - run.end, part));
            end = run.end;
        }
        return parts.size() == 1 ? parts.get(0) : drawing.add(new Operator.Concat(2), parts.toArray(Tensor[]::new));
    }

    private static Tensor padded(Drawing drawing, long before, long after, Tensor series) {
        return before == 0 && after == 0
                ? series
                : drawing.add(new Operator.Pad(List.of(0L, 0L, before), List.of(0L, 0L, after), 0), series);
    }

    /** Keep attention off keys that aren't there: scores are {@code [n, …, keys, queries]}. */
    static Tensor attended(Drawing drawing, Tensor scores) {
        INDArray mask = drawing.mask();
        if (mask == null) {
            return scores;
        }
        INDArray penalty = doubles(mask).subi(1).muli(1e9).reshape('c', mask.length(), 1);
        return drawing.add(new Operator.Add(), scores, drawing.constant("mask", penalty));
    }

    private static INDArray doubles(INDArray mask) {
        INDArray copy = Nd4j.createUninitialized(DataType.DOUBLE, mask.shape());
        return copy.assign(mask);
    }
}
