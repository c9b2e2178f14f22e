package dev.mettle.reports;

import dev.mettle.core.attack.AttackTrace;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An attack of a report, run again on one sample.
 *
 * <p>Alone, a sample may be computed by other routines of the backend than in a batch, and these round differently. So what is not equal
 * to the bit is run again among the samples of its batch, as far as they are known.
 *
 * @param saved what the report holds of the attack
 * @param report what became of the sample in the report
 * @param alone what the attack did to the sample alone
 * @param inBatch what it did to the sample among those of its batch, if it was run there
 */
public record ReproducedAttack(
        SavedAttack saved, SavedOutcome report, AttackTrace alone, Optional<AttackTrace> inBatch) {

    private static final int HASH_DIGITS = 12;

    /** Return what the attack did to the sample, in the run that is most like that of the report. */
    public AttackTrace trace() {
        return inBatch.orElse(alone);
    }

    /** Return what became of the sample in that run. */
    public SavedOutcome here() {
        return outcome(trace());
    }

    private SavedOutcome outcome(AttackTrace trace) {
        return SavedOutcome.of(trace.outcome(), saved.norm());
    }

    /** Say whether the same became of the sample: the status, and the adversarial example to the bit. */
    public boolean equal() {
        return report.equalsButForCost(here());
    }

    /** Say in one sentence whether the same became of the sample. */
    public String sentence() {
        String sentence = (inBatch.isPresent() ? "among the " + trace().samples() + " samples of its batch, " : "")
                + sentence(outcome(trace()));
        return inBatch.isPresent()
                ? sentence + "; alone, " + (equal() ? "where other routines round differently, " : "") + fateAlone()
                : sentence;
    }

    private String fateAlone() {
        SavedOutcome outcome = outcome(alone);
        return outcome.status() == SampleStatus.BROKEN && report.status() == SampleStatus.BROKEN
                ? String.join("; ", differences(outcome))
                : "it " + fate(outcome);
    }

    private String sentence(SavedOutcome here) {
        String sample = "sample #" + trace().outcome().id() + " ";
        if (report.status() != here.status()) {
            return sample + fate(report) + " in the report, but " + fate(here) + " here";
        }
        if (here.status() != SampleStatus.BROKEN) {
            return sample + fate(here) + ", as in the report";
        }
        if (equal()) {
            return sample + fate(here) + ", as in the report to the bit (example sha256 "
                    + here.exampleSha256().substring(0, HASH_DIGITS) + ")";
        }
        return sample + "is broken as in the report, but not to the bit: " + String.join("; ", differences(here));
    }

    private String fate(SavedOutcome outcome) {
        return switch (outcome.status()) {
            case CLEAN_WRONG -> "is wrong without an attack";
            case ABSTAINED -> "is abstained on without an attack";
            case ROBUST -> "withstands";
            case BROKEN ->
                "is broken: class " + outcome.predicted() + " at " + distance(outcome.distance()) + " "
                        + saved.norm().symbol();
            case BROKEN_BEFORE -> "is broken by an earlier attack";
            case LEFT_OPEN -> "is not broken by the trust check";
            case GRADIENT_ZERO -> "is undecided (all gradients are zero)";
            case GRADIENT_INVALID -> "is undecided (a gradient is invalid)";
            case SEARCH_FAILED -> "is undecided (the search found no adversarial example)";
            case NOT_EVALUATED -> "is not evaluated";
        };
    }

    private List<String> differences(SavedOutcome here) {
        Norm norm = saved.norm();
        List<String> differences = new ArrayList<>();
        if (here.predicted() != report.predicted()) {
            differences.add("class " + here.predicted() + " instead of " + report.predicted());
        }
        if (here.distance() == report.distance()) {
            differences.add("another example at the same distance, " + distance(here.distance()) + " " + norm.symbol());
        } else {
            double part = Math.abs(here.distance() - report.distance()) / report.distance();
            differences.add(norm.symbol() + " distance " + here.distance() + " instead of " + report.distance()
                    + ", a relative difference of " + String.format(Locale.ROOT, "%.1e", part));
        }
        return differences;
    }

    private static String distance(double distance) {
        return Epsilons.format(distance);
    }
}
