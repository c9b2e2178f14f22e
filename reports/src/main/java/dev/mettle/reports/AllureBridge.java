package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.ThreatModel;
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
import java.util.Map;

/** Puts a report into Allure's result of the test that is running on this thread. It needs Allure. */
final class AllureBridge {

    private AllureBridge() {}

    /** Show a report; do nothing if no test case is running. */
    static void show(Reported reported) {
        AllureLifecycle lifecycle = Allure.getLifecycle();
        if (lifecycle.getCurrentTestCase().isEmpty()) {
            return;
        }
        RobustnessReport report = reported.report();
        ObjectNode json = LastDocument.of(reported);
        ReportDocument document = ReportDocument.of(json);
        String description = ReportHtml.description(document);
        attach(lifecycle, document, json, ImageDiffs.of(report));
        List<StepResult> steps = steps(reported, System.currentTimeMillis());
        attachTraces(lifecycle, document, steps);
        lifecycle.updateTestCase(test -> {
            test.setDescriptionHtml(appended(test, description));
            addParameters(test, report);
            addLabel(test, "feature", "Robustness");
            addLabel(test, "story", report.isWorstCase() ? "Worst case" : report.title());
            addLabel(test, "tag", "robustness");
            addTaxonomy(test, document.taxonomy());
            addSeverity(test, report.policy().isRequiring());
            test.getSteps().addAll(steps);
        });
        AllureResultsFolder folder = new AllureResultsFolder(resultsDirectory());
        folder.describe(report.evaluation());
        folder.addCategories();
        folder.addExecutor(System.getenv());
    }

    /** A test that requires something matters more than one that measures; the test's own severity matters most. */
    static void addSeverity(TestResult test, boolean requiring) {
        if (test.getLabels().stream().noneMatch(label -> "severity".equals(label.getName()))) {
            addLabel(test, "severity", requiring ? "critical" : "normal");
        }
    }

    /** Label a test with what catalogs call it; the description links to them. */
    static void addTaxonomy(TestResult test, List<Taxonomy.Entry> taxonomy) {
        taxonomy.forEach(entry -> addLabel(test, entry.scheme(), entry.id()));
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
    private static List<StepResult> steps(Reported reported, long end) {
        RobustnessReport report = reported.report();
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
        if (reported.defense().isPresent()) {
            steps.add(step("Compare with the model without its defense", Status.PASSED, end, end));
        }
        reported.corpus()
                .ifPresent(replay -> steps.add(step(
                        "Try the known adversarial examples: " + replay.sentence(),
                        replay.isRegression() ? Status.FAILED : Status.PASSED,
                        end,
                        end)));
        reported.baseline()
                .ifPresent(comparison -> steps.add(step(
                        "Compare with the baseline: " + comparison.sentence(),
                        comparison.isRegression() ? Status.FAILED : Status.PASSED,
                        end,
                        end)));
        Outcome outcome = report.verdict().outcome();
        steps.add(step(
                "Judge: " + outcome + ReportText.surprise(outcome, reported.expected()),
                status(outcome, reported.expected()),
                end,
                end));
        return steps;
    }

    /** Attach what an attack did step by step to its step. */
    private static void attachTraces(AllureLifecycle lifecycle, ReportDocument document, List<StepResult> steps) {
        for (Presentation.Trace trace : document.worst().shown().traces()) {
            steps.stream()
                    .filter(step -> step.getName().startsWith("Attack with " + trace.attack() + ":"))
                    .findFirst()
                    .ifPresent(step -> {
                        attach(
                                lifecycle,
                                trace.attack() + " on sample #" + trace.sample(),
                                "image/svg+xml",
                                ".svg",
                                SvgTrace.draw(trace));
                        // Allure adds it to the test, or to a step of the test's own that is running
                        lifecycle.updateTestCase(test -> {
                            int last = test.getAttachments().size() - 1;
                            if (last >= 0) {
                                step.getAttachments().add(test.getAttachments().remove(last));
                            }
                        });
                    });
        }
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

    private static void attach(
            AllureLifecycle lifecycle, ReportDocument document, ObjectNode json, Map<String, String> diffs) {
        SvgCurve.draw(document, document.worst())
                .ifPresent(svg -> attach(lifecycle, "robustness curve", "image/svg+xml", ".svg", svg));
        diffs.forEach((name, diff) ->
                attach(lifecycle, "broken sample " + name, "application/vnd.allure.image.diff", ".imagediff", diff));
        attach(lifecycle, "report.json", "application/json", ".json", EvaluationJson.text(json));
    }

    static void attach(AllureLifecycle lifecycle, String name, String type, String extension, String content) {
        lifecycle.addAttachment(name, type, extension, content.getBytes(StandardCharsets.UTF_8));
    }
}
