package dev.mettle.defenses.certification.bounds;

import java.util.List;

/** An operator at work on intervals: one step of a {@link BoundNetwork}. Tensors are counted from 0, the input of the network. */
abstract class Step {

    private final List<Integer> inputs;
    private final int output;

    Step(List<Integer> inputs, int output) {
        this.inputs = List.copyOf(inputs);
        this.output = output;
    }

    /** Return the tensors that the step takes. */
    final List<Integer> inputs() {
        return inputs;
    }

    final int input() {
        return inputs.get(0);
    }

    /** Return the tensor that the step puts out. */
    final int output() {
        return output;
    }

    /** Return intervals that hold everything the network computes from values inside the given ones, its rounding included. */
    abstract Bounds forward(Bounds[] all);

    /**
     * Replace the coefficients of the output by coefficients of the inputs, such that the bounds stay bounds.
     *
     * @param work the coefficients; those of the output have been taken away
     * @param y the coefficients of the output, {@code [rows, values]}
     * @param all the intervals of all tensors
     */
    abstract void backward(Coefficients work, double[] y, Bounds[] all);

    /** Say whether the output is a linear function of the inputs, up to a constant. */
    boolean isLinear() {
        return true;
    }

    /** Say for which values of the input tighter intervals would give tighter bounds of the output; linear steps need none. */
    boolean[] undecided(Bounds[] all) {
        return new boolean[0];
    }
}
