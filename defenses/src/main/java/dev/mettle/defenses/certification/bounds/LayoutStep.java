package dev.mettle.defenses.certification.bounds;

import java.util.List;

/** Operators that move values and compute nothing. */
final class LayoutStep extends Step {

    private final LinearMap map;

    LayoutStep(int input, int output, LinearMap map) {
        super(List.of(input), output);
        this.map = map;
    }

    @Override
    Bounds forward(Bounds[] all) {
        Bounds x = all[input()];
        return new Bounds(map.forward(x.lower(), 1), map.forward(x.upper(), 1));
    }

    @Override
    void backward(Coefficients work, double[] y, Bounds[] all) {
        double[] offset = map.offset();
        int m = offset.length;
        for (int row = 0; row < work.rows(); row++) {
            for (int i = 0; i < m; i++) {
                if (offset[i] != 0) {
                    work.add(row, y[row * m + i] * offset[i]);
                }
            }
        }
        work.give(input(), map.transposed(y, work.rows()));
    }
}
