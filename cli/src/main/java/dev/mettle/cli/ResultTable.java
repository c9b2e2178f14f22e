package dev.mettle.cli;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.ThreatModel;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** Results as aligned lines. All widths are known beforehand, so a line can be printed as soon as its attack is done. */
final class ResultTable {

    /** The title of the line that takes all attacks together. */
    static final String WORST_CASE = "worst case";

    private static final int CONFIDENCE_INTERVAL = "[100.0%, 100.0%]".length();
    private static final int NUMBER = "fwd/sample".length();

    private final int[] widths;

    ResultTable(List<PlannedAttack> planned, List<ThreatModel> threats) {
        int title = widest(Stream.concat(
                Stream.of(WORST_CASE),
                planned.stream().map(plan -> plan.attack().label())));
        int threat = widest(Stream.concat(Stream.of("threat"), threats.stream().map(ThreatModel::label)));
        // widths below 0: aligned to the right
        this.widths = new int[] {title, threat, -6, CONFIDENCE_INTERVAL, -6, -9, -NUMBER, -NUMBER, -NUMBER};
    }

    private static int widest(Stream<String> texts) {
        return texts.mapToInt(String::length).max().orElse(0);
    }

    String headings() {
        return line("attack", "threat", "robust", "95% CI", "broken", "median", "fwd/sample", "bwd/sample", "seconds");
    }

    String row(String title, RobustnessReport report) {
        return line(
                title,
                report.threatModel().label(),
                ReportText.percent(report.robustAccuracy()),
                ReportText.interval(report.robustInterval()),
                String.valueOf(report.brokenCount()),
                medianOverBroken(report),
                passes(report, SampleOutcome::forwards),
                passes(report, SampleOutcome::backwards),
                String.format(Locale.ROOT, "%.1f", report.seconds()));
    }

    /** Only broken samples: here it says how far an attack moved what it broke, not how far the model's decisions reach. */
    private static String medianOverBroken(RobustnessReport report) {
        double[] distances = report.brokenSamples().stream()
                .mapToDouble(
                        outcome -> outcome.breakingDistance(report.threatModel().norm()))
                .toArray();
        if (distances.length == 0) {
            return "-";
        }
        double median = (distances[(distances.length - 1) / 2] + distances[distances.length / 2]) / 2;
        return String.format(Locale.ROOT, "%.4g", median);
    }

    private static String passes(RobustnessReport report, ToLongFunction<SampleOutcome> passes) {
        double mean = report.outcomes().stream()
                .filter(outcome -> outcome.status().attacked())
                .mapToLong(passes)
                .average()
                .orElse(0);
        return String.format(Locale.ROOT, "%.1f", mean);
    }

    private String line(String... cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            String space = " ".repeat(Math.max(0, Math.abs(widths[i]) - cells[i].length()));
            line.append(i == 0 ? "" : "  ").append(widths[i] < 0 ? space + cells[i] : cells[i] + space);
        }
        return line.toString().stripTrailing();
    }
}
