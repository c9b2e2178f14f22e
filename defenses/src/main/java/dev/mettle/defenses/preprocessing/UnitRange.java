package dev.mettle.defenses.preprocessing;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Takes inputs from their range to [0, 1] and back, for steps that are defined there. */
final class UnitRange {

    private UnitRange() {}

    /** Apply a function to every sample, scaled to [0, 1]. */
    static INDArray map(INDArray inputs, Box range, UnaryOperator<double[]> function) {
        double[][] rows = Rows.toRows(inputs);
        for (int i = 0; i < rows.length; i++) {
            double[] unit = new double[rows[i].length];
            for (int j = 0; j < unit.length; j++) {
                double width = range.upper(j) - range.lower(j);
                unit[j] = width == 0 ? 0 : (rows[i][j] - range.lower(j)) / width;
            }
            double[] mapped = function.apply(unit);
            for (int j = 0; j < unit.length; j++) {
                rows[i][j] = range.lower(j) + mapped[j] * (range.upper(j) - range.lower(j));
            }
        }
        return Rows.fromRows(rows, inputs);
    }
}
