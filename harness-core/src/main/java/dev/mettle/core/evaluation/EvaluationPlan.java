package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.Threshold;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything that determines the facts of an evaluation and its verdict.
 *
 * @param name the name of the test or evaluation, for reports
 * @param model the model under test
 * @param data the samples to evaluate it on
 * @param attacks the attacks, at least one, in the order in which they are reported
 * @param policy how facts become a verdict
 * @param seed the base seed of all random draws
 * @param batchSize how many samples are attacked at once; results don't depend on it
 * @param goal what the attacker wants
 * @param constraints what may be done to which feature
 * @param trust what to do about trust
 */
public record EvaluationPlan(
        String name,
        LabelModel model,
        LabeledData data,
        List<PlannedAttack> attacks,
        VerdictPolicy policy,
        long seed,
        int batchSize,
        Goal goal,
        Constraints constraints,
        TrustPolicy trust) {

    /**
     * Create the plan.
     *
     * @throws ConfigurationException if there is no attack, or the same attack twice in one norm, or something is required at an
     *     epsilon that no attack has
     */
    public EvaluationPlan {
        attacks = List.copyOf(attacks);
        if (attacks.isEmpty()) {
            throw new ConfigurationException("there is no attack to run: give at least one");
        }
        for (int i = 0; i < attacks.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (attacks.get(i).attack().equals(attacks.get(j).attack())
                        && attacks.get(i).norm() == attacks.get(j).norm()
                        && attacks.get(i).suite().equals(attacks.get(j).suite())) {
                    throw new ConfigurationException(attacks.get(i).attack().label() + " in "
                            + attacks.get(i).norm().symbol()
                            + " is planned twice: name it once, with all its epsilons");
                }
            }
        }
        for (Threshold threshold : policy.thresholds()) {
            if (attacks.stream().noneMatch(attack -> attack.epsilons().contains(threshold.epsilon()))) {
                throw new ConfigurationException(
                        "a robust accuracy is required at the epsilon " + Epsilons.format(threshold.epsilon())
                                + ", but no attack runs with it: name it as an epsilon too");
            }
        }
    }

    /** Create a plan with trust checks. */
    public EvaluationPlan(
            String name,
            LabelModel model,
            LabeledData data,
            List<PlannedAttack> attacks,
            VerdictPolicy policy,
            long seed,
            int batchSize,
            Goal goal,
            Constraints constraints) {
        this(name, model, data, attacks, policy, seed, batchSize, goal, constraints, TrustPolicy.CHECK);
    }

    /** Create the plan of an untargeted attacker without constraints. */
    public EvaluationPlan(
            String name,
            LabelModel model,
            LabeledData data,
            List<PlannedAttack> attacks,
            VerdictPolicy policy,
            long seed,
            int batchSize) {
        this(name, model, data, attacks, policy, seed, batchSize, Goal.untargeted(), Constraints.none());
    }

    /** Return the same plan with a goal and constraints. */
    public EvaluationPlan with(Goal otherGoal, Constraints otherConstraints) {
        return new EvaluationPlan(
                name, model, data, attacks, policy, seed, batchSize, otherGoal, otherConstraints, trust);
    }

    /** Return the same plan with another way to go about trust. */
    public EvaluationPlan with(TrustPolicy otherTrust) {
        return new EvaluationPlan(name, model, data, attacks, policy, seed, batchSize, goal, constraints, otherTrust);
    }

    /**
     * Return the data in the shape and data type of the model.
     *
     * @throws ConfigurationException if a sample doesn't fit the model, the goal or the constraints
     */
    public LabeledData fittedData() {
        return DataCheck.fit(data, model.info(), goal, constraints);
    }

    /** Return the threat models of all attacks, each once. */
    public List<ThreatModel> threats() {
        return attacks.stream()
                .flatMap(attack -> attack.epsilons().stream().map(epsilon -> threat(attack, epsilon)))
                .distinct()
                .toList();
    }

    /** Return the threat model of a planned attack at one of its epsilons. */
    public ThreatModel threat(PlannedAttack attack, double epsilon) {
        return attack.threat(epsilon, model.info().inputRange(), goal, constraints);
    }

    /** Return the attacks that run in the same suite before this one. */
    List<PlannedAttack> before(PlannedAttack attack) {
        return attacks.subList(0, attacks.indexOf(attack)).stream()
                .filter(earlier ->
                        attack.inSuite() && earlier.suite().equals(attack.suite()) && earlier.norm() == attack.norm())
                .toList();
    }

    /** Tell where an attack on all samples at once keeps an evaluation from stopping early. */
    Optional<String> jointly() {
        return attacks.stream()
                .map(PlannedAttack::attack)
                .filter(attack -> attack.universal()
                        && policy.isRequiring()
                        && policy.decision().stopsEarly())
                .findFirst()
                .map(attack -> attack.label() + " attacks all samples at once, so it is not stopped early");
    }

    /** Say why the attacks are too weak to show robustness, if they are, whatever the threat model. */
    Optional<String> weakness() {
        return weakness(attacks.stream().map(PlannedAttack::attack));
    }

    /** Say why the attacks under a threat model, and some that are not in the plan, are too weak to show robustness, if they are. */
    Optional<String> weakness(ThreatModel threat, List<Attack> more) {
        Stream<Attack> planned = attacks.stream()
                .filter(attack -> attack.epsilons().stream()
                        .anyMatch(epsilon -> threat(attack, epsilon).equals(threat)))
                .map(PlannedAttack::attack);
        return weakness(Stream.concat(planned, more.stream()));
    }

    private Optional<String> weakness(Stream<Attack> all) {
        List<Attack> distinct = all.distinct().toList();
        String labels = distinct.stream().map(Attack::label).collect(Collectors.joining(", "));
        if (distinct.stream().allMatch(Attack::isBaseline)) {
            return Optional.of("only " + labels
                    + " attacked: that a model withstands a baseline shows little; add a stronger attack, such as PGD");
        }
        boolean gradientsOnly = distinct.stream().allMatch(attack -> attack.access() == Access.GRADIENTS);
        return constraints.hasLattice() && gradientsOnly
                ? Optional.of("only " + labels
                        + " attacked: gradients lead astray on whole numbers and categories; add an attack that does without, such as"
                        + " Pointwise or Square")
                : Optional.empty();
    }
}
