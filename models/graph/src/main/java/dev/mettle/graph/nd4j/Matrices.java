package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import java.util.List;

/** Matrix products. */
final class Matrices {

    private static final Arguments TRANSPOSE_FIRST = Arguments.integers(1, 0, 0);
    private static final Arguments TRANSPOSE_SECOND = Arguments.integers(0, 1, 0);

    private Matrices() {}

    static Buffer gemm(Tape tape, Buffer... in) {
        Buffer x = in[0];
        Buffer w = in[1];
        Buffer y = tape.custom("matmul", new Operator.Gemm().outputShape(List.of(x.shape(), w.shape())), x, w);
        if (in.length > 2) {
            tape.customInto(y, "biasadd", List.of(y, in[2]), Arguments.NONE);
        }
        tape.adjoint(y, dy -> tape.give(x, () -> tape.custom("matmul", x.shape(), List.of(dy, w), TRANSPOSE_SECOND)));
        return y;
    }

    static Buffer matMul(Tape tape, Buffer a, Buffer b) {
        Buffer y = tape.custom("matmul", new Operator.MatMul().outputShape(List.of(a.shape(), b.shape())), a, b);
        tape.adjoint(y, dy -> {
            tape.give(a, () -> tape.custom("matmul", a.shape(), List.of(dy, b), TRANSPOSE_SECOND));
            tape.give(b, () -> tape.custom("matmul", b.shape(), List.of(a, dy), TRANSPOSE_FIRST));
        });
        return y;
    }
}
