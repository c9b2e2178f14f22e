package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Set;

/**
 * HopSkipJump: walk along the decision boundary towards the clean sample, with nothing but labels.
 *
 * <p>Each iteration finds the boundary by a binary search, estimates its normal from the labels {@code φ = ±1} at
 * {@code Bₜ = B₀√t} random points around it, {@code g ∝ Σ (φᵦ − mean φ) uᵦ}, and jumps off along {@code g} (its sign in L∞) by
 * {@code dist/√t}, halved until the point is adversarial. The random points are {@code δ} away, where {@code δ = √d·θ·dist} and
 * {@code θ = γ/d^1.5} in L2, {@code δ = d·θ·dist} and {@code θ = γ/d²} in L∞; the binary search is as precise as θ. Unlike the
 * authors' code it begins in the nearest of several random directions, halves a step only so often, counts in {@code d} only the
 * features that may change, and ends when the queries do, with a finer binary search from the nearest point.
 *
 * <p>Use it against models that tell no scores, and as a check on gradient attacks: it can't be fooled by masked gradients. A
 * sample for which no start is found within the budget stays undecided. Cost per sample: at most {@code queries} forward passes.
 *
 * <p>Chen, Jordan, Wainwright: HopSkipJumpAttack: A Query-Efficient Decision-Based Attack, IEEE S&amp;P 2020,
 * <a href="https://arxiv.org/abs/1904.02144">arXiv:1904.02144</a>.
 *
 * @param queries the most queries per sample, at least 1; 5,000 are about 16 iterations
 * @param initialEvaluations the number B₀ of random points in the first iteration, at least 1
 * @param maxEvaluations the most random points in one iteration, at least 1
 * @param gamma the precision γ of the binary search
 */
public record HopSkipJump(int queries, int initialEvaluations, int maxEvaluations, double gamma)
        implements RecordAttack {

    /** Create the attack with 5,000 queries. */
    public HopSkipJump() {
        this(5_000, 100, 10_000, 1);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public HopSkipJump {
        AttackOptions.requireAtLeast("HopSkipJump", "queries", queries, 1);
        AttackOptions.requireAtLeast("HopSkipJump", "initial-evaluations", initialEvaluations, 1);
        AttackOptions.requireAtLeast("HopSkipJump", "max-evaluations", maxEvaluations, 1);
        AttackOptions.requirePositive("HopSkipJump", "gamma", gamma);
    }

    /** Return the attack with the largest budget of the paper, 25,000 queries. */
    public static HopSkipJump paper() {
        return new HopSkipJump().withQueries(25_000);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new HopSkipJump().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another budget of queries per sample. */
    public HopSkipJump withQueries(int number) {
        return new HopSkipJump(number, initialEvaluations, maxEvaluations, gamma);
    }

    @Override
    public String name() {
        return "HopSkipJump";
    }

    @Override
    public String label() {
        return "HopSkipJump-" + queries;
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2, Norm.LINF);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(queries, 0);
    }

    @Override
    public void run(AttackContext context) {
        new BoundaryWalk(
                        this,
                        new LabelQueries(context.samples(), queries),
                        context.threatModel().norm())
                .run();
    }
}
