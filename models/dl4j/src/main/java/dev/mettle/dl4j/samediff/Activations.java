package dev.mettle.dl4j.samediff;

import dev.mettle.graph.Operator;
import java.util.List;
import java.util.Map;

/** Lowers activations. */
final class Activations {

    // ND4J has these constants in single precision, whatever it computes in.
    private static final double GELU_SLOPE = 1.702f;
    private static final double HARD_SIGMOID_SLOPE = 0.2f;

    private Activations() {}

    static void register(Map<String, Rules.Rule> rules) {
        rules.put("relu", (drawing, op) -> rectified(drawing, op, new Operator.Relu()));
        rules.put("relu6", (drawing, op) -> rectified(drawing, op, new Operator.Clip(0, 6)));
        rules.put("leakyrelu", Arithmetic.function(Operator.LeakyRelu::new));
        rules.put("elu", (drawing, op) -> drawing.add(new Operator.Elu(op.floating(0, 1)), op.input(0)));
        rules.put("selu", Arithmetic.function(new Operator.Selu()));
        rules.put("sigmoid", Arithmetic.function(new Operator.Sigmoid()));
        rules.put("tanh", Arithmetic.function(new Operator.Tanh()));
        rules.put("softplus", Arithmetic.function(new Operator.Softplus()));
        rules.put("softsign", Arithmetic.function(new Operator.Softsign()));
        rules.put("hard_sigmoid", Arithmetic.function(new Operator.HardSigmoid(HARD_SIGMOID_SLOPE, 0.5)));
        rules.put("hardtanh", Arithmetic.function(new Operator.Clip(-1, 1)));
        rules.put("swish", (drawing, op) -> gated(drawing, op.input(0), op.input(0)));
        rules.put(
                "gelu",
                (drawing, op) -> gated(drawing, op.input(0), drawing.times(op.input(0), drawing.constant(GELU_SLOPE))));
        rules.put("logsigmoid", Activations::logSigmoid);
        rules.put("softmax", Activations::softmax);
        rules.put("log_softmax", Activations::logSoftmax);
    }

    private static Tensor rectified(Drawing drawing, Operation op, Operator.Function function) {
        double cutoff = op.scalar();
        op.require(cutoff == 0, "has the cutoff " + cutoff + " here: Mettle knows it with cutoff 0 only");
        return drawing.add(function, op.input(0));
    }

    private static Tensor gated(Drawing drawing, Tensor x, Tensor gate) {
        return drawing.times(x, drawing.add(new Operator.Sigmoid(), gate));
    }

    private static Tensor logSigmoid(Drawing drawing, Operation op) {
        Tensor minus = drawing.constant(-1);
        Tensor softplus = drawing.add(new Operator.Softplus(), drawing.times(op.input(0), minus));
        return drawing.times(softplus, minus);
    }

    private static int axis(Operation op) {
        return op.axes(new long[] {op.integer(0, -1)}, op.input(0).rank()).get(0);
    }

    private static Tensor softmax(Drawing drawing, Operation op) {
        int last = op.input(0).rank() - 1;
        op.require(
                axis(op) == last,
                "runs along axis " + axis(op) + " of " + (last + 1) + ", where ND4J 1.0.0-M2.1 with oneDNN computes"
                        + " something else: bring that axis to the end with permute");
        return drawing.add(new Operator.Softmax(last), op.input(0));
    }

    private static Tensor logSoftmax(Drawing drawing, Operation op) {
        List<Integer> axes = List.of(axis(op));
        Tensor x = op.input(0);
        Tensor shifted = drawing.minus(x, drawing.reduce(Operator.Reduction.MAX, axes, x));
        Tensor sum = drawing.reduce(Operator.Reduction.SUM, axes, drawing.add(new Operator.Exp(), shifted));
        return drawing.minus(shifted, drawing.add(new Operator.Log(), sum));
    }
}
