package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/** At most ⌊ε⌋ changed features, each anywhere in the box. */
final class L0Set extends PerturbationSet {

    L0Set(double epsilon, Box box, Constraints constraints, INDArray clean) {
        super(epsilon, box, constraints, clean);
    }

    private int budget(int features) {
        return (int) Math.min(features, Math.floor(epsilon));
    }

    /** Keep the changes whose loss would cost most, clipped to the box. */
    @Override
    public INDArray project(INDArray x) {
        return x.assign(mapRows(x, (sample, row) -> {
            double[] clipped = new double[row.length];
            double[] gain = new double[row.length];
            for (int i = 0; i < row.length; i++) {
                clipped[i] = Math.min(Math.max(row[i], low(sample, i)), high(sample, i));
                double whole = row[i] - sample[i];
                double rest = row[i] - clipped[i];
                gain[i] = whole * whole - rest * rest;
            }
            return keepLargest(sample, clipped, gain);
        }));
    }

    @Override
    public INDArray steepestStep(INDArray x, INDArray gradient, double size) {
        throw new UnsupportedOperationException("L0 has no steepest-ascent step: its ball has no interior");
    }

    /** Move the features with the largest gain |gᵢ|·roomᵢ to the box. */
    @Override
    public INDArray maximizeLinear(INDArray gradient) {
        return mapRows(gradient, (sample, g) -> {
            double[] corner = sample.clone();
            double[] gain = new double[g.length];
            for (int i = 0; i < g.length; i++) {
                double room = g[i] == 0 ? 0 : room(sample, i, g[i]);
                corner[i] += Math.signum(g[i]) * room;
                gain[i] = Math.abs(g[i]) * room;
            }
            return keepLargest(sample, corner, gain);
        });
    }

    private double[] keepLargest(double[] sample, double[] changed, double[] gain) {
        double[] point = sample.clone();
        Integer[] order = L1Set.largestFirst(i -> gain[i], gain.length);
        for (int k = 0; k < budget(gain.length); k++) {
            point[order[k]] = changed[order[k]];
        }
        return point;
    }

    @Override
    void sampleBall(double[] sample, double[] delta, SampleRandom random) {
        int d = delta.length;
        int[] features = new int[d];
        java.util.Arrays.setAll(features, i -> i);
        java.util.Arrays.fill(delta, 0);
        for (int k = 0; k < budget(d); k++) { // partial Fisher–Yates shuffle
            int pick = k + random.below(d - k);
            int feature = features[pick];
            features[pick] = features[k];
            delta[feature] = random.uniform(low(sample, feature), high(sample, feature)) - sample[feature];
        }
    }

    @Override
    public PerturbationSet select(int[] rows) {
        return new L0Set(epsilon, box, constraints, Rows.select(clean, rows));
    }
}
