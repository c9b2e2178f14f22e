package dev.mettle.core.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;

/** The closed forms against a dense grid in two dimensions. */
class AffineOptimumTests {

    private static final int CELLS = 400;

    @ParameterizedTest
    @EnumSource(Norm.class)
    void lies_within_a_cell_of_the_nearest_point_of_a_grid(Norm norm) {
        int compared = 0;
        for (long seed = 1; seed <= 5; seed++) {
            AffineModel model = AffineModel.random(3, seed, DataType.DOUBLE, 2);
            for (double[] sample : Rows.toRows(Samples.interior(4, DataType.DOUBLE, 2))) {
                int label = argMax(model.logits(sample));
                double[] grid = nearestOnGrid(model, sample, norm);
                double any = Double.POSITIVE_INFINITY;
                for (int target = 0; target < 3; target++) {
                    if (target != label) {
                        any = Math.min(any, grid[target]);
                        if (norm != Norm.L0) {
                            compared += compare(AffineOptimum.towards(model, sample, target, norm), grid[target], norm);
                        }
                    }
                }
                compared += compare(AffineOptimum.distance(model, sample, label, norm), any, norm);
            }
        }
        assertThat(compared).isGreaterThan(10);
    }

    private static int compare(double exact, double grid, Norm norm) {
        if (Double.isInfinite(grid)) {
            return 0; // perhaps a corner that is smaller than a cell
        }
        double cell = norm == Norm.L0 ? 0 : 2.0 / CELLS;
        assertThat(exact).isBetween(grid - 2 * cell, grid + 1e-9);
        return 1;
    }

    private static int argMax(double[] logits) {
        int best = 0;
        for (int j = 1; j < logits.length; j++) {
            best = logits[j] > logits[best] ? j : best;
        }
        return best;
    }

    /** Per class; the grid runs through the sample, so that points that change one feature only lie on it. */
    private static double[] nearestOnGrid(AffineModel model, double[] sample, Norm norm) {
        double[] nearest = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
        for (int i = 0; i <= CELLS; i++) {
            for (int k = 0; k <= CELLS; k++) {
                double x = i == CELLS ? 1 : ((double) i / CELLS + sample[0]) % 1;
                double y = k == CELLS ? 1 : ((double) k / CELLS + sample[1]) % 1;
                double first = Math.abs(x - sample[0]);
                double second = Math.abs(y - sample[1]);
                double size = switch (norm) {
                    case LINF -> Math.max(first, second);
                    case L2 -> Math.hypot(first, second);
                    case L1 -> first + second;
                    case L0 -> (first > 0 ? 1 : 0) + (second > 0 ? 1 : 0);
                };
                int label = argMax(model.logits(new double[] {x, y}));
                nearest[label] = Math.min(nearest[label], size);
            }
        }
        return nearest;
    }
}
