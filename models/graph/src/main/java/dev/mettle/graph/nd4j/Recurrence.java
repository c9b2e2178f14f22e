package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Recurrent operators, unrolled over the steps in time. */
final class Recurrence {

    private static final int INPUT = 0;
    private static final int OUTPUT = 1;
    private static final int FORGET = 2;
    private static final int CELL = 3;

    private Recurrence() {}

    static Buffer lstm(Tape tape, Operator.LSTM lstm, Buffer... in) {
        Buffer x = in[0];
        int units = Math.toIntExact(in[2].size(0));
        List<List<Buffer>> driven = new ArrayList<>(); // gate by gate, what the inputs contribute at every step
        Buffer[] recurrent = new Buffer[4];
        for (int gate = 0; gate < 4; gate++) {
            driven.add(project(tape, x, columns(tape, in[1], gate, units), columns(tape, in[3], gate, units)));
            recurrent[gate] = columns(tape, in[2], gate, units);
        }
        Buffer[] peepholes = new Buffer[3];
        for (int gate = 0; in.length > 4 && gate < 3; gate++) {
            peepholes[gate] = columns(tape, in[4], gate, units);
        }
        Buffer h = null;
        Buffer c = null;
        List<Buffer> outputs = new ArrayList<>();
        for (int t : order(lstm.direction(), x)) {
            Buffer[] z = new Buffer[4];
            for (int gate = 0; gate < 4; gate++) {
                z[gate] = driven.get(gate).get(t);
                if (h != null) {
                    z[gate] = add(tape, z[gate], tape.apply(new Operator.Gemm(), h, recurrent[gate]));
                }
            }
            Buffer inputGate = tape.apply(lstm.gate(), peep(tape, z[INPUT], c, peepholes[INPUT]));
            Buffer candidate = multiply(tape, inputGate, tape.apply(lstm.cell(), z[CELL]));
            if (c == null) {
                c = candidate;
            } else {
                Buffer forgetGate = tape.apply(lstm.gate(), peep(tape, z[FORGET], c, peepholes[FORGET]));
                c = add(tape, multiply(tape, forgetGate, c), candidate);
            }
            Buffer outputGate = tape.apply(lstm.gate(), peep(tape, z[OUTPUT], c, peepholes[OUTPUT]));
            h = multiply(tape, outputGate, tape.apply(lstm.cell(), c));
            outputs.add(h);
        }
        return collect(tape, lstm.direction(), outputs);
    }

    static Buffer rnn(Tape tape, Operator.RNN rnn, Buffer... in) {
        Buffer x = in[0];
        List<Buffer> driven = project(tape, x, in[1], in[3]);
        Buffer h = null;
        List<Buffer> outputs = new ArrayList<>();
        for (int t : order(rnn.direction(), x)) {
            Buffer z = driven.get(t);
            h = tape.apply(rnn.activation(), h == null ? z : add(tape, z, tape.apply(new Operator.Gemm(), h, in[2])));
            outputs.add(h);
        }
        return collect(tape, rnn.direction(), outputs);
    }

    /** Return {@code x · w + b} for every step, computed in one product of matrices. */
    private static List<Buffer> project(Tape tape, Buffer x, Buffer w, Buffer b) {
        int steps = Math.toIntExact(x.size(2));
        Buffer byTime = tape.apply(new Operator.Transpose(List.of(2, 0, 1)), x);
        Buffer flat = tape.reshape(byTime, steps * x.size(0), x.size(1));
        return tape.split(tape.apply(new Operator.Gemm(), flat, w, b), steps);
    }

    /** Put the steps {@code [n, units]} together to {@code [n, units, time]}. */
    private static Buffer collect(Tape tape, Operator.Direction direction, List<Buffer> outputs) {
        List<Buffer> inTime = new ArrayList<>(outputs);
        if (direction == Operator.Direction.REVERSE) {
            Collections.reverse(inTime);
        }
        Buffer[] steps = inTime.stream()
                .map(step -> tape.reshape(step, 1, step.size(0), step.size(1)))
                .toArray(Buffer[]::new);
        Buffer stacked = steps.length == 1 ? steps[0] : tape.apply(new Operator.Concat(0), steps);
        return tape.apply(new Operator.Transpose(List.of(1, 2, 0)), stacked);
    }

    private static int[] order(Operator.Direction direction, Buffer x) {
        int steps = Math.toIntExact(x.size(2));
        int[] order = new int[steps];
        Arrays.setAll(order, i -> direction == Operator.Direction.FORWARD ? i : steps - 1 - i);
        return order;
    }

    private static Buffer columns(Tape tape, Buffer weights, int part, int units) {
        int axis = weights.rank() - 1;
        return tape.derived(
                weights,
                "columns of part " + part,
                a -> Views.slice(a, axis, (long) part * units, (part + 1L) * units));
    }

    private static Buffer peep(Tape tape, Buffer z, @Nullable Buffer c, @Nullable Buffer peephole) {
        return c == null || peephole == null ? z : add(tape, z, multiply(tape, c, peephole));
    }

    private static Buffer add(Tape tape, Buffer a, Buffer b) {
        return tape.apply(new Operator.Add(), a, b);
    }

    private static Buffer multiply(Tape tape, Buffer a, Buffer b) {
        return tape.apply(new Operator.Mul(), a, b);
    }
}
