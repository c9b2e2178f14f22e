package dev.mettle.core.verdict;

import dev.mettle.core.ConfigurationException;
import java.util.List;
import java.util.Locale;

/**
 * What became of robust accuracy since a baseline was recorded, on the same samples: a pure function of their outcomes then and now.
 *
 * <p>A regression is claimed only where the share of robust samples fell by more than the tolerance <em>and</em> the exact test of
 * {@link McNemar} rules out chance. Samples that an attack left undecided, then or now, say nothing and are left out.
 *
 * @param samples how many samples have an outcome in both
 * @param robustBefore how many of them were robust when the baseline was recorded
 * @param robustNow how many of them are robust now
 * @param newlyBroken the ids of the samples that were robust and are no longer, ascending
 * @param newlyRobust how many samples were not robust and are now
 * @param tolerance the drop that is tolerated, a fraction from 0 to below 1
 * @param confidence the confidence at which a regression is claimed, from 0.5 to below 1
 */
public record BaselineComparison(
        int samples,
        int robustBefore,
        int robustNow,
        List<Long> newlyBroken,
        int newlyRobust,
        double tolerance,
        double confidence) {

    /**
     * Create the comparison.
     *
     * @throws ConfigurationException if the tolerance or the confidence is no such fraction
     */
    public BaselineComparison {
        newlyBroken = List.copyOf(newlyBroken);
        requireTolerance(tolerance);
        VerdictPolicy.measureOnly().withConfidence(confidence); // refuses others
    }

    /**
     * Refuse a tolerance that is no fraction.
     *
     * @throws ConfigurationException if it is not from 0 to below 1
     */
    public static void requireTolerance(double tolerance) {
        if (!(tolerance >= 0 && tolerance < 1)) {
            throw new ConfigurationException("the tolerance of the baseline is " + tolerance
                    + ": give the drop of robust accuracy to tolerate as a fraction from 0 to below 1, such as 0.02");
        }
    }

    /** Return the one-sided p-value of the claim that the model became worse. */
    public double pValue() {
        return McNemar.pValue(newlyBroken.size(), newlyRobust);
    }

    /** Say whether the model is shown to be worse than the baseline by more than is tolerated. */
    public boolean isRegression() {
        return robustBefore - robustNow > tolerance * samples && pValue() <= 1 - confidence;
    }

    /** Say whether the model is shown to be better than the baseline. */
    public boolean isImprovement() {
        return McNemar.pValue(newlyRobust, newlyBroken.size()) <= 1 - confidence;
    }

    /**
     * Say in one sentence what changed, such as {@code robust accuracy fell from 71.0% to 64.0% of the same 100 samples: 8 newly
     * broken, 1 newly robust (p = 0.020)}.
     */
    public String sentence() {
        String changed = newlyBroken.size() + " newly broken, " + newlyRobust + " newly robust";
        if (newlyBroken.isEmpty() && newlyRobust == 0) {
            return "robust accuracy is " + percent(robustNow) + ", as in the baseline, on the same " + samples
                    + " samples";
        }
        if (isRegression() || isImprovement()) {
            return "robust accuracy " + (isRegression() ? "fell" : "rose") + " from " + percent(robustBefore) + " to "
                    + percent(robustNow) + " of the same " + samples + " samples: " + changed + " ("
                    + p(isRegression() ? pValue() : McNemar.pValue(newlyRobust, newlyBroken.size())) + ")";
        }
        String why = pValue() <= 1 - confidence
                ? String.format(Locale.ROOT, ", a drop within the tolerance of %.1f points", 100 * tolerance)
                : ", which may be chance (" + p(pValue()) + ")";
        return "robust accuracy is " + percent(robustNow) + ", in the baseline " + percent(robustBefore)
                + ", of the same " + samples + " samples: " + changed + why;
    }

    private static String p(double value) {
        return value < 0.001 ? "p < 0.001" : String.format(Locale.ROOT, "p = %.3f", value);
    }

    private String percent(int count) {
        return String.format(Locale.ROOT, "%.1f%%", 100.0 * count / samples);
    }
}
