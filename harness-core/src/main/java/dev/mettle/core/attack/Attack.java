package dev.mettle.core.attack;

import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An adversarial attack: immutable parameters and the algorithm of a paper.
 *
 * <p>Attacks propose and the engine judges. Every point at which an attack queries the model through its {@link SampleBatch}
 * is a proposal; the engine keeps the best one per sample, checks norm, box and finiteness in double precision, and lets the
 * original model decide. So an attack can neither cheat nor lose an adversarial example that it passed on its way.
 *
 * <p>Implementations are records whose components are the parameters. They hold no state: the same attack can run twice, on
 * several models, with equal results for equal seeds.
 */
public interface Attack {

    /** Return the short name of the literature, such as {@code PGD}. */
    String name();

    /** Return the name with what tells it from others in one report, such as {@code PGD-40}. */
    default String label() {
        return name();
    }

    /** Return all parameters by name, in a stable order, for reports. */
    Map<String, String> parameters();

    /** Return what the attack must know of the model. */
    Access access();

    /** Return the norms for which the attack is defined. */
    Set<Norm> norms();

    /** Return how often the attack is run on samples that still stand. */
    default int restarts() {
        return 1;
    }

    /**
     * Say whether the attack searches the nearest adversarial example rather than one within epsilon. Such an attack runs
     * without a bound, once for all epsilons.
     */
    default boolean minimizesNorm() {
        return false;
    }

    /**
     * Return the logit margin by which a proposal must be misclassified to count, at least 0. With more than 0 an attack asks
     * for high-confidence adversarial examples.
     */
    default double confidence() {
        return 0;
    }

    /** Return over how many draws of a randomized model every gradient is averaged (expectation over transformation). */
    default int gradientDraws() {
        return 1;
    }

    /** Say whether the attack is a baseline: that a model withstands it, and no other attack ran, shows little. */
    default boolean isBaseline() {
        return false;
    }

    /** Return the same attack with twice the steps, to see whether they find more; empty where steps make no sense. */
    default Optional<Attack> longer() {
        return Optional.empty();
    }

    /**
     * Return the most passes that the attack spends on a sample that it can't break, over all restarts. Samples that break cost
     * less.
     *
     * @param classes the number of classes of the model
     */
    Passes passes(int classes);

    /**
     * Return what the attacker may do, if that is bound by the parameters of the attack rather than by a norm, such as
     * {@code rotation ±30°}; else an empty string. Such an attack takes no epsilon, and only the input range limits its points.
     */
    default String transformation() {
        return "";
    }

    /**
     * Say whether the attack makes one perturbation for all samples. It is then given all samples at once, however many there
     * are. Only points that it passes to {@link SampleBatch#propose} are proposals: gradients and logits are queries on the way
     * there, and a sample that some earlier perturbation would have broken is not broken by the final one.
     */
    default boolean universal() {
        return false;
    }

    /** Say whether inputs are changed as it happens without an attacker, such as by noise or blur. */
    default boolean isNatural() {
        return false;
    }

    /** Attack the samples of the context once; the result is what was proposed on the way. */
    void run(AttackContext context);

    /** Fix norm and epsilon of this attack. */
    default BudgetedAttack within(Norm norm, double epsilon) {
        return new BudgetedAttack(this, norm, epsilon);
    }

    /** Bind this attack to a model, for use on inputs of your own. */
    default AttackGenerator against(LabelModel model, Norm norm, double epsilon) {
        return new AttackGenerator(
                List.of(this),
                model,
                new ThreatModel(norm, epsilon, model.info().inputRange()));
    }
}
