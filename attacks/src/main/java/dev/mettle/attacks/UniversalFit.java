package dev.mettle.attacks;

import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Fits one perturbation δ to all samples of a context, for {@link UniversalPerturbation}. */
final class UniversalFit {

    /** Model calls have at most this many rows. */
    static final int LARGEST_BATCH = 128;

    private static final int DEEPFOOL_STEPS = 10;
    private static final double OVERSHOOT = 0.02;
    private static final double BEYOND = 1e-4;

    private final UniversalPerturbation attack;
    private final SampleBatch samples;
    private final ThreatModel threat;
    private final CappedLoss loss;
    private final double[] delta;

    UniversalFit(UniversalPerturbation attack, AttackContext context) {
        this.attack = attack;
        this.samples = context.samples();
        this.threat = context.threatModel();
        this.loss = new CappedLoss(attack.loss().logitLoss());
        this.delta = new double[(int) Rows.features(samples.inputs())];
    }

    /** The most passes of DeepFool on one sample: a check, the steps, a last check. */
    static Passes deepFoolPasses(int classes) {
        return new Passes(1 + DEEPFOOL_STEPS + 1, (long) DEEPFOOL_STEPS * (classes - 1));
    }

    /** Return the δ that fools most samples; the first of equal ones. */
    double[] fit() {
        double[] best = delta.clone();
        int mostFooled = 0;
        for (int epoch = 0; epoch < attack.epochs() && !samples.isEmpty(); epoch++) {
            switch (attack.optimizer()) {
                case GRADIENT -> chunks(attack.batchSize()).forEach(this::ascend);
                case DEEPFOOL -> chunks(1).forEach(this::crossBoundary);
            }
            int fooled = countFooled();
            if (fooled > mostFooled) {
                mostFooled = fooled;
                best = delta.clone();
            }
        }
        return best;
    }

    /** Propose {@code clip(x + δ)} for every sample. */
    void propose(double[] perturbation) {
        for (SampleBatch chunk : chunks(LARGEST_BATCH)) {
            INDArray x = shifted(chunk, perturbation);
            chunk.propose(x);
            Rows.release(x);
        }
    }

    private List<SampleBatch> chunks(int size) {
        List<SampleBatch> chunks = new ArrayList<>();
        for (int from = 0; from < samples.size(); from += size) {
            chunks.add(samples.select(
                    IntStream.range(from, Math.min(from + size, samples.size())).toArray()));
        }
        return chunks;
    }

    /** One step of steepest ascent on the sum of the losses of some samples. */
    private void ascend(SampleBatch chunk) {
        INDArray x = shifted(chunk, delta);
        InputGradient pass = chunk.gradient(x, logits -> loss.gradients(chunk, logits));
        double[] gradient = gradientOfDelta(chunk, pass.gradient());
        Rows.release(x);
        Rows.release(pass.gradient());
        double size = attack.step() * threat.epsilon();
        double norm = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
        if (!(norm > 0) || Double.isInfinite(norm)) {
            return; // no direction, or none that can be trusted
        }
        for (int i = 0; i < delta.length; i++) {
            delta[i] += size * (threat.norm() == Norm.LINF ? Math.signum(gradient[i]) : gradient[i] / norm);
        }
        project();
    }

    /** Add up the gradients with respect to {@code clip(x + δ)} where a small step along them isn't clipped. */
    private double[] gradientOfDelta(SampleBatch chunk, INDArray gradients) {
        double[][] rows = Rows.toRows(gradients);
        double[][] clean = Rows.toRows(chunk.inputs());
        double[][] lower = Rows.toRows(chunk.perturbations().lower());
        double[][] upper = Rows.toRows(chunk.perturbations().upper());
        double[] sum = new double[delta.length];
        for (int row = 0; row < rows.length; row++) {
            for (int i = 0; i < sum.length; i++) {
                double value = clean[row][i] + delta[i];
                double g = rows[row][i];
                boolean free = g > 0
                        ? value >= lower[row][i] && value < upper[row][i]
                        : value > lower[row][i] && value <= upper[row][i];
                sum[i] += free ? g : 0;
            }
        }
        return sum;
    }

    /** The step of the original paper: from {@code x + δ} over the nearest boundary, if DeepFool gets there. */
    private void crossBoundary(SampleBatch sample) {
        double[] r = delta.clone();
        if (fooled(sample, r)[0]) {
            return;
        }
        Aim aim = sample.aims()[0];
        for (int step = 0; step < DEEPFOOL_STEPS; step++) {
            INDArray x = shifted(sample, r);
            InputGradients passes = sample.gradients(x, logits -> differences(logits, aim));
            Rows.release(x);
            if (sample.successes(passes.logits())[0] || !stepOver(r, passes, aim)) {
                break;
            }
        }
        if (fooled(sample, r)[0]) {
            System.arraycopy(r, 0, delta, 0, r.length);
            project();
        }
    }

    /** For every class that would do: the gradient of its logit minus that of the label. */
    private List<INDArray> differences(INDArray logits, Aim aim) {
        List<INDArray> differences = new ArrayList<>();
        int classes = (int) logits.size(1);
        for (int k : candidates(aim, classes)) {
            double[] difference = new double[classes];
            difference[k] = 1;
            difference[aim.label()] = -1;
            differences.add(Rows.fromRows(new double[][] {difference}, logits));
        }
        return differences;
    }

    private static int[] candidates(Aim aim, int classes) {
        return aim.isTargeted()
                ? new int[] {aim.target()}
                : IntStream.range(0, classes)
                        .filter(k -> k != aim.label() && k != aim.abstention())
                        .toArray();
    }

    /** Add the step to the nearest linearized boundary; say whether there is one. */
    private static boolean stepOver(double[] r, InputGradients passes, Aim aim) {
        double[] logits = Rows.toDoubles(passes.logits());
        int[] candidates = candidates(aim, logits.length);
        double nearest = Double.POSITIVE_INFINITY;
        double[] direction = new double[0];
        for (int c = 0; c < candidates.length; c++) {
            double[] w = Rows.toDoubles(passes.gradients().get(c));
            double squared = Arrays.stream(w).map(v -> v * v).sum();
            double gap = Math.abs(logits[aim.label()] - logits[candidates[c]]) + BEYOND;
            if (squared > 0 && gap / Math.sqrt(squared) < nearest) {
                nearest = gap / Math.sqrt(squared);
                direction = Arrays.stream(w).map(v -> v / squared * gap).toArray();
            }
        }
        for (int i = 0; i < direction.length; i++) {
            r[i] += (1 + OVERSHOOT) * direction[i];
        }
        return direction.length > 0;
    }

    private int countFooled() {
        int count = 0;
        for (SampleBatch chunk : chunks(LARGEST_BATCH)) {
            for (boolean one : fooled(chunk, delta)) {
                count += one ? 1 : 0;
            }
        }
        return count;
    }

    private boolean[] fooled(SampleBatch chunk, double[] perturbation) {
        INDArray x = shifted(chunk, perturbation);
        boolean[] fooled = chunk.successes(chunk.logits(x));
        Rows.release(x);
        return fooled;
    }

    /** Return {@code clip(x + δ)}. */
    static INDArray shifted(SampleBatch chunk, double[] perturbation) {
        INDArray inputs = chunk.inputs();
        double[][] rows = Rows.toRows(inputs);
        double[][] lower = Rows.toRows(chunk.perturbations().lower());
        double[][] upper = Rows.toRows(chunk.perturbations().upper());
        for (int row = 0; row < rows.length; row++) {
            for (int i = 0; i < perturbation.length; i++) {
                rows[row][i] = Math.min(Math.max(rows[row][i] + perturbation[i], lower[row][i]), upper[row][i]);
            }
        }
        return Rows.fromRows(rows, inputs);
    }

    private void project() {
        double norm = Math.sqrt(Arrays.stream(delta).map(d -> d * d).sum());
        double epsilon = threat.epsilon();
        for (int i = 0; i < delta.length; i++) {
            if (threat.norm() == Norm.LINF) {
                delta[i] = Math.min(Math.max(delta[i], -epsilon), epsilon);
            } else if (norm > epsilon) { // shorter ones keep their length
                delta[i] *= epsilon / norm;
            }
        }
    }
}
