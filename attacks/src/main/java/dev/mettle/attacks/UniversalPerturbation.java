package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Universal perturbation: one perturbation δ for all samples.
 *
 * <p>{@code max over ‖δ‖ ≤ ε of Σᵢ L(clip(xᵢ + δ), yᵢ)}, by stochastic gradient ascent: for every mini-batch one step of steepest
 * ascent along the sum of the gradients with respect to δ, projected on the ball (Mummadi et al., ICCV 2019; Shafahi et al., AAAI
 * 2020). The loss is the margin, since the cross-entropy of a sure model hardly has a gradient; no sample counts any more once it is
 * fooled by far. After every pass over the samples δ is tried on all of them; the one that fools most is the result.
 *
 * <p>{@link Optimizer#DEEPFOOL} is the algorithm of the original paper: sample by sample, where δ doesn't fool it yet, add the step over the
 * nearest boundary (at most ten steps of DeepFool from {@code x + δ}, overshoot 0.02), and project. It fools about as many, at many times the cost.
 *
 * <p>Use it to learn how much a fixed sticker, filter or noise file can do that knows the model but not the image; robust accuracy
 * is far above that of attacks on single images. δ is fitted on the samples it is judged on; {@link #fit} and {@link FixedPerturbation} try it on
 * others. Cost per robust sample: {@code 2 · epochs + 1} forward and {@code epochs} backward passes.
 *
 * <p>Moosavi-Dezfooli, Fawzi, Fawzi, Frossard: Universal Adversarial Perturbations, CVPR 2017,
 * <a href="https://arxiv.org/abs/1610.08401">arXiv:1610.08401</a>.
 *
 * @param epochs the number of passes over the samples, at least 1
 * @param batchSize the number of samples per step, 1 to 128
 * @param step the step size as a share of ε, at most 2
 * @param loss the loss to ascend
 * @param optimizer how δ is fitted
 */
public record UniversalPerturbation(int epochs, int batchSize, double step, Loss loss, Optimizer optimizer)
        implements RecordAttack {

    private static final String NAME = "UAP";

    /** How δ is fitted. */
    public enum Optimizer {
        /** Steepest ascent on the sum of the losses of a mini-batch. */
        GRADIENT,
        /** Steps over the nearest decision boundary, sample by sample. */
        DEEPFOOL
    }

    /** Create the attack with 20 passes over batches of 32, with steps of {@code ε / 5} on the margin. */
    public UniversalPerturbation() {
        this(20, 32, 0.2, Loss.MARGIN, Optimizer.GRADIENT);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public UniversalPerturbation {
        AttackOptions.requireAtLeast(NAME, "epochs", epochs, 1);
        AttackOptions.requireAtLeast(NAME, "batch-size", batchSize, 1);
        Limits.requireAtMost(NAME, "batch-size", batchSize, UniversalFit.LARGEST_BATCH);
        AttackOptions.requirePositive(NAME, "step", step);
        Limits.requireAtMost(NAME, "step", step, 2);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new UniversalPerturbation().within(Norm.LINF, epsilon);
    }

    /** Return the attack within an L2 ball. */
    public static BudgetedAttack l2(double epsilon) {
        return new UniversalPerturbation().within(Norm.L2, epsilon);
    }

    /** Return the attack with another number of passes over the samples. */
    public UniversalPerturbation withEpochs(int number) {
        return new UniversalPerturbation(number, batchSize, step, loss, optimizer);
    }

    /** Return the attack with another number of samples per step. */
    public UniversalPerturbation withBatchSize(int samples) {
        return new UniversalPerturbation(epochs, samples, step, loss, optimizer);
    }

    /** Return the attack with another step size, as a share of ε. */
    public UniversalPerturbation withStep(double share) {
        return new UniversalPerturbation(epochs, batchSize, share, loss, optimizer);
    }

    /** Return the attack with another loss. */
    public UniversalPerturbation withLoss(Loss other) {
        return new UniversalPerturbation(epochs, batchSize, step, other, optimizer);
    }

    /** Return the attack with another way to fit δ. */
    public UniversalPerturbation withOptimizer(Optimizer other) {
        return new UniversalPerturbation(epochs, batchSize, step, loss, other);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String label() {
        return NAME + "-" + epochs + (optimizer == Optimizer.DEEPFOOL ? " (DeepFool)" : "");
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2);
    }

    @Override
    public boolean universal() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        Passes perEpoch = switch (optimizer) {
            case GRADIENT -> new Passes(2, 1);
            case DEEPFOOL -> UniversalFit.deepFoolPasses(classes).plus(new Passes(1, 0));
        };
        return perEpoch.times(epochs).plus(new Passes(1, 0));
    }

    @Override
    public void run(AttackContext context) {
        UniversalFit fit = new UniversalFit(this, context);
        fit.propose(fit.fit());
    }

    /**
     * Fit δ for later use, see {@link FixedPerturbation}.
     *
     * @param model the model to attack
     * @param data the samples to fit δ on; those that the model gets wrong count, too
     * @param norm L∞ or L2
     * @param epsilon the largest norm of δ, in input units of the model
     * @return δ, with the shape of one sample
     */
    public INDArray fit(DifferentiableModel model, LabeledData data, Norm norm, double epsilon) {
        ThreatModel threat = new ThreatModel(norm, epsilon, model.info().inputRange());
        INDArray inputs = data.inputs().castTo(model.info().dataType());
        double[][] delta = new double[1][];
        AttackEngine.of(model, 0)
                .run(new Keeping(this, fitted -> delta[0] = fitted), threat, inputs, data.labels(), ids(data));
        return Rows.fromDoubles(delta[0], Rows.sampleShape(inputs), inputs.dataType());
    }

    private static long[] ids(LabeledData data) {
        return IntStream.range(0, data.labels().length).mapToLong(data::id).toArray();
    }

    /** Fits δ and hands it out instead of proposing it. */
    private record Keeping(UniversalPerturbation attack, Consumer<double[]> listener) implements Attack {

        @Override
        public String name() {
            return attack.name();
        }

        @Override
        public Map<String, String> parameters() {
            return attack.parameters();
        }

        @Override
        public Access access() {
            return attack.access();
        }

        @Override
        public Set<Norm> norms() {
            return attack.norms();
        }

        @Override
        public boolean universal() {
            return true;
        }

        @Override
        public Passes passes(int classes) {
            return attack.passes(classes);
        }

        @Override
        public void run(AttackContext context) {
            listener.accept(new UniversalFit(attack, context).fit());
        }
    }
}
