package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

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
 */
public record EvaluationPlan(
        String name,
        LabelModel model,
        LabeledData data,
        List<PlannedAttack> attacks,
        VerdictPolicy policy,
        long seed,
        int batchSize) {

    /**
     * Create the plan.
     *
     * @throws ConfigurationException if there is no attack, or the same attack twice in one norm
     */
    public EvaluationPlan {
        attacks = List.copyOf(attacks);
        if (attacks.isEmpty()) {
            throw new ConfigurationException("there is no attack to run: give at least one");
        }
        for (int i = 0; i < attacks.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (attacks.get(i).attack().equals(attacks.get(j).attack())
                        && attacks.get(i).norm() == attacks.get(j).norm()) {
                    throw new ConfigurationException(attacks.get(i).attack().label() + " in "
                            + attacks.get(i).norm().symbol()
                            + " is planned twice: name it once, with all its epsilons");
                }
            }
        }
    }

    /** Warn where robustness is to be shown by attacks that are too weak for it. */
    Optional<String> weakness() {
        boolean weak = policy.minRobustAccuracy().isPresent()
                && attacks.stream().allMatch(planned -> planned.attack().isBaseline());
        String labels = attacks.stream()
                .map(planned -> planned.attack().label())
                .distinct()
                .collect(Collectors.joining(", "));
        return weak
                ? Optional.of(
                        "only " + labels
                                + " attacked: that a model withstands a baseline shows little; add a stronger attack, such as PGD")
                : Optional.empty();
    }
}
