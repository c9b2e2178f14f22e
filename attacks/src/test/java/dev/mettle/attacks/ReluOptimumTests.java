package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Norm;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;

/** The exact oracle against a dense grid in two dimensions. */
class ReluOptimumTests {

    private static final int CELLS = 500;

    @ParameterizedTest
    @EnumSource(Norm.class)
    void lies_within_a_cell_of_the_nearest_point_of_a_grid(Norm norm) {
        int compared = 0;
        for (int classes = 2; classes <= 3; classes++) {
            ReluModel model = ReluModel.random(classes, 2, 8, 1);
            for (double[] sample : Rows.toRows(Samples.interior(4, DataType.DOUBLE, 2))) {
                double[] logits = model.logits(sample);
                int label = logits[0] > logits[1] ? 0 : 1;
                label = classes == 3 && logits[2] > logits[label] ? 2 : label;
                for (Aim aim : new Aim[] {Aim.awayFrom(label), Aim.towards(label, (label + 1) % classes)}) {
                    double exact = ReluOptimum.distance(model, sample, aim, norm);
                    double grid = nearestOnGrid(model, sample, aim, norm);
                    assertThat(exact).isLessThanOrEqualTo(grid + 1e-9);
                    // A class whose region is thinner than a cell may slip through the grid; none of these is.
                    double cell = norm == Norm.L0 ? 0 : norm == Norm.LINF ? 1.0 / CELLS : 2.0 / CELLS;
                    assertThat(grid).isLessThanOrEqualTo(exact + cell);
                    compared += Double.isFinite(grid) ? 1 : 0;
                }
            }
        }
        assertThat(compared).isGreaterThan(8);
    }

    /** The grid runs through the sample, so that points that change one feature only lie on it. */
    private static double nearestOnGrid(ReluModel model, double[] sample, Aim aim, Norm norm) {
        double nearest = Double.POSITIVE_INFINITY;
        double[] x = new double[2];
        for (int i = 0; i <= CELLS; i++) {
            for (int k = 0; k <= CELLS; k++) {
                x[0] = ((double) i / CELLS + sample[0]) % 1;
                x[1] = ((double) k / CELLS + sample[1]) % 1;
                if (new Margin().value(model.logits(x), aim) > 0) {
                    double first = Math.abs(x[0] - sample[0]);
                    double second = Math.abs(x[1] - sample[1]);
                    nearest = Math.min(
                            nearest,
                            switch (norm) {
                                case LINF -> Math.max(first, second);
                                case L2 -> Math.hypot(first, second);
                                case L1 -> first + second;
                                case L0 -> (i % CELLS == 0 ? 0 : 1) + (k % CELLS == 0 ? 0 : 1);
                            });
                }
            }
        }
        return nearest;
    }
}
