package dev.mettle.core.verdict;

import dev.mettle.core.ConfigurationException;
import java.util.Locale;

/**
 * How much larger a share of the same samples is for one model than for another: what was gained, what was lost, and bounds of the
 * difference in the population.
 *
 * <p>The bounds are exact and cautious: those of Clopper and Pearson of the gained and of the lost samples, each at half of the allowed
 * error, so that both hold at once (Bonferroni).
 *
 * @param samples how many samples there are
 * @param before on how many of them the first model has it
 * @param gained how many have it with the second model and not with the first
 * @param lost how many have it with the first model and not with the second
 * @param confidence the one-sided confidence of each bound
 */
public record PairedDifference(int samples, int before, int gained, int lost, double confidence) {

    /**
     * Create the difference.
     *
     * @throws ConfigurationException if there are no samples
     */
    public PairedDifference {
        if (samples < 1) {
            throw new ConfigurationException("there are no samples to compare two models on: give at least one");
        }
    }

    /** Compare what two models have, sample by sample. */
    public static PairedDifference of(boolean[] before, boolean[] after, double confidence) {
        int had = 0;
        int gained = 0;
        int lost = 0;
        for (int i = 0; i < before.length; i++) {
            had += before[i] ? 1 : 0;
            gained += !before[i] && after[i] ? 1 : 0;
            lost += before[i] && !after[i] ? 1 : 0;
        }
        return new PairedDifference(before.length, had, gained, lost, confidence);
    }

    /** Return the share before. */
    public double shareBefore() {
        return (double) before / samples;
    }

    /** Return the share after. */
    public double shareAfter() {
        return (double) (before + gained - lost) / samples;
    }

    /** Return the observed difference, from −1 to 1; positive is a gain. */
    public double difference() {
        return (double) (gained - lost) / samples;
    }

    /** Return the lower bound of the difference in the population. */
    public double lowerBound() {
        return ClopperPearson.lowerBound(gained, samples, each()) - ClopperPearson.upperBound(lost, samples, each());
    }

    /** Return the upper bound of the difference in the population. */
    public double upperBound() {
        return ClopperPearson.upperBound(gained, samples, each()) - ClopperPearson.lowerBound(lost, samples, each());
    }

    private double each() {
        return 1 - (1 - confidence) / 2;
    }

    /** Print the difference, such as {@code 3.0% → 78.0%, +75.0 points (bounds +61.2 and +84.0; 75 gained, 0 lost)}. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%.1f%% → %.1f%%, %+.1f points (bounds %+.1f and %+.1f; %d gained, %d lost)",
                100 * shareBefore(),
                100 * shareAfter(),
                100 * difference(),
                100 * lowerBound(),
                100 * upperBound(),
                gained,
                lost);
    }
}
