package dev.mettle.defenses.certification.bounds;

import java.util.List;

/** Tensors one after another along an axis behind the batch. */
final class ConcatStep extends Step {

    private final int blocks;

    /**
     * Create the step.
     *
     * @param blocks how many runs of neighboring values each input consists of
     */
    ConcatStep(List<Integer> inputs, int output, int blocks) {
        super(inputs, output);
        this.blocks = blocks;
    }

    @Override
    Bounds forward(Bounds[] all) {
        int size = 0;
        for (int input : inputs()) {
            size += all[input].size();
        }
        double[] lower = new double[size];
        double[] upper = new double[size];
        int start = 0;
        for (int input : inputs()) {
            Bounds x = all[input];
            int run = x.size() / blocks;
            for (int block = 0; block < blocks; block++) {
                int to = block * (size / blocks) + start;
                System.arraycopy(x.lower(), block * run, lower, to, run);
                System.arraycopy(x.upper(), block * run, upper, to, run);
            }
            start += run;
        }
        return new Bounds(lower, upper);
    }

    @Override
    void backward(Coefficients work, double[] y, Bounds[] all) {
        int size = y.length / work.rows();
        int start = 0;
        for (int input : inputs()) {
            int run = all[input].size() / blocks;
            double[] part = new double[work.rows() * blocks * run];
            for (int block = 0; block < work.rows() * blocks; block++) {
                System.arraycopy(y, block * (size / blocks) + start, part, block * run, run);
            }
            work.give(input, part);
            start += run;
        }
    }
}
