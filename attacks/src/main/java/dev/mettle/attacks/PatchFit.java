package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Fits one patch to all samples of a context, and tries it on each, for {@link AdversarialPatch}. */
final class PatchFit {

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    private final AdversarialPatch attack;
    private final SampleBatch samples;
    private final CappedLoss loss;
    private final Box box;
    private final int channels;
    private final int height;
    private final int width;
    private final int side;

    private final double[] patch;
    private final double[] mean;
    private final double[] variance;
    private int step;

    PatchFit(AdversarialPatch attack, SampleBatch samples) {
        this.attack = attack;
        this.samples = samples;
        this.loss = new CappedLoss(attack.loss().logitLoss());
        this.box = samples.perturbations().box();
        this.channels = (int) samples.inputs().size(1);
        this.height = (int) samples.inputs().size(2);
        this.width = (int) samples.inputs().size(3);
        this.side = attack.side(samples.inputs());
        this.patch = new double[channels * side * side];
        this.mean = new double[patch.length];
        this.variance = new double[patch.length];
        Arrays.setAll(patch, i -> (lower(i) + upper(i)) / 2);
    }

    /** Ascend from a grey patch. */
    void fit() {
        for (int epoch = 0; epoch < attack.epochs(); epoch++) {
            for (int from = 0; from < samples.size(); from += attack.batchSize()) {
                ascend(chunk(from, attack.batchSize()));
            }
        }
    }

    /** Try the patch on every sample until it is broken. */
    void propose() {
        for (int from = 0; from < samples.size(); from += UniversalFit.LARGEST_BATCH) {
            SampleBatch chunk = chunk(from, UniversalFit.LARGEST_BATCH);
            for (int trial = 0; trial < attack.tries() && !chunk.isEmpty(); trial++) {
                INDArray x = patched(chunk, places(chunk));
                chunk.propose(x);
                Rows.release(x);
                chunk = chunk.select(chunk.standing());
            }
        }
    }

    private SampleBatch chunk(int from, int size) {
        return samples.select(
                IntStream.range(from, Math.min(from + size, samples.size())).toArray());
    }

    private AffineWarp[] places(SampleBatch chunk) {
        AffineWarp[] places = new AffineWarp[chunk.size()];
        Arrays.setAll(places, i -> place(chunk.random(i)));
        return places;
    }

    private AffineWarp place(SampleRandom random) {
        int right = width - side;
        int down = height - side;
        double angle = attack.degrees() > 0 ? random.uniform(-attack.degrees(), attack.degrees()) : 0;
        int left = switch (attack.place()) {
            case ANYWHERE -> random.below(right + 1);
            case CENTER -> right / 2;
            case UPPER_LEFT, LOWER_LEFT -> 0;
            case UPPER_RIGHT, LOWER_RIGHT -> right;
        };
        int top = switch (attack.place()) {
            case ANYWHERE -> random.below(down + 1);
            case CENTER -> down / 2;
            case UPPER_LEFT, UPPER_RIGHT -> 0;
            case LOWER_LEFT, LOWER_RIGHT -> down;
        };
        double half = (side - 1) / 2.0;
        return AffineWarp.place(side, side, height, width, angle, 1, left + half, top + half);
    }

    /** Lay the patch over the images; frozen features stay. */
    private INDArray patched(SampleBatch chunk, AffineWarp[] places) {
        double[][] rows = Rows.toRows(chunk.inputs());
        double[][] lowest = Rows.toRows(chunk.perturbations().lower());
        double[][] highest = Rows.toRows(chunk.perturbations().upper());
        double[] laid = new double[height * width];
        for (int row = 0; row < rows.length; row++) {
            double[] coverage = places[row].coverage();
            for (int channel = 0; channel < channels; channel++) {
                places[row].apply(patch, channel * side * side, laid, 0, 0);
                for (int pixel = 0; pixel < laid.length; pixel++) {
                    int i = channel * laid.length + pixel;
                    if (coverage[pixel] > 0) {
                        double value = (1 - coverage[pixel]) * rows[row][i] + laid[pixel];
                        rows[row][i] = Math.min(Math.max(value, lowest[row][i]), highest[row][i]);
                    }
                }
            }
        }
        return Rows.fromRows(rows, chunk.inputs());
    }

    private void ascend(SampleBatch chunk) {
        AffineWarp[] places = places(chunk);
        INDArray x = patched(chunk, places);
        InputGradient pass = chunk.gradient(x, logits -> loss.gradients(chunk, logits));
        Rows.release(x);
        double[][] gradients = Rows.toRows(pass.gradient());
        Rows.release(pass.gradient());
        double[] gradient = new double[patch.length];
        for (int row = 0; row < gradients.length; row++) {
            for (int channel = 0; channel < channels; channel++) {
                places[row].adjoint(gradients[row], channel * height * width, gradient, channel * side * side);
            }
        }
        if (Double.isFinite(Arrays.stream(gradient).sum())) { // else no direction that can be trusted
            adam(gradient, gradients.length);
        }
    }

    private void adam(double[] gradient, int rows) {
        step++;
        for (int i = 0; i < patch.length; i++) {
            double g = gradient[i] / rows;
            mean[i] = BETA1 * mean[i] + (1 - BETA1) * g;
            variance[i] = BETA2 * variance[i] + (1 - BETA2) * g * g;
            double direction = mean[i]
                    / (1 - Math.pow(BETA1, step))
                    / (Math.sqrt(variance[i] / (1 - Math.pow(BETA2, step))) + EPSILON);
            double moved = patch[i] + attack.learningRate() * (upper(i) - lower(i)) * direction;
            patch[i] = Math.min(Math.max(moved, lower(i)), upper(i));
        }
    }

    /** The lower bound of a value of the patch: that of its channel. */
    private double lower(int i) {
        return box.lower(i / (side * side) * height * width);
    }

    private double upper(int i) {
        return box.upper(i / (side * side) * height * width);
    }
}
