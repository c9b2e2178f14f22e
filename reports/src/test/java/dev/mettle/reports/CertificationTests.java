package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.CertificationContext;
import dev.mettle.core.certification.CertificationListener;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.certification.RobustnessCertification;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
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
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

class CertificationTests {

    /**
     * Certifies a share of the distance to the boundary, at which the mean brightness of a sample crosses one half; abstains within 0.03 of
     * it.
     */
    private record Share(double share, double alpha) implements Certifier {

        @Override
        public String name() {
            return "share";
        }

        @Override
        public Map<String, String> parameters() {
            return alpha == 0 ? Map.of() : Map.of("share", String.valueOf(share));
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.LINF);
        }

        @Override
        public boolean findsLargestRadius() {
            return true;
        }

        @Override
        public List<Certificate> certify(CertificationContext context) {
            LabeledData data = context.data();
            double[][] rows = Rows.toRows(data.inputs());
            List<Certificate> certificates = new ArrayList<>();
            for (int i = 0; i < rows.length; i++) {
                double distance = Math.abs(rows[i][0] - 0.5);
                certificates.add(
                        distance < 0.03
                                ? Certificate.abstained(data.id(i), data.label(i), 10, "close")
                                : Certificate.of(
                                        data.id(i),
                                        data.label(i),
                                        rows[i][0] > 0.5 ? 1 : 0,
                                        share * distance,
                                        10,
                                        "far"));
            }
            return certificates;
        }
    }

    private static final String CURVE = "<svg/>";

    /** Radii 0.8 times 0.075, 0.125, … 0.475, each on both sides, but for the first, which is labeled wrongly; two abstentions. */
    private static RobustnessCertification certification(double share, double alpha) {
        return RobustnessCertification.of(Reports.model(4, 4), Reports.samples(4))
                .name("a test")
                .certifier(new Share(share, alpha))
                .radius(0.2)
                .seed(7);
    }

    private static CertificationReport attacked() {
        return certification(0.8, 0.001)
                .attack(Reports.STEP)
                .minCertifiedAccuracy(0.9)
                .decision(Decision.POPULATION)
                .run();
    }

    @Test
    void the_description_says_what_is_certified_and_with_which_confidence() {
        Document html = Xml.parse(CertificationHtml.of(
                certification(0.8, 0.001).minCertifiedAccuracy(0.2).run(), CURVE, "mvn test -Dtest=A#b"));

        List<String> paragraphs = Xml.texts(html, "p");
        assertThat(paragraphs.get(0))
                .isEqualTo("PASS certified accuracy 45.0% within L∞ radius 0.2 by share reaches the required 20.0%");
        assertThat(paragraphs.get(1))
                .isEqualTo(
                        "Every certificate holds with a probability of at least 99.9% (α = 0.001, over the noise), so at"
                                + " most 0.02 false ones are to be expected among 20 samples; with 95% confidence, over the choice of"
                                + " samples and the noise, at least 25.9% of all inputs get a certificate, and robust accuracy is at"
                                + " least 25.8%.");
        assertThat(Xml.texts(html, "td"))
                .containsSubsequence(
                        "clean accuracy",
                        "85.0%",
                        "17 of 20, 95% CI [62.1%, 96.8%]",
                        "certified accuracy",
                        "45.0%",
                        "9 of 20, 95% CI [23.1%, 68.5%], within L∞ radius 0.2",
                        "required",
                        "20.0%",
                        "one-sided bounds at 95% confidence: 25.9% and 65.3%",
                        "abstained",
                        "10.0%",
                        "2 of 20, counted as not certified",
                        "passes",
                        "10",
                        "forward per sample, share = 0.8");
        assertThat(Xml.attributes(html, "img", "alt")).containsExactly("certified accuracy against the radius");
        assertThat(Xml.texts(html, "code")).containsExactly("mvn test -Dtest=A#b");
    }

    @Test
    void a_certifier_without_parameters_leaves_them_out() {
        Document html = Xml.parse(CertificationHtml.of(certification(0.8, 0).run(), CURVE, ""));

        assertThat(Xml.texts(html, "td")).containsSubsequence("passes", "10", "forward per sample");
    }

    @Test
    void the_description_shows_what_lies_between_certificates_and_attacks() {
        Document html = Xml.parse(CertificationHtml.of(attacked(), CURVE, ""));

        assertThat(Xml.texts(html, "p"))
                .contains(
                        "FAIL certified accuracy 45.0% within L∞ radius 0.2 by share is below the required 90.0%",
                        "Between 45.0% (certified) and 55.0% (not broken by FGSM (L∞, ε = 0.2)) of these samples are robust"
                                + " within L∞ radius 0.2.");
        assertThat(Xml.texts(html, "td")).contains("under attack", "11 of 20 not broken by FGSM (L∞, ε = 0.2)");
    }

    @Test
    void the_curve_is_a_staircase_that_falls_behind_each_radius() {
        CertificationReport report = certification(0.8, 0).run();
        Document svg = Xml.parse(SvgStaircase.draw(report));

        String[] corners = Xml.attributes(svg, "polyline", "points").get(0).split(" ");
        assertThat(corners[0]).isEqualTo("48,80.1"); // 17 of 20
        assertThat(corners[corners.length - 1]).isEqualTo("628,262");
        // 11 of 20 up to the radius 0.8 · 0.225 = 0.18, and 9 of 20 right behind it
        assertThat(corners).containsSubsequence("241.1,144.3", "296.2,144.3", "296.2,165.7", "323.8,165.7");
        assertThat(Xml.attributes(svg, "circle", "cy")).containsExactly("165.7");
        assertThat(Xml.texts(svg, "text"))
                .contains("certified accuracy by share", "0.2", "45.0% certified")
                .contains("radius (L∞), 20 samples, band: 95% confidence interval");
        assertThat(Xml.attributes(svg, "polygon", "points")).hasSize(1);
    }

    @Test
    void the_curve_shows_what_withstood_attacks() {
        Document svg = Xml.parse(SvgStaircase.draw(attacked()));

        assertThat(Xml.texts(svg, "text"))
                .contains(
                        "55.0% not broken by attacks", "45.0% certified", "required 90.0%", "radius (L∞), 20 samples");
        assertThat(Xml.attributes(svg, "polygon", "points")).hasSize(1); // a mark, but no band around a population
    }

    @Test
    void a_contradiction_shows_wherever_the_report_does() {
        CertificationReport report = certification(3, 0)
                .attack(Reports.STEP)
                .minCertifiedAccuracy(0.2)
                .run();

        assertThat(report.outcome()).isEqualTo(Outcome.UNTRUSTED);
        assertThat(Xml.texts(Xml.parse(CertificationHtml.of(report, CURVE, "")), "p")
                        .get(0))
                .startsWith("UNTRUSTED certified accuracy 85.0% within L∞ radius 0.2 by share can't be trusted: attacks"
                        + " contradict ")
                .endsWith("one of the two is wrong about the model: this is a bug");
        assertThat(Xml.texts(Xml.parse(CertificationHtml.of(report, CURVE, "")), "p"))
                .contains("Attacks contradict certificates, so these show nothing.");
        assertThat(CertificationJson.of(report).at("/sandwich/contradictions")).isNotEmpty();
    }

    @Test
    void a_test_leaves_a_page_and_the_document(@TempDir Path folder) throws IOException {
        System.setProperty(ReportFilesListener.FOLDER, folder.toString());
        try {
            new ReportFilesListener()
                    .certified(
                            certification(0.8, 0.001).minCertifiedAccuracy(0.2).run(), "mvn test");
        } finally {
            System.clearProperty(ReportFilesListener.FOLDER);
        }

        assertThat(Files.readString(folder.resolve("a-test-share-Linf-radius-0.2.html")))
                .startsWith("<!DOCTYPE html>")
                .contains("<h1>Certified robustness of affine</h1>", "reaches the required 20.0%");
        assertThat(folder.resolve("a-test-share-Linf-radius-0.2.certification.json"))
                .isNotEmptyFile();
        assertThatThrownBy(() -> ReportSet.read(List.of(folder)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("there is no report in");
    }

    @Test
    void the_document_holds_counts_and_every_certificate() {
        ObjectNode json = CertificationJson.of(certification(0.8, 0.001)
                .minCertifiedAccuracy(0.2)
                .attack(Reports.STEP)
                .run());

        assertThat(json.get("schema").asText()).isEqualTo("mettle-certification/1");
        assertThat(json.get("certifiedCount").asInt()).isEqualTo(9);
        assertThat(json.get("abstainedCount").asInt()).isEqualTo(2);
        JsonNode verdict = json.get("verdict");
        assertThat(verdict.get("outcome").asText()).isEqualTo("PASS");
        double bound = ClopperPearson.lowerBound(9, 20, 0.95);
        assertThat(verdict.get("lowerBound").asDouble()).isEqualTo(bound);
        assertThat(verdict.get("robustLowerBound").asDouble()).isCloseTo(bound - 0.001, within(1e-12));
        assertThat(json.at("/certifier/alpha").asDouble()).isEqualTo(0.001);
        assertThat(json.at("/sandwich/unbrokenCount").asInt()).isEqualTo(11);
        assertThat(json.at("/curve/0/certifiedCount").asInt()).isEqualTo(17);
        assertThat(json.get("certificates")).hasSize(20);
        assertThat(json.at("/certificates/9/predicted").isNull()).isTrue();
        assertThat(json.at("/certificates/19/radius").asDouble()).isCloseTo(0.38, within(1e-6));
        assertThat(json.at("/certificates/19/evidence").asText()).isEqualTo("far");
    }

    private static final class Memory implements AllureResultsWriter {
        private final List<TestResult> results = new ArrayList<>();

        @Override
        public void write(TestResult testResult) {
            results.add(testResult);
        }

        @Override
        public void write(TestResultContainer testResultContainer) {}

        @Override
        public void write(String source, InputStream attachment) {}
    }

    @Test
    void allure_shows_it_on_the_running_test(@TempDir Path directory) {
        String key = "allure.results.directory";
        String propertyBefore = System.getProperty(key, "");
        AllureLifecycle before = Allure.getLifecycle();
        Memory memory = new Memory();
        AllureLifecycle lifecycle = new AllureLifecycle(memory);
        try {
            System.setProperty(key, directory.toString());
            Allure.setLifecycle(lifecycle);
            lifecycle.scheduleTestCase(new TestResult().setUuid("1").setName("isCertified"));
            lifecycle.startTestCase("1");
            attacked(); // tells the listeners
            lifecycle.stopTestCase("1");
            lifecycle.writeTestCase("1");
        } finally {
            Allure.setLifecycle(before);
            System.setProperty(key, propertyBefore);
        }

        TestResult result = memory.results.get(0);
        assertThat(result.getDescriptionHtml()).contains("certified accuracy 45.0% within L∞ radius 0.2");
        assertThat(result.getParameters())
                .extracting(Parameter::getName)
                .containsExactly("certifier", "norm", "radius", "seed");
        assertThat(result.getLabels()).extracting(Label::getValue).contains("Robustness", "Certified");
        assertThat(result.getSteps())
                .extracting(StepResult::getName)
                .containsExactly(
                        "Certify by share: 9 of 20 within L∞ radius 0.2",
                        "Compare with attacks: between 45.0% (certified) and 55.0% (not broken by FGSM (L∞, ε = 0.2)) of"
                                + " these samples are robust within L∞ radius 0.2",
                        "Judge: FAIL");
        assertThat(result.getSteps())
                .extracting(StepResult::getStatus)
                .containsExactly(Status.PASSED, Status.PASSED, Status.FAILED);
        assertThat(result.getAttachments())
                .extracting(Attachment::getName)
                .containsExactly("certified accuracy", "certification.json");
        assertThat(directory.resolve("environment.properties")).content().contains("Model=affine");
    }

    @Test
    void service_loader_finds_the_listener() {
        assertThat(ServiceLoader.load(CertificationListener.class))
                .hasAtLeastOneElementOfType(AllureCertificationListener.class);
    }
}
