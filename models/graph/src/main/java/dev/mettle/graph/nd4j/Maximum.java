package dev.mettle.graph.nd4j;

import java.util.List;
import java.util.function.IntFunction;

/** The largest of several tensors of one shape, value by value. */
final class Maximum {

    private Maximum() {}

    /** Return the largest values of two or more layers. Has no gradient of its own; see {@link #share}. */
    static Buffer of(Tape tape, Buffer... layers) {
        Buffer largest = Buffer.of(layers[0].shape(), layers[0].differentiable());
        tape.customInto(largest, "maximum", List.of(layers[0], layers[1]), Arguments.NONE);
        for (int i = 2; i < layers.length; i++) {
            tape.customInto(largest, "maximum", List.of(largest, layers[i]), Arguments.NONE);
        }
        return largest;
    }

    /**
     * Write the gradient of the largest values into one part per layer: each value goes to the first of the largest.
     *
     * @param dy the gradient of the largest values
     * @param part where the part of a layer goes
     */
    static void share(Tape tape, Buffer dy, Buffer largest, Buffer[] layers, IntFunction<Buffer> part) {
        Buffer left = dy; // what no layer has taken yet
        int last = layers.length - 1;
        for (int i = 0; i < last; i++) {
            Buffer behind = tape.custom("subtract", dy.shape(), largest, layers[i]);
            Buffer passed = Arithmetic.multiply(tape, left, Arithmetic.isPositive(tape, behind));
            tape.customInto(part.apply(i), "subtract", List.of(left, passed), Arguments.NONE);
            left = passed;
        }
        tape.copy(left, part.apply(last));
    }
}
