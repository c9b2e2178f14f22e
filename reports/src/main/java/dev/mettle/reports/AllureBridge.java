package dev.mettle.reports;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Outcome;
import io.qameta.allure.Allure;
import io.qameta.allure.AllureLifecycle;
import io.qameta.allure.model.Label;
import io.qameta.allure.model.Parameter;
import io.qameta.allure.model.Stage;
import io.qameta.allure.model.Status;
import io.qameta.allure.model.StepResult;
import io.qameta.allure.model.TestResult;
import io.qameta.allure.util.PropertiesUtils;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Puts a report into Allure's result of the test that is running on this thread. It needs Allure. */
final class AllureBridge {

    private static final JsonMapper JSON = new JsonMapper();

    private AllureBridge() {}

    /** Show a report; do nothing if no test case is running. */
    static void show(RobustnessReport report, Outcome expected, String reproduce) {
        AllureLifecycle lifecycle = Allure.getLifecycle();
        if (lifecycle.getCurrentTestCase().isEmpty()) {
            return;
        }
        ReportPictures pictures = ReportPictures.of(report);
        String description = DescriptionHtml.of(report, expected, pictures, reproduce);
        long now = System.currentTimeMillis();
        lifecycle.updateTestCase(test -> {
            test.setDescriptionHtml(appended(test, description));
            addParameters(test, report);
            addLabel(test, "feature", "Robustness");
            addLabel(test, "story", report.isWorstCase() ? "Worst case" : report.title());
            addLabel(test, "tag", "robustness");
            test.getSteps().addAll(steps(report, expected, now));
        });
        attach(lifecycle, report, pictures);
        AllureResultsFolder folder = new AllureResultsFolder(resultsDirectory());
        folder.describe(report.evaluation());
        folder.addCategories();
    }

    /** Show what changed since a baseline was recorded; do nothing if no test case is running. */
    static void show(RobustnessReport report, BaselineComparison comparison) {
        add(
                "Compare with the baseline: " + comparison.sentence(),
                report + ", compared with the baseline: " + comparison.sentence(),
                comparison.isRegression());
    }

    /** Show what became of known adversarial examples; do nothing if no test case is running. */
    static void show(RobustnessReport report, CorpusReplay replay) {
        add(
                "Try the known adversarial examples: " + replay.sentence(),
                report + ", known adversarial examples: " + replay.sentence(),
                replay.isRegression());
    }

    /** Show what a defense bought and cost, right below the verdict; do nothing if no test case is running. */
    static void show(Improvement improvement, String defense, List<String> log, double seconds, double cpuSeconds) {
        AllureLifecycle lifecycle = Allure.getLifecycle();
        if (lifecycle.getCurrentTestCase().isEmpty()) {
            return;
        }
        String section = DefenseHtml.of(improvement, defense, log, seconds, cpuSeconds);
        long now = System.currentTimeMillis();
        lifecycle.updateTestCase(test -> {
            String html = test.getDescriptionHtml() == null ? "" : test.getDescriptionHtml();
            int verdict = html.indexOf("</p>", Math.max(0, html.lastIndexOf(DescriptionHtml.BEGIN)));
            int place = verdict < 0 ? html.length() : verdict + "</p>".length();
            test.setDescriptionHtml(html.substring(0, place) + section + html.substring(place));
            test.getSteps().add(step("Compare with the model without its defense", Status.PASSED, now, now));
        });
    }

    private static void add(String step, String sentence, boolean failed) {
        AllureLifecycle lifecycle = Allure.getLifecycle();
        if (lifecycle.getCurrentTestCase().isEmpty()) {
            return;
        }
        long now = System.currentTimeMillis();
        lifecycle.updateTestCase(test -> {
            String html = test.getDescriptionHtml();
            test.setDescriptionHtml((html == null ? "" : html)
                    + new Markup().element("p", sentence).toString());
            test.getSteps().add(step(step, failed ? Status.FAILED : Status.PASSED, now, now));
        });
    }

    /** Found as Allure finds it: a system property, else {@code allure.properties} on the class path, else the default. */
    static Path resultsDirectory() {
        return Path.of(
                PropertiesUtils.loadAllureProperties().getProperty("allure.results.directory", "allure-results"));
    }

    /** A test may have a description of its own, or several reports: none may hide another. */
    static String appended(TestResult test, String description) {
        String html = test.getDescriptionHtml();
        if (html != null && !html.isEmpty()) {
            return html + "<hr/>" + description;
        }
        String own = test.getDescription();
        return own == null || own.isEmpty()
                ? description
                : new Markup().element("p", own).toString() + description;
    }

    private static void addParameters(TestResult test, RobustnessReport report) {
        addParameter(test, parameter("attack", report.title()));
        ThreatModel threat = report.threatModel();
        if (threat.transformation().isEmpty()) {
            addParameter(test, parameter("norm", threat.norm().symbol()));
            addParameter(
                    test, parameter("epsilon", threat.bounded() ? Epsilons.format(threat.epsilon()) : "unbounded"));
        } else {
            addParameter(test, parameter("transformation", threat.transformation()));
        }
        if (threat.goal().isTargeted()) {
            addParameter(test, parameter("goal", threat.goal().toString()));
        }
        // Excluded: another seed is still the same test, with the same history.
        addParameter(
                test,
                parameter("seed", String.valueOf(report.evaluation().seed())).setExcluded(true));
    }

    static Parameter parameter(String name, String value) {
        return new Parameter().setName(name).setValue(value);
    }

    static void addParameter(TestResult test, Parameter added) {
        boolean known = test.getParameters().stream()
                .anyMatch(parameter -> added.getName().equals(parameter.getName())
                        && added.getValue().equals(parameter.getValue()));
        if (!known) {
            test.getParameters().add(added);
        }
    }

    static void addLabel(TestResult test, String name, String value) {
        boolean known = test.getLabels().stream()
                .anyMatch(label -> name.equals(label.getName()) && value.equals(label.getValue()));
        if (!known) {
            test.getLabels().add(new Label().setName(name).setValue(value));
        }
    }

    /** The steps, as long as they took; they end now, one after the other. */
    private static List<StepResult> steps(RobustnessReport report, Outcome expected, long end) {
        long start = end - Math.round(1000 * report.seconds());
        List<StepResult> steps = new ArrayList<>();
        steps.add(step(
                "Evaluate clean samples: " + report.cleanCount() + " of " + report.samples() + " right",
                Status.PASSED,
                start,
                start));
        double seconds = 0;
        for (AttackResult result : report.results()) {
            long from = start + Math.round(1000 * seconds);
            seconds += result.seconds();
            StepResult attack = step(
                    result.trustCheck()
                            .map(check -> "Trust check " + check.id() + " with " + ReportText.checking(result) + ": "
                                    + result.count(SampleStatus.BROKEN) + " more broken")
                            .orElseGet(() -> "Attack with " + result.attack().label() + ": "
                                    + result.count(SampleStatus.BROKEN) + " of " + standing(result)
                                    + " standing samples broken"),
                    Status.PASSED,
                    from,
                    start + Math.round(1000 * seconds));
            result.attack()
                    .parameters()
                    .forEach((name, value) -> attack.getParameters().add(parameter(name, value)));
            steps.add(attack);
        }
        Outcome outcome = report.verdict().outcome();
        steps.add(step(
                "Judge: " + outcome + ReportText.surprise(outcome, expected), status(outcome, expected), end, end));
        return steps;
    }

    private static long standing(AttackResult result) {
        return result.outcomes().stream()
                .filter(outcome -> outcome.status().attacked())
                .count();
    }

    static StepResult step(String name, Status status, long start, long stop) {
        return new StepResult()
                .setName(name)
                .setStatus(status)
                .setStage(Stage.FINISHED)
                .setStart(start)
                .setStop(stop);
    }

    static Status status(Outcome outcome, Outcome expected) {
        return switch (outcome) {
            case MEASURED -> Status.PASSED;
            case PASS, FAIL -> outcome == expected ? Status.PASSED : Status.FAILED;
            case INCONCLUSIVE -> Status.SKIPPED;
            case UNTRUSTED -> Status.BROKEN;
        };
    }

    private static void attach(AllureLifecycle lifecycle, RobustnessReport report, ReportPictures pictures) {
        pictures.curve().ifPresent(svg -> attach(lifecycle, "robustness curve", "image/svg+xml", ".svg", svg));
        pictures.grid().ifPresent(svg -> attach(lifecycle, "broken samples", "image/svg+xml", ".svg", svg));
        if (!pictures.worst().isEmpty()) {
            attach(
                    lifecycle,
                    "worst example "
                            + ReportText.example(pictures.broken().get(0).outcome()),
                    "application/vnd.allure.image.diff",
                    ".imagediff",
                    json(pictures));
        }
        attach(
                lifecycle,
                "report.json",
                "application/json",
                ".json",
                EvaluationJson.text(onlyThis(report), report.policy()));
    }

    /** The evaluation without attacks that are not in the report: its counts are then those of the report. */
    private static Evaluation onlyThis(RobustnessReport report) {
        Evaluation all = report.evaluation();
        return new Evaluation(
                all.name(),
                all.model(),
                all.data(),
                all.dataSha256(),
                all.cleanPredictions(),
                report.results(),
                all.gradientCheck(),
                all.notes(),
                all.environment(),
                all.seed(),
                all.batchSize(),
                report.trust().stream().toList());
    }

    private static String json(ReportPictures pictures) {
        try {
            return JSON.writeValueAsString(pictures.worst());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of strings can always be written", e);
        }
    }

    static void attach(AllureLifecycle lifecycle, String name, String type, String extension, String content) {
        lifecycle.addAttachment(name, type, extension, content.getBytes(StandardCharsets.UTF_8));
    }
}
