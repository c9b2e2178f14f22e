package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackTrace;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Looks closely at single samples of a report, with the model that was evaluated: for pictures and plots, not for verdicts.
 *
 * <p>Nothing is computed until it is asked for, and nothing twice. The model is asked as it is then: train it on, and what it says no longer
 * belongs to the report. Errors of the model or of an attack are thrown. Not thread-safe.
 */
public final class CloseUp {

    /** Which part of the passes that the attacks of the report spent their traces may take, where nothing else is said. */
    public static final double SHARE = 0.05;

    private final LabelModel model;
    private final RobustnessReport report;
    private final IdentityHashMap<SampleOutcome, Confidence> confidences = new IdentityHashMap<>();
    private final Map<Double, AttackTraces> traces = new HashMap<>();

    CloseUp(LabelModel model, RobustnessReport report) {
        this.model = model;
        this.report = report;
    }

    /**
     * Ask the model how sure it is of some broken samples: one forward pass for the clean ones and one for the adversarial examples,
     * in batches no larger than those of the evaluation.
     *
     * <p>Where a model abstains, the probabilities are those among its classes, without the logit that stands for no answer.
     *
     * @param broken broken samples of the report, such as the first ones of {@link RobustnessReport#brokenSamples}
     * @return one confidence per sample, in the same order; empty if the model tells no logits, or is randomized: then its answer is a
     *     vote of several draws, of which none has a softmax
     * @throws ConfigurationException if a sample isn't broken, or isn't one of the report
     */
    public Optional<List<Confidence>> confidences(List<SampleOutcome> broken) {
        int[] positions = broken.stream().mapToInt(this::position).toArray();
        if (!(model instanceof LogitModel scored) || model.randomized()) {
            return Optional.empty();
        }
        int[] missing = IntStream.range(0, positions.length)
                .filter(i -> !confidences.containsKey(broken.get(i)))
                .toArray();
        int batchSize = report.evaluation().batchSize();
        for (int from = 0; from < missing.length; from += batchSize) {
            int[] batch = Arrays.copyOfRange(missing, from, Math.min(from + batchSize, missing.length));
            ask(
                    scored,
                    Arrays.stream(batch).mapToObj(broken::get).toList(),
                    Arrays.stream(batch).map(i -> positions[i]).toArray());
        }
        return Optional.of(broken.stream()
                .map(sample -> Objects.requireNonNull(confidences.get(sample), "asked above"))
                .toList());
    }

    private int position(SampleOutcome broken) {
        if (broken.adversarial() == null) {
            throw new ConfigurationException("sample #" + broken.id() + " is " + broken.status()
                    + ": only broken samples have an adversarial example to look at");
        }
        LabeledData data = report.evaluation().data();
        return IntStream.range(0, data.size())
                .filter(i -> data.id(i) == broken.id() && data.label(i) == broken.label())
                .findFirst()
                .orElseThrow(() -> new ConfigurationException("sample #" + broken.id() + " with label " + broken.label()
                        + " is none of " + data.name() + ": give samples of this report"));
    }

    private void ask(LogitModel scored, List<SampleOutcome> samples, int[] positions) {
        INDArray clean = Rows.select(report.evaluation().data().inputs(), positions);
        INDArray adversarial = Nd4j.concat(
                0,
                samples.stream()
                        .map(sample -> Objects.requireNonNull(sample.adversarial(), "checked before"))
                        .toArray(INDArray[]::new));
        double[][] before = Rows.toRows(scored.logits(clean));
        double[][] after = Rows.toRows(scored.logits(adversarial));
        for (int i = 0; i < positions.length; i++) {
            SampleOutcome sample = samples.get(i);
            confidences.put(
                    sample,
                    new Confidence(
                            sample.id(),
                            softmax(before[i], sample.label()),
                            sample.adversarialLabel() == LabelModel.ABSTAINED
                                    ? OptionalDouble.empty()
                                    : OptionalDouble.of(softmax(after[i], sample.adversarialLabel()))));
        }
    }

    private double softmax(double[] logits, int label) {
        double[] ofClasses = Arrays.copyOf(logits, report.evaluation().model().classes());
        return Math.exp(-new CrossEntropy().value(ofClasses, label));
    }

    /** Run the attacks of the report again on one sample each, for {@link #SHARE} of the passes that they spent; see {@link #traces(double)}. */
    public AttackTraces traces() {
        return traces(SHARE);
    }

    /**
     * Run the attacks of the report, but not those of trust checks, again on one sample each: the one that the attack broke here by the
     * smallest perturbation, else the first one that it attacked and left standing. Samples that it broke under a smaller epsilon,
     * and didn't attack here, don't count.
     *
     * <p>What a trace takes is known before it begins: what the attack spent on that sample in the report. An attack that takes more than
     * is left is not begun; those after it are, if they take less. So the traces take no more than their share, but for rounding: see
     * {@link Reproduction}. The judging of clean samples and of examples is not counted, as in reports. A sample alone takes longer per
     * pass than one in a batch, so the share of the time is larger than that of the passes.
     *
     * @param share from 0 to 1: the part of the passes of the report's attacks that the traces may take, also where results were known
     *     from earlier runs and cost nothing this time
     * @return the traces, and the attacks that were left out
     * @throws ConfigurationException if {@code share} is not from 0 to 1
     */
    public AttackTraces traces(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new ConfigurationException("the share of passes for traces is " + share + ": give 0 to 1");
        }
        AttackTraces known = traces.get(share);
        if (known == null) {
            known = trace(share);
            traces.put(share, known);
        }
        return known;
    }

    private AttackTraces trace(double share) {
        List<TracedAttack> traced = new ArrayList<>();
        List<String> leftOut = new ArrayList<>();
        long spent = report.judged()
                .flatMap(result -> result.outcomes().stream())
                .mapToLong(CloseUp::passes)
                .sum();
        long allowed = (long) Math.floor(share * spent);
        long used = 0;
        for (AttackResult result : report.judged().toList()) {
            String notTraced = result.attack().label() + " is not traced: ";
            OptionalInt position = mostTelling(result);
            if (result.attack().universal()) {
                leftOut.add(notTraced + "it makes one perturbation for all samples");
                continue;
            }
            if (position.isEmpty()) {
                leftOut.add(notTraced + "it attacked no sample under this threat model");
                continue;
            }
            SampleOutcome reported = result.outcomes().get(position.getAsInt());
            long needed = needed(result, reported);
            if (needed > allowed - used) {
                leftOut.add(notTraced + "on sample #" + reported.id() + " it takes up to " + needed
                        + " passes, but of the "
                        + allowed + " for all traces (" + ReportText.percent(share) + " of what the attacks took) only "
                        + (allowed - used) + " are left");
                continue;
            }
            AttackTrace trace = run(result, position.getAsInt());
            used += passes(trace.outcome());
            if (trace.queries().isEmpty()) {
                leftOut.add(notTraced + "run on sample #" + reported.id() + " alone, it asks the model nothing");
                continue;
            }
            traced.add(TracedAttack.of(result, position.getAsInt(), trace));
        }
        return new AttackTraces(traced, leftOut, used);
    }

    private OptionalInt mostTelling(AttackResult result) {
        List<SampleOutcome> outcomes = result.outcomes();
        OptionalInt nearest = IntStream.range(0, outcomes.size())
                .filter(i -> outcomes.get(i).status() == SampleStatus.BROKEN && passes(outcomes.get(i)) > 0)
                .boxed()
                .min(Comparator.comparingDouble(i ->
                        outcomes.get(i).breakingDistance(result.threatModel().norm())))
                .map(OptionalInt::of)
                .orElse(OptionalInt.empty());
        return nearest.isPresent()
                ? nearest
                : IntStream.range(0, outcomes.size())
                        .filter(i -> outcomes.get(i).status().attacked()
                                && outcomes.get(i).status() != SampleStatus.BROKEN)
                        .findFirst();
    }

    /** Return what an attack takes on a sample: what it took, unless that may have been one pass to confirm an example known before. */
    private long needed(AttackResult result, SampleOutcome reported) {
        return result.recalled() > 0 && passes(reported) == 1
                ? result.attack().passes(report.evaluation().model().classes()).total()
                : passes(reported);
    }

    private static long passes(SampleOutcome outcome) {
        return outcome.forwards() + outcome.backwards();
    }

    private AttackTrace run(AttackResult result, int position) {
        ThreatModel threat = result.threatModel();
        LabeledData sample = report.evaluation().data().subset(position);
        PlannedAttack planned =
                new PlannedAttack(result.attack(), threat.norm(), List.of(threat.epsilon()), result.suite());
        return new Reproduction(
                        model,
                        sample,
                        threat.goal(),
                        threat.constraints(),
                        report.evaluation().seed())
                .run(planned, threat.epsilon(), sample.id(0));
    }
}
