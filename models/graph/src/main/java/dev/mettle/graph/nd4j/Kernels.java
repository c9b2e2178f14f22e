package dev.mettle.graph.nd4j;

import dev.mettle.core.ConfigurationException;
import dev.mettle.graph.Operator;
import java.util.List;

/** Finds how ND4J computes an operator. */
final class Kernels {

    private Kernels() {}

    /** Append the steps of an operator to a tape. */
    static Buffer apply(Tape tape, Operator operator, Buffer... in) {
        if (operator instanceof Operator.Function function) {
            return Functions.apply(tape, function, in[0]);
        } else if (operator instanceof Operator.Elementwise elementwise) {
            return Arithmetic.apply(tape, elementwise, in[0], in[1]);
        } else if (operator instanceof Operator.Gemm) {
            return Matrices.gemm(tape, in);
        } else if (operator instanceof Operator.MatMul) {
            return Matrices.matMul(tape, in[0], in[1]);
        } else if (operator instanceof Operator.Conv conv) {
            return Convolutions.conv(tape, conv, in);
        } else if (operator instanceof Operator.ConvTranspose transposed) {
            return Convolutions.convTranspose(tape, transposed, in);
        } else if (operator instanceof Operator.MaxPool pool) {
            return Pooling.max(tape, pool.window(), in[0]);
        } else if (operator instanceof Operator.AveragePool pool) {
            return Pooling.average(tape, pool.window(), pool.countIncludePad(), in[0]);
        } else if (operator instanceof Operator.LpPool pool) {
            return Pooling.lp(tape, pool, in[0]);
        } else if (operator instanceof Operator.PRelu) {
            return Functions.pRelu(tape, in[0], in[1]);
        } else if (operator instanceof Operator.Softmax softmax) {
            return Functions.softmax(tape, softmax.axis(), in[0]);
        } else if (operator instanceof Operator.LRN lrn) {
            return Functions.lrn(tape, lrn, in[0]);
        } else if (operator instanceof Operator.Reduce reduce) {
            return Reductions.apply(tape, reduce, in[0]);
        } else if (operator instanceof Operator.LSTM lstm) {
            return Recurrence.lstm(tape, lstm, in);
        } else if (operator instanceof Operator.RNN rnn) {
            return Recurrence.rnn(tape, rnn, in);
        }
        return layout(tape, operator, in);
    }

    private static Buffer layout(Tape tape, Operator operator, Buffer... in) {
        if (operator instanceof Operator.Reshape reshape) {
            return tape.reshape(in[0], reshape.outputShape(List.of(in[0].shape())));
        } else if (operator instanceof Operator.Transpose transpose) {
            return Layout.transpose(tape, transpose, in[0]);
        } else if (operator instanceof Operator.Slice slice) {
            return Layout.slice(tape, slice, in[0]);
        } else if (operator instanceof Operator.Split split) {
            return Layout.split(tape, split, in[0]);
        } else if (operator instanceof Operator.Concat concat) {
            return Layout.concat(tape, concat, in);
        } else if (operator instanceof Operator.Pad pad) {
            return Layout.pad(tape, pad, in[0]);
        } else if (operator instanceof Operator.Expand) {
            return Layout.expand(tape, in[0], in[1]);
        } else if (operator instanceof Operator.SpaceToDepth blocks) {
            return Layout.spaceToDepth(tape, blocks, in[0]);
        } else if (operator instanceof Operator.Resize resize) {
            return Layout.resize(tape, resize, in[0]);
        }
        throw new ConfigurationException("no kernel computes the operator " + operator.type());
    }
}
