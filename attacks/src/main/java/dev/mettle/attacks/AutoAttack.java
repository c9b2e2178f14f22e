package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Norm;
import java.util.List;

/**
 * AutoAttack: the ensemble by which robustness is judged in the literature, with exactly its parameters.
 *
 * <p>Each attack runs on the samples that those before it left standing. On a sample that withstands them all, the standard suite
 * spends about 1,900 forward and backward passes each and 5,000 further forward passes, so take the whole data set for a release and
 * {@link Suite#QUICK} for every build.
 *
 * <p>Croce and Hein: Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, ICML 2020,
 * <a href="https://arxiv.org/abs/2003.01690">arXiv:2003.01690</a>. L1: Mind the Box: l1-APGD for Sparse Adversarial Attacks on Image
 * Classifiers, ICML 2021, <a href="https://arxiv.org/abs/2103.01208">arXiv:2103.01208</a>.
 */
public final class AutoAttack {

    private static final String VERSION = "1";
    private static final int EOT_DRAWS = 20;

    private AutoAttack() {}

    /**
     * Return the standard suite: APGD-CE, APGD-T, FAB-T, Square.
     *
     * @throws ConfigurationException if the norm is L0
     */
    public static AttackSuite standard(Norm norm) {
        requireKnown(norm);
        boolean l1 = norm == Norm.L1;
        return new AttackSuite(
                "AutoAttack standard",
                VERSION,
                List.of(
                        l1 ? new Apgd().withRestarts(5).withLargeEpsilons() : new Apgd(),
                        l1 ? new ApgdTargeted().withTargets(5).withLargeEpsilons() : new ApgdTargeted(),
                        new FabTargeted(),
                        new SquareAttack()));
    }

    /**
     * Return the larger suite: APGD-CE, APGD-DLR and FAB with 5 restarts each, Square, APGD-T and FAB-T.
     *
     * @throws ConfigurationException if the norm is L0
     */
    public static AttackSuite plus(Norm norm) {
        requireKnown(norm);
        return new AttackSuite(
                "AutoAttack plus",
                VERSION,
                List.of(
                        new Apgd().withRestarts(5),
                        new Apgd(Loss.DLR).withRestarts(5),
                        new Fab().withRestarts(5),
                        new SquareAttack(),
                        new ApgdTargeted(),
                        new FabTargeted()));
    }

    /**
     * Return the suite for randomized models: APGD-CE and APGD-DLR, each gradient averaged over 20 passes.
     *
     * @throws ConfigurationException if the norm is L0
     */
    public static AttackSuite rand(Norm norm) {
        requireKnown(norm);
        List<Attack> attacks = List.of(
                ExpectationOverTransformation.of(new Apgd(), EOT_DRAWS),
                ExpectationOverTransformation.of(new Apgd(Loss.DLR), EOT_DRAWS));
        return new AttackSuite("AutoAttack rand", VERSION, attacks);
    }

    private static void requireKnown(Norm norm) {
        if (norm == Norm.L0) {
            throw new ConfigurationException("AutoAttack is not defined for the norm L0: use one of [L∞, L2, L1]");
        }
    }
}
