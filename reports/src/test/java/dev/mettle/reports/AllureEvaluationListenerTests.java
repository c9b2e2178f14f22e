package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mettle.core.evaluation.EvaluationListener;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import io.qameta.allure.Allure;
import io.qameta.allure.AllureLifecycle;
import io.qameta.allure.AllureResultsWriter;
import io.qameta.allure.model.Attachment;
import io.qameta.allure.model.Label;
import io.qameta.allure.model.Parameter;
import io.qameta.allure.model.Status;
import io.qameta.allure.model.StepResult;
import io.qameta.allure.model.TestResult;
import io.qameta.allure.model.TestResultContainer;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AllureEvaluationListenerTests {

    private static final String DIRECTORY = "allure.results.directory";
    private static final long[] IMAGE = {1, 8, 8};

    @TempDir
    private Path directory;

    private final AllureLifecycle before = Allure.getLifecycle();
    private final String directoryBefore = System.getProperty(DIRECTORY, "");
    private final Memory memory = new Memory();
    private final EvaluationListener listener = new AllureEvaluationListener();

    @BeforeEach
    void writeToMemory() {
        System.setProperty(DIRECTORY, directory.toString());
        Allure.setLifecycle(new AllureLifecycle(memory));
    }

    @AfterEach
    void writeAsBefore() {
        Allure.setLifecycle(before);
        System.setProperty(DIRECTORY, directoryBefore);
    }

    @Test
    void serviceLoaderFindsIt() {
        assertThat(ServiceLoader.load(EvaluationListener.class))
                .hasAtLeastOneElementOfType(AllureEvaluationListener.class);
    }

    @Test
    void withoutATestCaseNothingHappens() throws IOException {
        listener.reported(Reported.of(Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.3), Outcome.PASS, ""));

        assertThat(memory.attachments).isEmpty();
        try (var files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void withoutAllureNothingHappens() throws Exception {
        URL[] urls = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("allure"))
                .map(AllureEvaluationListenerTests::url)
                .toArray(URL[]::new);
        try (URLClassLoader withoutAllure = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
            Class<?> type = withoutAllure.loadClass(AllureEvaluationListener.class.getName());
            Object loaded = type.getConstructor().newInstance();

            // It doesn't come to look at its arguments.
            type.getMethod("reported", withoutAllure.loadClass(Reported.class.getName()))
                    .invoke(loaded, new Object[] {null});

            assertThat(type).isNotEqualTo(AllureEvaluationListener.class);
        }
    }

    @Test
    void theDescriptionShowsTheReport() {
        TestResult test = reported(Reports.report(VerdictPolicy.atLeast(0.9), IMAGE, 0.1, 0.3), "mvn test");

        assertThat(test.getDescriptionHtml())
                .startsWith("<div><p")
                .contains("robust accuracy 35.0% under FGSM (L∞, ε = 0.3) is below the required 90.0%")
                .contains("data:image/svg+xml;charset=utf-8,", "mvn test");
        assertThat(test.getStatus()).isNull();
        assertThat(test.getStatusDetails()).isNull();
    }

    @Test
    void aDescriptionOfItsOwnIsKept() {
        RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.3);

        TestResult test = run(
                new TestResult().setDescription("what <I> test"),
                () -> listener.reported(Reported.of(report, Outcome.PASS, "")));

        assertThat(test.getDescriptionHtml()).startsWith("<p>what &lt;I&gt; test</p><div>");
    }

    @Test
    void aSecondReportInOneTestDoesNotHideTheFirst() {
        RobustnessReport first = Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.1);
        RobustnessReport second = Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.3);

        TestResult test = run(new TestResult(), () -> {
            listener.reported(Reported.of(first, Outcome.PASS, ""));
            listener.reported(Reported.of(second, Outcome.PASS, ""));
        });

        assertThat(test.getDescriptionHtml()).contains("ε = 0.1", "<hr/>", "ε = 0.3");
        assertThat(test.getParameters())
                .extracting(Parameter::getName)
                .containsExactly("attack", "norm", "epsilon", "seed", "epsilon");
    }

    @Test
    void parametersTellTheThreatAndLeaveTheSeedOutOfTheHistory() {
        TestResult test = reported(Reports.report(VerdictPolicy.measureOnly(), IMAGE, 8 / 255.0), "");

        assertThat(test.getParameters())
                .extracting(Parameter::getName, Parameter::getValue, Parameter::getExcluded)
                .containsExactly(
                        tuple("attack", "FGSM", null),
                        tuple("norm", "L∞", null),
                        tuple("epsilon", "8/255", null),
                        tuple("seed", "7", true));
    }

    @Test
    void labelsSortTheTestUnderRobustness() {
        RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.3);
        TestResult tagged = new TestResult();
        tagged.getLabels().add(new Label().setName("tag").setValue("robustness"));

        TestResult test = run(tagged, () -> listener.reported(Reported.of(report, Outcome.PASS, "")));

        assertThat(test.getLabels())
                .extracting(label -> label.getName() + "=" + label.getValue())
                .startsWith("tag=robustness", "feature=Robustness", "story=FGSM")
                .contains("MITRE ATLAS=AML.T0043.000", "CWE=CWE-1039", "severity=normal");
        assertThat(test.getLinks()).isEmpty(); // the description has them, in a fold
        assertThat(test.getDescriptionHtml()).contains("https://atlas.mitre.org/techniques/AML.T0043.000");
    }

    @Test
    void everyAttackIsAStepAsLongAsItTook() {
        RobustnessReport report = RobustnessReport.worstCase(
                Reports.evaluation(IMAGE, 0.3),
                new ThreatModel(Norm.LINF, 0.3, Box.of(0, 1)),
                VerdictPolicy.atLeast(0.9).withConfidence(0.5));

        TestResult test = reported(report, "");

        assertThat(test.getSteps())
                .extracting(StepResult::getName)
                .containsExactly(
                        "Evaluate clean samples: 19 of 20 right",
                        "Attack with FGSM: 12 of 19 standing samples broken",
                        "Attack with Half: 6 of 19 standing samples broken",
                        "Judge: FAIL");
        assertThat(test.getSteps())
                .extracting(StepResult::getStatus)
                .containsExactly(Status.PASSED, Status.PASSED, Status.PASSED, Status.FAILED);
        StepResult attack = test.getSteps().get(1);
        assertThat(attack.getParameters())
                .extracting(parameter -> parameter.getName() + "=" + parameter.getValue())
                .containsExactly("part=1.0");
        assertThat(attack.getStop() - attack.getStart())
                .isEqualTo(Math.round(1000 * report.results().get(0).seconds()));
        assertThat(test.getSteps().get(2).getStart()).isEqualTo(attack.getStop());
    }

    @Test
    void aKnownWeaknessIsNoFailedStep() {
        RobustnessReport report = Reports.report(VerdictPolicy.atLeast(0.9), IMAGE, 0.3);

        TestResult test = run(new TestResult(), () -> listener.reported(Reported.of(report, Outcome.FAIL, "")));

        assertThat(test.getSteps()).last().satisfies(step -> {
            assertThat(step.getName()).isEqualTo("Judge: FAIL (as expected)");
            assertThat(step.getStatus()).isEqualTo(Status.PASSED);
        });
    }

    @Test
    void attachmentsAreTheCurveTheMostTellingExamplesAndTheDocument() throws IOException {
        RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.1, 0.3);

        TestResult test = reported(report, "");

        assertThat(test.getAttachments())
                .extracting(Attachment::getName, Attachment::getType)
                .containsExactly(
                        tuple("robustness curve", "image/svg+xml"),
                        tuple("broken sample #8 0→1", "application/vnd.allure.image.diff"),
                        tuple("broken sample #9 0→1", "application/vnd.allure.image.diff"),
                        tuple("broken sample #10 1→0", "application/vnd.allure.image.diff"),
                        tuple("report.json", "application/json"));
        JsonNode diff = new JsonMapper().readTree(content(test, 1));
        assertThat(diff.properties()).extracting(Map.Entry::getKey).containsExactly("actual", "diff", "expected");
        assertThat(diff.get("diff").asText()).startsWith("data:image/png;base64,");
        JsonNode document = new JsonMapper().readTree(content(test, 4));
        assertThat(document.get("robustCount").asInt()).isEqualTo(report.robustCount());
        assertThat(document.get("attacks")).hasSize(1);
    }

    @Test
    void testsThatRunInParallelKeepTheirOwn() throws Exception {
        List<Callable<TestResult>> tests = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            double epsilon = i / 10.0;
            RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), IMAGE, epsilon);
            tests.add(() -> run(
                    "test at " + epsilon,
                    new TestResult(),
                    () -> listener.reported(Reported.of(report, Outcome.PASS, ""))));
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<TestResult>> results = threads.invokeAll(tests);
            for (int i = 1; i <= 8; i++) {
                TestResult test = results.get(i - 1).get();
                assertThat(test.getDescriptionHtml()).contains("ε = 0." + i + ")");
                assertThat(test.getAttachments()).hasSizeBetween(2, 4);
                int last = test.getAttachments().size() - 1;
                assertThat(new JsonMapper().readTree(content(test, last)).toString())
                        .contains("\"epsilon\":0." + i);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void theResultsDirectoryGetsEnvironmentAndCategories() {
        reported(Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.3), "");

        assertThat(directory.resolve("environment.properties"))
                .content(StandardCharsets.ISO_8859_1)
                .contains("Model=affine\n", "Model\\ SHA-256=000000000000\n", "Seed=7\n");
        assertThat(directory.resolve("categories.json")).content().contains("Robustness below threshold");
    }

    private TestResult reported(RobustnessReport report, String reproduce) {
        return run(new TestResult(), () -> listener.reported(Reported.of(report, Outcome.PASS, reproduce)));
    }

    private static TestResult run(TestResult test, Runnable body) {
        return run("the-test", test, body);
    }

    private static TestResult run(String uuid, TestResult test, Runnable body) {
        AllureLifecycle lifecycle = Allure.getLifecycle();
        lifecycle.scheduleTestCase(test.setUuid(uuid));
        lifecycle.startTestCase(uuid);
        body.run();
        lifecycle.stopTestCase(uuid);
        return test;
    }

    private String content(TestResult test, int attachment) {
        return memory.attachments.get(test.getAttachments().get(attachment).getSource());
    }

    private static URL url(String path) {
        try {
            return new File(path).toURI().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static final class Memory implements AllureResultsWriter {

        private final Map<String, String> attachments = new ConcurrentHashMap<>();

        @Override
        public void write(TestResult testResult) {}

        @Override
        public void write(TestResultContainer testResultContainer) {}

        @Override
        public void write(String source, InputStream attachment) {
            try (attachment) {
                attachments.put(source, new String(attachment.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
