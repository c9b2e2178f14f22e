package dev.mettle.reports;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustReport;
import dev.mettle.core.verdict.ClassVerdict;
import dev.mettle.core.verdict.Verdict;
import dev.mettle.core.verdict.VerdictPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes an evaluation as one JSON document, for other programs to read.
 *
 * <p>The counts and the verdict at the top level are those of the threat model that left the fewest samples robust: of the
 * largest epsilon, where one norm was evaluated. Every threat model has its own entry in {@code threatModels}, with the
 * per-sample worst case over its attacks; every attack under every threat model has one in {@code attacks}.
 *
 * <p>Rates are fractions of all samples; robust ones of those evaluated, where an evaluation stopped early. Distances are statistics over the samples that the attack broke, the median of an
 * even count being the mean of the two middle values; they are {@code null} where it broke none. A number that is not
 * finite is {@code null}: the epsilon of an unbounded threat model, for one. The order of keys is fixed and there are no time
 * stamps, so equal evaluations give equal documents but for {@code seconds} and {@code cpuSeconds}.
 */
public final class EvaluationJson {

    /** The version of the document's structure, its value of {@code schema}. It changes when a reader must change. */
    public static final String SCHEMA = "mettle-evaluation/1";

    private static final JsonMapper MAPPER = new JsonMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private EvaluationJson() {}

    /**
     * Build the document.
     *
     * @param evaluation the facts, at least one attack's
     * @param policy how facts become a verdict
     * @throws IllegalArgumentException if the evaluation holds no result of an attack
     */
    public static ObjectNode of(Evaluation evaluation, VerdictPolicy policy) {
        if (evaluation.results().isEmpty()) {
            throw new IllegalArgumentException("the evaluation " + evaluation.name() + " holds no result of an attack");
        }
        List<RobustnessReport> reports = evaluation.threatModels().stream()
                .map(threat -> RobustnessReport.worstCase(evaluation, threat, policy))
                .toList();
        return of(evaluation, reports);
    }

    /**
     * Build the document of an evaluation whose reports are known. Those that an {@link dev.mettle.core.evaluation.Evaluator} made can
     * look closely at single samples; the document then tells how sure the model is of its answers, and how attacks went.
     *
     * @param evaluation the facts
     * @param reports the worst case under every threat model, at least one
     */
    public static ObjectNode of(Evaluation evaluation, List<RobustnessReport> reports) {
        return document(evaluation, reports);
    }

    /**
     * Build the document of one report, without attacks that are not in it, and with all else that there is to show of it.
     *
     * @param reported the report, and what else the test knows
     */
    public static ObjectNode of(Reported reported) {
        RobustnessReport report = reported.report();
        ObjectNode document = document(onlyThis(report), List.of(report));
        document.put("expected", reported.expected().name());
        document.put("reproduce", reported.reproduce());
        reported.baseline()
                .ifPresent(comparison -> document.putObject("baseline")
                        .put("sentence", comparison.sentence())
                        .put("regression", comparison.isRegression())
                        .put("samples", comparison.samples())
                        .put("robustBefore", comparison.robustBefore())
                        .put("robustNow", comparison.robustNow()));
        reported.corpus()
                .ifPresent(replay -> document.putObject("corpus")
                        .put("sentence", replay.sentence())
                        .put("regression", replay.isRegression()));
        reported.defense().ifPresent(defense -> document.set("defense", defense(defense)));
        return document;
    }

    /** The evaluation without attacks that are not in the report: its counts are then those of the report. */
    private static Evaluation onlyThis(RobustnessReport report) {
        Evaluation all = report.evaluation();
        return new Evaluation(
                all.name(),
                all.model(),
                all.data(),
                all.dataSha256(),
                all.cleanPredictions(),
                report.results(),
                all.gradientCheck(),
                all.notes(),
                all.environment(),
                all.seed(),
                all.batchSize(),
                report.trust().stream().toList());
    }

    private static ObjectNode document(Evaluation evaluation, List<RobustnessReport> reports) {
        RobustnessReport worst = reports.get(0);
        for (RobustnessReport report : reports) {
            worst = report.robustAccuracy() <= worst.robustAccuracy() ? report : worst;
        }
        ObjectNode document = NODES.objectNode();
        document.put("schema", SCHEMA);
        document.put("name", evaluation.name());
        document.put("samples", evaluation.samples());
        document.put("evaluated", worst.evaluatedCount());
        document.put("cleanCount", worst.cleanCount());
        document.put("cleanAccuracy", worst.cleanAccuracy());
        document.put("robustCount", worst.robustCount());
        document.put("robustAccuracy", worst.robustAccuracy());
        document.put("undecidedCount", worst.undecidedCount());
        document.set("worstClass", worstClass(worst));
        document.set("verdict", verdict(worst));
        ArrayNode threats = document.putArray("threatModels");
        reports.forEach(report -> threats.add(threatModel(report)));
        ArrayNode attacks = document.putArray("attacks");
        evaluation.results().forEach(result -> attacks.add(attack(result)));
        document.set(
                "model",
                model(evaluation.model(), Rows.features(evaluation.data().inputs())));
        document.set("data", data(evaluation));
        constraints(
                        evaluation.results().get(0).threatModel(),
                        Rows.features(evaluation.data().inputs()))
                .ifPresent(node -> document.set("constraints", node));
        ObjectNode environment = document.putObject("environment");
        new TreeMap<>(evaluation.environment()).forEach(environment::put);
        document.put("seed", evaluation.seed());
        document.put("batchSize", evaluation.batchSize());
        document.set(
                "gradientCheck",
                evaluation.gradientCheck().map(EvaluationJson::gradientCheck).orElse(null));
        ArrayNode trust = document.putArray("trust");
        evaluation.trust().forEach(report -> trust.add(trust(report)));
        ArrayNode notes = document.putArray("notes");
        evaluation.notes().forEach(notes::add);
        document.set(
                "taxonomy",
                ReportDocument.MAPPER.valueToTree(Taxonomy.of(
                        evaluation.results().stream().map(AttackResult::attack).toList())));
        return document;
    }

    private static ObjectNode defense(Reported.Defense defense) {
        ObjectNode node = NODES.objectNode();
        node.put("title", defense.title());
        node.put("seconds", defense.seconds());
        node.put("cpuSeconds", defense.cpuSeconds());
        node.set(
                "cleanAccuracy",
                ReportDocument.MAPPER.valueToTree(
                        ReportDocument.Difference.of(defense.improvement().cleanAccuracy())));
        node.set(
                "robustAccuracy",
                ReportDocument.MAPPER.valueToTree(
                        ReportDocument.Difference.of(defense.improvement().robustAccuracy())));
        Presenter.curve(defense.improvement().before())
                .ifPresent(curve -> node.set("curve", ReportDocument.MAPPER.valueToTree(curve)));
        ArrayNode log = node.putArray("log");
        defense.log().forEach(log::add);
        return node;
    }

    /** Build the document as text, indented by two spaces, with {@code \n} at the end of every line. */
    public static String text(Evaluation evaluation, VerdictPolicy policy) {
        return text(of(evaluation, policy));
    }

    static String text(ObjectNode document) {
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter()
                .withSeparators(Separators.createDefaultInstance()
                        .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                        .withArrayEmptySeparator("")
                        .withObjectEmptySeparator(""))
                .withObjectIndenter(new DefaultIndenter("  ", "\n"));
        try {
            return MAPPER.writer(printer).writeValueAsString(document) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of numbers and strings can always be written", e);
        }
    }

    /**
     * Write a document to a file, in UTF-8.
     *
     * @throws UncheckedIOException if the file can't be written
     */
    public static void write(Path file, ObjectNode document) {
        try {
            Files.writeString(file, text(document), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("can't write " + file.toAbsolutePath() + ": " + e.getMessage(), e);
        }
    }

    private static @Nullable ObjectNode worstClass(RobustnessReport report) {
        return report.worstClass()
                .map(worst -> {
                    ObjectNode node = NODES.objectNode();
                    node.put("class", worst.label());
                    node.put("samples", worst.tally().samples());
                    node.put("evaluated", worst.tally().evaluated());
                    node.put("robustCount", worst.tally().robust());
                    node.put("robustAccuracy", worst.robustAccuracy());
                    node.put("lowerBound", worst.interval().lower());
                    node.put("upperBound", worst.interval().upper());
                    return node;
                })
                .orElse(null);
    }

    private static ObjectNode verdict(RobustnessReport report) {
        Verdict verdict = report.verdict();
        ObjectNode node = NODES.objectNode();
        node.put("outcome", verdict.outcome().name());
        node.put("lowerBound", verdict.lowerBound());
        node.put("upperBound", verdict.upperBound());
        node.put("confidence", verdict.policy().confidence());
        node.put("decision", verdict.policy().decision().name());
        ReportText.decision(report).ifPresent(sentence -> node.put("meaning", sentence));
        putFinite(node, "threshold", verdict.policy().minRobustAccuracy().orElse(Double.NaN));
        putCount(node, "samplesNeeded", verdict.samplesNeeded());
        putCount(node, "expectedSamples", verdict.expectedSamples());
        verdict.policy().minRobustAccuracyPerClass().ifPresent(threshold -> putClasses(node, threshold, verdict));
        node.put("reason", verdict.reason());
        return node;
    }

    private static void putClasses(ObjectNode node, double threshold, Verdict verdict) {
        node.put("thresholdPerClass", threshold);
        ArrayNode classes = node.putArray("classes");
        for (ClassVerdict each : verdict.classes()) {
            ObjectNode own = classes.addObject();
            own.put("class", each.label());
            own.put("outcome", each.outcome().name());
            own.put("evaluated", each.tally().evaluated());
            own.put("robustCount", each.tally().robust());
            own.put("lowerBound", each.lowerBound());
            own.put("upperBound", each.upperBound());
            putCount(own, "samplesNeeded", each.samplesNeeded());
        }
    }

    private static void putCount(ObjectNode node, String key, OptionalInt count) {
        if (count.isPresent()) {
            node.put(key, count.getAsInt());
        } else {
            node.putNull(key);
        }
    }

    private static ObjectNode threatModel(RobustnessReport report) {
        ObjectNode node = NODES.objectNode();
        putThreat(node, report.threatModel());
        node.put("label", ReportText.threat(report.threatModel()));
        node.put("evaluated", report.evaluatedCount());
        node.put("robustCount", report.robustCount());
        node.put("robustAccuracy", report.robustAccuracy());
        node.put("brokenCount", report.brokenCount());
        node.put("undecidedCount", report.undecidedCount());
        node.set("worstClass", worstClass(report));
        node.set("verdict", verdict(report));
        node.set("shown", ReportDocument.MAPPER.valueToTree(Presenter.present(report)));
        return node;
    }

    private static ObjectNode attack(AttackResult result) {
        int robust = result.count(SampleStatus.ROBUST);
        ObjectNode node = NODES.objectNode();
        node.put("name", result.attack().name().toLowerCase(Locale.ROOT));
        node.put("label", result.attack().label());
        if (!result.suite().isEmpty()) {
            node.put("suite", result.suite());
        }
        node.put("access", result.attack().access().name().toLowerCase(Locale.ROOT));
        putThreat(node, result.threatModel());
        ObjectNode parameters = node.putObject("parameters");
        result.attack().parameters().forEach(parameters::put);
        node.put("evaluated", result.evaluatedCount());
        if (result.trustCheck().isEmpty()) { // it ran on a few samples only
            node.put("robustCount", robust);
            node.put("robustAccuracy", (double) robust / result.evaluatedCount());
        }
        node.put("brokenCount", result.count(SampleStatus.BROKEN));
        putFinite(node, "medianL2", Statistics.median(distances(result, Distances::l2)));
        putFinite(node, "meanL2", Statistics.mean(distances(result, Distances::l2)));
        putFinite(node, "medianLinf", Statistics.median(distances(result, Distances::linf)));
        putFinite(node, "meanLinf", Statistics.mean(distances(result, Distances::linf)));
        node.put(
                "undecidedCount",
                result.outcomes().stream()
                        .filter(outcome -> outcome.status().undecided())
                        .count());
        node.put("unconfirmed", result.unconfirmed());
        node.put("recalled", result.recalled());
        node.put("forwardPerSample", result.forwardPerSample());
        node.put("backwardPerSample", result.backwardPerSample());
        node.put("seconds", result.seconds());
        node.put("cpuSeconds", result.cpuSeconds());
        putOutcomes(node, result);
        return node;
    }

    /** Puts what became of every sample: those that are named nowhere withstood, or are wrong without an attack. */
    private static void putOutcomes(ObjectNode node, AttackResult result) {
        ArrayNode broken = node.putArray("broken");
        for (SampleOutcome outcome : result.outcomes()) {
            if (outcome.status() == SampleStatus.BROKEN) {
                broken.addObject()
                        .put("sample", outcome.id())
                        .put("predicted", outcome.adversarialLabel())
                        .put(
                                "distance",
                                outcome.breakingDistance(result.threatModel().norm()))
                        .put("forward", outcome.forwards())
                        .put("backward", outcome.backwards())
                        .put("exampleSha256", outcome.exampleSha256().orElseThrow());
            }
        }
        List<SampleOutcome> undecided = result.outcomes().stream()
                .filter(outcome -> outcome.status().undecided())
                .toList();
        if (!undecided.isEmpty()) {
            ArrayNode nodes = node.putArray("undecided");
            undecided.forEach(outcome -> nodes.addObject()
                    .put("sample", outcome.id())
                    .put("status", outcome.status().name()));
        }
        putSamples(node, "brokenBefore", result, SampleStatus.BROKEN_BEFORE);
        putSamples(node, "leftOpen", result, SampleStatus.LEFT_OPEN);
        putSamples(node, "abstained", result, SampleStatus.ABSTAINED);
        putSamples(node, "notEvaluated", result, SampleStatus.NOT_EVALUATED);
    }

    private static void putSamples(ObjectNode node, String key, AttackResult result, SampleStatus status) {
        if (result.count(status) > 0) {
            ArrayNode samples = node.putArray(key);
            result.outcomes().stream()
                    .filter(outcome -> outcome.status() == status)
                    .forEach(outcome -> samples.add(outcome.id()));
        }
    }

    private static ObjectNode data(Evaluation evaluation) {
        LabeledData data = evaluation.data();
        ObjectNode node = NODES.objectNode();
        node.put("name", data.name());
        node.put("sha256", evaluation.dataSha256());
        node.put("samples", evaluation.samples());
        if (IntStream.range(0, data.size()).anyMatch(i -> data.id(i) != i)) {
            ArrayNode ids = node.putArray("ids");
            IntStream.range(0, data.size()).forEach(i -> ids.add(data.id(i)));
        }
        ArrayNode wrong = node.putArray("wrong");
        IntStream.range(0, data.size()).filter(i -> !evaluation.isCorrect(i)).forEach(i -> wrong.add(data.id(i)));
        return node;
    }

    /** Spells out the constraints that all threat models of an evaluation share, if there are any. */
    private static Optional<ObjectNode> constraints(ThreatModel threat, long features) {
        Constraints constraints = threat.constraints();
        if (constraints.isNone()) {
            return Optional.empty();
        }
        ObjectNode node = NODES.objectNode();
        putRanges(node.putArray("frozen"), constraints::isFrozen, features);
        putRanges(node.putArray("wholeNumbers"), constraints::isWhole, features);
        ArrayNode groups = node.putArray("oneHot");
        constraints
                .groups()
                .forEach(group -> groups.addArray().add(group.from()).add(group.to()));
        if (constraints.hasScale()) {
            ArrayNode scale = node.putArray("scale");
            IntStream.range(0, (int) features).mapToDouble(constraints::scaleOf).forEach(scale::add);
        }
        return Optional.of(node);
    }

    /** Puts runs of features as pairs of the first and the last one. */
    private static void putRanges(ArrayNode ranges, IntPredicate in, long features) {
        for (int from = 0; from < features; from++) {
            if (in.test(from)) {
                int to = from;
                while (to + 1 < features && in.test(to + 1)) {
                    to++;
                }
                ranges.addArray().add(from).add(to);
                from = to;
            }
        }
    }

    static void putThreat(ObjectNode node, ThreatModel threat) {
        node.put("norm", threat.norm().name().toLowerCase(Locale.ROOT));
        putFinite(node, "epsilon", threat.epsilon());
        if (!threat.transformation().isEmpty()) {
            node.put("transformation", threat.transformation());
        }
        if (threat.goal().isTargeted()) {
            node.put("goal", threat.goal().toString());
        }
        if (!threat.constraints().isNone()) {
            node.put("constraints", threat.constraints().toString());
        }
    }

    private static ObjectNode model(ModelInfo model, long features) {
        ObjectNode node = NODES.objectNode();
        node.put("name", model.name());
        node.put("sha256", model.sha256());
        ArrayNode shape = node.putArray("inputShape");
        model.inputShape().forEach(shape::add);
        node.put("classes", model.classes());
        Box range = model.inputRange();
        ObjectNode bounds = node.putObject("inputRange");
        putBound(bounds, "lower", range::lower, features);
        putBound(bounds, "upper", range::upper, features);
        node.put("dataType", model.dataType().name().toLowerCase(Locale.ROOT));
        return node;
    }

    /** Puts one number if all features share it, else one per feature. */
    private static void putBound(ObjectNode node, String key, IntToDoubleFunction bound, long features) {
        double[] bounds = new double[(int) features];
        Arrays.setAll(bounds, bound);
        if (Arrays.stream(bounds).distinct().count() == 1) {
            node.put(key, bounds[0]);
        } else {
            ArrayNode all = node.putArray(key);
            Arrays.stream(bounds).forEach(all::add);
        }
    }

    private static ObjectNode trust(TrustReport report) {
        ObjectNode node = NODES.objectNode();
        putThreat(node, report.threatModel());
        ArrayNode attacks = node.putArray("attacks");
        report.attacks().forEach(attack -> attacks.add(attack.label()));
        node.put("passes", report.passes());
        node.put("evaluationPasses", report.evaluationPasses());
        ArrayNode checks = node.putArray("checks");
        for (TrustFinding finding : report.findings()) {
            checks.addObject()
                    .put("check", finding.check().id())
                    .put("level", finding.level().name())
                    .put("evidence", finding.evidence())
                    .put("advice", finding.advice());
        }
        return node;
    }

    private static ObjectNode gradientCheck(GradientCheck check) {
        ObjectNode node = NODES.objectNode();
        node.put("passed", check.passed());
        node.put("points", check.points());
        putFinite(node, "largestError", check.largestError());
        putFinite(node, "largestLogitError", check.largestLogitError());
        putFinite(node, "largestPrecisionError", check.largestPrecisionError());
        node.put("message", check.message());
        return node;
    }

    static void putFinite(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }

    private static double[] distances(AttackResult result, ToDoubleFunction<Distances> norm) {
        return result.outcomes().stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .map(SampleOutcome::distances)
                .filter(Objects::nonNull)
                .mapToDouble(norm)
                .toArray();
    }
}
