package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Set;

/**
 * GeoDA: find the boundary along its estimated normal, straight from the clean sample.
 *
 * <p>Seen from near by, the boundary is a plane. Each iteration estimates its normal {@code w} from the labels of random points around a
 * point on it, and searches the next point on the boundary from the clean sample {@code x} along the best way there for a plane with
 * this normal: {@code x + r·w} in L2, {@code x + r·sign(w)} in L∞, and in L1 the features with the largest {@code |wᵢ|} one
 * after the other, each as far as the box allows. Later iterations take more queries, each {@code λ^(−2/3)} times as many.
 *
 * <p>Use it as a second mechanism beside {@link HopSkipJump}; in L1 {@link Pointwise} comes nearer. Cost per sample: at most
 * {@code queries} forward passes.
 *
 * <p>Rahmati, Moosavi-Dezfooli, Frossard, Dai: GeoDA: a geometric framework for black-box adversarial attacks, CVPR 2020,
 * <a href="https://arxiv.org/abs/2003.06468">arXiv:2003.06468</a>.
 *
 * @param queries the most queries per sample, at least 1
 * @param sigma the standard deviation of the random points, as a share of the input range
 * @param lambda how fast the iterations converge, as the paper assumes it: above 0, at most 1
 */
public record GeoDa(int queries, double sigma, double lambda) implements RecordAttack {

    /** Create the attack with 5,000 queries. */
    public GeoDa() {
        this(5_000, 0.0002, 0.6);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public GeoDa {
        AttackOptions.requireAtLeast("GeoDA", "queries", queries, 1);
        AttackOptions.requirePositive("GeoDA", "sigma", sigma);
        AttackOptions.requirePositive("GeoDA", "lambda", lambda);
    }

    /** Return the attack without a bound, for distances. */
    public static BudgetedAttack unbounded(Norm norm) {
        return new GeoDa().within(norm, ThreatModel.UNBOUNDED);
    }

    /** Return the attack with another budget of queries per sample. */
    public GeoDa withQueries(int number) {
        return new GeoDa(number, sigma, lambda);
    }

    @Override
    public String name() {
        return "GeoDA";
    }

    @Override
    public String label() {
        return "GeoDA-" + queries;
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2, Norm.LINF, Norm.L1);
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
        new NormalSearch(this, labels, context.threatModel().norm()).run();
    }
}
