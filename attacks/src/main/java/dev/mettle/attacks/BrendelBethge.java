package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Set;

/**
 * The attack of Brendel and Bethge: start at an adversarial example and follow the decision boundary to the point nearest to the
 * clean sample.
 *
 * <p>At {@code x} with margin {@code m} and its gradient {@code b}, averaged with momentum, take the step that solves
 * {@code min ‖x₀ − x − δ‖ₚ} over {@code b · δ = −m}, {@code ‖δ‖₂ ≤ r} and the box, aiming a tenth of the margin to the adversarial
 * side. The radius r of the trust region halves every twentieth of the steps. The start is the first of some uniformly random
 * points that is adversarial, or, where none is, the end of an ascent on the margin; ten halvings move it to the boundary.
 *
 * <p>Use it where gradients at the clean sample mislead (they may be zero there): it needs them at the boundary only. It ends
 * at the nearest point of the class, and of the region, it started in, which need not be the nearest of all: restarts begin
 * elsewhere. Cost per sample and restart: {@code steps} forward and backward passes, and up to {@code startDraws + 10} forward
 * passes, plus 20 of both where random starts fail.
 *
 * <p>The defaults are sized for tests; {@link #paper()} has 1,000 steps. The radius is a fraction of the diagonal of the box. In
 * Foolbox it is the learning rate 0.001 times the number of values in the whole batch, so that there results depend on the batch
 * size; on 784 features and a batch of one that is 0.028 of the diagonal.
 *
 * <p>Brendel, Rauber, Kümmerer, Ustyuzhaninov, Bethge: Accurate, reliable and fast robustness evaluation, NeurIPS 2019,
 * <a href="https://arxiv.org/abs/1907.01003">arXiv:1907.01003</a>.
 *
 * @param steps the number of steps along the boundary, at least 1
 * @param radius the first radius of the trust region, as a fraction of the diagonal of the box
 * @param decay by how much the radius shrinks every twentieth of the steps, at most 1
 * @param momentum the share of earlier normals of the boundary in the present one, below 1
 * @param overshoot how far to step across the boundary, in margins, from 1 to 2
 * @param startDraws how many random points to try as a start, at least 0
 * @param restarts how often to start anew, at least 1; the nearest example of all is kept
 */
public record BrendelBethge(
        int steps, double radius, double decay, double momentum, double overshoot, int startDraws, int restarts)
        implements RecordAttack {

    /** Create the attack with 200 steps from a radius of 0.03, halved every 10 steps, from one of up to 100 random points. */
    public BrendelBethge() {
        this(200, 0.03, 0.5, 0.8, 1.1, 100, 1);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public BrendelBethge {
        AttackOptions.requireAtLeast("Brendel & Bethge", "steps", steps, 1);
        AttackOptions.requirePositive("Brendel & Bethge", "radius", radius);
        AttackOptions.requirePositive("Brendel & Bethge", "decay", decay);
        AttackOptions.requireAtMost("Brendel & Bethge", "decay", decay, 1);
        AttackOptions.requireAtLeast("Brendel & Bethge", "momentum", momentum, 0);
        AttackOptions.requireBelow("Brendel & Bethge", "momentum", momentum, 1);
        AttackOptions.requireBetween("Brendel & Bethge", "overshoot", overshoot, 1, 2);
        AttackOptions.requireAtLeast("Brendel & Bethge", "start-draws", startDraws, 0);
        AttackOptions.requireAtLeast("Brendel & Bethge", "restarts", restarts, 1);
    }

    /** Return the attack with the 1,000 steps and up to 1,000 random points to start at of the reference implementation. */
    public static BrendelBethge paper() {
        return new BrendelBethge(1000, 0.03, 0.5, 0.8, 1.1, 1000, 1);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new BrendelBethge().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another number of steps. */
    public BrendelBethge withSteps(int number) {
        return new BrendelBethge(number, radius, decay, momentum, overshoot, startDraws, restarts);
    }

    /** Return the attack with another first radius, as a fraction of the diagonal of the box. */
    public BrendelBethge withRadius(double fraction) {
        return new BrendelBethge(steps, fraction, decay, momentum, overshoot, startDraws, restarts);
    }

    /** Return the attack with another number of random points to try as a start. */
    public BrendelBethge withStartDraws(int number) {
        return new BrendelBethge(steps, radius, decay, momentum, overshoot, number, restarts);
    }

    /** Return the attack with another number of restarts. */
    public BrendelBethge withRestarts(int number) {
        return new BrendelBethge(steps, radius, decay, momentum, overshoot, startDraws, number);
    }

    @Override
    public String name() {
        return "BB";
    }

    @Override
    public String label() {
        return "BB-" + steps + (restarts > 1 ? "×" + restarts : "");
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
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(
                        (long) startDraws + BrendelBethgeWalk.ASCENTS + BrendelBethgeWalk.HALVINGS + steps,
                        (long) BrendelBethgeWalk.ASCENTS + steps)
                .times(restarts);
    }

    @Override
    public void run(AttackContext context) {
        BrendelBethgeWalk walk =
                new BrendelBethgeWalk(this, context.threatModel().norm(), context.samples());
        walk.findStarts();
        walk.goToBoundary();
        walk.follow();
    }
}
