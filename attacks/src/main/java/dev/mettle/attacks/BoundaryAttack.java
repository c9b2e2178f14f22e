package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Set;

/**
 * The boundary attack: a random walk along the decision boundary that draws ever nearer to the clean sample.
 *
 * <p>Each step goes in a random direction on the sphere around the clean sample, by a share of its radius (the spherical step), and
 * then straight towards the clean sample (the source step); it counts if the point is still adversarial. Both step sizes adapt to the
 * boundary: the spherical one so that half of the points on the sphere are adversarial, which every fifth query tests; the source one
 * so that a quarter of the steps succeed.
 *
 * <p>Use it as the simplest decision-based attack; {@link HopSkipJump} needs fewer queries. Cost per sample: at most {@code queries}
 * forward passes.
 *
 * <p>Brendel, Rauber, Bethge: Decision-Based Adversarial Attacks: Reliable Attacks Against Black-Box Machine Learning Models, ICLR
 * 2018, <a href="https://arxiv.org/abs/1712.04248">arXiv:1712.04248</a>.
 *
 * @param queries the most queries per sample, at least 1
 * @param sphericalStep the first spherical step, as a share of the distance
 * @param sourceStep the first source step, as a share of the distance
 * @param adaptation the factor between the step sizes after a success and after a failure, at least 1
 */
public record BoundaryAttack(int queries, double sphericalStep, double sourceStep, double adaptation)
        implements RecordAttack {

    /** Create the attack with 5,000 queries and first steps of a hundredth of the distance. */
    public BoundaryAttack() {
        this(5_000, 0.01, 0.01, 1.5);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public BoundaryAttack {
        AttackOptions.requireAtLeast("Boundary", "queries", queries, 1);
        AttackOptions.requirePositive("Boundary", "spherical-step", sphericalStep);
        AttackOptions.requirePositive("Boundary", "source-step", sourceStep);
        AttackOptions.requireAtLeast("Boundary", "adaptation", adaptation, 1);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded() {
        return new BoundaryAttack().within(Norm.L2, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another budget of queries per sample. */
    public BoundaryAttack withQueries(int number) {
        return new BoundaryAttack(number, sphericalStep, sourceStep, adaptation);
    }

    @Override
    public String name() {
        return "Boundary";
    }

    @Override
    public String label() {
        return "Boundary-" + queries;
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2);
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
        new SphereWalk(this, new LabelQueries(context.samples(), queries)).run();
    }
}
