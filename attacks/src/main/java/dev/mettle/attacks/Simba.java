package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * SimBA, the simple black-box attack: step along one basis direction after the other, and keep what makes the label less likely.
 *
 * <p>For each direction {@code q} in random order it tries {@code x − εq}, then {@code x + εq}, and keeps the first that lowers the
 * probability of the label, or raises that of the target. The directions are single features, or the cosines of the
 * discrete cosine transform over each channel, low frequencies first. The paper bounds the number of steps only; here every point is
 * also projected on ball and box. When all directions are used up it goes through them again, from the clean sample if
 * the last round brought nothing.
 *
 * <p>Use it as a simple baseline for score-based attacks in L2; it needs no tuning. Cost per robust sample: {@code queries} forward
 * passes, one or two a direction.
 *
 * <p>Guo, Gardner, You, Wilson, Weinberger: Simple Black-box Adversarial Attacks, ICML 2019,
 * <a href="https://arxiv.org/abs/1905.07121">arXiv:1905.07121</a>.
 *
 * @param basis the directions
 * @param queries the forward passes per sample, the first one for the clean sample, at least 1
 * @param step the step along a direction, in input units of the model
 * @param freqDims how many frequencies per axis come first, at least 1; cosines only
 * @param stride how many frequencies per axis are added each time these are used up, at least 1; cosines only
 */
public record Simba(Basis basis, int queries, double step, int freqDims, int stride) implements RecordAttack {

    /** The directions to step along. */
    public enum Basis {
        /** Single features. */
        PIXEL,
        /** The two-dimensional cosines of each channel, orthonormal. */
        DCT
    }

    /** Create the attack on single features, with 10,000 queries and steps of 0.2; for cosines, 14 frequencies and 7 more each time. */
    public Simba() {
        this(Basis.PIXEL, 10_000, 0.2, 14, 7);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public Simba {
        AttackOptions.requireAtLeast("SimBA", "queries", queries, 1);
        AttackOptions.requirePositive("SimBA", "step", step);
        AttackOptions.requireAtLeast("SimBA", "freq-dims", freqDims, 1);
        AttackOptions.requireAtLeast("SimBA", "stride", stride, 1);
    }

    /** Return the attack on single features within an L2 ball. */
    public static BudgetedAttack l2(double epsilon) {
        return new Simba().within(Norm.L2, epsilon);
    }

    /** Return the attack along cosines: SimBA-DCT. */
    public static Simba dct() {
        return new Simba().withBasis(Basis.DCT);
    }

    /** Return the attack along other directions. */
    public Simba withBasis(Basis directions) {
        return new Simba(directions, queries, step, freqDims, stride);
    }

    /** Return the attack with another number of queries. */
    public Simba withQueries(int number) {
        return new Simba(basis, number, step, freqDims, stride);
    }

    /** Return the attack with another step. */
    public Simba withStep(double size) {
        return new Simba(basis, queries, size, freqDims, stride);
    }

    /** Return the attack with other frequencies: so many per axis first, and so many more each time. */
    public Simba withFrequencies(int first, int more) {
        return new Simba(basis, queries, step, first, more);
    }

    @Override
    public String name() {
        return "SimBA";
    }

    @Override
    public String label() {
        return basis == Basis.DCT ? "SimBA-DCT" : "SimBA";
    }

    @Override
    public Access access() {
        return Access.LOGITS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(queries, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Ball[] balls = Ball.around(context);
        Plane plane = Plane.of(batch.inputs());
        Directions directions =
                basis == Basis.PIXEL ? new Directions.Features(plane) : new Directions.Cosines(plane, freqDims, stride);
        List<ScoreSearch> searches = new ArrayList<>();
        for (int i = 0; i < balls.length; i++) {
            searches.add(new SimbaSearch(this, directions, balls[i], batch.random(i)));
        }
        ScoreSearch.run(batch, new CrossEntropy(), searches);
    }
}
