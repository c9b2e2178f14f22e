package dev.mettle.defenses.certification.bounds;

import java.util.List;

/** Products of matrices, convolutions, averages and sums. */
final class LinearStep extends Step {

    private final LinearMap map;
    private final double error;

    /**
     * Create the step.
     *
     * @param error the rounding of its sums, relative to the sums of absolute values
     */
    LinearStep(int input, int output, LinearMap map, double error) {
        super(List.of(input), output);
        this.map = map;
        this.error = error;
    }

    @Override
    Bounds forward(Bounds[] all) {
        Bounds x = all[input()];
        int n = x.size();
        double[] center = new double[n];
        double[] radiusAndSize = new double[2 * n];
        for (int i = 0; i < n; i++) {
            center[i] = x.lower(i) + (x.upper(i) - x.lower(i)) / 2;
            radiusAndSize[i] = Math.nextUp(Math.max(x.upper(i) - center[i], center[i] - x.lower(i)));
            radiusAndSize[n + i] = x.magnitude(i);
        }
        double[] middle = map.forward(center, 1);
        double[] spread = map.magnitude(radiusAndSize, 2);
        int m = middle.length;
        double[] lower = new double[m];
        double[] upper = new double[m];
        double[] errors = new double[m];
        for (int i = 0; i < m; i++) {
            errors[i] = error * (spread[m + i] + Math.abs(map.offset()[i])) + Rounding.absolute();
            double reach = spread[i] + errors[i];
            lower[i] = middle[i] - reach;
            upper[i] = middle[i] + reach;
        }
        return new Bounds(lower, upper, errors);
    }

    @Override
    void backward(Coefficients work, double[] y, Bounds[] all) {
        double[] offset = map.offset();
        double[] errorsOfSums = all[output()].errors();
        int m = offset.length;
        for (int row = 0; row < work.rows(); row++) {
            double sum = 0;
            double errors = 0;
            for (int i = 0; i < m; i++) {
                double factor = y[row * m + i];
                sum += factor * offset[i];
                errors += Math.abs(factor) * errorsOfSums[i];
            }
            work.add(row, sum);
            work.add(row, -errors);
        }
        work.give(input(), map.transposed(y, work.rows()));
    }
}
