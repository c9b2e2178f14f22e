package dev.mettle.defenses.certification;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import org.nd4j.linalg.api.buffer.DataType;

/** Two classes on the two sides of a line: smoothed or not, the model says the same, and every radius is known. */
final class Line {

    private static final double[] NORMAL = {0.6, 0.8};

    private Line() {}

    /** The model that prefers class 1 where {@code 0.6 x + 0.8 y > 0.7}. */
    static AffineModel model() {
        return new AffineModel(
                new double[][] {{0, 0}, NORMAL}, new double[] {0, -0.7}, Box.of(0, 1), DataType.DOUBLE, 2);
    }

    /** The distance of a sample from the line, which is the certified radius of unlimited votes. */
    static double distance(double... sample) {
        return Math.abs(NORMAL[0] * sample[0] + NORMAL[1] * sample[1] - 0.7);
    }

    static int label(double... sample) {
        return NORMAL[0] * sample[0] + NORMAL[1] * sample[1] > 0.7 ? 1 : 0;
    }

    /** Random samples with their labels; every tenth label is wrong. */
    static LabeledData samples(int n) {
        SampleRandom random = SampleRandom.of(1, "line", 0, 0);
        double[] values = new double[2 * n];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            values[2 * i] = random.uniform(0, 1);
            values[2 * i + 1] = random.uniform(0, 1);
            int label = label(values[2 * i], values[2 * i + 1]);
            labels[i] = i % 10 == 9 ? 1 - label : label;
        }
        return LabeledData.of("points", Rows.fromDoubles(values, new long[] {n, 2}, DataType.DOUBLE), labels);
    }
}
