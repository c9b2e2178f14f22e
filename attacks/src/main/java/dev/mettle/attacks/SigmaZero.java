package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The σ-zero attack: search the adversarial example that changes the fewest features.
 *
 * <p>Minimize {@code max(z_y − max_{j≠y} zⱼ, 0) + 1/d · Σᵢ δᵢ² / (δᵢ² + σ)}, whose second term is a smooth stand-in for the share of
 * changed features. Its gradient, scaled to a largest entry of 1, feeds Adam, with a step size that falls along a cosine to a
 * tenth. After every step changes smaller than a threshold τ vanish; τ rises while the sample is adversarial and falls while it
 * is not, so that the iterates keep to the boundary and become sparser. The sparsest adversarial iterate is kept.
 *
 * <p>Use it for distances in L0, that is to find how few features decide. Cost per sample: {@code steps} forward and backward
 * passes. The defaults are sized for tests; {@link #paper()} has 1,000 steps. Changes count in widths of the box, feature by feature.
 * In a targeted run the first term is {@code max(max_{j≠t} zⱼ − z_t, 0)}; the authors' code knows no targets.
 *
 * <p>Cinà, Villani, Pintor, Schönherr, Biggio, Pelillo: σ-zero: Gradient-based Optimization of ℓ0-norm Adversarial Examples,
 * ICLR 2025, <a href="https://arxiv.org/abs/2402.01879">arXiv:2402.01879</a>.
 *
 * @param steps the number of steps, at least 1
 * @param stepSize the first step size η₀, above 0
 * @param sigma the smoothness σ of the stand-in for L0; smaller is sharper
 * @param threshold the first threshold τ₀ below which changes vanish, from 0 to 1
 * @param thresholdStep the change t of the threshold per step, as a factor of the step size
 */
public record SigmaZero(int steps, double stepSize, double sigma, double threshold, double thresholdStep)
        implements RecordAttack {

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    /** Create the attack with 300 steps from step size 1, σ = 0.001, τ₀ = 0.3 and t = 0.01. */
    public SigmaZero() {
        this(300, 1, 0.001, 0.3, 0.01);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public SigmaZero {
        AttackOptions.requireAtLeast("σ-zero", "steps", steps, 1);
        AttackOptions.requirePositive("σ-zero", "step-size", stepSize);
        AttackOptions.requirePositive("σ-zero", "sigma", sigma);
        AttackOptions.requireAtLeast("σ-zero", "threshold", threshold, 0);
        AttackOptions.requireAtLeast("σ-zero", "threshold-step", thresholdStep, 0);
    }

    /** Return the attack with the 1,000 steps of the paper. */
    public static SigmaZero paper() {
        return new SigmaZero().withSteps(1000);
    }

    /** Return the attack without a bound, for the number of features it takes. */
    public static BudgetedAttack unbounded() {
        return new SigmaZero().within(Norm.L0, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps. */
    public SigmaZero withSteps(int number) {
        return new SigmaZero(number, stepSize, sigma, threshold, thresholdStep);
    }

    /** Return the attack with another first step size. */
    public SigmaZero withStepSize(double eta) {
        return new SigmaZero(steps, eta, sigma, threshold, thresholdStep);
    }

    @Override
    public String name() {
        return "SigmaZero";
    }

    @Override
    public String label() {
        return "σ-zero-" + steps;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L0);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(steps, steps);
    }

    @Override
    public void run(AttackContext context) {
        Descent descent = new Descent(context.samples());
        double eta = stepSize;
        for (int step = 0; step < steps && !descent.batch.isEmpty(); step++) {
            double next = stepSize * (0.1 + 0.9 * (1 + Math.cos(Math.PI * step / steps)) / 2);
            descent.step(step + 1, eta, thresholdStep * next);
            eta = next;
        }
    }

    /** The samples still under attack, and their state, row by row; all changes in widths of the box. */
    private final class Descent {

        private SampleBatch batch;
        private double[][] clean;
        private double[][] lower;
        private double[][] upper;
        private double[][] delta;
        private double[][] mean;
        private double[][] variance;
        private double[] tau;

        Descent(SampleBatch samples) {
            batch = samples;
            clean = Rows.toRows(samples.inputs());
            lower = Rows.toRows(samples.perturbations().lower());
            upper = Rows.toRows(samples.perturbations().upper());
            delta = zeros();
            mean = zeros();
            variance = zeros();
            tau = new double[clean.length];
            Arrays.fill(tau, threshold);
            select(samples.standing());
        }

        private double[][] zeros() {
            return Arrays.stream(clean).map(row -> new double[row.length]).toArray(double[][]::new);
        }

        void step(int time, double eta, double tauStep) {
            INDArray x = points();
            InputGradient pass = batch.gradient(x, new Margin());
            double[] margins = new Margin().values(pass.logits(), batch.aims());
            double[][] gradients = Rows.toRows(pass.gradient());
            for (int i = 0; i < delta.length; i++) {
                descend(i, lossGradient(i, margins[i], gradients[i]), time, eta);
                tau[i] = Math.min(Math.max(tau[i] + (margins[i] > 0 ? tauStep : -tauStep), 0), 1);
                for (int j = 0; j < delta[i].length; j++) {
                    delta[i][j] = Math.abs(delta[i][j]) < tau[i] ? 0 : delta[i][j];
                }
            }
            Rows.release(x);
            Rows.release(pass.gradient());
            select(batch.standing());
        }

        private INDArray points() {
            double[][] points = new double[delta.length][];
            for (int i = 0; i < points.length; i++) {
                points[i] = clean[i].clone();
                for (int j = 0; j < points[i].length; j++) {
                    if (delta[i][j] != 0) {
                        double moved = points[i][j] + delta[i][j] * (upper[i][j] - lower[i][j]);
                        points[i][j] = Math.min(Math.max(moved, lower[i][j]), upper[i][j]);
                    }
                }
            }
            return Rows.fromRows(points, batch.inputs());
        }

        /** The gradient of the loss over the changes, scaled to a largest entry of 1. */
        private double[] lossGradient(int i, double margin, double[] marginGradient) {
            double[] gradient = new double[marginGradient.length];
            double largest = 1e-12;
            for (int j = 0; j < gradient.length; j++) {
                double square = delta[i][j] * delta[i][j] + sigma;
                gradient[j] = 2 * delta[i][j] * sigma / (square * square) / gradient.length;
                if (margin <= 0) { // a tie is no success
                    gradient[j] -= marginGradient[j] * (upper[i][j] - lower[i][j]);
                }
                largest = Math.max(largest, Math.abs(gradient[j]));
            }
            for (int j = 0; j < gradient.length; j++) {
                gradient[j] /= largest;
            }
            return gradient;
        }

        /** One step of Adam, clipped to the box. */
        private void descend(int i, double[] gradient, int time, double eta) {
            double meanScale = eta / (1 - Math.pow(BETA1, time));
            double varianceScale = 1 / (1 - Math.pow(BETA2, time));
            for (int j = 0; j < gradient.length; j++) {
                mean[i][j] = BETA1 * mean[i][j] + (1 - BETA1) * gradient[j];
                variance[i][j] = BETA2 * variance[i][j] + (1 - BETA2) * gradient[j] * gradient[j];
                double width = upper[i][j] - lower[i][j];
                if (width > 0) {
                    double moved = delta[i][j]
                            - meanScale * mean[i][j] / (Math.sqrt(varianceScale * variance[i][j]) + EPSILON);
                    delta[i][j] = Math.min(
                            Math.max(moved, (lower[i][j] - clean[i][j]) / width), (upper[i][j] - clean[i][j]) / width);
                }
            }
        }

        private void select(int[] going) {
            if (going.length == batch.size()) {
                return;
            }
            batch = batch.select(going);
            clean = Chosen.of(clean, going);
            lower = Chosen.of(lower, going);
            upper = Chosen.of(upper, going);
            delta = Chosen.of(delta, going);
            mean = Chosen.of(mean, going);
            variance = Chosen.of(variance, going);
            tau = Chosen.of(tau, going);
        }
    }
}
