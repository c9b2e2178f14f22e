package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The Square Attack: random search over squares of changed pixels, by scores alone.
 *
 * <p>In L∞ it starts from vertical stripes of {@code ±ε}; each step draws a square, sets it to {@code +ε} or {@code −ε} per channel
 * and keeps what raises the loss. In L2 and L1 it starts from a grid of bumps; each step moves the perturbation of one square to
 * another, adds a bump there and scales the whole to {@code ε}. The square holds a share {@code p} of the image, which is halved
 * after 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000 steps. The loss is the margin, or the cross-entropy of a target. Every
 * sample draws its own squares. Images may have any shape; a series or a vector is an image one pixel high.
 *
 * <p>Use it where gradients can't be trusted, or can't be had: it needs none, and a sample that it breaks but a gradient attack
 * doesn't is a sign of masked gradients. Cost per robust sample and restart: {@code queries} forward passes.
 *
 * <p>Andriushchenko, Croce, Flammarion, Hein: Square Attack: a query-efficient black-box adversarial attack via random search, ECCV
 * 2020, <a href="https://arxiv.org/abs/1912.00049">arXiv:1912.00049</a>; in L1: Croce, Hein: Mind the box: l1-APGD for sparse
 * adversarial attacks on image classifiers, ICML 2021, <a href="https://arxiv.org/abs/2103.01208">arXiv:2103.01208</a>.
 *
 * @param queries the forward passes per sample and restart, the start included, at least 1
 * @param pInit the share of pixels in the first squares, above 0 and at most 1
 * @param rescaleSchedule whether to halve the share at the same fractions of any number of queries, as for 10,000 of them
 * @param restarts how often to start anew on samples still standing, at least 1
 */
public record SquareAttack(int queries, double pInit, boolean rescaleSchedule, int restarts) implements RecordAttack {

    /** Create the attack as AutoAttack runs it: 5,000 queries from a share of 0.8, one restart. */
    public SquareAttack() {
        this(5000, 0.8, false, 1);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public SquareAttack {
        AttackOptions.requireAtLeast("Square", "queries", queries, 1);
        AttackOptions.requirePositive("Square", "p-init", pInit);
        AttackOptions.requireAtMost("Square", "p-init", pInit, 1);
        AttackOptions.requireAtLeast("Square", "restarts", restarts, 1);
    }

    /** Return the attack within an L∞ ball. */
    public static BudgetedAttack linf(double epsilon) {
        return new SquareAttack().within(Norm.LINF, epsilon);
    }

    /** Return the attack within an L2 ball. */
    public static BudgetedAttack l2(double epsilon) {
        return new SquareAttack().within(Norm.L2, epsilon);
    }

    /** Return the attack within an L1 ball. */
    public static BudgetedAttack l1(double epsilon) {
        return new SquareAttack().within(Norm.L1, epsilon);
    }

    /** Return the attack with another number of queries. */
    public SquareAttack withQueries(int number) {
        return new SquareAttack(number, pInit, rescaleSchedule, restarts);
    }

    /** Return the attack with another share of pixels in the first squares. */
    public SquareAttack withPInit(double share) {
        return new SquareAttack(queries, share, rescaleSchedule, restarts);
    }

    /** Return the attack with its schedule fitted to the number of queries. */
    public SquareAttack withRescaledSchedule() {
        return new SquareAttack(queries, pInit, true, restarts);
    }

    /** Return the attack with another number of restarts. */
    public SquareAttack withRestarts(int number) {
        return new SquareAttack(queries, pInit, rescaleSchedule, number);
    }

    @Override
    public String name() {
        return "Square";
    }

    @Override
    public String label() {
        return "Square-" + queries + (restarts > 1 ? "×" + restarts : "");
    }

    @Override
    public Access access() {
        return Access.LOGITS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public Optional<Attack> longer() {
        return Optional.of(withQueries(2 * queries));
    }

    @Override
    public Passes passes(int classes) {
        return new Passes((long) restarts * queries, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Plane plane = Plane.of(batch.inputs());
        Ball[] balls = Ball.around(context);
        List<ScoreSearch> searches = new ArrayList<>();
        for (int i = 0; i < balls.length; i++) {
            searches.add(
                    balls[i].norm == Norm.LINF
                            ? new SquareSearch(this, balls[i], plane, batch.random(i))
                            : new BumpSearch(this, balls[i], plane, batch.random(i)));
        }
        ScoreSearch.run(batch, new Loss(), searches);
    }

    /** The share of pixels to change in a step, counted from 0. */
    double share(int step) {
        int at = rescaleSchedule ? (int) (10_000.0 * step / queries) : step;
        double share = pInit;
        for (int halving : new int[] {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000}) {
            share = at > halving ? share / 2 : share;
        }
        return share;
    }

    /** The margin, or the cross-entropy of a target: as in the authors' code. */
    private static final class Loss extends LogitLoss {

        private final LogitLoss margin = new Margin();
        private final LogitLoss crossEntropy = new CrossEntropy();

        private LogitLoss of(Aim aim) {
            return aim.isTargeted() ? crossEntropy : margin;
        }

        @Override
        public double value(double[] logits, Aim aim) {
            return of(aim).value(logits, aim);
        }

        @Override
        public double[] gradient(double[] logits, Aim aim) {
            return of(aim).gradient(logits, aim);
        }
    }
}
