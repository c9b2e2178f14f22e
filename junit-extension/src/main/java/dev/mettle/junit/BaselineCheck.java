package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.memory.BaselineFile;
import dev.mettle.memory.RecordedBaseline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Compares the reports of one test with its baselines, and records those that are missing.
 *
 * @param file the baselines of the test class
 * @param test the name of the test method
 * @param annotation what is tolerated
 * @param mode whether to compare or to record
 * @param onCi whether nothing may be recorded
 * @param update a command that records the baselines of the test anew
 */
record BaselineCheck(BaselineFile file, String test, Baseline annotation, Recording mode, boolean onCi, String update) {

    private static final int NAMED_SAMPLES = 10;

    /**
     * Return the check of a test; empty if it asks for none.
     *
     * @throws ConfigurationException if the annotation or a property is wrong
     */
    static Optional<BaselineCheck> of(ExtensionContext context, RobustnessProperties properties, String reproduce) {
        Optional<Baseline> annotation = Recording.annotation(context, Baseline.class);
        Recording mode = properties.baseline();
        if (annotation.isEmpty() || mode == Recording.OFF) {
            return Optional.empty();
        }
        new BaselineComparison(
                0,
                0,
                0,
                List.of(),
                0,
                annotation.get().tolerance(),
                annotation.get().confidence());
        boolean onCi = properties.onCi();
        mode.requireAllowed(RobustnessProperties.BASELINE, "baselines", onCi);
        String updating = Recording.updating(RobustnessProperties.BASELINE);
        if (mode == Recording.UPDATE && properties.samples().isPresent()) {
            throw new ConfigurationException(updating + " with -D" + RobustnessProperties.SAMPLES
                    + ": the baseline would forget the other samples; leave one of them out");
        }
        Class<?> testClass = context.getRequiredTestClass();
        Path folder = properties
                .baselineFolder()
                .orElseGet(() -> ProjectFolder.resources(testClass).resolve("baselines"));
        return Optional.of(new BaselineCheck(
                BaselineFile.of(folder, testClass.getName()),
                context.getRequiredTestMethod().getName(),
                annotation.get(),
                mode,
                onCi,
                reproduce + " " + updating));
    }

    /**
     * Compare a report with its baseline; record it where there is none, or a new one is asked for.
     *
     * @param console takes lines to print
     * @return what changed; empty if there was nothing to compare with
     * @throws ConfigurationException if there is no baseline on CI, or it is one of other data
     */
    Optional<BaselineComparison> check(RobustnessReport report, Consumer<String> console) {
        Optional<RecordedBaseline> recorded = file.find(test, report);
        if (mode == Recording.UPDATE || recorded.isEmpty()) {
            record(report, console);
            return Optional.empty();
        }
        BaselineComparison comparison = recorded.get().compare(report, annotation.tolerance(), annotation.confidence());
        String raise = comparison.isImprovement() ? "; raise the bar with " + update : "";
        console.accept("baseline: " + comparison.sentence() + raise);
        return Optional.of(comparison);
    }

    private void record(RobustnessReport report, Consumer<String> console) {
        if (onCi) {
            throw new ConfigurationException("there is no baseline of " + report + " in " + file.path()
                    + ", and none is recorded on CI: run the test once on your machine, and commit the file");
        }
        if (report.verdict().outcome() == Outcome.UNTRUSTED) {
            console.accept("baseline: not recorded, since the evaluation can't be trusted");
            return;
        }
        file.record(test, report);
        console.accept("baseline: recorded in " + file.path() + "; commit it with the test");
    }

    /**
     * Throw if a report shows that the model became worse than is tolerated.
     *
     * @param lastLine how to get the same report again
     * @throws RobustnessAssertionError if it is a regression
     */
    void require(RobustnessReport report, BaselineComparison comparison, String lastLine) {
        if (!comparison.isRegression()) {
            return;
        }
        List<String> lines = new ArrayList<>();
        String broken = comparison.newlyBroken().stream()
                .limit(NAMED_SAMPLES)
                .map(id -> "#" + id)
                .collect(Collectors.joining(", "));
        int more = comparison.newlyBroken().size() - NAMED_SAMPLES;
        lines.add(FailureText.line("newly broken", broken + (more > 0 ? " and " + more + " more" : "")));
        lines.add(FailureText.line("baseline", file.path().toString()));
        lines.add(FailureText.line("accept", update));
        lines.add(lastLine);
        String message = FailureText.of(report + ": " + comparison.sentence(), report, String.join("\n", lines));
        String before = ReportText.percent((double) comparison.robustBefore() / comparison.samples());
        String now = ReportText.percent((double) comparison.robustNow() / comparison.samples());
        throw new RobustnessAssertionError(message, "as in the baseline, " + before, now);
    }
}
