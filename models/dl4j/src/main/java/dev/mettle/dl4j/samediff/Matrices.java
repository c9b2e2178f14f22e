package dev.mettle.dl4j.samediff;

import dev.mettle.graph.Operator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Lowers matrix products. */
final class Matrices {

    private static final String MIXES =
            "mixes the samples of a batch here: the samples must be the rows of its first input, and its second input constant";

    private Matrices() {}

    static void register(Map<String, Rules.Rule> rules) {
        rules.put("matmul", Matrices::product);
        rules.put("xw_plus_b", Matrices::linear);
    }

    private static Tensor linear(Drawing drawing, Operation op) {
        for (int i = 0; i < op.integers().length; i++) {
            op.require(op.integer(i, 0) == 0, "transposes here, in a form that Mettle doesn't know");
        }
        op.constant(1, "weights");
        op.constant(2, "biases");
        op.require(!op.input(0).isConstant() && op.input(0).rank() == 2, MIXES);
        return drawing.add(new Operator.Gemm(), op.input(0), op.input(1), op.input(2));
    }

    private static Tensor product(Drawing drawing, Operation op) {
        op.require(
                op.floating(0, 1) == 1 && op.floating(1, 0) == 0,
                "scales by alpha = " + op.floating(0, 1) + " and beta = " + op.floating(1, 0)
                        + " here: Mettle knows it with 1 and 0 only");
        op.require(op.integer(2, 0) == 0, "transposes its result here: use permute for that");
        Tensor a = op.input(0);
        Tensor b = op.input(1);
        boolean transposeA = op.integer(0, 0) != 0;
        boolean transposeB = op.integer(1, 0) != 0;
        op.require(
                a.rank() == b.rank() && a.rank() >= 2,
                "multiplies inputs of " + a.rank() + " and " + b.rank() + " dimensions here: give both the same number,"
                        + " at least two");
        if (a.rank() == 2) {
            INDArray weights = b.value();
            op.require(weights != null && !a.isConstant() && !transposeA, MIXES);
            Tensor w = transposeB && weights != null ? drawing.constant("weights", weights.permute(1, 0)) : b;
            return drawing.add(new Operator.Gemm(), a, w);
        }
        op.require(
                !a.isConstant() && !b.isConstant(),
                "multiplies one constant matrix per sample here: reshape its inputs to two dimensions");
        return drawing.add(
                new Operator.MatMul(),
                transposeA ? transposed(drawing, a) : a,
                transposeB ? transposed(drawing, b) : b);
    }

    private static Tensor transposed(Drawing drawing, Tensor x) {
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, x.rank()).boxed().toList());
        Collections.swap(order, x.rank() - 2, x.rank() - 1);
        return drawing.add(new Operator.Transpose(order), x);
    }
}
