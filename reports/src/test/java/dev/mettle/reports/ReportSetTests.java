package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.testing.TrustReports;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ReportSetTests {

    private static final long[] IMAGE = {1, 8, 8};
    private static final ReportDocument FAILED =
            Reports.document(Reports.report(VerdictPolicy.atLeast(0.9), IMAGE, 0.1, 0.3));
    private static final ReportDocument PASSED = trusted(0.5);
    private static final ReportDocument OPEN = trusted(0.8);
    private static final ReportSet SET = ReportSet.of(FAILED, PASSED, OPEN);

    @Test
    void thePageTellsAllReportsAndLeadsToEach() {
        Document page = page(SET);

        assertThat(Xml.texts(page, "h1")).containsExactly("Adversarial robustness of affine");
        assertThat(Xml.texts(page, "p")).contains("3 reports: 1 PASS, 1 FAIL, 1 INCONCLUSIVE");
        assertThat(Xml.attributes(page, "a", "href")).contains("#results", "#report-1", "#report-2", "#report-3");
        assertThat(Xml.attributes(page, "section", "id")).containsExactly("report-1", "report-2", "report-3");
        assertThat(Xml.attributes(page, "figure", "aria-label")).isNotEmpty().noneMatch(String::isEmpty);
    }

    @Test
    void thePageNeedsNothingElse() {
        String page = SET.html();

        assertThat(page).doesNotContain("<script", "<link", "url(", "@import").doesNotContainPattern("src=\"(?!data:)");
        // all colors are those of the style sheet, light or dark
        assertThat(page.substring(page.indexOf("</style>"))).doesNotContainPattern("\"#[0-9a-f]{6}\"");
    }

    @Test
    void aReportWithoutTestOrFileIsRenderedJustTheSame() {
        RobustnessReport report = Reports.report(VerdictPolicy.atLeast(0.9), IMAGE, 0.1, 0.3);

        assertThat(ReportSet.of(report).markdown())
                .isEqualTo(ReportSet.of(Reports.document(report)).markdown());
    }

    @Test
    void equalReportsGiveEqualPages() {
        assertThat(ReportSet.of(FAILED, PASSED, OPEN).html()).isEqualTo(SET.html());
    }

    @Test
    void markdownBeginsWithATableOfAll() {
        assertThat(SET.markdown()).startsWith("""
                # Adversarial robustness

                | test | threat model | clean | robust | required | verdict |
                |---|---|---:|---:|---:|---|
                | a test | FGSM, L∞, ε = 0.3 | 95.0% | 35.0% | 90.0% | **FAIL** |
                | a test | FGSM, L∞, ε = 0.05 | 95.0% | 85.0% | 50.0% | **PASS** |
                | a test | FGSM, L∞, ε = 0.05 | 95.0% | 85.0% | 80.0% | **INCONCLUSIVE** |

                ## a test: FGSM, L∞, ε = 0.3

                **FAIL** robust accuracy 35.0% under FGSM (L∞, ε = 0.3) is below the required 90.0%

                | | | |
                |---|---:|---|
                | clean accuracy | 95.0% | 19 of 20, 95% CI \\[75.1%, 99.9%\\] |
                """);
    }

    @Test
    void ciServersReadFailuresAndSkippedTests() {
        Document xml = Xml.parse(SET.junitXml());

        assertThat(xml.getDocumentElement().getAttribute("tests")).isEqualTo("3");
        assertThat(xml.getDocumentElement().getAttribute("failures")).isEqualTo("1");
        assertThat(xml.getDocumentElement().getAttribute("skipped")).isEqualTo("1");
        assertThat(xml.getDocumentElement().getAttribute("errors")).isEqualTo("0");
        assertThat(Xml.attributes(xml, "testcase", "name"))
                .containsExactly("FGSM, L∞, ε = 0.3", "FGSM, L∞, ε = 0.05", "FGSM, L∞, ε = 0.05");
        assertThat(Xml.attributes(xml, "failure", "message"))
                .containsExactly("FAIL robust accuracy 35.0% under FGSM (L∞, ε = 0.3) is below the required 90.0%");
    }

    @Test
    void aKnownWeaknessIsNoFailureAndNoFinding() {
        RobustnessReport report = Reports.report(VerdictPolicy.atLeast(0.9), IMAGE, 0.3);
        ReportSet expected = ReportSet.of(ReportDocument.of(EvaluationJson.of(Reported.of(report, Outcome.FAIL, ""))));

        assertThat(Xml.attributes(Xml.parse(expected.junitXml()), "failure", "message"))
                .isEmpty();
        assertThat(expected.sarif()).contains("\"results\": []");
        assertThat(expected.markdown()).contains("**FAIL** (as expected)");
    }

    @Test
    void sarifHoldsWhatIsNotShown() throws IOException {
        JsonNode run = ReportDocument.MAPPER.readTree(SET.sarif()).at("/runs/0");

        assertThat(run.at("/tool/driver/rules")).hasSize(3);
        assertThat(run.get("results")).hasSize(2);
        assertThat(run.at("/results/0/ruleId").asText()).isEqualTo("robustness-below-threshold");
        assertThat(run.at("/results/0/level").asText()).isEqualTo("error");
        assertThat(run.at("/results/1/ruleId").asText()).isEqualTo("robustness-inconclusive");
        assertThat(run.at("/results/0/message/text").asText())
                .isEqualTo("robust accuracy 35.0% under FGSM (L∞, ε = 0.3) is below the required 90.0%");
    }

    @Test
    void theCardSaysWhatWasFoundAndWhatThatDoesNotShow() {
        assertThat(SET.card())
                .startsWith("---\nmodel: \"affine\"\n")
                .contains("    robust_accuracy: 0.35\n", "    verdict: FAIL\n")
                .contains("# Robustness card: affine\n")
                .contains("| a test | L∞, ε = 0.3 | FGSM | brightness | 20 of 20 |")
                .contains("| a test, L∞, ε = 0.3 | 95.0% | 35.0% | 17.7% and 55.8% at 95.0% each | 90.0% | **FAIL** |")
                .contains("## What this doesn't show", "That none was found is evidence only")
                .endsWith("This card is evidence; it states no conformity with any rule.\n");
    }

    @Test
    void aCardIsAboutOneModel() {
        Evaluation other = Reports.evaluation(new long[] {4}, 0.3);
        ObjectNode json = EvaluationJson.of(other, VerdictPolicy.measureOnly());
        ((ObjectNode) json.get("model")).put("sha256", "another");
        ReportSet both = ReportSet.of(FAILED, ReportDocument.of(json));

        assertThatThrownBy(both::card)
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("a card is about one model, and these reports are about 2: give only those of one");
    }

    /** A report on what all trust checks let pass. */
    private static ReportDocument trusted(double required) {
        Evaluation evaluation = Reports.evaluation(IMAGE, 0.05);
        AttackResult result = evaluation.results().get(0);
        Evaluation checked = new Evaluation(
                evaluation.name(),
                evaluation.model(),
                evaluation.data(),
                evaluation.dataSha256(),
                evaluation.cleanPredictions(),
                evaluation.results(),
                evaluation.gradientCheck(),
                evaluation.notes(),
                evaluation.environment(),
                evaluation.seed(),
                evaluation.batchSize(),
                List.of(TrustReports.passed(result.threatModel(), result.attack())));
        return Reports.document(RobustnessReport.of(checked, result, VerdictPolicy.atLeast(required)));
    }

    private static Document page(ReportSet set) {
        return Xml.parse(set.html().replace("<!DOCTYPE html>", ""));
    }

    @Test
    void everyReportHasItsOwnSection() {
        List<String> headings = Xml.texts(page(SET), "h3");

        assertThat(headings).containsExactly("FGSM, L∞, ε = 0.3", "FGSM, L∞, ε = 0.05", "FGSM, L∞, ε = 0.05");
    }
}
