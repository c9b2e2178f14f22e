package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.verdict.PairedDifference;
import java.util.List;
import java.util.function.Predicate;

/**
 * What a defense bought and what it cost: a model before and after, on the same samples under the same threat.
 *
 * <p>Samples that the attacks left undecided count against the defense: as robust before, and as not robust after.
 *
 * @param before the report of the model without the defense
 * @param after the report of the model with it
 */
public record Improvement(RobustnessReport before, RobustnessReport after) {

    /**
     * Create the comparison.
     *
     * @throws ConfigurationException if the reports are not about the same samples and the same threat, or don't cover all samples
     */
    public Improvement {
        if (!before.evaluation()
                .data()
                .sha256()
                .equals(after.evaluation().data().sha256())) {
            throw new ConfigurationException(
                    "the reports compared are about different samples: evaluate both models on the same data");
        }
        if (!before.threatModel().equals(after.threatModel())) {
            throw new ConfigurationException("the reports compared are about different threats, "
                    + ReportText.threat(before.threatModel()) + " and " + ReportText.threat(after.threatModel())
                    + ": evaluate both models under the same one");
        }
        for (RobustnessReport report : List.of(before, after)) {
            if (report.evaluatedCount() < report.samples()) {
                throw new ConfigurationException("one of the reports compared stopped after " + report.evaluatedCount()
                        + " of " + report.samples() + " samples: leave decision at FIXED");
            }
        }
    }

    /** Compare robust accuracy. */
    public PairedDifference robustAccuracy() {
        return PairedDifference.of(
                which(before, status -> status == SampleStatus.ROBUST || status.undecided()),
                which(after, status -> status == SampleStatus.ROBUST),
                after.policy().confidence());
    }

    /** Compare clean accuracy. */
    public PairedDifference cleanAccuracy() {
        return PairedDifference.of(
                which(before, status -> !status.wrongWhenClean()),
                which(after, status -> !status.wrongWhenClean()),
                after.policy().confidence());
    }

    private static boolean[] which(RobustnessReport report, Predicate<SampleStatus> has) {
        List<SampleOutcome> outcomes = report.outcomes();
        boolean[] which = new boolean[outcomes.size()];
        for (int i = 0; i < which.length; i++) {
            which[i] = has.test(outcomes.get(i).status());
        }
        return which;
    }
}
