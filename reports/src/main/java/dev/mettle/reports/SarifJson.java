package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.verdict.Outcome;
import java.util.List;

/**
 * Tells the findings of reports in SARIF 2.1.0 (OASIS), for tools that collect findings of analyses: what fails its threshold, what can't
 * be trusted, and what remained undecided. A finding is about a model, so its location is the model's name, and the test.
 */
final class SarifJson {

    private SarifJson() {}

    static String of(List<ReportDocument> documents) {
        ObjectNode log = JsonNodeFactory.instance.objectNode();
        log.put(
                "$schema",
                "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
        log.put("version", "2.1.0");
        ObjectNode run = log.putArray("runs").addObject();
        ObjectNode driver = run.putObject("tool").putObject("driver");
        driver.put("name", "Mettle");
        driver.put("version", documents.get(0).environment().getOrDefault("mettle", "unknown"));
        ArrayNode rules = driver.putArray("rules");
        rule(rules, Outcome.FAIL, "The model is not as robust as required", "error");
        rule(rules, Outcome.UNTRUSTED, "The evaluation of robustness can't be trusted", "warning");
        rule(rules, Outcome.INCONCLUSIVE, "The samples neither show nor rule out the required robustness", "note");
        ArrayNode results = run.putArray("results");
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                Outcome outcome = threat.verdict().outcome();
                boolean finding = outcome == Outcome.UNTRUSTED
                        || outcome == Outcome.INCONCLUSIVE
                        || (outcome == Outcome.FAIL && document.expected() != Outcome.FAIL);
                if (finding) {
                    result(results.addObject(), document, threat);
                }
            }
        }
        return EvaluationJson.text(log);
    }

    private static void rule(ArrayNode rules, Outcome outcome, String text, String level) {
        ObjectNode rule = rules.addObject().put("id", id(outcome));
        rule.putObject("shortDescription").put("text", text);
        rule.putObject("defaultConfiguration").put("level", level);
        ArrayNode tags = rule.putObject("properties").putArray("tags");
        tags.add("robustness").add("external/cwe/cwe-1039");
    }

    private static String id(Outcome outcome) {
        return switch (outcome) {
            case FAIL -> "robustness-below-threshold";
            case UNTRUSTED -> "robustness-untrusted";
            default -> "robustness-inconclusive";
        };
    }

    private static void result(ObjectNode result, ReportDocument document, ReportDocument.Threat threat) {
        Outcome outcome = threat.verdict().outcome();
        result.put("ruleId", id(outcome));
        result.put("level", outcome == Outcome.FAIL ? "error" : outcome == Outcome.UNTRUSTED ? "warning" : "note");
        result.putObject("message").put("text", threat.shown().sentence());
        ObjectNode location = result.putArray("locations").addObject();
        location.putObject("physicalLocation")
                .putObject("artifactLocation")
                .put("uri", document.model().name().replaceAll("[^A-Za-z0-9._/-]+", "-"));
        location.putArray("logicalLocations")
                .addObject()
                .put("fullyQualifiedName", document.name())
                .put("kind", "function");
        result.putObject("partialFingerprints").put("test/v1", document.name() + "/" + threat.heading());
    }
}
