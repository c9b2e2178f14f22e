package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** One descent of {@link CarliniWagner} for fixed weights: Adam (Kingma and Ba 2015) in tanh space. */
final class TanhDescent {

    /** Keeps arctanh finite for features at the edge of the box. */
    private static final double INSIDE = 0.999999;

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;
    private static final double STAGNATION = 0.9999;

    private final CarliniWagner attack;
    private final boolean[] succeeded;
    private final Margin margin = new Margin();

    // The samples still descending: positions in the whole batch, and their state, row by row.
    private int[] positions;
    private SampleBatch batch;
    private double[] weights;
    private double[] lowestLoss;
    private double[] lowestAtCheckpoint;
    private INDArray w;
    private INDArray mean;
    private INDArray variance;
    private INDArray middle;
    private INDArray half;

    TanhDescent(CarliniWagner attack, SampleBatch batch, double[] weights) {
        this.attack = attack;
        this.batch = batch;
        this.weights = weights;
        this.succeeded = new boolean[batch.size()];
        this.positions = new int[batch.size()];
        Arrays.setAll(positions, i -> i);
        this.lowestLoss = new double[batch.size()];
        Arrays.fill(lowestLoss, Double.POSITIVE_INFINITY);
        this.lowestAtCheckpoint = lowestLoss.clone();
        Box box = batch.perturbations().box();
        INDArray lower = box.lowerLike(batch.inputs());
        INDArray upper = box.upperLike(batch.inputs());
        this.middle = lower.add(upper).divi(2);
        this.half = upper.sub(lower).divi(2);
        this.w = Transforms.atanh(batch.inputs().sub(middle).divi(half).muli(INSIDE), false);
        this.mean = w.like();
        this.variance = w.like();
    }

    /** Descend; returns which samples succeeded at some step. */
    boolean[] run() {
        int checkpoint = Math.max(1, attack.steps() / 10);
        for (int step = 0; step < attack.steps() && !batch.isEmpty(); step++) {
            INDArray tanh = Transforms.tanh(w, true);
            INDArray x = tanh.mul(half).addi(middle);
            InputGradient pass = batch.gradient(x, this::weightedHingeGradient);
            judge(x, pass.logits());
            adam(gradient(x, tanh, pass.gradient()), step + 1);
            Rows.release(x);
            if (attack.abortEarly() && step % checkpoint == checkpoint - 1) {
                leaveStagnant();
            }
        }
        return succeeded;
    }

    /** c · d/dz max(z_y − max_{j≠y} zⱼ + κ, 0). */
    private INDArray weightedHingeGradient(INDArray logits) {
        int[] labels = batch.labels();
        double[] margins = margin.values(logits, labels);
        double[] scale = new double[margins.length];
        Arrays.setAll(scale, i -> hinge(margins[i]) > 0 ? -weights[i] : 0);
        INDArray gradients = margin.gradients(logits, labels);
        return gradients.muliColumnVector(Rows.fromDoubles(scale, new long[] {scale.length, 1}, logits.dataType()));
    }

    private double hinge(double margin) {
        return Math.max(attack.confidence() - margin, 0);
    }

    /** Note who succeeded, and the lowest losses ‖x' − x‖₂² + c · hinge. */
    private void judge(INDArray x, INDArray logits) {
        double[] margins = margin.values(logits, batch.labels());
        double[] distances = Rows.toDoubles(Rows.matrix(x.sub(batch.inputs())).norm2(1));
        for (int i = 0; i < margins.length; i++) {
            lowestLoss[i] = Math.min(lowestLoss[i], distances[i] * distances[i] + weights[i] * hinge(margins[i]));
            succeeded[positions[i]] |= margins[i] > 0 && margins[i] >= attack.confidence();
        }
    }

    /** d loss / dw = (2 (x' − x) + hinge gradient) · half · (1 − tanh²); overwrites its arguments. */
    private INDArray gradient(INDArray x, INDArray tanh, INDArray hingeGradient) {
        INDArray slope = tanh.muli(tanh).rsubi(1).muli(half);
        INDArray gradient = hingeGradient.addi(x.subi(batch.inputs()).muli(2)).muli(slope);
        Rows.release(slope);
        return gradient;
    }

    private void adam(INDArray gradient, int time) {
        mean.muli(BETA1).addi(gradient.mul(1 - BETA1));
        variance.muli(BETA2).addi(gradient.muli(gradient).muli(1 - BETA2));
        Rows.release(gradient);
        double rate = attack.learningRate() / (1 - Math.pow(BETA1, time));
        INDArray scale = variance.div(1 - Math.pow(BETA2, time));
        Transforms.sqrt(scale, false).addi(EPSILON);
        INDArray change = mean.div(scale).muli(rate);
        Rows.release(scale);
        w.subi(change);
        Rows.release(change);
    }

    /** Leave samples whose lowest loss hardly fell since the last checkpoint; near its minimum the loss itself oscillates. */
    private void leaveStagnant() {
        int[] going = IntStream.range(0, positions.length)
                .filter(i -> !(lowestLoss[i] > STAGNATION * lowestAtCheckpoint[i]))
                .toArray();
        lowestAtCheckpoint = lowestLoss.clone();
        if (going.length == positions.length) {
            return;
        }
        int[] before = positions;
        positions = Arrays.stream(going).map(i -> before[i]).toArray();
        weights = chosen(weights, going);
        lowestLoss = chosen(lowestLoss, going);
        lowestAtCheckpoint = chosen(lowestAtCheckpoint, going);
        batch = batch.select(going);
        if (going.length > 0) {
            w = Rows.select(w, going);
            mean = Rows.select(mean, going);
            variance = Rows.select(variance, going);
            middle = Rows.select(middle, going);
            half = Rows.select(half, going);
        }
    }

    private static double[] chosen(double[] values, int[] positions) {
        return Arrays.stream(positions).mapToDouble(i -> values[i]).toArray();
    }
}
