package dev.mettle.memory;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.BaselineComparison;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The outcome of every sample under one attack, suite or worst case, as it was when the baseline was recorded.
 *
 * @param seed the base seed of that run
 * @param outcomes {@code robust}, {@code broken}, {@code wrong} (without any attack) or {@code undecided}, by the key of the sample
 */
public record RecordedBaseline(long seed, SortedMap<String, String> outcomes) {

    private static final String ROBUST = "robust";
    private static final String UNDECIDED = "undecided";

    /** Create a baseline. */
    public RecordedBaseline {
        outcomes = Collections.unmodifiableSortedMap(new TreeMap<>(outcomes));
    }

    /** Return what a report says, as a baseline. */
    public static RecordedBaseline of(RobustnessReport report) {
        List<String> keys = report.evaluation().data().sampleKeys();
        SortedMap<String, String> outcomes = new TreeMap<>();
        for (int i = 0; i < keys.size(); i++) {
            if (report.outcomes().get(i).status() != SampleStatus.NOT_EVALUATED) {
                outcomes.put(keys.get(i), word(report.outcomes().get(i)));
            }
        }
        return new RecordedBaseline(report.evaluation().seed(), outcomes);
    }

    private static String word(SampleOutcome outcome) {
        SampleStatus status = outcome.status();
        if (status.undecided()) {
            return UNDECIDED;
        }
        return switch (status) {
            case ROBUST -> ROBUST;
            case CLEAN_WRONG, ABSTAINED -> "wrong";
            default -> "broken";
        };
    }

    /** Return how many samples were robust. */
    public int robustCount() {
        return Collections.frequency(outcomes.values(), ROBUST);
    }

    /**
     * Compare a report with this baseline, on the samples that both know.
     *
     * @throws ConfigurationException if there are none: the baseline is one of other data
     */
    public BaselineComparison compare(RobustnessReport report, double tolerance, double confidence) {
        SortedMap<String, String> now = of(report).outcomes();
        List<String> keys = report.evaluation().data().sampleKeys();
        List<Long> newlyBroken = new ArrayList<>();
        int samples = 0;
        int before = 0;
        int after = 0;
        int newlyRobust = 0;
        for (int i = 0; i < keys.size(); i++) {
            String then = outcomes.getOrDefault(keys.get(i), UNDECIDED);
            String today = now.getOrDefault(keys.get(i), UNDECIDED);
            if (then.equals(UNDECIDED) || today.equals(UNDECIDED)) {
                continue;
            }
            samples++;
            boolean wasRobust = then.equals(ROBUST);
            boolean isRobust = today.equals(ROBUST);
            before += wasRobust ? 1 : 0;
            after += isRobust ? 1 : 0;
            newlyRobust += isRobust && !wasRobust ? 1 : 0;
            if (wasRobust && !isRobust) {
                newlyBroken.add(report.outcomes().get(i).id());
            }
        }
        if (samples == 0) {
            throw new ConfigurationException(
                    "no sample of " + report.evaluation().data()
                            + " has an outcome in the baseline, too: it was recorded on other data; record it anew");
        }
        Collections.sort(newlyBroken);
        return new BaselineComparison(samples, before, after, newlyBroken, newlyRobust, tolerance, confidence);
    }
}
