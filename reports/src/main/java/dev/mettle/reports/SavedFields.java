package dev.mettle.reports;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.Decision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;

/** Reads the fields of a report, with errors that name the field. */
final class SavedFields {

    private final String file;
    private final JsonNode document;

    SavedFields(String file, JsonNode document) {
        this.file = file;
        this.document = document;
    }

    SavedEvaluation evaluation() {
        JsonNode model = object(document, "", "model");
        JsonNode data = object(document, "", "data");
        List<Long> shape = longs(model, "model.", "inputShape");
        long samples = number(data, "data.", "samples").longValue();
        List<SavedAttack> attacks = new ArrayList<>();
        for (JsonNode node : array(document, "", "attacks")) {
            attacks.add(attack(node, "attacks[" + attacks.size() + "]."));
        }
        return new SavedEvaluation(
                file,
                text(model, "model.", "name"),
                text(model, "model.", "sha256"),
                shape,
                box(object(model, "model.", "inputRange"), "model.inputRange."),
                constant(DataType.values(), text(model, "model.", "dataType"), "model.dataType"),
                text(data, "data.", "name"),
                text(data, "data.", "sha256"),
                data.has("ids")
                        ? longs(data, "data.", "ids")
                        : LongStream.range(0, samples).boxed().toList(),
                Collections.unmodifiableSet(new LinkedHashSet<>(longs(data, "data.", "wrong"))),
                constraints(attacks.size()),
                number(document, "", "seed").longValue(),
                number(document, "", "batchSize").intValue(),
                constant(
                        Decision.values(),
                        text(object(document, "", "verdict"), "verdict.", "decision"),
                        "verdict.decision"),
                texts(object(document, "", "environment"), "environment."),
                files(),
                List.copyOf(attacks));
    }

    private SavedAttack attack(JsonNode node, String path) {
        Map<Long, SavedOutcome> broken = new LinkedHashMap<>();
        for (JsonNode each : array(node, path, "broken")) {
            String own = path + "broken[" + broken.size() + "].";
            SavedOutcome outcome = new SavedOutcome(
                    SampleStatus.BROKEN,
                    number(each, own, "predicted").intValue(),
                    number(each, own, "distance").doubleValue(),
                    text(each, own, "exampleSha256"),
                    number(each, own, "forward").longValue(),
                    number(each, own, "backward").longValue());
            broken.put(number(each, own, "sample").longValue(), outcome);
        }
        Map<Long, SampleStatus> others = new LinkedHashMap<>();
        if (node.has("undecided")) {
            for (JsonNode each : array(node, path, "undecided")) {
                String own = path + "undecided[" + others.size() + "].";
                others.put(
                        number(each, own, "sample").longValue(),
                        constant(SampleStatus.values(), text(each, own, "status"), own + "status"));
            }
        }
        putAll(others, node, path, "brokenBefore", SampleStatus.BROKEN_BEFORE);
        putAll(others, node, path, "leftOpen", SampleStatus.LEFT_OPEN);
        putAll(others, node, path, "abstained", SampleStatus.ABSTAINED);
        putAll(others, node, path, "notEvaluated", SampleStatus.NOT_EVALUATED);
        JsonNode epsilon = required(node, path, "epsilon", each -> each.isNumber() || each.isNull(), "a number");
        return new SavedAttack(
                text(node, path, "name"),
                text(node, path, "label"),
                node.has("suite") ? text(node, path, "suite") : "",
                constant(Norm.values(), text(node, path, "norm"), path + "norm"),
                epsilon.isNull() ? ThreatModel.UNBOUNDED : epsilon.doubleValue(),
                node.has("transformation") ? text(node, path, "transformation") : "",
                node.has("goal") ? Goal.parse(text(node, path, "goal")) : Goal.untargeted(),
                texts(object(node, path, "parameters"), path + "parameters."),
                number(node, path, "recalled").intValue(),
                Collections.unmodifiableMap(broken),
                Collections.unmodifiableMap(others));
    }

    private void putAll(Map<Long, SampleStatus> others, JsonNode node, String path, String key, SampleStatus status) {
        if (node.has(key)) {
            longs(node, path, key).forEach(id -> others.put(id, status));
        }
    }

    private Box box(JsonNode range, String path) {
        double[] lower = bounds(range, path, "lower");
        double[] upper = bounds(range, path, "upper");
        if (lower.length == 1 && upper.length == 1) {
            return Box.of(lower[0], upper[0]);
        }
        int features = Math.max(lower.length, upper.length);
        return Box.perFeature(spread(lower, features), spread(upper, features));
    }

    private double[] bounds(JsonNode range, String path, String key) {
        JsonNode node = required(range, path, key, each -> each.isNumber() || each.isArray(), "a number or an array");
        return node.isNumber() ? new double[] {node.doubleValue()} : doubles(range, path, key);
    }

    private static double[] spread(double[] bounds, int features) {
        double[] all = new double[features];
        Arrays.setAll(all, i -> bounds[bounds.length == 1 ? 0 : i]);
        return bounds.length == 1 ? all : bounds;
    }

    private Constraints constraints(int attacks) {
        if (!document.has("constraints")) {
            for (int i = 0; i < attacks; i++) {
                if (document.path("attacks").path(i).has("constraints")) {
                    throw lacking("constraints");
                }
            }
            return Constraints.none();
        }
        JsonNode node = object(document, "", "constraints");
        Constraints constraints =
                Constraints.none().frozen(features(node, "frozen")).wholeNumbers(features(node, "wholeNumbers"));
        for (List<Long> group : pairs(node, "oneHot")) {
            constraints = constraints.oneHot(Math.toIntExact(group.get(0)), Math.toIntExact(group.get(1)));
        }
        return node.has("scale") ? constraints.scale(doubles(node, "constraints.", "scale")) : constraints;
    }

    private int[] features(JsonNode node, String key) {
        return pairs(node, key).stream()
                .flatMapToInt(pair -> IntStream.rangeClosed(Math.toIntExact(pair.get(0)), Math.toIntExact(pair.get(1))))
                .toArray();
    }

    private List<List<Long>> pairs(JsonNode node, String key) {
        List<List<Long>> pairs = new ArrayList<>();
        for (JsonNode pair : array(node, "constraints.", key)) {
            if (pair.size() != 2
                    || !pair.path(0).canConvertToInt()
                    || !pair.path(1).canConvertToInt()) {
                throw wrong("constraints." + key + "[" + pairs.size() + "]", pair, "a pair of features");
            }
            pairs.add(List.of(pair.path(0).longValue(), pair.path(1).longValue()));
        }
        return pairs;
    }

    private Map<String, String> files() {
        Map<String, String> paths = new LinkedHashMap<>();
        if (document.has("files")) {
            JsonNode files = object(document, "", "files");
            files.fieldNames()
                    .forEachRemaining(name ->
                            paths.put(name, text(object(files, "files.", name), "files." + name + ".", "path")));
        }
        return Collections.unmodifiableMap(paths);
    }

    private Map<String, String> texts(JsonNode node, String path) {
        Map<String, String> texts = new LinkedHashMap<>();
        node.fieldNames().forEachRemaining(name -> texts.put(name, text(node, path, name)));
        return Collections.unmodifiableMap(texts);
    }

    private List<Long> longs(JsonNode node, String path, String key) {
        List<Long> numbers = new ArrayList<>();
        for (JsonNode each : array(node, path, key)) {
            if (!each.isIntegralNumber()) {
                throw wrong(path + key + "[" + numbers.size() + "]", each, "a whole number");
            }
            numbers.add(each.longValue());
        }
        return List.copyOf(numbers);
    }

    private double[] doubles(JsonNode node, String path, String key) {
        JsonNode array = array(node, path, key);
        double[] numbers = new double[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!array.get(i).isNumber()) {
                throw wrong(path + key + "[" + i + "]", array.get(i), "a number");
            }
            numbers[i] = array.get(i).doubleValue();
        }
        return numbers;
    }

    private <E extends Enum<E>> E constant(E[] constants, String name, String path) {
        return Arrays.stream(constants)
                .filter(constant -> constant.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(
                        file + ": " + path + " is '" + name + "', which this version of Mettle doesn't know"));
    }

    private JsonNode object(JsonNode node, String path, String key) {
        return required(node, path, key, JsonNode::isObject, "an object");
    }

    private JsonNode array(JsonNode node, String path, String key) {
        return required(node, path, key, JsonNode::isArray, "an array");
    }

    private JsonNode number(JsonNode node, String path, String key) {
        return required(node, path, key, JsonNode::isNumber, "a number");
    }

    private String text(JsonNode node, String path, String key) {
        return required(node, path, key, JsonNode::isTextual, "a text").textValue();
    }

    private JsonNode required(JsonNode node, String path, String key, Predicate<JsonNode> is, String what) {
        JsonNode value = node.get(key);
        if (value == null) {
            throw lacking(path + key);
        }
        if (!is.test(value)) {
            throw wrong(path + key, value, what);
        }
        return value;
    }

    private ConfigurationException wrong(String path, JsonNode value, String what) {
        return new ConfigurationException(file + ": " + path + " is " + value + ", not " + what);
    }

    private ConfigurationException lacking(String path) {
        return new ConfigurationException(file + " lacks " + path
                + ", which it takes to run an attack again: an earlier version of Mettle wrote it; evaluate again");
    }
}
