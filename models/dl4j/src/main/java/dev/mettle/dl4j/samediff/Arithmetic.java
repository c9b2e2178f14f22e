package dev.mettle.dl4j.samediff;

import dev.mettle.graph.Operator;
import java.util.Map;
import java.util.function.DoubleFunction;

/** Lowers sums, products and elementary functions. */
final class Arithmetic {

    private Arithmetic() {}

    static void register(Map<String, Rules.Rule> rules) {
        rules.put("add", (drawing, op) -> binary(drawing, op, new Operator.Add(), 0, 1));
        rules.put("subtract", (drawing, op) -> binary(drawing, op, new Operator.Sub(), 0, 1));
        rules.put("multiply", (drawing, op) -> binary(drawing, op, new Operator.Mul(), 0, 1));
        rules.put("divide", (drawing, op) -> binary(drawing, op, new Operator.Div(), 0, 1));
        rules.put("reversesubtract", (drawing, op) -> binary(drawing, op, new Operator.Sub(), 1, 0));
        rules.put("reversedivide", (drawing, op) -> binary(drawing, op, new Operator.Div(), 1, 0));
        rules.put("maximum", (drawing, op) -> binary(drawing, op, new Operator.Max(), 0, 1));
        rules.put("minimum", (drawing, op) -> binary(drawing, op, new Operator.Min(), 0, 1));

        rules.put("add_scalar", (drawing, op) -> drawing.plus(op.input(0), drawing.constant(op.scalar())));
        rules.put("sub_scalar", (drawing, op) -> drawing.minus(op.input(0), drawing.constant(op.scalar())));
        rules.put("mul_scalar", (drawing, op) -> drawing.times(op.input(0), drawing.constant(op.scalar())));
        rules.put("div_scalar", (drawing, op) -> drawing.over(op.input(0), drawing.constant(op.scalar())));
        rules.put("rsub_scalar", (drawing, op) -> drawing.minus(drawing.constant(op.scalar()), op.input(0)));
        rules.put("rdiv_scalar", (drawing, op) -> drawing.over(drawing.constant(op.scalar()), op.input(0)));

        rules.put("neg", (drawing, op) -> drawing.times(op.input(0), drawing.constant(-1)));
        rules.put("square", (drawing, op) -> drawing.times(op.input(0), op.input(0)));
        rules.put("cube", function(new Operator.Pow(3)));
        rules.put("sqrt", function(new Operator.Sqrt()));
        rules.put("exp", function(new Operator.Exp()));
        rules.put("log", function(new Operator.Log()));
        rules.put("abs", function(new Operator.Abs()));
        rules.put("pow", (drawing, op) -> power(op.scalar()).lower(drawing, op));
        rules.put("Pow", Arithmetic::pow);
    }

    /** A function of single values that is one operator. */
    static Rules.Rule function(Operator.Function function) {
        return (drawing, op) -> drawing.add(function, op.input(0));
    }

    /** A function of single values with the scalar of the operation as its parameter. */
    static Rules.Rule function(DoubleFunction<Operator.Function> function) {
        return (drawing, op) -> drawing.add(function.apply(op.scalar()), op.input(0));
    }

    private static Rules.Rule power(double exponent) {
        return function(new Operator.Pow(exponent));
    }

    private static Tensor pow(Drawing drawing, Operation op) {
        op.require(
                op.input(1).isConstant() && op.constant(1, "exponents").length() == 1,
                "Mettle differentiates for a single constant exponent only");
        return power(op.constant(1, "exponents").getDouble(0)).lower(drawing, op);
    }

    private static Tensor binary(Drawing drawing, Operation op, Operator operator, int first, int second) {
        op.require(op.inputs().size() == 2, "takes " + op.inputs().size() + " inputs here instead of two");
        Tensor a = op.input(first);
        Tensor b = op.input(second);
        op.require(
                a.isConstant() || b.isConstant() || a.rank() == b.rank(),
                "broadcasts one sample's values to another one's here, since its inputs have " + a.rank() + " and "
                        + b.rank() + " dimensions: give both the same number");
        return drawing.add(operator, a, b);
    }
}
