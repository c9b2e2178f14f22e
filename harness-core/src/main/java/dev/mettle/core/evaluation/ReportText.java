package dev.mettle.core.evaluation;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Interval;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Verdict;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A report in plain words: one place for the sentences that the console, failure messages and Allure share.
 *
 * <p>Rates are percentages with one decimal, epsilons are printed by {@link Epsilons}.
 */
public final class ReportText {

    /** What is added to the names of attacks where trust checks broke more than these. */
    static final String AND_CHECKS = " and trust checks";

    private static final int LABEL_WIDTH = 18;
    private static final int WORST_EXAMPLES = 3;

    private ReportText() {}

    /**
     * Say in one sentence what was measured and what it means, such as {@code robust accuracy 44.0% under PGD-40 (L∞, ε =
     * 8/255) is below the required 60.0%}.
     */
    public static String sentence(RobustnessReport report) {
        Verdict verdict = report.verdict();
        String measured = "robust accuracy " + percent(report.robustAccuracy()) + " under " + attackers(report) + " ("
                + threat(report.threatModel()) + ")";
        String after = report.isStoppedEarly()
                ? ", after " + report.evaluatedCount() + " of " + samples(report.samples())
                : "";
        String required = percent(report.policy().minRobustAccuracy().orElse(0));
        return switch (verdict.outcome()) {
            case PASS ->
                measured + " reaches the required "
                        + (report.policy().minRobustAccuracy().isPresent()
                                ? required
                                : percentPerClass(report) + " in every class")
                        + after;
            case FAIL ->
                measured
                        + (verdict.overall() == Outcome.FAIL
                                ? " is below the required " + required
                                : " is too little for some: " + verdict.reason())
                        + after;
            case INCONCLUSIVE ->
                verdict.overall() == Outcome.INCONCLUSIVE
                        ? measured + " with " + samples(report.evaluatedCount())
                                + " neither shows nor rules out the required " + required + "; "
                                + samplesNeeded(verdict)
                        : measured + " is not enough: " + verdict.reason();
            case UNTRUSTED ->
                measured + " can't be trusted: "
                        + (report.doubts().isEmpty() ? verdict.reason() : doubted(report.doubts()));
            case MEASURED -> measured;
        };
    }

    /** Name the attacks of a report, such as {@code PGD-40}, or {@code PGD-40 and trust checks} where these broke more. */
    public static String attackers(RobustnessReport report) {
        return report.title() + (report.isLoweredByChecks() ? AND_CHECKS : "");
    }

    /**
     * Say what is doubted in one sentence: the only doubt, or how many there are and the gravest, such as {@code 3 doubts, above all that
     * only FGSM attacked: …}. The others are {@link #furtherDoubts}.
     *
     * @param doubts at least one, the gravest first
     */
    public static String doubted(List<String> doubts) {
        return doubts.size() == 1 ? doubts.get(0) : doubts.size() + " doubts, above all that " + doubts.get(0);
    }

    /** List the doubts that {@link #doubted} doesn't name, one line each, such as {@code doubt 2 of 3: …}. */
    public static List<String> furtherDoubts(List<String> doubts) {
        return IntStream.range(1, doubts.size())
                .mapToObj(i -> doubtLabel(i, doubts.size()) + ": " + doubts.get(i))
                .toList();
    }

    /** List the same doubts as {@link #details} are: aligned, two spaces indented. */
    public static List<String> doubtDetails(List<String> doubts) {
        return IntStream.range(1, doubts.size())
                .mapToObj(i -> line(doubtLabel(i, doubts.size()), doubts.get(i)))
                .toList();
    }

    /** Return the doubts that make a report untrusted, the gravest first; empty if it isn't, or for another reason. */
    public static List<String> doubts(RobustnessReport report) {
        return report.verdict().outcome() == Outcome.UNTRUSTED ? report.doubts() : List.of();
    }

    private static String doubtLabel(int position, int count) {
        return "doubt " + (position + 1) + " of " + count;
    }

    private static String percentPerClass(RobustnessReport report) {
        return percent(report.policy().minRobustAccuracyPerClass().orElseThrow());
    }

    /** Print a number of samples, such as {@code 1 sample} or {@code 100 samples}. */
    public static String samples(int count) {
        return count == 1 ? "1 sample" : count + " samples";
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

    private static String samplesNeeded(Verdict verdict) {
        boolean sequential = verdict.policy().decision() == Decision.SEQUENTIAL;
        if (sequential && verdict.expectedSamples().isPresent()) {
            return "about " + rounded(verdict.expectedSamples().getAsInt()) + " samples would decide on average";
        }
        if (verdict.samplesNeeded().isEmpty()) {
            return "it is too close for any practical number of samples to decide";
        }
        return "about " + rounded(verdict.samplesNeeded().getAsInt()) + " samples would decide at even odds"
                + (!sequential && verdict.expectedSamples().isPresent()
                        ? "; a sequential test decides in the end, after about "
                                + rounded(verdict.expectedSamples().getAsInt()) + " on average"
                        : "");
    }

    /**
     * Say how much of a report was known from an earlier run: {@code " (known from an earlier run)"}, or {@code " (35 of 100 outcomes
     * known from an earlier run)"}, or nothing.
     */
    public static String recalled(RobustnessReport report) {
        long attacked = report.results().stream()
                .flatMap(result -> result.outcomes().stream())
                .filter(outcome -> outcome.forwards() + outcome.backwards() > 0) // else a smaller epsilon broke it
                .count();
        if (report.recalled() == 0) {
            return "";
        }
        return report.recalled() == attacked
                ? " (known from an earlier run)"
                : " (" + report.recalled() + " of " + attacked + " outcomes known from an earlier run)";
    }

    /** Rounds up to two digits: the number rests on an observed rate, and more digits would pretend to more. */
    public static String rounded(int needed) {
        return BigDecimal.valueOf(needed)
                .round(new MathContext(2, RoundingMode.CEILING))
                .toPlainString();
    }

    /**
     * Say in one sentence how the verdict was reached, where it is not by all samples at once: whether the evaluation stopped early, and
     * what its bounds mean; empty otherwise.
     */
    public static Optional<String> decision(RobustnessReport report) {
        String seen = report.isStoppedEarly()
                ? "stopped after " + report.evaluatedCount() + " of " + samples(report.samples())
                        + ": the answer was certain; "
                : "all " + samples(report.samples()) + " evaluated; ";
        return switch (report.policy().decision()) {
            case FIXED, CURTAILED ->
                report.isStoppedEarly()
                        ? Optional.of(seen + "the bounds count the others as broken below and as robust above")
                        : Optional.empty();
            case SEQUENTIAL -> Optional.of(seen + "the bounds hold wherever a sequential test stops");
            case POPULATION ->
                Optional.of(seen + "the samples are the whole population"
                        + (report.isStoppedEarly() ? ", and the others can move its rate within the range given" : ""));
        };
    }

    /** Print the interval of robust accuracy with what it is, such as {@code 95% CI [34.1%, 54.3%]}; empty where the rate is exact. */
    public static String robustInterval(RobustnessReport report) {
        return interval(report, report.robustInterval());
    }

    /** Print the interval of the clean accuracy in the same way. */
    public static String cleanInterval(RobustnessReport report) {
        return report.policy().decision().generalizes() ? "95% CI " + interval(report.cleanInterval()) : "";
    }

    /** Print the counts of a class, and what they show of its rate, such as {@code 2 of 10, 95% CI [1.1%, 67.9%]}. */
    public static String counts(RobustnessReport report, ClassAccuracy each) {
        return counts(each.tally().robust(), each.tally().evaluated(), interval(report, each.interval()));
    }

    /** Print counts, and what they show of the rate, such as {@code 44 of 100, 95% CI [34.1%, 54.3%]}. */
    public static String counts(int count, int total, String interval) {
        return count + " of " + total + (interval.isEmpty() ? "" : ", " + interval);
    }

    private static String interval(RobustnessReport report, Interval interval) {
        if (report.policy().decision().generalizes()) {
            return "95% CI " + interval(interval);
        }
        return interval.lower() == interval.upper() ? "" : "range " + interval(interval);
    }

    /**
     * List the facts behind the sentence as aligned lines, two spaces indented: clean and robust accuracy with counts and
     * two-sided 95 % intervals, the class with the smallest robust accuracy, undecided samples if there are any, how the verdict was
     * reached if not by all samples, the median distance for minimum-norm attacks, the samples that were broken by the smallest
     * perturbations, what trust checks broke beyond the attacks, and, if doubts called for further attacks, what was doubted before and
     * what these attacks found.
     */
    public static List<String> details(RobustnessReport report) {
        int evaluated = report.evaluatedCount();
        List<Row> rates = new ArrayList<>();
        rates.add(new Row("clean accuracy", report.cleanCount(), report.samples(), cleanInterval(report)));
        if (report.abstainedCount() > 0) {
            rates.add(new Row("abstained", report.abstainedCount(), report.samples(), ""));
        }
        rates.add(new Row("robust accuracy", report.robustCount(), evaluated, robustInterval(report)));
        report.worstClass()
                .ifPresent(worst -> rates.add(new Row(
                        "worst class " + worst.label(),
                        worst.tally().robust(),
                        worst.tally().evaluated(),
                        interval(report, worst.interval()))));
        if (report.undecidedCount() > 0) {
            rates.add(new Row("undecided", report.undecidedCount(), evaluated, ""));
        }
        int percentWidth = width(rates, row -> percent(row.rate()));
        int countWidth = width(rates, row -> String.valueOf(row.count()));
        int totalWidth = width(rates, row -> String.valueOf(row.total()));
        List<String> lines = new ArrayList<>();
        for (Row row : rates) {
            lines.add(line(
                            row.label(),
                            left(percent(row.rate()), percentWidth) + "   "
                                    + left(String.valueOf(row.count()), countWidth) + " of "
                                    + left(String.valueOf(row.total()), totalWidth)
                                    + (row.interval().isEmpty() ? "" : "   " + row.interval()))
                    .stripTrailing());
        }
        decision(report).ifPresent(sentence -> lines.add(line("decision", sentence)));
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
        if (report.isLoweredByChecks()) {
            lines.add(line("found by checks", foundByChecks(report)));
        }
        if (!report.escalated().isEmpty()) {
            report.doubtsBefore().forEach(doubt -> lines.add(line("doubted before", doubt)));
            lines.add(line("escalated", escalation(report.escalated())));
        }
        return List.copyOf(lines);
    }

    /**
     * Say what trust checks broke beyond the attacks, such as {@code PGD-80 breaks 4 samples that the attacks left standing, another start
     * of PGD-40 1}.
     */
    private static String foundByChecks(RobustnessReport report) {
        List<String> parts = new ArrayList<>();
        for (AttackResult found : report.foundByChecks()) {
            int count = report.brokenBeyondAttacks(found);
            if (count > 0) {
                parts.add(checking(found)
                        + (parts.isEmpty()
                                ? " breaks " + samples(count) + " that the attacks left standing"
                                : " " + count));
            }
        }
        return String.join(", ", parts);
    }

    /** Name the attack of a result, and say so where a trust check let it start elsewhere. */
    public static String checking(AttackResult result) {
        return result.trustCheck().equals(Optional.of(TrustCheck.ENOUGH_RESTARTS))
                ? "another start of " + result.attack().label()
                : result.attack().label();
    }

    private static String left(String text, int width) {
        return " ".repeat(width - text.length()) + text;
    }

    /**
     * List the warnings of the trust checks, one line each, such as {@code warning: … (converged)}. The gravest doubt stands in the
     * {@link #sentence}, the others are {@link #furtherDoubts}.
     */
    public static List<String> warnings(RobustnessReport report) {
        return report.trust().stream()
                .flatMap(trust -> trust.findings(TrustLevel.WARNING).stream())
                .map(finding -> "warning: " + finding.sentence())
                .toList();
    }

    /**
     * Say what attacks found that doubts called for, in the order in which they ran, such as {@code Square-5000 breaks 6 of 26 samples
     * still standing, HopSkipJump 0 of 20}.
     */
    static String escalation(List<AttackResult> results) {
        List<String> found = new ArrayList<>();
        for (AttackResult result : results) {
            int attacked = (int) result.outcomes().stream()
                    .filter(outcome -> outcome.status().attacked())
                    .count();
            found.add(result.attack().label() + (found.isEmpty() ? " breaks " : " ")
                    + result.count(SampleStatus.BROKEN) + " of " + attacked
                    + (found.isEmpty() ? " samples still standing" : ""));
        }
        return String.join(", ", found);
    }

    /** Name a broken sample by its id, its true label and the one it is taken for, such as {@code #17 7→2}. */
    public static String example(SampleOutcome broken) {
        return "#" + broken.id() + " " + broken.label() + "→" + broken.adversarialAnswer();
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

    /** Return a line two spaces indented: a label, and a text in the column that all lines share. */
    public static String line(String label, String text) {
        return "  " + label + " ".repeat(Math.max(1, LABEL_WIDTH - label.length())) + text;
    }

    private static int width(List<Row> rows, Function<Row, String> column) {
        return rows.stream().mapToInt(row -> column.apply(row).length()).max().orElse(0);
    }

    private record Row(String label, int count, int total, String interval) {
        double rate() {
            return (double) count / total;
        }
    }
}
