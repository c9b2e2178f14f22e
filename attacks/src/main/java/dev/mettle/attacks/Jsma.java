package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The Jacobian-based saliency map attack (JSMA): push two features at a time to the edge of the box, those that most help the
 * target class and most harm the others.
 *
 * <p>With {@code α = ∂z_t/∂x_p + ∂z_t/∂x_q} and {@code β = Σ_{j≠t} (∂zⱼ/∂x_p + ∂zⱼ/∂x_q)} take the pair (p, q) with the largest
 * {@code −α · β} among those with α &gt; 0 and β &lt; 0 (the other signs where features are lowered); move both by θ widths of the
 * box; a feature at the edge is out of the search. Stop at the first adversarial example, after {@code γ · d / 2} pairs, or
 * where no pair helps. Where the goal is any wrong class, the attack runs towards the likeliest ones in turn.
 *
 * <p>Use it as the classic L0 attack, to compare with the literature; σ-zero changes fewer features. It moves features in one
 * direction only, and a failure within γ says little. Cost per sample and class: one forward and
 * two backward passes per pair.
 *
 * <p>Papernot, McDaniel, Jha, Fredrikson, Celik, Swami: The Limitations of Deep Learning in Adversarial Settings, EuroS&amp;P 2016,
 * <a href="https://arxiv.org/abs/1511.07528">arXiv:1511.07528</a>.
 *
 * @param theta how far to move a feature, in widths of the box; below 0 to lower features instead; from −1 to 1, not 0
 * @param gamma the largest share of features to change, above 0 and at most 1
 * @param mostPairs the most pairs to move, whatever γ allows, at least 1
 * @param targets how many of the likeliest wrong classes to try where the goal is any of them, at least 1
 */
public record Jsma(double theta, double gamma, int mostPairs, int targets) implements RecordAttack {

    /** Create the attack with θ = 1, γ = 0.1 and at most 200 pairs, towards the likeliest wrong class. */
    public Jsma() {
        this(1, 0.1, 200, 1);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Jsma {
        AttackOptions.requireBetween("JSMA", "theta", theta, -1, 1);
        AttackOptions.requirePositive("JSMA", "the size of theta", Math.abs(theta));
        AttackOptions.requirePositive("JSMA", "gamma", gamma);
        AttackOptions.requireAtMost("JSMA", "gamma", gamma, 1);
        AttackOptions.requireAtLeast("JSMA", "most-pairs", mostPairs, 1);
        AttackOptions.requireAtLeast("JSMA", "targets", targets, 1);
    }

    /** Return the attack without a bound, for the number of features it takes. */
    public static BudgetedAttack unbounded() {
        return new Jsma().within(Norm.L0, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another move per feature, in widths of the box. */
    public Jsma withTheta(double move) {
        return new Jsma(move, gamma, mostPairs, targets);
    }

    /** Return the attack with another largest share of features. */
    public Jsma withGamma(double share) {
        return new Jsma(theta, share, mostPairs, targets);
    }

    /** Return the attack towards another number of classes. */
    public Jsma withTargets(int number) {
        return new Jsma(theta, gamma, mostPairs, number);
    }

    @Override
    public String name() {
        return "JSMA";
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
        long tried = Math.min(targets, classes - 1);
        return new Passes(1 + tried * (mostPairs + 1), 2 * tried * mostPairs);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        if (batch.isEmpty()) {
            return;
        }
        int[][] ranked = likeliest(batch);
        for (int rank = 0; rank < Math.min(targets, batch.classes() - 1); rank++) {
            int nth = rank;
            int[] towards = IntStream.range(0, ranked.length)
                    .filter(i -> nth < ranked[i].length)
                    .toArray();
            int[] chosen = Arrays.stream(towards).map(i -> ranked[i][nth]).toArray();
            new Climb(batch.select(towards), chosen).run();
        }
    }

    /** The classes to try per sample: the target, or the wrong classes, likeliest first. */
    private int[][] likeliest(SampleBatch batch) {
        Aim[] aims = batch.aims();
        double[][] logits = Arrays.stream(aims).allMatch(Aim::isTargeted)
                ? new double[aims.length][]
                : Rows.toRows(batch.logits(batch.inputs()));
        int[][] ranked = new int[aims.length][];
        for (int i = 0; i < ranked.length; i++) {
            Aim aim = aims[i];
            double[] own = logits[i];
            ranked[i] = aim.isTargeted()
                    ? new int[] {aim.target()}
                    : IntStream.range(0, own.length)
                            .filter(j -> j != aim.label() && j != aim.abstention())
                            .boxed()
                            .sorted(Comparator.comparingDouble(j -> -own[j]))
                            .mapToInt(j -> j)
                            .toArray();
        }
        return ranked;
    }

    /** The way of every sample to one class. */
    private final class Climb {

        private SampleBatch batch;
        private int[] target;
        private double[][] lower;
        private double[][] upper;
        private double[][] x;

        Climb(SampleBatch batch, int[] target) {
            this.batch = batch;
            this.target = target;
            this.lower = Rows.toRows(batch.perturbations().lower());
            this.upper = Rows.toRows(batch.perturbations().upper());
            this.x = Rows.toRows(batch.inputs());
            leaveAllBut(batch.standing());
        }

        void run() {
            int pairs = batch.isEmpty() ? 0 : Math.min((int) Math.max(1, gamma * x[0].length / 2), mostPairs);
            for (int pair = 0; pair < pairs && !batch.isEmpty(); pair++) {
                INDArray points = Rows.fromRows(x, batch.inputs());
                InputGradients pass = batch.gradients(points, this::ownAndOthers);
                boolean[] reached = batch.successes(pass.logits());
                double[][] own = Rows.toRows(pass.gradients().get(0));
                double[][] others = Rows.toRows(pass.gradients().get(1));
                Rows.release(points);
                int[] going =
                        Arrays.stream(batch.standing()).filter(i -> !reached[i]).toArray();
                own = Chosen.of(own, going);
                others = Chosen.of(others, going);
                leaveAllBut(going);
                boolean[] moved = new boolean[x.length];
                for (int i = 0; i < moved.length; i++) {
                    moved[i] = move(i, own[i], others[i]);
                }
                leaveAllBut(
                        IntStream.range(0, moved.length).filter(i -> moved[i]).toArray());
            }
            if (!batch.isEmpty()) {
                batch.propose(Rows.fromRows(x, batch.inputs()));
            }
        }

        /** The weights that pick the target's logit, and those that sum up all others. */
        private List<INDArray> ownAndOthers(INDArray logits) {
            double[][] own = new double[target.length][(int) logits.size(1)];
            double[][] others = new double[target.length][(int) logits.size(1)];
            for (int i = 0; i < target.length; i++) {
                Arrays.fill(others[i], 1);
                own[i][target[i]] = 1;
                others[i][target[i]] = 0;
            }
            return List.of(Rows.fromRows(own, logits), Rows.fromRows(others, logits));
        }

        /** Move the most salient pair; returns whether there is one. */
        private boolean move(int i, double[] own, double[] others) {
            double sign = Math.signum(theta);
            int[] free = IntStream.range(0, own.length)
                    .filter(j -> sign > 0 ? x[i][j] < upper[i][j] : x[i][j] > lower[i][j])
                    .toArray();
            double most = 0;
            int first = -1;
            int second = -1;
            for (int k = 0; k < free.length; k++) {
                for (int l = 0; l < k; l++) {
                    double alpha = sign * (own[free[k]] + own[free[l]]);
                    double beta = sign * (others[free[k]] + others[free[l]]);
                    if (alpha > 0 && beta < 0 && -alpha * beta > most) {
                        most = -alpha * beta;
                        first = free[k];
                        second = free[l];
                    }
                }
            }
            if (first < 0) {
                return false;
            }
            for (int j : new int[] {first, second}) {
                double next = x[i][j] + theta * (upper[i][j] - lower[i][j]);
                x[i][j] = Math.min(Math.max(next, lower[i][j]), upper[i][j]);
            }
            return true;
        }

        private void leaveAllBut(int[] going) {
            if (going.length == batch.size()) {
                return;
            }
            batch = batch.select(going);
            target = Chosen.of(target, going);
            lower = Chosen.of(lower, going);
            upper = Chosen.of(upper, going);
            x = Chosen.of(x, going);
        }
    }
}
