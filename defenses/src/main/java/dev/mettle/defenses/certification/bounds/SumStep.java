package dev.mettle.defenses.certification.bounds;

import java.util.List;

/** The sum or the difference of two tensors of one shape, as in residual networks. */
final class SumStep extends Step {

    private final boolean difference;
    private final double error;

    SumStep(int a, int b, int output, boolean difference, double error) {
        super(List.of(a, b), output);
        this.difference = difference;
        this.error = error;
    }

    @Override
    Bounds forward(Bounds[] all) {
        Bounds a = all[inputs().get(0)];
        Bounds b = all[inputs().get(1)];
        int n = a.size();
        double[] lower = new double[n];
        double[] upper = new double[n];
        for (int i = 0; i < n; i++) {
            lower[i] = a.lower(i) + (difference ? -b.upper(i) : b.lower(i)) - error(i, a, b);
            upper[i] = a.upper(i) + (difference ? -b.lower(i) : b.upper(i)) + error(i, a, b);
        }
        return new Bounds(lower, upper);
    }

    private double error(int i, Bounds a, Bounds b) {
        return error * (a.magnitude(i) + b.magnitude(i)) + Rounding.absolute();
    }

    @Override
    void backward(Coefficients work, double[] y, Bounds[] all) {
        Bounds a = all[inputs().get(0)];
        Bounds b = all[inputs().get(1)];
        int n = a.size();
        double[] second = new double[y.length];
        for (int row = 0; row < work.rows(); row++) {
            double errors = 0;
            for (int i = 0; i < n; i++) {
                double factor = y[row * n + i];
                errors += Math.abs(factor) * error(i, a, b);
                second[row * n + i] = difference ? -factor : factor;
            }
            work.add(row, -errors);
        }
        work.give(inputs().get(0), y);
        work.give(inputs().get(1), second);
    }
}
