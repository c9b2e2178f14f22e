package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ReportHtmlTests {

    private static final long[] TABLE = {4};
    private static final long[] IMAGE = {1, 8, 8};

    @Test
    void theVerdictComesFirst() {
        Document html = describe(Reports.report(VerdictPolicy.atLeast(0.9), TABLE, 0.3));

        assertThat(Xml.texts(html, "p"))
                .startsWith("FAIL robust accuracy 35.0% under FGSM (L∞, ε = 0.3) is below the required 90.0%");
    }

    @Test
    void aKnownWeaknessIsNoSurprise() {
        RobustnessReport report = Reports.report(VerdictPolicy.atLeast(0.9), TABLE, 0.3);

        Document html = describe(Reported.of(report, Outcome.FAIL, ""));

        assertThat(Xml.texts(html, "p"))
                .startsWith(
                        "FAIL (as expected) robust accuracy 35.0% under FGSM (L∞, ε = 0.3) is below the required 90.0%");
    }

    @Test
    void theNumbersAreATable() {
        Document html = describe(Reports.report(VerdictPolicy.atLeast(0.9), TABLE, 0.3));

        assertThat(Xml.texts(html, "td"))
                .startsWith(
                        "clean accuracy",
                        "95.0%",
                        "19 of 20, 95% CI [75.1%, 99.9%]",
                        "robust accuracy",
                        "35.0%",
                        "7 of 20, 95% CI [15.4%, 59.2%]",
                        "worst class",
                        "33.3%",
                        "class 0: 3 of 9, 95% CI [5.8%, 73.9%]",
                        "required",
                        "90.0%",
                        "the 95% upper bound of robust accuracy, 55.8%, is below the required 90.0%",
                        "broken",
                        "60.0%",
                        "12 of 20, at a median distance of L∞ 0.3, L2 0.6",
                        "samples",
                        "20",
                        "brightness on affine",
                        "passes",
                        "2.0",
                        "forward and 1.0 backward per attacked sample",
                        "time")
                .anyMatch(text -> text.endsWith(", seed 7"));
    }

    @Test
    void featuresThatAreNoImageAreTold() {
        Document html = describe(Reports.report(VerdictPolicy.measureOnly(), TABLE, 0.05));

        assertThat(Xml.texts(html, "p")).contains("The 2 broken samples, true class → class predicted:");
        assertThat(Xml.texts(html, "td"))
                .containsSequence(
                        "#9", "0 → 1", "L∞ 0.05", "[0]", "0.475", "0.525", "", "", "", "[1]", "0.475", "0.525");
    }

    @Test
    void imagesAndCurvesAreImages() {
        Document html = describe(Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.05, 0.3));

        assertThat(Xml.texts(html, "p"))
                .contains("8 of the 12 broken samples, by distance, true class → class predicted:");
        List<String> images = Xml.attributes(html, "img", "src");
        assertThat(images).hasSize(3).allMatch(source -> source.startsWith("data:image/svg+xml;charset=utf-8,%3Csvg"));
        assertThat(decoded(images.get(0))).contains("robust accuracy under FGSM");
        assertThat(decoded(images.get(1))).contains("adversarial");
        assertThat(decoded(images.get(2))).contains("answer under attack");
        assertThat(Xml.attributes(html, "img", "alt"))
                .startsWith("Robust accuracy against epsilon: 95.0% at 0, 85.0% at 0.05, 35.0% at 0.3");
    }

    @Test
    void nothingBrokenIsSaid() {
        Document html = describe(Reports.report(VerdictPolicy.measureOnly(), IMAGE, 0.01));

        assertThat(Xml.texts(html, "p")).contains("No sample was broken.");
    }

    @Test
    void theWorstCaseListsItsAttacks() {
        RobustnessReport report = RobustnessReport.worstCase(
                Reports.evaluation(TABLE, 0.3),
                new ThreatModel(Norm.LINF, 0.3, Box.of(0, 1)),
                VerdictPolicy.measureOnly());

        Document html = describe(report);

        assertThat(Xml.texts(html, "th")).contains("attack", "robust", "broken", "forward", "backward", "time");
        assertThat(Xml.texts(html, "td"))
                .containsSequence("FGSM", "35.0%", "12", "2.0", "1.0")
                .containsSequence("Half", "65.0%", "6", "2.0", "1.0");
    }

    @Test
    void theGradientCheckIsNoted() {
        Document html = describe(Reports.report(VerdictPolicy.measureOnly(), TABLE, 0.3));

        assertThat(Xml.texts(html, "li").get(0))
                .startsWith("input gradients agree with finite differences at 4 points");
    }

    @Test
    void theCommandIsShownWhereThereIsOne() {
        RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), TABLE, 0.3);

        assertThat(Xml.texts(describe(report), "code")).isEmpty();
        assertThat(Xml.texts(describe(report, "mvn test -Dtest=A#b && <more>"), "code"))
                .containsExactly("mvn test -Dtest=A#b && <more>");
    }

    private static Document describe(RobustnessReport report) {
        return describe(report, "");
    }

    private static Document describe(RobustnessReport report, String reproduce) {
        return describe(Reported.of(report, Outcome.PASS, reproduce));
    }

    private static Document describe(Reported reported) {
        return Xml.parse(ReportHtml.description(ReportDocument.of(EvaluationJson.of(reported))));
    }

    private static String decoded(String dataUri) {
        return URLDecoder.decode(
                dataUri.substring(dataUri.indexOf(',') + 1).replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
