package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Every document fits the schema that is published with it, and holds no key that the schema doesn't tell of. */
class ReportSchemaTests {

    private static final JsonNode SCHEMA = strict();

    @Test
    void imagesUnderSeveralAttacksAndEpsilons() {
        Evaluation evaluation = Reports.evaluation(new long[] {1, 8, 8}, 0.1, 0.3);

        assertFits(EvaluationJson.of(evaluation, VerdictPolicy.atLeast(0.5).withMinRobustAccuracyPerClass(0.1)));
    }

    @Test
    void tablesUnderOneAttack() {
        assertFits(EvaluationJson.of(Reported.of(
                Reports.report(VerdictPolicy.measureOnly(), new long[] {4}, 0.3), Outcome.PASS, "mvn test")));
    }

    @Test
    void aPopulation() {
        assertFits(EvaluationJson.of(
                Reports.evaluation(new long[] {4}, 0.3),
                VerdictPolicy.atLeast(0.5).withDecision(Decision.POPULATION)));
    }

    @Test
    void aTestWithDefenseBaselineAndKnownExamples() {
        RobustnessReport report = Reports.report(VerdictPolicy.atLeast(0.9), new long[] {4}, 0.1, 0.3);

        assertFits(EvaluationJson.of(new Reported(
                report,
                Outcome.FAIL,
                "mvn test",
                Optional.of(new Reported.Defense(new Improvement(report, report), "hardening", List.of("a"), 1, 1)),
                Optional.of(new BaselineComparison(20, 9, 7, List.of(3L, 4L), 0, 0.02, 0.95)),
                Optional.of(new CorpusReplay(3, 2, List.of(), 0, 0)))));
    }

    @Test
    void theSchemaRefusesWhatIsNoReport() {
        ObjectNode document = EvaluationJson.of(Reports.evaluation(new long[] {4}, 0.3), VerdictPolicy.measureOnly());
        document.remove("attacks");
        document.put("seed", "seven");

        assertThat(validate(document))
                .extracting(ValidationMessage::getMessage)
                .anyMatch(message -> message.contains("'attacks'"))
                .anyMatch(message -> message.contains("seed"));
    }

    private static void assertFits(ObjectNode document) {
        assertThat(validate(document)).isEmpty();
    }

    private static Set<ValidationMessage> validate(JsonNode document) {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(SCHEMA)
                .validate(document);
    }

    /** The schema allows keys of later versions; a document of this version has none. */
    private static JsonNode strict() {
        try (InputStream in =
                Objects.requireNonNull(ReportSchemaTests.class.getResourceAsStream("report.schema.json"))) {
            JsonNode schema = ReportDocument.MAPPER.readTree(in);
            forbidOthers(schema);
            return schema;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void forbidOthers(JsonNode node) {
        if (node instanceof ObjectNode object
                && object.path("properties").isObject()
                && !object.has("additionalProperties")) {
            object.put("additionalProperties", false);
        }
        node.forEach(ReportSchemaTests::forbidOthers);
    }
}
