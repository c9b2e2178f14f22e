package dev.mettle.defenses.certification.bounds;

import java.util.List;

/** {@code y = scale · x + shift} with constants per value: sums and products with constants, batch normalization. */
final class ScaleStep extends Step {

    private final double[] scale;
    private final double[] shift;
    private final double error;

    /**
     * Create the step.
     *
     * @param error the rounding, relative to {@code |scale||x| + |shift|}
     */
    ScaleStep(int input, int output, double[] scale, double[] shift, double error) {
        super(List.of(input), output);
        this.scale = scale;
        this.shift = shift;
        this.error = error;
    }

    @Override
    Bounds forward(Bounds[] all) {
        Bounds x = all[input()];
        int n = x.size();
        double[] lower = new double[n];
        double[] upper = new double[n];
        for (int i = 0; i < n; i++) {
            double a = scale[i] * x.lower(i);
            double b = scale[i] * x.upper(i);
            lower[i] = Math.min(a, b) + shift[i] - error(i, x);
            upper[i] = Math.max(a, b) + shift[i] + error(i, x);
        }
        return new Bounds(lower, upper);
    }

    private double error(int i, Bounds x) {
        return error * (Math.abs(scale[i]) * x.magnitude(i) + Math.abs(shift[i])) + Rounding.absolute();
    }

    @Override
    void backward(Coefficients work, double[] y, Bounds[] all) {
        Bounds x = all[input()];
        int n = x.size();
        for (int row = 0; row < work.rows(); row++) {
            double sum = 0;
            double errors = 0;
            for (int i = 0; i < n; i++) {
                double factor = y[row * n + i];
                sum += factor * shift[i];
                errors += Math.abs(factor) * error(i, x);
                y[row * n + i] = factor * scale[i];
            }
            work.add(row, sum);
            work.add(row, -errors);
        }
        work.give(input(), y);
    }
}
