package dev.mettle.core.evaluation;

import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Outcome;
import java.util.List;
import java.util.Optional;

/**
 * All there is to show of one run of a test.
 *
 * @param report the facts and the verdict
 * @param expected the outcome that the test asks for: PASS, or FAIL where it documents a known weakness
 * @param reproduce a command that runs the same evaluation again; empty if there is none
 * @param defense what a defense of the model bought and cost, if it has one and the model without it was attacked, too
 * @param baseline what changed since a baseline was recorded, if there is one
 * @param corpus what became of known adversarial examples, if there are any
 */
public record Reported(
        RobustnessReport report,
        Outcome expected,
        String reproduce,
        Optional<Defense> defense,
        Optional<BaselineComparison> baseline,
        Optional<CorpusReplay> corpus) {

    /**
     * What a defense of the model under test bought and cost.
     *
     * @param improvement the reports with and without it
     * @param title what was done, such as {@code PGD-10 training, L∞ epsilon 0.3, 12 epochs}
     * @param log what happened meanwhile, one line each
     * @param seconds what it cost, in wall-clock time
     * @param cpuSeconds what it cost in processor time; 0 if that isn't known
     */
    public record Defense(Improvement improvement, String title, List<String> log, double seconds, double cpuSeconds) {

        /** Create the facts. */
        public Defense {
            log = List.copyOf(log);
        }
    }

    /** Create what there is to show of an evaluation without defense, baseline and corpus. */
    public static Reported of(RobustnessReport report, Outcome expected, String reproduce) {
        return new Reported(report, expected, reproduce, Optional.empty(), Optional.empty(), Optional.empty());
    }
}
