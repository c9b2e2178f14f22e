package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.attack.Query;
import dev.mettle.core.attack.SampleStatus;
import java.util.List;
import java.util.Locale;

/** Writes attacks of a report that were run again as one JSON document, with every query. */
public final class ReproductionJson {

    /** The version of the document's structure, its value of {@code schema}. */
    public static final String SCHEMA = "mettle-reproduction/1";

    private ReproductionJson() {}

    /**
     * Build the document.
     *
     * @param report the report
     * @param attacks the attacks that were run again, at least one, all on one sample
     * @param sameModel whether the model is that of the report
     * @param sameData whether the data are those of the report
     */
    public static ObjectNode of(
            SavedEvaluation report, List<ReproducedAttack> attacks, boolean sameModel, boolean sameData) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("schema", SCHEMA);
        document.put("report", report.file());
        document.put("sample", attacks.get(0).trace().outcome().id());
        document.put("label", attacks.get(0).trace().outcome().label());
        document.put("equal", attacks.stream().allMatch(ReproducedAttack::equal));
        document.put("sameModel", sameModel);
        document.put("sameData", sameData);
        document.put("seed", report.seed());
        ArrayNode nodes = document.putArray("attacks");
        attacks.forEach(attack -> put(nodes.addObject(), attack));
        return document;
    }

    private static void put(ObjectNode node, ReproducedAttack attack) {
        SavedAttack saved = attack.saved();
        node.put("label", saved.label());
        if (!saved.suite().isEmpty()) {
            node.put("suite", saved.suite());
        }
        node.put("norm", saved.norm().name().toLowerCase(Locale.ROOT));
        EvaluationJson.putFinite(node, "epsilon", saved.epsilon());
        ObjectNode parameters = node.putObject("parameters");
        saved.parameters().forEach(parameters::put);
        node.put("equal", attack.equal());
        put(node.putObject("inReport"), attack.report());
        put(node.putObject("here"), attack.here());
        node.put("samplesTogether", attack.trace().samples());
        if (attack.inBatch().isPresent()) {
            put(node.putObject("alone"), SavedOutcome.of(attack.alone().outcome(), saved.norm()));
        }
        ArrayNode trace = node.putArray("trace");
        for (Query query : attack.trace().queries()) {
            ObjectNode each = trace.addObject();
            each.put("restart", query.restart() + 1);
            each.put("asked", query.asked().name().toLowerCase(Locale.ROOT));
            each.put("backward", query.backwards());
            EvaluationJson.putFinite(each, "margin", query.margin());
            EvaluationJson.putFinite(each, "gradientNorm", query.gradientNorm());
            each.put("distance", query.distance());
        }
    }

    private static void put(ObjectNode node, SavedOutcome outcome) {
        node.put("status", outcome.status().name());
        if (outcome.status() == SampleStatus.BROKEN) {
            node.put("predicted", outcome.predicted());
            node.put("distance", outcome.distance());
            node.put("forward", outcome.forwards());
            node.put("backward", outcome.backwards());
            node.put("exampleSha256", outcome.exampleSha256());
        }
    }
}
