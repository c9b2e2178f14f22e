package dev.mettle.memory;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.KnownExamples;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The known adversarial examples of one test.
 *
 * @param data the name of the data that they were found on
 * @param shape the shape of a sample, without the batch
 * @param classes the number of classes of the model
 * @param examples the examples by their names, which say what is in them
 */
public record ExampleCorpus(String data, List<Long> shape, int classes, SortedMap<String, KnownExample> examples) {

    /** Create a corpus. */
    public ExampleCorpus {
        shape = List.copyOf(shape);
        examples = Collections.unmodifiableSortedMap(new TreeMap<>(examples));
    }

    /** Return a corpus that knows no example yet. */
    public static ExampleCorpus empty(LabeledData data, ModelInfo model) {
        return new ExampleCorpus(
                data.name(), ModelInfo.shape(Rows.sampleShape(data.inputs())), model.classes(), new TreeMap<>());
    }

    /**
     * Return the examples that are about some data.
     *
     * @param data all samples, in the shape of the model
     */
    public ExampleCorpus on(LabeledData data, ModelInfo model) {
        ExampleCorpus fresh = empty(data, model);
        if (!shape.equals(fresh.shape) || classes != fresh.classes) {
            return fresh;
        }
        Map<String, Integer> positions = positions(data);
        SortedMap<String, KnownExample> kept = new TreeMap<>(examples);
        kept.values().removeIf(example -> !positions.containsKey(example.sample()));
        return new ExampleCorpus(fresh.data, shape, classes, kept);
    }

    /**
     * Refuse a corpus of other data, or of a model of another shape.
     *
     * @param data all samples, in the shape of the model
     * @param mend how to forget what doesn't fit
     * @throws ConfigurationException if an example is not about one of the samples
     */
    public void requireOn(LabeledData data, ModelInfo model, String mend) {
        ExampleCorpus fresh = empty(data, model);
        String forget = "they can't be tried again; " + mend + " forgets them";
        if (!examples.isEmpty() && (!shape.equals(fresh.shape) || classes != fresh.classes)) {
            throw new ConfigurationException("the " + examples.size()
                    + " known adversarial examples are of shape " + ModelInfo.formatShape(shape) + " and " + classes
                    + " classes, but samples are " + ModelInfo.formatShape(fresh.shape) + " and the model has "
                    + fresh.classes + " classes: " + forget);
        }
        int stale = examples.size() - on(data, model).examples.size();
        if (stale > 0) {
            throw new ConfigurationException(stale + " of the " + examples.size()
                    + " known adversarial examples are about samples that are not in " + data + ", found in "
                    + this.data + ": " + forget);
        }
    }

    /** Return how many examples none of some threat models allows, so that they are not tried. */
    public int beyond(List<ThreatModel> threats, LabeledData data) {
        Map<String, Integer> positions = positions(data);
        return (int) examples.values().stream()
                .filter(example -> threats.stream().noneMatch(threat -> isAllowed(example, threat, data, positions)))
                .count();
    }

    /** Return what the attacks of an evaluation are to try first. */
    public KnownExamples known() {
        Map<String, List<INDArray>> inputs = new HashMap<>();
        examples.values()
                .forEach(example -> inputs.computeIfAbsent(
                                example.foundBy() + " " + example.sample(), key -> new ArrayList<>())
                        .add(example.input()));
        return (attack, sample) -> inputs.getOrDefault(attack.name() + " " + content(sample), List.of());
    }

    private static Map<String, Integer> positions(LabeledData data) {
        List<String> keys = data.sampleKeys();
        Map<String, Integer> positions = new HashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            positions.putIfAbsent(content(keys.get(i)), i);
        }
        return positions;
    }

    /** Return the key without what tells equal samples apart: an example of one is an example of all. */
    private static String content(String key) {
        int suffix = key.indexOf('-');
        return suffix < 0 ? key : key.substring(0, suffix);
    }

    private static boolean isAllowed(
            KnownExample example, ThreatModel threat, LabeledData data, Map<String, Integer> positions) {
        Integer position = positions.get(example.sample());
        return position != null
                && threat.transformation().isEmpty()
                && threat.allows(
                        Rows.toDoubles(example.input()),
                        Rows.toDoubles(Rows.select(data.inputs(), new int[] {position})));
    }

    /** Ask the model about all examples that the threat model of a report allows, on the samples of the report. */
    public ReplayedCorpus replay(RobustnessReport report, LabelModel model) {
        Evaluation evaluation = report.evaluation();
        LabeledData samples = evaluation.data();
        ThreatModel threat = report.threatModel();
        Map<String, Integer> positions = positions(samples);
        List<String> names = examples.entrySet().stream()
                .filter(entry -> isAllowed(entry.getValue(), threat, samples, positions))
                .map(Map.Entry::getKey)
                .toList();
        SortedMap<String, Optional<SampleOutcome>> replayed = new TreeMap<>();
        if (!names.isEmpty()) {
            int[] rows = names.stream()
                    .mapToInt(name ->
                            Objects.requireNonNull(positions.get(example(name).sample()), "it is allowed"))
                    .toArray();
            List<SampleOutcome> proposals = IntStream.range(0, rows.length)
                    .mapToObj(i -> new SampleOutcome(
                            samples.id(rows[i]),
                            samples.label(rows[i]),
                            SampleStatus.ROBUST,
                            example(names.get(i)).input(),
                            -1,
                            null,
                            0,
                            0))
                    .toList();
            List<Optional<SampleOutcome>> confirmed = AttackEngine.of(model, evaluation.seed())
                    .withBatchSize(evaluation.batchSize())
                    .confirm(
                            threat,
                            Rows.select(samples.inputs(), rows),
                            IntStream.of(rows).map(samples::label).toArray(),
                            IntStream.of(rows).mapToLong(samples::id).toArray(),
                            proposals);
            for (int i = 0; i < rows.length; i++) {
                replayed.put(names.get(i), confirmed.get(i));
            }
        }
        return new ReplayedCorpus(this, replayed, found(report, replayed));
    }

    private KnownExample example(String name) {
        return Objects.requireNonNull(examples.get(name), "it is one of the names");
    }

    /** Return the examples of a report on samples that no known example broke, nearest first. */
    private List<KnownExample> found(RobustnessReport report, Map<String, Optional<SampleOutcome>> replayed) {
        if (!report.threatModel().transformation().isEmpty()) {
            return List.of();
        }
        List<String> keys = report.evaluation().data().sampleKeys().stream()
                .map(ExampleCorpus::content)
                .toList();
        TreeSet<String> known = new TreeSet<>();
        replayed.forEach((name, outcome) ->
                outcome.ifPresent(each -> known.add(example(name).sample())));
        return IntStream.range(0, keys.size())
                .filter(i -> report.outcomes().get(i).status() == SampleStatus.BROKEN)
                .boxed()
                .sorted((a, b) -> Double.compare(distance(report, a), distance(report, b)))
                .filter(i -> known.add(keys.get(i)))
                .map(i -> found(report, i, keys.get(i)))
                .toList();
    }

    private static double distance(RobustnessReport report, int position) {
        return report.outcomes()
                .get(position)
                .breakingDistance(report.threatModel().norm());
    }

    private static KnownExample found(RobustnessReport report, int position, String key) {
        SampleOutcome outcome = report.outcomes().get(position);
        INDArray input = Objects.requireNonNull(outcome.adversarial(), "a broken sample has an example");
        AttackResult by = report.results().stream()
                .filter(result -> result.outcomes().get(position).adversarial() == input)
                .findFirst()
                .orElseThrow();
        return new KnownExample(
                input,
                key,
                outcome.label(),
                KnownExample.State.OPEN,
                by.attack().name(),
                by.attack().label() + new TreeMap<>(by.attack().parameters()) + " under "
                        + report.threatModel().label() + ", seed "
                        + report.evaluation().seed(),
                report.evaluation().model().sha256());
    }
}
