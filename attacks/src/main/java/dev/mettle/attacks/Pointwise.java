package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Set;

/**
 * The pointwise attack: start with noise, and give every feature its clean value back that isn't needed.
 *
 * <p>The noise sets random features to an edge of the box (salt and pepper), more and more of them until the point is adversarial. Then
 * features go back to their clean values in random order as long as the point stays adversarial: in blocks that double while they succeed and
 * halve when they don't, again and again until no feature can go back. In L1, a binary search then moves each remaining feature towards its
 * clean value. What is left of the budget starts anew with other noise; the nearest example counts.
 *
 * <p>Use it for the number of features that must change, against models that tell no scores. Cost per sample: {@code queries}
 * forward passes.
 *
 * <p>Schott, Rauber, Bethge, Brendel: Towards the First Adversarially Robust Neural Network Model on MNIST, ICLR 2019,
 * <a href="https://arxiv.org/abs/1805.09190">arXiv:1805.09190</a>.
 *
 * @param queries the most queries per sample, at least 1
 */
public record Pointwise(int queries) implements RecordAttack {

    /** Create the attack with 5,000 queries. */
    public Pointwise() {
        this(5_000);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if there is no query
     */
    public Pointwise {
        AttackOptions.requireAtLeast("Pointwise", "queries", queries, 1);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new Pointwise().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another budget of queries per sample. */
    public Pointwise withQueries(int number) {
        return new Pointwise(number);
    }

    @Override
    public String name() {
        return "Pointwise";
    }

    @Override
    public String label() {
        return "Pointwise-" + queries;
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L0, Norm.L1);
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
        LabelQueries labels = new LabelQueries(context.samples(), queries);
        boolean refines = context.threatModel().norm() == Norm.L1;
        PointwiseSearch[] searches = new PointwiseSearch[labels.samples()];
        for (int sample = 0; sample < searches.length; sample++) {
            searches[sample] = new PointwiseSearch(labels, sample, refines);
        }
        int[] going = labels.movable();
        while (going.length > 0) {
            double[][] candidates = new double[going.length][];
            for (int i = 0; i < going.length; i++) {
                candidates[i] = searches[going[i]].next();
            }
            boolean[] adversarial = labels.ask(going, candidates);
            for (int i = 0; i < going.length; i++) {
                searches[going[i]].hear(adversarial[i]);
            }
            going = labels.withQueriesLeft(going);
        }
    }
}
