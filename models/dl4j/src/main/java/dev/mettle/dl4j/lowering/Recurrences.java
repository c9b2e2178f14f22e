package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import java.util.List;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.RepeatVector;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Lowers recurrent layers. Time series are {@code [n, features, time]}, or {@code [n, time, features]} if a layer says so. */
final class Recurrences {

    /** Where Deeplearning4j has the gates that ONNX orders as input, output, forget, cell. */
    private static final int[] GATES = {3, 2, 1, 0};

    private Recurrences() {}

    static Tensor lower(Drawing drawing, Layer layer, Tensor x) throws NotLoweredException {
        boolean featuresLast = format(layer) == RNNFormat.NWC;
        Tensor series = featuresLast ? drawing.channelsFirst(x) : x;
        Tensor y = Masks.recur(
                drawing,
                series,
                steps -> layer instanceof Bidirectional both
                        ? bidirectional(drawing, both, steps)
                        : directed(drawing, layer, "", Operator.Direction.FORWARD, steps));
        return featuresLast ? drawing.channelsLast(y) : y;
    }

    private static Tensor bidirectional(Drawing drawing, Bidirectional layer, Tensor x) throws NotLoweredException {
        Tensor forward = directed(drawing, layer.getFwd(), "f", Operator.Direction.FORWARD, x);
        Tensor reverse = directed(drawing, layer.getBwd(), "b", Operator.Direction.REVERSE, x);
        return switch (layer.getMode()) {
            case CONCAT -> drawing.add(new Operator.Concat(1), forward, reverse);
            case ADD -> drawing.add(new Operator.Add(), forward, reverse);
            case MUL -> drawing.add(new Operator.Mul(), forward, reverse);
            case AVERAGE ->
                drawing.add(
                        new Operator.Mul(), drawing.add(new Operator.Add(), forward, reverse), drawing.constant(0.5));
        };
    }

    private static Tensor directed(Drawing drawing, Layer layer, String prefix, Operator.Direction direction, Tensor x)
            throws NotLoweredException {
        if (layer instanceof AbstractLSTM lstm) {
            return lstm(drawing, lstm, prefix, direction, x);
        } else if (layer instanceof SimpleRnn rnn && !rnn.isHasLayerNorm()) {
            INDArray w = drawing.parameter(prefix + "W");
            return drawing.add(
                    new Operator.RNN(function(rnn.getActivationFn()), direction),
                    x,
                    drawing.constant("W", w),
                    drawing.constant("RW", drawing.parameter(prefix + "RW")),
                    drawing.constant("b", Drawing.vector(drawing.parameter(prefix + "b"))));
        }
        throw new NotLoweredException("has a recurrence for which no operators are known");
    }

    @SuppressWarnings("deprecation") // GravesLSTM is deprecated, but models with it are around
    private static Tensor lstm(
            Drawing drawing, AbstractLSTM layer, String prefix, Operator.Direction direction, Tensor x)
            throws NotLoweredException {
        INDArray recurrent = drawing.parameter(prefix + "RW");
        long units = recurrent.size(0);
        Tensor w = drawing.constant("W", ordered(drawing.parameter(prefix + "W"), units));
        Tensor r = drawing.constant("RW", ordered(recurrent, units));
        Tensor b = drawing.constant("b", Drawing.vector(ordered(drawing.parameter(prefix + "b"), units)));
        Operator lstm =
                new Operator.LSTM(function(layer.getGateActivationFn()), function(layer.getActivationFn()), direction);
        if (!(layer instanceof org.deeplearning4j.nn.conf.layers.GravesLSTM)) {
            return drawing.add(lstm, x, w, r, b);
        }
        INDArray peepholes = Nd4j.hstack( // its last columns are those of forget, output and input gate
                row(recurrent, 4 * units + 2), row(recurrent, 4 * units + 1), row(recurrent, 4 * units));
        return drawing.add(lstm, x, w, r, b, drawing.constant("peepholes", Drawing.vector(peepholes)));
    }

    private static INDArray row(INDArray matrix, long column) {
        return matrix.getColumn(column).dup('c').reshape('c', 1, matrix.size(0));
    }

    /** Bring the columns of gates into the order of ONNX. */
    private static INDArray ordered(INDArray weights, long units) {
        INDArray rows = weights.rank() == 1 ? weights.reshape(1, weights.length()) : weights;
        INDArray[] gates = new INDArray[GATES.length];
        for (int i = 0; i < gates.length; i++) {
            long from = GATES[i] * units;
            gates[i] = rows.get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + units))
                    .dup('c')
                    .reshape('c', rows.size(0), units);
        }
        return Nd4j.hstack(gates);
    }

    private static Operator.Function function(IActivation activation) throws NotLoweredException {
        Operator.Function function = Activations.function(activation);
        if (function == null) {
            throw new NotLoweredException("recurs through the activation " + activation);
        }
        return function;
    }

    static Tensor lastStep(Drawing drawing, LastTimeStep layer, Tensor series) {
        int time = format(layer.getUnderlying()) == RNNFormat.NWC ? 1 : 2;
        return lastStep(drawing, time, Masks.lastStep(drawing.mask()), series);
    }

    /** Take one step of a series; a negative one counts from the end. */
    static Tensor lastStep(Drawing drawing, int time, int step, Tensor series) {
        int end = step < 0 ? Integer.MAX_VALUE : step + 1;
        return drawing.reshape(drawing.add(new Operator.Slice(time, step, end), series), 0L, -1L);
    }

    static Tensor distributed(Drawing drawing, TimeDistributed layer, Tensor x) throws NotLoweredException {
        boolean featuresLast = layer.getRnnDataFormat() == RNNFormat.NWC;
        Tensor series = featuresLast ? drawing.channelsFirst(x) : x;
        Tensor steps = LayerLowering.lower(drawing, layer.getUnderlying(), new Tensor(series.name(), 3, true));
        Tensor y = new Tensor(steps.name(), 3);
        return featuresLast ? drawing.channelsLast(y) : y;
    }

    static Tensor repeat(Drawing drawing, RepeatVector layer, Tensor x) {
        Tensor once = drawing.reshape(x, 0L, -1L, 1L);
        Tensor series = drawing.add(new Operator.Resize(List.of((long) layer.getN())), once);
        return layer.getDataFormat() == RNNFormat.NWC ? drawing.channelsLast(series) : series;
    }

    static RNNFormat format(Layer layer) {
        if (layer instanceof Bidirectional both) {
            return both.getRNNDataFormat();
        } else if (layer instanceof BaseRecurrentLayer recurrent) {
            return recurrent.getRnnDataFormat();
        } else if (layer instanceof FrozenLayer frozen) {
            return format(frozen.getLayer());
        }
        return layer instanceof BaseWrapperLayer wrapper ? format(wrapper.getUnderlying()) : RNNFormat.NCW;
    }
}
