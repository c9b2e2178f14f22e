package dev.mettle.core.evaluation;

import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.numeric.CodeVersion;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.numeric.Sha256;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.ThreatModel;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs attacks, unless a {@link ResultStore} knows what they find.
 *
 * <p>The result of an equal run is taken where the model is the same: by its hash, and by what it computes on the clean samples, on noisy
 * ones, and as gradients, so that a change of code shows, too. Of a model that has changed, the adversarial examples found on the one before
 * are tried first, and only samples that withstand them are attacked. Either way every example is judged anew;
 * that an attack on the same model failed is taken as it was found.
 */
final class Recall {

    /** The noise that tells models apart, as a part of the input range. */
    private static final double NOISE = 0.05;

    private static final int GRADIENTS = 4;

    private final ResultStore store;
    private final LabelModel model;
    private final LabeledData data;
    private final long seed;
    private final int batchSize;
    private final List<String> keys;
    private @Nullable String fingerprint;

    Recall(ResultStore store, LabelModel model, LabeledData data, long seed, int batchSize) {
        this.store = store;
        this.batchSize = batchSize;
        this.model = model;
        this.data = data;
        this.seed = seed;
        this.keys = store == ResultStore.NONE ? List.of() : data.sampleKeys();
    }

    /** Return what an attack finds on the samples at some positions. */
    AttackRun run(PlannedAttack planned, ThreatModel threat, AttackEngine engine, int[] positions) {
        INDArray inputs = positions.length == 0 ? data.inputs() : Rows.select(data.inputs(), positions);
        int[] labels = Arrays.stream(positions).map(data::label).toArray();
        long[] ids = Arrays.stream(positions).mapToLong(data::id).toArray();
        if (store == ResultStore.NONE || positions.length == 0 || !isData(planned.attack())) {
            return engine.run(planned.attack(), threat, inputs, labels, ids);
        }
        long start = System.nanoTime();
        String task = task(planned, threat, positions);
        String own = fingerprint();
        Optional<AttackRun> known = store.find(task, own).filter(run -> fits(run, ids, labels));
        if (known.isPresent()) {
            List<SampleOutcome> outcomes = known.get().outcomes();
            long confirmed = engine.confirm(threat, inputs, labels, ids, outcomes).stream()
                    .flatMap(Optional::stream)
                    .count();
            long broken = outcomes.stream()
                    .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                    .count();
            if (confirmed == broken) {
                return new AttackRun(
                        outcomes, known.get().unconfirmed(), (System.nanoTime() - start) / 1e9, 0, outcomes.size());
            }
        }
        AttackRun run = replay(planned, threat, engine, task, inputs, labels, ids);
        store.store(task, own, run);
        return run;
    }

    /** Try the examples found on an earlier model, and attack the samples that withstand them. */
    private AttackRun replay(
            PlannedAttack planned,
            ThreatModel threat,
            AttackEngine engine,
            String task,
            INDArray inputs,
            int[] labels,
            long[] ids) {
        boolean anyWillDo = !planned.attack().universal()
                && planned.attack().confidence() == 0
                && (!planned.attack().minimizesNorm() || planned.inSuite());
        Optional<AttackRun> earlier =
                anyWillDo ? store.findLatest(task).filter(run -> fits(run, ids, labels)) : Optional.empty();
        if (earlier.isEmpty()) {
            return engine.run(planned.attack(), threat, inputs, labels, ids);
        }
        long start = System.nanoTime();
        List<Optional<SampleOutcome>> replayed =
                engine.confirm(threat, inputs, labels, ids, earlier.get().outcomes());
        int[] standing = IntStream.range(0, labels.length)
                .filter(i -> replayed.get(i).isEmpty())
                .toArray();
        double seconds = (System.nanoTime() - start) / 1e9;
        AttackRun fresh = engine.run(
                planned.attack(),
                threat,
                standing.length == 0 ? inputs : Rows.select(inputs, standing),
                Arrays.stream(standing).map(i -> labels[i]).toArray(),
                Arrays.stream(standing).mapToLong(i -> ids[i]).toArray());
        List<SampleOutcome> outcomes = new ArrayList<>();
        int next = 0;
        for (Optional<SampleOutcome> outcome : replayed) {
            outcomes.add(outcome.isPresent() ? outcome.get() : fresh.outcomes().get(next++));
        }
        return new AttackRun(
                outcomes,
                fresh.unconfirmed(),
                seconds + fresh.seconds(),
                fresh.cpuSeconds(),
                labels.length - standing.length);
    }

    private static boolean fits(AttackRun run, long[] ids, int[] labels) {
        return run.outcomes().size() == ids.length
                && IntStream.range(0, ids.length)
                        .allMatch(i -> run.outcomes().get(i).id() == ids[i]
                                && run.outcomes().get(i).label() == labels[i]);
    }

    /** Hash everything but the model that decides the result. */
    private String task(PlannedAttack planned, ThreatModel threat, int[] positions) {
        List<String> parts = new ArrayList<>(List.of(
                CodeVersion.of(Recall.class),
                CodeVersion.of(planned.attack().getClass()),
                planned.attack().toString(),
                String.valueOf(planned.inSuite()),
                threat.norm() + " " + threat.epsilon() + " " + threat.goal() + " " + threat.transformation(),
                String.valueOf(seed)));
        Box box = threat.box();
        Constraints constraints = threat.constraints();
        long features = Rows.features(data.inputs());
        for (int j = 0; j < features; j++) {
            parts.add(box.lower(j) + " " + box.upper(j) + " " + constraints.scaleOf(j) + " " + constraints.isFrozen(j)
                    + " " + constraints.isWhole(j));
        }
        parts.add(constraints.groups().toString());
        for (int position : positions) {
            parts.add(data.id(position) + " " + keys.get(position));
        }
        return Sha256.of(parts.toArray(String[]::new));
    }

    /** Hash the model, and what it computes. */
    private String fingerprint() {
        String known = fingerprint;
        if (known != null) {
            return known;
        }
        List<String> parts = new ArrayList<>(List.of(model.info().sha256()));
        for (INDArray inputs : List.of(data.inputs(), noisy())) {
            for (long from = 0; from < inputs.size(0); from += batchSize) {
                INDArray batch = Rows.slice(inputs, from, Math.min(from + batchSize, inputs.size(0)));
                parts.add(
                        model instanceof LogitModel scored
                                ? Arrays.toString(Rows.toDoubles(scored.logits(batch)))
                                : Arrays.toString(model.predict(batch)));
            }
        }
        if (model instanceof DifferentiableModel differentiable) {
            LabeledData few = data.first(Math.min(GRADIENTS, data.size()));
            INDArray gradients = differentiable
                    .gradient(few.inputs(), logits -> new Margin().gradients(logits, Aim.awayFrom(few.labels())))
                    .gradient();
            parts.add(Arrays.toString(Rows.toDoubles(gradients)));
        }
        String computed = Sha256.of(parts.toArray(String[]::new));
        fingerprint = computed;
        return computed;
    }

    private INDArray noisy() {
        double[][] rows = Rows.toRows(data.inputs());
        Box box = model.info().inputRange();
        for (int i = 0; i < rows.length; i++) {
            SampleRandom random = SampleRandom.of(seed, "fingerprint", 0, data.id(i));
            for (int j = 0; j < rows[i].length; j++) {
                double width = box.upper(j) - box.lower(j);
                double moved = rows[i][j] + NOISE * width * random.uniform(-1, 1);
                rows[i][j] = Math.min(Math.max(moved, box.lower(j)), box.upper(j));
            }
        }
        return Rows.fromRows(rows, data.inputs());
    }

    /** Say whether all parameters of an attack are plain values, so that equal text means equal attacks. */
    private static boolean isData(Object value) {
        if (value instanceof Number
                || value instanceof Boolean
                || value instanceof String
                || value instanceof Enum<?>
                || value instanceof OptionalInt
                || value instanceof OptionalDouble) {
            return true;
        }
        if (value instanceof List<?> list) {
            return list.stream().allMatch(Recall::isData);
        }
        if (value instanceof Optional<?> optional) {
            return optional.isEmpty() || isData(optional.get());
        }
        if (!value.getClass().isRecord()) {
            return false;
        }
        for (RecordComponent component : value.getClass().getRecordComponents()) {
            try {
                component.getAccessor().setAccessible(true);
                Object part = component.getAccessor().invoke(value);
                if (part == null || !isData(part)) {
                    return false;
                }
            } catch (ReflectiveOperationException | RuntimeException e) {
                return false; // it can't be looked into, so it can't be known to be plain
            }
        }
        return true;
    }
}
