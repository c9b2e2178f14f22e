package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.Evaluator;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Every kind of report there is gets rendered. The pages are left in {@code target/appearance}, where
 * {@code docs/screenshots/take.mjs} looks at them in a browser.
 */
class AppearanceTests {

    private static final Path PAGES = Path.of("target", "appearance");

    /** Wider drawings don't fit beside the tree of an Allure 2 report. */
    private static final double WIDEST = 640;

    /** Trust checks of samples with more features take longer than a unit test may. */
    private static final long LARGE = 1000;

    private static final int LIMIT_OF_ONE_TEST = 500_000;
    private static final int LIMIT_OF_TWENTY_TESTS = 10_000_000;

    static Stream<Arguments> cases() {
        return Stream.of(
                of("gray-8x8", () -> curve(Shapes.of(10, 1, 8, 8), 60)),
                of("gray-without-channels", () -> curve(Shapes.of(4, 12, 12), 40)),
                of("rgb-32x32", () -> curve(Shapes.of(10, 3, 32, 32), 60)),
                of("rgb-channels-last", () -> curve(Shapes.of(6, 32, 32, 3), 60)),
                of("rgb-512x512", () -> single(Shapes.of(2, 512, 512, 3), 4, 0.2)),
                of("wide", () -> curve(Shapes.of(3, 1, 8, 64), 30)),
                of("tall", () -> curve(Shapes.of(3, 3, 96, 12), 30)),
                of("two-classes", () -> curve(Shapes.of(2, 1, 16, 16), 30)),
                of("twenty-classes", () -> curve(Shapes.of(20, 3, 24, 24), 200)),
                of("thousand-classes", AppearanceTests::thousandClasses),
                of("nothing-broken", () -> single(Shapes.of(5, 3, 16, 16), 30, 0.001)),
                of("all-broken", () -> single(Shapes.of(5, 3, 16, 16), 30, 0.5)),
                of("one-broken", () -> single(Shapes.of(2, 1, 16, 16), 8, 0.05)),
                of("untrusted", AppearanceTests::untrusted),
                of("inconclusive", AppearanceTests::inconclusive),
                of("table", () -> table(6)),
                of("wide-table", () -> table(600)),
                of("many-attacks", AppearanceTests::manyAttacks),
                of("long-names", AppearanceTests::longNames));
    }

    private static Arguments of(String name, Supplier<Reported> reported) {
        return Arguments.of(name, reported);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void everyCaseIsRendered(String name, Supplier<Reported> reported) throws IOException {
        ReportDocument document = ReportDocument.of(EvaluationJson.of(reported.get()));

        Document description = Xml.parse(ReportHtml.description(document));
        String page = ReportSet.of(document).html();

        Files.createDirectories(PAGES);
        Files.writeString(PAGES.resolve(name + ".html"), page);
        assertThat(Xml.texts(description, "p").get(0))
                .startsWith(document.worst().verdict().outcome().name());
        assertThat(widths(Xml.parse(page.substring(page.indexOf('\n') + 1)))).allMatch(width -> width <= WIDEST);
    }

    private static List<Double> widths(Document page) {
        NodeList drawings = page.getElementsByTagName("svg");
        return IntStream.range(0, drawings.getLength())
                .mapToObj(i -> Double.valueOf(((Element) drawings.item(i)).getAttribute("width")))
                .toList();
    }

    /** Eight broken photographs as Allure holds them: the description, {@code report.json}, and the comparisons of images. */
    @Test
    void reportsOnLargeImagesStaySmall() {
        Reported reported = single(Shapes.of(8, 224, 224, 3), 16, 0.5);
        ObjectNode json = EvaluationJson.of(reported);
        ReportDocument document = ReportDocument.of(json);

        long description = bytes(ReportHtml.description(document));
        long facts = bytes(EvaluationJson.text(json));
        long comparisons = ImageDiffs.of(reported.report()).values().stream()
                .mapToLong(AppearanceTests::bytes)
                .sum();

        assertThat(document.worst().shown().examples()).hasSize(8);
        assertThat(description + facts + comparisons).isBetween(100_000L, (long) LIMIT_OF_ONE_TEST);
        // a single file holds attachments in base64
        assertThat(20 * (description + (facts + comparisons) * 4 / 3)).isLessThan(LIMIT_OF_TWENTY_TESTS);
    }

    private static long bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static Reported curve(Shapes shapes, int samples) {
        Evaluation evaluation = evaluation(shapes.model(), shapes.samples("shapes", samples))
                .epsilon(0.02, 0.05, 0.1, 0.2)
                .evaluate();
        return worstCase(evaluation, 0.1, VerdictPolicy.atLeast(0.5));
    }

    private static Reported single(Shapes shapes, int samples, double epsilon) {
        Evaluation evaluation = evaluation(shapes.model(), shapes.samples("shapes", samples))
                .epsilon(epsilon)
                .evaluate();
        return worstCase(evaluation, epsilon, VerdictPolicy.atLeast(0.5));
    }

    private static RobustnessEvaluation evaluation(LabelModel model, LabeledData data) {
        return RobustnessEvaluation.of(model, data)
                .name("ShapesTests.withstand")
                .attack(Reports.STEP, Reports.HALF_STEP)
                .norm(Norm.LINF)
                .trust(Rows.features(data.inputs()) > LARGE ? TrustPolicy.OFF : TrustPolicy.CHECK)
                .seed(7);
    }

    private static Reported worstCase(Evaluation evaluation, double epsilon, VerdictPolicy policy) {
        ThreatModel threat = evaluation.threatModels().stream()
                .filter(each -> each.epsilon() == epsilon)
                .findFirst()
                .orElseThrow();
        return reported(RobustnessReport.worstCase(evaluation, threat, policy));
    }

    private static Reported reported(RobustnessReport report) {
        return Reported.of(
                report, Outcome.PASS, "mvn test -Dtest=ShapesTests#withstand -Dmettle.seed=7 -Dmettle.samples=60");
    }

    /** An attack that fails where it can't fail, and what a look at single samples tells. */
    private static Reported untrusted() {
        Shapes shapes = Shapes.of(6, 3, 16, 16);
        Reported reported = evaluated(RobustnessEvaluation.of(shapes.model(), shapes.samples("shapes", 60))
                .name("ShapesTests.withstand")
                .attack(new OneStep("Weak", 0.1))
                .norm(Norm.LINF)
                .epsilon(0.05)
                .minRobustAccuracy(0.5)
                .seed(7));
        assertThat(reported.report().verdict().outcome()).isEqualTo(Outcome.UNTRUSTED);
        return reported;
    }

    private static Reported evaluated(RobustnessEvaluation evaluation) {
        Evaluator evaluator = new Evaluator(evaluation.plan());
        return reported(evaluator.worstCase(evaluator.evaluate().onlyThreatModel()));
    }

    private static Reported inconclusive() {
        Shapes shapes = Shapes.of(6, 3, 16, 16);
        Evaluation evaluation = evaluation(shapes.model(), shapes.samples("shapes", 40))
                .epsilon(0.05)
                .evaluate();
        RobustnessReport measured =
                RobustnessReport.worstCase(evaluation, evaluation.onlyThreatModel(), VerdictPolicy.measureOnly());
        return worstCase(evaluation, 0.05, VerdictPolicy.atLeast(measured.robustAccuracy()));
    }

    private static Reported thousandClasses() {
        AffineModel model = AffineModel.random(1000, 3, DataType.FLOAT, 3, 8, 8);
        double[] values = new double[40 * 192];
        SampleRandom random = SampleRandom.of(1, "samples", 0, 0);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.uniform(0, 1);
        }
        INDArray inputs = Rows.fromDoubles(values, new long[] {40, 3, 8, 8}, DataType.FLOAT);
        Evaluation evaluation = evaluation(model, LabeledData.of("noise", inputs, model.predict(inputs)))
                .epsilon(0.005, 0.01, 0.02)
                .evaluate();
        return worstCase(evaluation, 0.01, VerdictPolicy.atLeast(0.9));
    }

    private static Reported table(int features) {
        AffineModel model = AffineModel.random(3, 3, DataType.FLOAT, features);
        double[] values = new double[40 * features];
        SampleRandom random = SampleRandom.of(1, "samples", 0, 0);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.uniform(0, 1);
        }
        INDArray inputs = Rows.fromDoubles(values, new long[] {40, features}, DataType.FLOAT);
        Evaluation evaluation = evaluation(model, LabeledData.of("table", inputs, model.predict(inputs)))
                .epsilon(0.05, 0.1, 0.2)
                .evaluate();
        return worstCase(evaluation, 0.1, VerdictPolicy.atLeast(0.9));
    }

    private static Reported manyAttacks() {
        Shapes shapes = Shapes.of(6, 3, 16, 16);
        Attack[] attacks = IntStream.rangeClosed(1, 9)
                .mapToObj(i -> new OneStep("Part-" + i, i / 9.0))
                .toArray(Attack[]::new);
        Evaluation evaluation = RobustnessEvaluation.of(shapes.model(), shapes.samples("shapes", 60))
                .name("ShapesTests.withstand")
                .attack(attacks)
                .norm(Norm.LINF)
                .epsilon(0.05, 0.1)
                .seed(7)
                .evaluate();
        return worstCase(evaluation, 0.1, VerdictPolicy.atLeast(0.5));
    }

    /** Names that a build may well make up, without a place to break lines. */
    private static Reported longNames() {
        Shapes shapes = Shapes.of(6, 3, 16, 16);
        String data = "validation-split-of-the-second-quarter-without-duplicates-and-blurred-images-v2.npz";
        Evaluation evaluation = RobustnessEvaluation.of(shapes.model(), shapes.samples(data, 60))
                .name("com.example.product.recognition.TrafficSignRecognitionRobustnessTests"
                        + ".withstandsEverythingThatSomebodyWithAStickerMayDo(LabelModel, RobustnessReport)")
                .attack(
                        new OneStep("Projected-Gradient-Descent-With-Momentum-And-Many-Restarts-40×20", 1),
                        new OneStep("Projected-Gradient-Descent-With-Momentum-And-Many-Restarts-40×10", 0.5))
                .norm(Norm.LINF)
                .epsilon(0.0123456789, 8 / 255.0, 0.1)
                .seed(Long.MIN_VALUE)
                .evaluate();
        return worstCase(evaluation, 0.1, VerdictPolicy.atLeast(0.5));
    }
}
