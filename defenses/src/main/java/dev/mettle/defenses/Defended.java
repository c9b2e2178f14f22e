package dev.mettle.defenses;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A model with a defense, beside the model without it.
 *
 * @param <M> the class of the models
 * @param model the defended model
 * @param original the model without the defense
 * @param defense what was done, such as {@code PGD-10 training, L∞ ε=0.3, 12 epochs}
 * @param log what happened meanwhile, one line each
 * @param seconds what the defense cost, in wall-clock time
 * @param cpuSeconds what it cost in processor time of all threads; 0 where the platform doesn't tell
 * @param recalled whether the defended model was made earlier, and only read; the costs are those of then
 * @param evaluation evaluates a model, so that the defended one can be compared with others; empty before {@link #judgedBy}
 */
public record Defended<M extends LabelModel>(
        M model,
        M original,
        String defense,
        List<String> log,
        double seconds,
        double cpuSeconds,
        boolean recalled,
        Optional<Function<? super LabelModel, RobustnessReport>> evaluation) {

    /** Create the pair. */
    public Defended {
        log = List.copyOf(log);
    }

    /** Create a pair that can't be compared yet. */
    public Defended(
            M model,
            M original,
            String defense,
            List<String> log,
            double seconds,
            double cpuSeconds,
            boolean recalled) {
        this(model, original, defense, log, seconds, cpuSeconds, recalled, Optional.empty());
    }

    /**
     * Return the same pair with a way to evaluate models, such as
     * {@code m -> RobustnessEvaluation.of(m, data).suite(AutoAttack.standard(LINF)).norm(LINF).epsilon(0.3).run()}. In a robustness
     * test with {@code @DefendedBy} it is there already: the attacks of the test.
     */
    public Defended<M> judgedBy(Function<? super LabelModel, RobustnessReport> evaluate) {
        return new Defended<>(model, original, defense, log, seconds, cpuSeconds, recalled, Optional.of(evaluate));
    }

    /**
     * Evaluate a model.
     *
     * @throws ConfigurationException if there is no way to do so
     */
    public RobustnessReport report(LabelModel evaluated) {
        return evaluation
                .orElseThrow(
                        () -> new ConfigurationException("it isn't known how to evaluate the models of this defense:"
                                + " say it with judgedBy(model -> RobustnessEvaluation.of(model, data)…run()), or take the"
                                + " Defended as a parameter of a @RobustnessTest with @DefendedBy"))
                .apply(evaluated);
    }
}
