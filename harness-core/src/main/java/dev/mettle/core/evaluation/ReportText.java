package dev.mettle.core.evaluation;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.Interval;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Verdict;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A report in plain words: one place for the sentences that the console, failure messages and Allure share.
 *
 * <p>Rates are percentages with one decimal, epsilons are printed by {@link Epsilons}.
 */
public final class ReportText {

    private static final int LABEL_WIDTH = 18;
    private static final int WORST_EXAMPLES = 3;

    private ReportText() {}

    /**
     * Say in one sentence what was measured and what it means, such as {@code robust accuracy 44.0% under PGD-40 (L∞, ε =
     * 8/255) is below the required 60.0%}.
     */
    public static String sentence(RobustnessReport report) {
        Verdict verdict = report.verdict();
        String measured = "robust accuracy " + percent(report.robustAccuracy()) + " under " + report.title() + " ("
                + threat(report.threatModel()) + ")";
        String required = percent(report.policy().minRobustAccuracy().orElse(0));
        return switch (verdict.outcome()) {
            case PASS -> measured + " reaches the required " + required;
            case FAIL -> measured + " is below the required " + required;
            case INCONCLUSIVE ->
                measured + " with " + report.samples() + " samples neither shows nor rules out the required " + required
                        + "; " + samplesNeeded(verdict);
            case UNTRUSTED -> measured + " can't be trusted: " + verdict.reason();
            case MEASURED -> measured;
        };
    }

    /**
     * Say of an outcome whether a known weakness is still one: {@code " (as expected)"} or {@code " (not as expected)"} where a
     * failure is expected, else nothing.
     */
    public static String surprise(Outcome outcome, Outcome expected) {
        if (expected != Outcome.FAIL) {
            return "";
        }
        return switch (outcome) {
            case FAIL -> " (as expected)";
            case PASS -> " (not as expected)";
            case INCONCLUSIVE, UNTRUSTED, MEASURED -> "";
        };
    }

    /** Rounds up to two digits: the number rests on an observed rate, and more digits would pretend to more. */
    private static String samplesNeeded(Verdict verdict) {
        if (verdict.samplesNeeded().isEmpty()) {
            return "it is too close for any practical number of samples to decide";
        }
        BigDecimal needed = BigDecimal.valueOf(verdict.samplesNeeded().getAsInt());
        return "about " + needed.round(new MathContext(2, RoundingMode.CEILING)).toPlainString()
                + " samples would decide";
    }

    /**
     * List the facts behind the sentence as aligned lines, two spaces indented: clean and robust accuracy with counts and
     * two-sided 95 % intervals, undecided samples if there are any, the median distance for minimum-norm attacks, and the
     * samples that were broken by the smallest perturbations.
     */
    public static List<String> details(RobustnessReport report) {
        int samples = report.samples();
        List<Row> rates = new ArrayList<>();
        rates.add(new Row("clean accuracy", report.cleanCount(), interval(report.cleanInterval())));
        rates.add(new Row("robust accuracy", report.robustCount(), interval(report.robustInterval())));
        if (report.undecidedCount() > 0) {
            rates.add(new Row("undecided", report.undecidedCount(), ""));
        }
        int percentWidth = width(rates, row -> percent((double) row.count() / samples));
        int countWidth = width(rates, row -> String.valueOf(row.count()));
        List<String> lines = new ArrayList<>();
        for (Row row : rates) {
            String percent = percent((double) row.count() / samples);
            lines.add(line(
                    row.label(),
                    " ".repeat(percentWidth - percent.length()) + percent + "   "
                            + " "
                                    .repeat(countWidth
                                            - String.valueOf(row.count()).length()) + row.count() + " of " + samples
                            + (row.interval().isEmpty() ? "" : "   95% CI " + row.interval())));
        }
        if (report.searchesNearest() && report.cleanCount() > 0) {
            lines.add(line(
                    "median distance",
                    Epsilons.format(report.medianDistance()) + "   "
                            + report.threatModel().norm().symbol()));
        }
        if (report.brokenCount() > 0) {
            String worst = report.brokenSamples().stream()
                    .limit(WORST_EXAMPLES)
                    .map(ReportText::example)
                    .collect(Collectors.joining(", "));
            lines.add(line("worst examples", worst + " (" + report.brokenCount() + " broken)"));
        }
        return List.copyOf(lines);
    }

    /** Name a broken sample by its id, its true label and the one it is taken for, such as {@code #17 7→2}. */
    public static String example(SampleOutcome broken) {
        return "#" + broken.id() + " " + broken.label() + "→" + broken.adversarialLabel();
    }

    /**
     * Print a threat model in a sentence, such as {@code L∞, ε = 8/255}, or {@code L2, ε = 1, towards class 3}; just the norm if it is
     * unbounded.
     */
    public static String threat(ThreatModel threat) {
        String size = !threat.transformation().isEmpty()
                ? threat.transformation()
                : threat.bounded()
                        ? threat.norm().symbol() + ", ε = " + Epsilons.format(threat.epsilon())
                        : threat.norm().symbol();
        return (threat.goal().isTargeted() ? size + ", " + threat.goal() : size)
                + (threat.constraints().isNone() ? "" : ", " + threat.constraints());
    }

    /** Print a rate as a percentage with one decimal, such as {@code 44.0%}. */
    public static String percent(double rate) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * rate);
    }

    /** Print an interval of a rate, such as {@code [34.7%, 53.8%]}. */
    public static String interval(Interval interval) {
        return "[" + percent(interval.lower()) + ", " + percent(interval.upper()) + "]";
    }

    private static String line(String label, String text) {
        return "  " + label + " ".repeat(LABEL_WIDTH - label.length()) + text;
    }

    private static int width(List<Row> rows, Function<Row, String> column) {
        return rows.stream().mapToInt(row -> column.apply(row).length()).max().orElse(0);
    }

    private record Row(String label, int count, String interval) {}
}
