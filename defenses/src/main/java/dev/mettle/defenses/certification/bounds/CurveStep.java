package dev.mettle.defenses.certification.bounds;

import java.util.List;

/** A function of single values. */
final class CurveStep extends Step {

    private final Curve curve;

    CurveStep(int input, int output, Curve curve) {
        super(List.of(input), output);
        this.curve = curve;
    }

    @Override
    Bounds forward(Bounds[] all) {
        Bounds x = all[input()];
        double[] lower = new double[x.size()];
        double[] upper = new double[x.size()];
        for (int i = 0; i < lower.length; i++) {
            double error = curve.error(i, x.lower(i), x.upper(i));
            lower[i] = curve.at(i, x.lower(i)) - error;
            upper[i] = curve.at(i, x.upper(i)) + error;
        }
        return new Bounds(lower, upper);
    }

    @Override
    void backward(Coefficients work, double[] y, Bounds[] all) {
        Bounds x = all[input()];
        int n = x.size();
        Relaxation[] lines = new Relaxation[n];
        for (int i = 0; i < n; i++) {
            lines[i] = curve.relax(i, x.lower(i), x.upper(i));
        }
        for (int row = 0; row < work.rows(); row++) {
            double sum = 0;
            double sizes = 0;
            double errors = 0;
            for (int i = 0; i < n; i++) {
                double factor = y[row * n + i];
                if (factor != 0) {
                    Relaxation line = lines[i];
                    double constant = factor * (factor > 0 ? line.lowerConstant() : line.upperConstant());
                    sum += constant;
                    sizes += Math.abs(constant);
                    errors += Math.abs(factor) * line.error();
                    y[row * n + i] = factor * (factor > 0 ? line.lowerSlope() : line.upperSlope());
                }
            }
            work.add(row, sum);
            work.add(row, -errors - Rounding.ofBounds(n) * sizes);
        }
        work.give(input(), y);
    }

    @Override
    boolean isLinear() {
        return false;
    }

    @Override
    boolean[] undecided(Bounds[] all) {
        Bounds x = all[input()];
        boolean[] undecided = new boolean[x.size()];
        for (int i = 0; i < undecided.length; i++) {
            undecided[i] = !curve.isLine(i, x.lower(i), x.upper(i));
        }
        return undecided;
    }
}
