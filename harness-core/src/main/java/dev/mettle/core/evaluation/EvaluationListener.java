package dev.mettle.core.evaluation;

import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Outcome;
import java.util.List;

/**
 * Hears of evaluations. Found by {@link java.util.ServiceLoader}, and called on the thread that runs the test, so that what a
 * listener attaches to "the current test" lands where it belongs.
 *
 * <p>A listener only renders. If it throws, the error is logged and the verdict stands.
 */
public interface EvaluationListener {

    /**
     * Called when a report is complete.
     *
     * @param report the facts and the verdict
     * @param expected the outcome that the test asks for: PASS, or FAIL where it documents a known weakness
     * @param reproduce a command that runs the same evaluation again; empty if there is none
     */
    default void reported(RobustnessReport report, Outcome expected, String reproduce) {}

    /**
     * Called after {@link #reported} when a report has been compared with a baseline.
     *
     * @param report the facts and the verdict
     * @param comparison what changed since the baseline was recorded
     */
    default void compared(RobustnessReport report, BaselineComparison comparison) {}

    /**
     * Called after {@link #reported} when the known adversarial examples of a test have been tried again.
     *
     * @param report the facts and the verdict
     * @param replay what became of them
     */
    default void replayed(RobustnessReport report, CorpusReplay replay) {}

    /**
     * Called after {@link #reported} when the model under test has a defense, and the model without it has been attacked, too.
     *
     * @param improvement both reports
     * @param defense what was done, such as {@code PGD-10 training, L∞ epsilon 0.3, 12 epochs}
     * @param log what happened meanwhile, one line each
     * @param seconds what the defense cost, in wall-clock time
     * @param cpuSeconds what it cost in processor time; 0 if that isn't known
     */
    default void defended(
            Improvement improvement, String defense, List<String> log, double seconds, double cpuSeconds) {}
}
