package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.verdict.VerdictPolicy;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ReportComparisonTests {

    private static final long[] IMAGE = {1, 8, 8};

    // 0 of 20 gained and 6 lost, each bound at 97.5 %: from 0 − 54.28 % to 16.84 % − 11.89 %

    /** FGSM breaks 12 of 20 samples, and the first one is wrong anyway; half a step breaks the 6 nearest of them. */
    private static final ReportDocument FULL = document(0, "full");

    private static final ReportDocument HALF = document(1, "half");

    @Test
    void lessRobustIsSaidWhereChanceIsRuledOut() {
        ReportComparison comparison = ReportComparison.of(HALF, FULL, "a.json", "b.json");

        assertThat(comparison.isWorse()).isTrue();
        assertThat(comparison.lines())
                .containsExactly(
                        "half → full, on brightness",
                        "",
                        "L∞, ε = 0.3: less robust: robust accuracy 65.0% → 35.0% of the same 20 samples, 6 newly broken,"
                                + " 0 newly robust (p = 0.016)",
                        "  robust accuracy   65.0% → 35.0%, -30.0 points (bounds -54.3 and +5.0; 0 gained, 6 lost)",
                        "  clean accuracy    95.0% → 95.0%, +0.0 points (bounds -16.8 and +16.8; 0 gained, 0 lost)",
                        "  attacks           not the same: Half, then FGSM",
                        "  newly broken      #4, #5, #6, #13, #14, #15");
    }

    @Test
    void moreRobustIsTheOtherWayRound() {
        ReportComparison comparison = ReportComparison.of(FULL, HALF, "a.json", "b.json");

        assertThat(comparison.isWorse()).isFalse();
        assertThat(comparison.lines())
                .anyMatch(line -> line.startsWith("L∞, ε = 0.3: more robust: robust accuracy 35.0% → 65.0%"))
                .contains("  newly robust      #4, #5, #6, #13, #14, #15");
    }

    @Test
    void nothingChangedIsSaid() {
        assertThat(ReportComparison.of(FULL, FULL, "a.json", "b.json").lines())
                .startsWith(
                        "a.json → b.json, on brightness",
                        "",
                        "L∞, ε = 0.3: robust accuracy 35.0% → 35.0% of the same 20 samples: no sample changed");
    }

    @Test
    void otherParametersOfTheSameAttackAreSaid() {
        ObjectNode before = EvaluationJson.of(evaluation(0), VerdictPolicy.measureOnly());
        ((ObjectNode) before.at("/attacks/0"))
                .putObject("parameters")
                .put("steps", "40")
                .put("restarts", "1");
        ObjectNode after = EvaluationJson.of(evaluation(0), VerdictPolicy.measureOnly());
        ((ObjectNode) after.at("/attacks/0"))
                .putObject("parameters")
                .put("steps", "60")
                .put("loss", "margin");

        assertThat(ReportComparison.of(ReportDocument.of(before), ReportDocument.of(after), "a.json", "b.json")
                        .lines())
                .containsSubsequence(
                        "  attacks           not the same: loss of FGSM not said, then margin",
                        "  attacks           not the same: restarts of FGSM 1, then not said",
                        "  attacks           not the same: steps of FGSM 40, then 60");
    }

    @Test
    void undecidedSamplesSayNothing() {
        ObjectNode changed = EvaluationJson.of(evaluation(0), VerdictPolicy.measureOnly());
        ObjectNode attack = (ObjectNode) changed.at("/attacks/0");
        ArrayNode undecided = attack.putArray("undecided");
        undecided.addObject().put("sample", 1).put("status", "GRADIENT_ZERO");
        undecided.addObject().put("sample", 2).put("status", "GRADIENT_ZERO");

        assertThat(ReportComparison.of(FULL, ReportDocument.of(changed), "a.json", "b.json")
                        .lines())
                .anyMatch(line -> line.contains("of the same 18 samples"));
    }

    @Test
    void thePageShowsTheSamplesAndBothCurves() {
        ReportDocument before = curve(1);
        ReportDocument after = curve(0);

        String page = ReportComparison.of(before, after, "a.json", "b.json").html();

        Document html = Xml.parse(page.replace("<!DOCTYPE html>", ""));
        assertThat(Xml.texts(html, "h3")).contains("Newly broken");
        assertThat(Xml.texts(html, "p")).anyMatch(text -> text.startsWith("#"));
        assertThat(page).contains(">a.json<", ">b.json<", "image-rendering:pixelated");
        assertThat(page).doesNotContain("<script", "<link");
    }

    @Test
    void theJsonListsWhatChanged() throws IOException {
        JsonNode json = ReportDocument.MAPPER.readTree(
                ReportComparison.of(HALF, FULL, "a.json", "b.json").json());

        assertThat(json.get("schema").asText()).isEqualTo("mettle-comparison/1");
        assertThat(json.get("worse").asBoolean()).isTrue();
        assertThat(json.at("/threatModels/0/newlyBroken")).hasToString("[4,5,6,13,14,15]");
        assertThat(json.at("/threatModels/0/robustAccuracy/lost").asInt()).isEqualTo(6);
    }

    @Test
    void markdownHasATable() {
        assertThat(ReportComparison.of(HALF, FULL, "a.json", "b.json").markdown())
                .startsWith("# Robustness: half → full\n")
                .contains("| robust accuracy | 65.0% | 35.0% | -30.0 points | -54.3 points to +5.0 points | 0 | 6 |")
                .contains("Newly broken: #4, #5, #6, #13, #14, #15.");
    }

    @Test
    void otherSamplesAreRefused() {
        ReportDocument other = ReportDocument.of(
                EvaluationJson.of(Reports.evaluation(new long[] {4}, 0.3), VerdictPolicy.measureOnly()));

        assertThatThrownBy(() -> ReportComparison.of(FULL, other, "a.json", "b.json"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("a.json and b.json are about different samples, brightness and brightness with different"
                        + " hashes: evaluate both models on the same samples");
    }

    @Test
    void otherThreatModelsAreRefused() {
        ReportDocument other =
                ReportDocument.of(EvaluationJson.of(Reports.evaluation(IMAGE, 0.1), VerdictPolicy.measureOnly()));

        assertThatThrownBy(() -> ReportComparison.of(FULL, other, "a.json", "b.json"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("a.json and b.json have no threat model in common: the first one has L∞, ε = 0.3, the"
                        + " second one L∞, ε = 0.1; evaluate both under the same one");
    }

    private static ReportDocument document(int attack, String model) {
        ObjectNode document = EvaluationJson.of(evaluation(attack), VerdictPolicy.measureOnly());
        ((ObjectNode) document.get("model")).put("name", model);
        return ReportDocument.of(document);
    }

    /** The document of one of the two attacks. */
    private static Evaluation evaluation(int attack) {
        return only(Reports.evaluation(IMAGE, 0.3), attack);
    }

    private static ReportDocument curve(int attack) {
        Evaluation all = Reports.evaluation(IMAGE, 0.1, 0.3);
        return ReportDocument.of(EvaluationJson.of(only(all, 2 * attack, 2 * attack + 1), VerdictPolicy.measureOnly()));
    }

    private static Evaluation only(Evaluation all, int... results) {
        return new Evaluation(
                all.name(),
                all.model(),
                all.data(),
                all.dataSha256(),
                all.cleanPredictions(),
                Arrays.stream(results).mapToObj(all.results()::get).toList(),
                all.gradientCheck(),
                all.notes(),
                all.environment(),
                all.seed(),
                all.batchSize(),
                all.trust());
    }
}
