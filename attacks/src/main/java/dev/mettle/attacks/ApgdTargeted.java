package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Targeted Auto-PGD: {@link Apgd} towards one wrong class after the other, with the targeted difference of logits ratio.
 *
 * <p>{@code −(z_y − z_t) / (z₍₁₎ − ½ (z₍₃₎ + z₍₄₎))} with the logits sorted as {@code z₍₁₎ ≥ z₍₂₎ ≥ …}. The targets {@code t} are
 * the wrong classes with the largest logits at the clean sample, the likeliest first, and each run attacks only what still stands.
 * Any wrong class counts. Where the evaluation itself sets a target, that one is the only one.
 *
 * <p>Use it after {@link Apgd}: it is the strongest of the fixed-budget gradient attacks, and finds what a single loss misses
 * because its runner-up class leads astray. Cost per robust sample and restart: {@code targets · (steps + 1)} forward and backward
 * passes, and one forward pass.
 *
 * <p>Croce and Hein: Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, ICML 2020,
 * <a href="https://arxiv.org/abs/2003.01690">arXiv:2003.01690</a>; for L1: Mind the Box: l1-APGD for Sparse Adversarial Attacks on
 * Image Classifiers, ICML 2021, <a href="https://arxiv.org/abs/2103.01208">arXiv:2103.01208</a>.
 *
 * @param targets how many classes to try, at least 1; models with fewer classes have fewer
 * @param steps the number of steps per target, at least 1
 * @param restarts how often to start anew on samples still standing, at least 1
 * @param rho the share of steps on which the loss must rise to keep the step size, between 0 and 1
 * @param largeEpsilons whether to spend 30 % of the steps within 3ε and 30 % within 2ε before the rest within ε; in L1 only, for two
 *     passes more. A stronger attack: AutoAttack does so
 */
public record ApgdTargeted(int targets, int steps, int restarts, double rho, boolean largeEpsilons)
        implements RecordAttack {

    /** Create the attack with 9 targets and 100 steps each, from one random start. */
    public ApgdTargeted() {
        this(9, 100, 1, 0.75, false);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public ApgdTargeted {
        AttackOptions.requireAtLeast("APGD-T", "targets", targets, 1);
        AttackOptions.requireAtLeast("APGD-T", "steps", steps, 1);
        AttackOptions.requireAtLeast("APGD-T", "restarts", restarts, 1);
        AttackOptions.requireBetween("APGD-T", "rho", rho, 0, 1);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new ApgdTargeted().within(Norm.LINF, epsilon);
    }

    /** Return the attack within an L2 ball. */
    public static BudgetedAttack l2(double epsilon) {
        return new ApgdTargeted().within(Norm.L2, epsilon);
    }

    /** Return the attack within an L1 ball, which it reaches through larger ones, with the 5 targets of AutoAttack. */
    public static BudgetedAttack l1(double epsilon) {
        return new ApgdTargeted().withTargets(5).withLargeEpsilons().within(Norm.L1, epsilon);
    }

    /** Return the attack with another number of targets. */
    public ApgdTargeted withTargets(int number) {
        return new ApgdTargeted(number, steps, restarts, rho, largeEpsilons);
    }

    /** Return the attack with another number of steps per target. */
    public ApgdTargeted withSteps(int number) {
        return new ApgdTargeted(targets, number, restarts, rho, largeEpsilons);
    }

    /** Return the attack with another number of restarts. */
    public ApgdTargeted withRestarts(int number) {
        return new ApgdTargeted(targets, steps, number, rho, largeEpsilons);
    }

    /** Return the attack that goes through larger balls first, in L1. */
    public ApgdTargeted withLargeEpsilons() {
        return new ApgdTargeted(targets, steps, restarts, rho, true);
    }

    @Override
    public String name() {
        return "APGD-T";
    }

    @Override
    public String label() {
        return "APGD-T-" + steps + (restarts > 1 ? "×" + restarts : "");
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public Optional<Attack> longer() {
        return Optional.of(withSteps(2 * steps));
    }

    @Override
    public Passes passes(int classes) {
        long each = (long) Math.min(targets, classes - 1) * (steps + (largeEpsilons ? 3 : 1));
        return new Passes(each + 1, each).times(restarts);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        if (batch.isEmpty()) {
            return;
        }
        Norm norm = context.threatModel().norm();
        if (Arrays.stream(batch.aims()).allMatch(Aim::isTargeted)) {
            attack(batch, norm, batch.aims());
            return;
        }
        int[][] rivals = rivals(batch);
        int[] rows = IntStream.range(0, batch.size()).toArray();
        for (int rank = 0; rank < Math.min(targets, batch.classes() - 1) && !batch.isEmpty(); rank++) {
            Aim[] aims = batch.aims();
            for (int i = 0; i < aims.length; i++) {
                aims[i] = aims[i].at(rivals[rows[i]][rank]);
            }
            attack(batch, norm, aims);
            int[] before = rows;
            int[] standing = batch.standing();
            rows = Arrays.stream(standing).map(i -> before[i]).toArray();
            batch = batch.select(standing);
        }
    }

    private void attack(SampleBatch batch, Norm norm, Aim[] aims) {
        ApgdRun run = new ApgdRun(batch, aims, norm, Loss.DLR.logitLoss(), steps, rho);
        if (largeEpsilons && norm == Norm.L1) {
            run.fromNoiseThroughLargeEpsilons();
        } else {
            run.fromNoise();
        }
    }

    /** Return the wrong classes of every sample, the one with the largest logit first. */
    private static int[][] rivals(SampleBatch batch) {
        INDArray logits = batch.logits(batch.inputs());
        double[][] rows = Rows.toRows(logits);
        Rows.release(logits);
        Aim[] aims = batch.aims();
        int[][] rivals = new int[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            Aim aim = aims[row];
            double[] z = rows[row];
            rivals[row] = IntStream.range(0, z.length)
                    .filter(j -> j != aim.label() && j != aim.abstention())
                    .boxed()
                    .sorted((a, b) -> Double.compare(z[b], z[a]))
                    .mapToInt(Integer::intValue)
                    .toArray();
        }
        return rivals;
    }
}
