package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The L∞ ball inside the box: one interval per feature, so that every operation is a clamp or a sign. */
final class LinfSet extends PerturbationSet {

    private final INDArray from;
    private final INDArray to;

    LinfSet(double epsilon, Box box, Constraints constraints, INDArray clean) {
        super(epsilon, box, constraints, clean);
        double[][] low = Rows.toRows(clean);
        double[][] high = Rows.toRows(clean);
        boolean isFloat = clean.dataType() == DataType.FLOAT;
        for (int row = 0; row < low.length; row++) {
            for (int i = 0; i < low[row].length; i++) {
                if (constraints.isFrozen(i)) {
                    continue;
                }
                low[row][i] = Math.max(low[row][i] - epsilon, box.lower(i));
                high[row][i] = Math.min(high[row][i] + epsilon, box.upper(i));
                if (isFloat) { // round inwards, or the interval would exceed epsilon by an ulp
                    low[row][i] = roundUp(low[row][i]);
                    high[row][i] = roundDown(high[row][i]);
                }
            }
        }
        this.from = Rows.fromRows(low, clean);
        this.to = Rows.fromRows(high, clean);
    }

    private LinfSet(double epsilon, Box box, Constraints constraints, INDArray clean, INDArray from, INDArray to) {
        super(epsilon, box, constraints, clean);
        this.from = from;
        this.to = to;
    }

    private static float roundUp(double value) {
        float rounded = (float) value;
        return rounded < value ? Math.nextUp(rounded) : rounded;
    }

    private static float roundDown(double value) {
        float rounded = (float) value;
        return rounded > value ? Math.nextDown(rounded) : rounded;
    }

    @Override
    public INDArray project(INDArray x) {
        Transforms.max(x, from, false);
        return Transforms.min(x, to, false);
    }

    @Override
    public INDArray steepestStep(INDArray x, INDArray gradient, double size) {
        return Transforms.sign(gradient, true).muli(size);
    }

    @Override
    public INDArray maximizeLinear(INDArray gradient) {
        double reach = Double.isInfinite(epsilon) ? 2 * box.width() : epsilon;
        return project(Transforms.sign(gradient, true).muli(reach).addi(clean));
    }

    @Override
    void sampleBall(double[] sample, double[] delta, SampleRandom random) {
        for (int i = 0; i < delta.length; i++) {
            delta[i] = random.uniform(-epsilon, epsilon);
        }
    }

    @Override
    public PerturbationSet select(int[] rows) {
        return new LinfSet(
                epsilon, box, constraints, Rows.select(clean, rows), Rows.select(from, rows), Rows.select(to, rows));
    }
}
