package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class SvgCurveTests {

    private static final long[] SHAPE = {4};

    @Test
    void oneEpsilonIsNoCurve() {
        assertThat(curve(Reports.report(VerdictPolicy.measureOnly(), SHAPE, 0.1)))
                .isEmpty();
        assertThat(curve(Reports.report(VerdictPolicy.measureOnly(), SHAPE, 0.1, 0.2)))
                .isPresent();
    }

    @Test
    void theCurveNamesItsPointsTheirAccuracyAndWhatIsRequired() {
        Document svg = Xml.parse(draw(Reports.report(VerdictPolicy.atLeast(0.5), SHAPE, 0.1, 0.2, 0.3)));

        assertThat(Xml.texts(svg, "text"))
                .contains("robust accuracy under FGSM", "required 50.0%", "0", "0.1", "0.2", "0.3")
                .contains("95.0%", "75.0%", "55.0%", "35.0%")
                .contains("ε (L∞), 20 samples, band: 95% confidence interval");
    }

    @Test
    void thePointThatWasJudgedStandsOutInTheColorOfTheOutcome() {
        Document svg = Xml.parse(draw(Reports.report(VerdictPolicy.atLeast(0.7), SHAPE, 0.1, 0.2, 0.3)));

        assertThat(Xml.attributes(svg, "circle", "r")).containsExactly("3.5", "3.5", "3.5", "6");
        assertThat(Xml.attributes(svg, "circle", "fill")).endsWith("#b4232a");
    }

    @Test
    void everyPointLiesWhereItsNumbersSay() {
        Document svg = Xml.parse(draw(Reports.report(VerdictPolicy.atLeast(0.5), SHAPE, 0.1, 0.2, 0.3)));

        // 48 + ε / 0.3 × 524 and 262 − accuracy × 214
        assertThat(Xml.attributes(svg, "polyline", "points"))
                .containsExactly("48,58.7 222.7,101.5 397.3,144.3 572,187.1");
    }

    @Test
    void crowdedPointsLoseTheirLabelsButNotTheOneThatWasJudged() {
        RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), SHAPE, 0.3, 0.301, 0.302);
        Document svg = Xml.parse(draw(report));

        assertThat(Xml.texts(svg, "text")).contains("0.302").doesNotContain("0.3", "0.301");
    }

    @Test
    void withoutAThresholdThereIsNoLineForIt() {
        String svg = draw(Reports.report(VerdictPolicy.measureOnly(), SHAPE, 0.1, 0.2));

        assertThat(svg).doesNotContain("required");
    }

    @Test
    void everyAttackOfAWorstCaseHasItsLine() {
        Evaluation evaluation = Reports.evaluation(SHAPE, 0.1, 0.3);
        RobustnessReport report =
                RobustnessReport.worstCase(evaluation, evaluation.threatModels().get(1), VerdictPolicy.measureOnly());

        Document svg = Xml.parse(draw(report));

        assertThat(Xml.texts(svg, "text")).contains("worst case", "FGSM", "Half");
        // FGSM, Half, the worst case, and the three samples of the legend
        assertThat(Xml.attributes(svg, "polyline", "points"))
                .startsWith(
                        "48,58.7 222.7,101.5 572,187.1",
                        "48,58.7 222.7,80.1 572,122.9",
                        "48,58.7 222.7,101.5 572,187.1")
                .hasSize(6);
    }

    private static Optional<String> curve(RobustnessReport report) {
        ReportDocument document = Reports.document(report);
        return SvgCurve.draw(document, document.worst());
    }

    private static String draw(RobustnessReport report) {
        return curve(report).orElseThrow();
    }
}
