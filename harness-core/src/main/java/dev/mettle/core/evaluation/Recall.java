package dev.mettle.core.evaluation;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.attack.WorstCase;
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
import dev.mettle.core.trust.AttackedSamples;
import dev.mettle.core.trust.FoundExample;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustReport;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs attacks, unless a {@link ResultStore} knows what they find.
 *
 * <p>The result of an equal run is taken where the model is the same: by its hash, its labels of all clean samples, its logits of some, with
 * and without noise, and some gradients, so that a change of code shows, too. Of a model that has changed, the adversarial examples found on the one before
 * are tried first, and only samples that withstand them are attacked; so are {@link KnownExamples}. Either way every example is judged
 * anew; that an attack on the same model failed, and what trust checks saw, is taken as it was found.
 */
final class Recall {

    /** The noise that tells models apart, as a part of the input range. */
    private static final double NOISE = 0.05;

    /** How many samples are asked for logits, clean and with noise. */
    private static final int FINGERPRINT_SAMPLES = 64;

    private static final int GRADIENTS = 4;

    private final ResultStore store;
    private final KnownExamples known;
    private final LabelModel model;
    private final LabeledData data;
    private final int[] cleanPredictions;
    private final long seed;
    private final int batchSize;
    private final List<String> keys;
    private @Nullable String fingerprint;

    Recall(
            ResultStore store,
            KnownExamples known,
            LabelModel model,
            LabeledData data,
            int[] cleanPredictions,
            long seed,
            int batchSize) {
        this.cleanPredictions = cleanPredictions;
        this.store = store;
        this.known = known;
        this.batchSize = batchSize;
        this.model = model;
        this.data = data;
        this.seed = seed;
        this.keys = store == ResultStore.NONE && known == KnownExamples.NONE ? List.of() : data.sampleKeys();
    }

    /** Return what an attack finds on the samples at some positions. */
    AttackRun run(PlannedAttack planned, ThreatModel threat, AttackEngine engine, int[] positions) {
        Job job = new Job(planned, threat, engine, positions);
        if (positions.length == 0) {
            return job.attack();
        }
        if (store == ResultStore.NONE || !isData(planned.attack())) {
            return job.attackAfter(job.known());
        }
        String task = task(planned, threat);
        String own = Sha256.of(fingerprint(), Arrays.toString(positions));
        Optional<AttackRun> equal = store.find(task, own).filter(job::fits).flatMap(job::confirmed);
        if (equal.isPresent()) {
            return job.nearer(equal.get(), job.known());
        }
        List<List<SampleOutcome>> earlier = new ArrayList<>();
        if (job.anyExampleWillDo()) {
            earlier.add(job.examplesOf(store.findEarlier(task)));
        }
        earlier.addAll(job.known());
        AttackRun run = job.attackAfter(earlier);
        store.store(task, own, run);
        return run;
    }

    /**
     * Return what trust checks find about some attacks.
     *
     * @param checks tells builds of the checks, and of the attacks that they borrow, apart
     * @param question everything else that decides what they find, as texts
     * @param probes tells which attack a check runs on what the attacks left standing
     * @param run runs the checks
     */
    TrustReport check(
            ThreatModel threat,
            List<AttackedSamples> runs,
            String checks,
            List<String> question,
            Function<TrustCheck, Optional<Attack>> probes,
            Supplier<TrustReport> run) {
        if (store == ResultStore.NONE || !runs.stream().allMatch(each -> isData(each.attack()))) {
            return run.get();
        }
        List<String> parts = new ArrayList<>(List.of("trust", checks, String.valueOf(batchSize)));
        parts.addAll(question);
        parts.addAll(task(threat));
        for (AttackedSamples each : runs) {
            parts.add(CodeVersion.of(each.attack().getClass()) + " " + each.attack() + " " + each.unconfirmed());
            for (SampleOutcome outcome : each.outcomes()) {
                parts.add(outcome.status() + " " + outcome.adversarialLabel() + " " + outcome.distances() + " "
                        + outcome.forwards() + " " + outcome.backwards());
            }
        }
        String task = Sha256.of(parts.toArray(String[]::new));
        Optional<TrustReport> known =
                store.findChecked(task, fingerprint()).flatMap(checked -> recalled(checked, threat, runs, probes));
        if (known.isPresent()) {
            return known.get();
        }
        TrustReport report = run.get();
        List<ResultStore.Broken> broken = report.found().stream()
                .map(example -> new ResultStore.Broken(example.check(), example.outcome()))
                .toList();
        store.store(task, fingerprint(), new ResultStore.Checked(report.findings(), report.passes(), broken));
        return report;
    }

    /** Return what checks found earlier, if all its examples hold. */
    private Optional<TrustReport> recalled(
            ResultStore.Checked checked,
            ThreatModel threat,
            List<AttackedSamples> runs,
            Function<TrustCheck, Optional<Attack>> probes) {
        Map<Long, Integer> positions = new HashMap<>();
        IntStream.range(0, data.size()).forEach(i -> positions.put(data.id(i), i));
        List<FoundExample> found = new ArrayList<>();
        for (ResultStore.Broken broken : checked.broken()) {
            Integer position = positions.get(broken.outcome().id());
            Optional<Attack> probe = probes.apply(broken.check());
            if (position == null || probe.isEmpty() || !holds(broken.outcome(), threat, position)) {
                return Optional.empty();
            }
            found.add(new FoundExample(broken.check(), probe.get(), broken.outcome(), true));
        }
        return Optional.of(TrustReport.of(threat, runs, checked.findings(), checked.passes(), found));
    }

    private boolean holds(SampleOutcome broken, ThreatModel threat, int position) {
        return broken.status() == SampleStatus.BROKEN
                && broken.label() == data.label(position)
                && AttackEngine.of(model, seed)
                        .withBatchSize(batchSize)
                        .confirm(
                                threat,
                                Rows.select(data.inputs(), new int[] {position}),
                                new int[] {data.label(position)},
                                new long[] {data.id(position)},
                                List.of(broken))
                        .get(0)
                        .isPresent();
    }

    /** An attack on some samples. */
    private final class Job {

        private final PlannedAttack planned;
        private final ThreatModel threat;
        private final AttackEngine engine;
        private final INDArray inputs;
        private final int[] labels;
        private final long[] ids;
        private final int[] positions;

        Job(PlannedAttack planned, ThreatModel threat, AttackEngine engine, int[] positions) {
            this.planned = planned;
            this.threat = threat;
            this.engine = engine;
            this.positions = positions;
            this.inputs = positions.length == 0 ? data.inputs() : Rows.select(data.inputs(), positions);
            this.labels = Arrays.stream(positions).map(data::label).toArray();
            this.ids = Arrays.stream(positions).mapToLong(data::id).toArray();
        }

        AttackRun attack() {
            return engine.run(planned.attack(), threat, inputs, labels, ids);
        }

        /** Say whether the attack looks for any example, not for the nearest one or one that fools the model with confidence. */
        boolean anyExampleWillDo() {
            return !planned.attack().universal()
                    && planned.attack().confidence() == 0
                    && (!planned.attack().minimizesNorm() || planned.inSuite());
        }

        boolean fits(AttackRun run) {
            return run.outcomes().size() == ids.length
                    && IntStream.range(0, ids.length)
                            .allMatch(i -> run.outcomes().get(i).id() == ids[i]
                                    && run.outcomes().get(i).label() == labels[i]);
        }

        /** Return an earlier run on the same model, if all its examples hold. */
        Optional<AttackRun> confirmed(AttackRun earlier) {
            long start = System.nanoTime();
            List<SampleOutcome> outcomes = earlier.outcomes();
            long broken = outcomes.stream()
                    .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                    .count();
            return confirm(outcomes).stream().flatMap(Optional::stream).count() == broken
                    ? Optional.of(new AttackRun(
                            outcomes, earlier.unconfirmed(), (System.nanoTime() - start) / 1e9, 0, outcomes.size()))
                    : Optional.empty();
        }

        private List<Optional<SampleOutcome>> confirm(List<SampleOutcome> candidates) {
            return engine.confirm(threat, inputs, labels, ids, candidates);
        }

        /** Return the last example that earlier runs found of every sample. */
        List<SampleOutcome> examplesOf(List<AttackRun> runs) {
            Map<Long, INDArray> examples = new HashMap<>();
            for (AttackRun run : runs) {
                for (SampleOutcome outcome : run.outcomes()) {
                    INDArray example = outcome.adversarial();
                    if (example != null) {
                        examples.putIfAbsent(outcome.id(), example);
                    }
                }
            }
            return IntStream.range(0, ids.length)
                    .mapToObj(i ->
                            proposal(i, Stream.ofNullable(examples.get(ids[i])).toList(), 0))
                    .toList();
        }

        /** Return the known examples: the first one of every sample, the second one, and so on. */
        List<List<SampleOutcome>> known() {
            List<List<INDArray>> examples = Arrays.stream(positions)
                    .mapToObj(position ->
                            known == KnownExamples.NONE || planned.attack().universal()
                                    ? List.<INDArray>of()
                                    : known.find(planned.attack(), keys.get(position)))
                    .toList();
            int rounds = examples.stream().mapToInt(List::size).max().orElse(0);
            return IntStream.range(0, rounds)
                    .mapToObj(round -> IntStream.range(0, ids.length)
                            .mapToObj(i -> proposal(i, examples.get(i), round))
                            .toList())
                    .toList();
        }

        private SampleOutcome proposal(int i, List<INDArray> examples, int round) {
            return new SampleOutcome(
                    ids[i],
                    labels[i],
                    SampleStatus.ROBUST,
                    round < examples.size() ? examples.get(round) : null,
                    -1,
                    null,
                    0,
                    0);
        }

        /** Try earlier examples, and attack the samples that withstand them; all of them where not any example will do. */
        AttackRun attackAfter(List<List<SampleOutcome>> earlier) {
            if (earlier.isEmpty()) {
                return attack();
            }
            if (!anyExampleWillDo()) {
                return nearer(attack(), earlier);
            }
            long start = System.nanoTime();
            SampleOutcome[] outcomes = new SampleOutcome[ids.length];
            for (List<SampleOutcome> candidates : earlier) {
                List<Optional<SampleOutcome>> replayed = confirm(withoutBroken(candidates, outcomes));
                for (int i = 0; i < outcomes.length; i++) {
                    if (replayed.get(i).isPresent()) {
                        outcomes[i] = replayed.get(i).get();
                    }
                }
            }
            int[] standing = IntStream.range(0, outcomes.length)
                    .filter(i -> outcomes[i] == null)
                    .toArray();
            double seconds = (System.nanoTime() - start) / 1e9;
            AttackRun fresh = new Job(
                            planned,
                            threat,
                            engine,
                            Arrays.stream(standing).map(i -> positions[i]).toArray())
                    .attack();
            for (int i = 0; i < standing.length; i++) {
                outcomes[standing[i]] = fresh.outcomes().get(i);
            }
            return new AttackRun(
                    List.of(outcomes),
                    fresh.unconfirmed(),
                    seconds + fresh.seconds(),
                    fresh.cpuSeconds(),
                    outcomes.length - standing.length);
        }

        private List<SampleOutcome> withoutBroken(List<SampleOutcome> candidates, @Nullable SampleOutcome[] broken) {
            return IntStream.range(0, broken.length)
                    .mapToObj(i -> broken[i] == null ? candidates.get(i) : proposal(i, List.of(), 0))
                    .toList();
        }

        /** Put known examples in the place of what a run didn't break, or broke farther away. */
        AttackRun nearer(AttackRun run, List<List<SampleOutcome>> earlier) {
            List<SampleOutcome> outcomes = new ArrayList<>(run.outcomes());
            int replaced = 0;
            for (List<SampleOutcome> candidates : earlier) {
                List<Optional<SampleOutcome>> replayed = confirm(candidates);
                for (int i = 0; i < outcomes.size(); i++) {
                    if (replayed.get(i).isPresent() && isNearer(replayed.get(i).get(), outcomes.get(i))) {
                        outcomes.set(
                                i, WorstCase.of(outcomes.get(i), replayed.get(i).get(), threat.norm()));
                        replaced++;
                    }
                }
            }
            return replaced == 0
                    ? run
                    : new AttackRun(
                            outcomes,
                            run.unconfirmed(),
                            run.seconds(),
                            run.cpuSeconds(),
                            Math.min(run.recalled() + replaced, outcomes.size()));
        }

        private boolean isNearer(SampleOutcome example, SampleOutcome found) {
            return found.status() != SampleStatus.BROKEN
                    || (planned.attack().minimizesNorm()
                            && example.breakingDistance(threat.norm()) < found.breakingDistance(threat.norm()));
        }
    }

    /** Hash everything but the model that decides the result. */
    private String task(PlannedAttack planned, ThreatModel threat) {
        List<String> parts = task(threat);
        parts.add(CodeVersion.of(planned.attack().getClass()));
        parts.add(planned.attack().toString());
        parts.add(String.valueOf(planned.inSuite()));
        return Sha256.of(parts.toArray(String[]::new));
    }

    private List<String> task(ThreatModel threat) {
        List<String> parts = new ArrayList<>(List.of(
                CodeVersion.of(Recall.class),
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
        for (int position = 0; position < data.size(); position++) {
            parts.add(data.id(position) + " " + keys.get(position));
        }
        return parts;
    }

    /** Hash the model, and what it computes. */
    private String fingerprint() {
        String known = fingerprint;
        if (known != null) {
            return known;
        }
        LabelModel own = model.redrawn(seed);
        List<String> parts = new ArrayList<>(List.of(own.info().sha256(), Arrays.toString(cleanPredictions)));
        LabeledData some = spread();
        for (INDArray inputs : List.of(some.inputs(), noisy(some))) {
            for (long from = 0; from < inputs.size(0); from += batchSize) {
                INDArray batch = Rows.slice(inputs, from, Math.min(from + batchSize, inputs.size(0)));
                parts.add(
                        own instanceof LogitModel scored
                                ? Arrays.toString(Rows.toDoubles(scored.logits(batch)))
                                : Arrays.toString(own.predict(batch)));
            }
        }
        if (own instanceof DifferentiableModel differentiable) {
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

    /** Return samples from all over the data. */
    private LabeledData spread() {
        int count = Math.min(FINGERPRINT_SAMPLES, data.size());
        return data.subset(IntStream.range(0, count)
                .map(i -> (int) ((long) i * data.size() / count))
                .toArray());
    }

    private INDArray noisy(LabeledData some) {
        double[][] rows = Rows.toRows(some.inputs());
        Box box = model.info().inputRange();
        for (int i = 0; i < rows.length; i++) {
            SampleRandom random = SampleRandom.of(seed, "fingerprint", 0, some.id(i));
            for (int j = 0; j < rows[i].length; j++) {
                double width = box.upper(j) - box.lower(j);
                double moved = rows[i][j] + NOISE * width * random.uniform(-1, 1);
                rows[i][j] = Math.min(Math.max(moved, box.lower(j)), box.upper(j));
            }
        }
        return Rows.fromRows(rows, some.inputs());
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
