package dev.mettle.core.attack;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.Votes;
import dev.mettle.core.numeric.CpuClock;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.numeric.Tolerance;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs one attack on samples that the model classifies correctly, and judges what it proposes.
 *
 * <p>The engine cuts the samples into batches, runs the restarts on those still standing, checks norm, box and finiteness of
 * every candidate in double precision, and lets the original model decide. An attack that fails leaves a sample at its clean
 * input, with a status that says why.
 */
public final class AttackEngine {

    private final LabelModel model;
    private final long seed;
    private final int batchSize;
    private final boolean dropBroken;
    private final boolean withinEpsilon;
    private final Heartbeat heartbeat;

    private AttackEngine(
            LabelModel model,
            long seed,
            int batchSize,
            boolean dropBroken,
            boolean withinEpsilon,
            Heartbeat heartbeat) {
        this.model = model;
        this.seed = seed;
        this.batchSize = batchSize;
        this.dropBroken = dropBroken;
        this.withinEpsilon = withinEpsilon;
        this.heartbeat = heartbeat;
    }

    /** Create an engine with batches of 128 samples, that leaves a sample alone as soon as it is broken. */
    public static AttackEngine of(LabelModel model, long seed) {
        return new AttackEngine(model, seed, 128, true, false, (standing, total) -> {});
    }

    /**
     * Return an engine with another batch size. Results don't depend on it; memory and speed do.
     *
     * @throws ConfigurationException if the size is not positive
     */
    public AttackEngine withBatchSize(int size) {
        if (size < 1) {
            throw new ConfigurationException("the batch size is " + size + ": give at least 1");
        }
        return new AttackEngine(model, seed, size, dropBroken, withinEpsilon, heartbeat);
    }

    /** Return an engine that lets attacks run to their end on samples they have already broken, for the nearest example. */
    public AttackEngine keepingBroken() {
        return new AttackEngine(model, seed, batchSize, false, withinEpsilon, heartbeat);
    }

    /**
     * Return an engine that lets minimum-norm attacks, too, leave a sample alone as soon as they broke it within epsilon, where the
     * nearest example doesn't matter.
     */
    public AttackEngine stoppingWithinEpsilon() {
        return new AttackEngine(model, seed, batchSize, dropBroken, true, heartbeat);
    }

    /** Return an engine that reports after every model query how many samples are broken. */
    public AttackEngine withHeartbeat(Heartbeat listener) {
        return new AttackEngine(model, seed, batchSize, dropBroken, withinEpsilon, listener);
    }

    /** Hears how a running attack gets on. */
    @FunctionalInterface
    public interface Heartbeat {
        /** Called when an evaluation turns to another attack, or to other samples. */
        default void begin(String work) {}

        /** Called after every model query, on the thread of the evaluation. */
        void beat(int broken, int total);
    }

    /**
     * Attack samples.
     *
     * @param attack the attack
     * @param threat the threat model; minimum-norm attacks search without bound and are judged by epsilon afterwards
     * @param inputs samples inside the box, shape {@code [n, ...]}, in the model's data type; never changed
     * @param labels the labels to attack, which the model gives the clean samples
     * @param ids the ids of the samples, for their random streams
     * @throws ConfigurationException if the model doesn't offer what the attack needs, or the attack doesn't know the norm
     */
    public AttackRun run(Attack attack, ThreatModel threat, INDArray inputs, int[] labels, long[] ids) {
        return run(attack, threat, inputs, labels, ids, QueryListener.NONE);
    }

    /** Return what the model decides on samples, shape {@code [n, ...]}: what it says, or, if it is randomized, what most draws say. */
    public int[] decide(INDArray inputs) {
        return Votes.predict(model.redrawn(seed), inputs);
    }

    /** Hears what the model tells an attack at the points where this asks for gradients. */
    @FunctionalInterface
    public interface Watcher {
        /** Called after a gradient of the sample at a position was asked for, with its logits; in the order of the queries. */
        void asked(int sample, double[] logits);
    }

    /** Attack samples just as {@link #run} does, and tell a watcher of every gradient. */
    public AttackRun watch(
            Attack attack, ThreatModel threat, INDArray inputs, int[] labels, long[] ids, Watcher watcher) {
        return run(attack, threat, inputs, labels, ids, new GradientQueries(watcher));
    }

    /**
     * Attack samples just as {@link #run} does, and remember every query of one of them.
     *
     * @param sample the position of that sample among the inputs
     * @throws ConfigurationException as {@link #run} does; or if the attack makes one perturbation for all samples, so that its queries
     *     are not about one of them
     */
    public AttackTrace trace(Attack attack, ThreatModel threat, INDArray inputs, int[] labels, long[] ids, int sample) {
        if (attack.universal()) {
            throw new ConfigurationException(
                    attack.label() + " makes one perturbation for all samples: it can't be run on one of them alone");
        }
        QueryRecorder queries = new QueryRecorder(threat, inputs, sample);
        AttackRun run = run(attack, threat, inputs, labels, ids, queries);
        return new AttackTrace(run.outcomes().get(sample), queries.queries(), labels.length);
    }

    private AttackRun run(
            Attack attack, ThreatModel threat, INDArray inputs, int[] labels, long[] ids, QueryListener queries) {
        attack.within(threat.norm(), threat.epsilon()); // refuses a norm that the attack doesn't know
        if (!attack.access().offeredBy(model)) {
            throw new ConfigurationException(attack.name() + " needs " + attack.access() + " of the model, which "
                    + model.info().name() + " doesn't offer");
        }
        boolean nearest = attack.minimizesNorm() && !withinEpsilon;
        ThreatModel searched = nearest ? threat.withEpsilon(ThreatModel.UNBOUNDED) : threat;
        long wallStart = System.nanoTime();
        long cpuStart = CpuClock.nanos();
        int classes = model.info().classes();
        Aim[] aims = aims(threat.goal(), classes, inputs, labels, ids);
        Run run = new Run(attack, searched, nearest, classes, inputs, aims, ids, queries);
        int size = attack.universal() ? Math.max(1, labels.length) : batchSize;
        for (int from = 0; from < labels.length; from += size) {
            run.attackBatch(
                    IntStream.range(from, Math.min(from + size, labels.length)).toArray());
        }
        List<SampleOutcome> outcomes = run.outcomes();
        if (nearest && threat.bounded()) {
            outcomes = outcomes.stream()
                    .map(outcome -> outcome.within(threat.norm(), threat.epsilon()))
                    .toList();
        }
        return new AttackRun(
                outcomes, run.unconfirmed, (System.nanoTime() - wallStart) / 1e9, (CpuClock.nanos() - cpuStart) / 1e9);
    }

    /**
     * Judge adversarial examples that were found earlier, as if an attack had just proposed them: norm, box and constraints in double
     * precision, then the model itself.
     *
     * @param threat the threat model, bounded
     * @param inputs clean samples, shape {@code [n, ...]}
     * @param earlier one outcome per sample, of any run on the same samples
     * @return one outcome per sample: broken, at the cost of one forward pass, where the example still fools the model; else empty
     */
    public List<Optional<SampleOutcome>> confirm(
            ThreatModel threat, INDArray inputs, int[] labels, long[] ids, List<SampleOutcome> earlier) {
        int[] known = IntStream.range(0, labels.length)
                .filter(i -> earlier.get(i).adversarial() != null)
                .toArray();
        List<Optional<SampleOutcome>> confirmed = new ArrayList<>(Collections.nCopies(labels.length, Optional.empty()));
        Aim[] aims = aims(threat.goal(), model.info().classes(), inputs, labels, ids);
        for (int from = 0; from < known.length; from += batchSize) {
            int[] batch = Arrays.copyOfRange(known, from, Math.min(from + batchSize, known.length));
            INDArray examples = Nd4j.concat(
                    0,
                    Arrays.stream(batch)
                            .mapToObj(i -> Objects.requireNonNull(earlier.get(i).adversarial(), "filtered"))
                            .toArray(INDArray[]::new));
            double[][] points = Rows.toRows(examples);
            double[][] clean = Rows.toRows(Rows.select(inputs, batch));
            Judgement[] judgements = Votes.judge(
                    model.redrawn(seed),
                    examples,
                    Arrays.stream(batch).mapToObj(i -> aims[i]).toArray(Aim[]::new));
            for (int i = 0; i < batch.length; i++) {
                Distances size = Distances.between(points[i], clean[i], threat.constraints());
                if (judgements[i].reachesAim() && threat.allows(points[i], clean[i])) {
                    SampleOutcome outcome = new SampleOutcome(
                            ids[batch[i]],
                            labels[batch[i]],
                            SampleStatus.BROKEN,
                            Rows.select(examples, new int[] {i}),
                            judgements[i].label(),
                            size,
                            1,
                            0);
                    confirmed.set(batch[i], Optional.of(outcome));
                }
            }
        }
        return confirmed;
    }

    /** Choose what is wanted of each sample: the same for every attack, since it depends on seed and sample only. */
    private Aim[] aims(Goal goal, int classes, INDArray inputs, int[] labels, long[] ids) {
        double[][] logits = new double[labels.length][];
        if (goal.needsLogits() && labels.length > 0 && model.redrawn(seed) instanceof LogitModel scored) {
            logits = Rows.toRows(scored.logits(inputs));
        }
        Aim[] aims = new Aim[labels.length];
        for (int i = 0; i < aims.length; i++) {
            double[] scores = logits[i] == null ? null : Arrays.copyOf(logits[i], classes);
            aims[i] = model.against(goal.aim(labels[i], classes, scores, SampleRandom.of(seed, "goal", 0, ids[i])));
        }
        return aims;
    }

    /** The state of one call of {@link #run}. */
    private final class Run {

        private final Attack attack;
        private final LabelModel drawing;
        private final ThreatModel threat;
        private final boolean nearest;
        private final int classes;
        private final INDArray inputs;
        private final Aim[] aims;
        private final long[] ids;
        private final QueryListener queries;
        private final @Nullable INDArray[] adversarial;
        private final int[] adversarialLabels;
        private final @Nullable Distances[] distances;
        private final SampleStatus[] statuses;
        private final long[] forwards;
        private final long[] backwards;
        private int unconfirmed;

        Run(
                Attack attack,
                ThreatModel threat,
                boolean nearest,
                int classes,
                INDArray inputs,
                Aim[] aims,
                long[] ids,
                QueryListener queries) {
            this.attack = attack;
            // draws of its own for every attack, so that results don't depend on what else runs
            this.drawing = model.redrawn(seed ^ ((long) attack.label().hashCode() << Integer.SIZE));
            this.threat = threat;
            this.nearest = nearest;
            this.classes = classes;
            this.inputs = inputs;
            this.aims = aims;
            this.ids = ids;
            this.queries = queries;
            int n = aims.length;
            this.adversarial = new INDArray[n];
            this.adversarialLabels = new int[n];
            this.distances = new Distances[n];
            this.statuses = new SampleStatus[n];
            this.forwards = new long[n];
            this.backwards = new long[n];
        }

        void attackBatch(int[] batch) {
            for (int restart = 0; restart < attack.restarts(); restart++) {
                int[] rows = Arrays.stream(batch)
                        .filter(row -> distances[row] == null || nearest || !dropBroken)
                        .toArray();
                if (rows.length == 0) {
                    return;
                }
                attackOnce(rows, restart);
            }
        }

        private void attackOnce(int[] rows, int restart) {
            Aim[] ownAims = Arrays.stream(rows).mapToObj(row -> aims[row]).toArray(Aim[]::new);
            SampleRandom[] streams = new SampleRandom[rows.length];
            Arrays.setAll(streams, i -> SampleRandom.of(seed, attack.name(), restart, ids[rows[i]]));
            ProposalTracker proposals = new ProposalTracker(
                    attack,
                    drawing,
                    threat,
                    Rows.select(inputs, rows),
                    ownAims,
                    classes,
                    streams,
                    dropBroken && !nearest,
                    tracker -> beat(rows, tracker),
                    queries);
            queries.begin(restart, rows);
            attack.run(new AttackContext(proposals, restart));
            for (int i = 0; i < rows.length; i++) {
                forwards[rows[i]] += proposals.forwards[i];
                backwards[rows[i]] += proposals.backwards[i];
                SampleStatus status = proposals.unbrokenStatus(i);
                // one sound restart is enough to call the failure of the others evidence
                if (statuses[rows[i]] == null || statuses[rows[i]].undecided()) {
                    statuses[rows[i]] = status;
                }
            }
            verify(rows, proposals);
        }

        private void beat(int[] rows, ProposalTracker proposals) {
            long before = Arrays.stream(distances)
                    .filter(distance -> distance != null)
                    .count();
            long now = IntStream.range(0, rows.length)
                    .filter(i -> distances[rows[i]] == null && proposals.found(i))
                    .count();
            heartbeat.beat((int) (before + now), distances.length);
        }

        /** Let the original model judge the best proposals, after snapping them to the threat model in double precision. */
        private void verify(int[] rows, ProposalTracker proposals) {
            int[] found =
                    IntStream.range(0, rows.length).filter(proposals::found).toArray();
            if (found.length == 0) {
                return;
            }
            double[][] clean = Rows.toRows(Rows.select(proposals.inputs(), found));
            Aim[] ownAims = Arrays.stream(found).mapToObj(proposals::aim).toArray(Aim[]::new);
            INDArray candidates = snap(Rows.select(proposals.best(), found), clean);
            Judgement[] judgements = Votes.judge(drawing, candidates, ownAims);
            for (double part = 1e-5; part < 0.02 && missed(judgements).length > 0; part *= 10) {
                int[] missed = missed(judgements);
                candidates = pushOut(candidates, clean, missed, part);
                Judgement[] again = Votes.judge(
                        drawing,
                        Rows.select(candidates, missed),
                        Arrays.stream(missed).mapToObj(i -> ownAims[i]).toArray(Aim[]::new));
                for (int i = 0; i < missed.length; i++) {
                    judgements[missed[i]] = again[i];
                }
            }
            double[][] points = Rows.toRows(candidates);
            for (int i = 0; i < found.length; i++) {
                int row = rows[found[i]];
                Distances size = Distances.between(points[i], clean[i], threat.constraints());
                if (!judgements[i].reachesAim() || !threat.allows(points[i], clean[i])) {
                    unconfirmed++;
                    continue;
                }
                Distances best = distances[row];
                if (best == null || size.in(threat.norm()) < best.in(threat.norm())) {
                    distances[row] = size;
                    adversarial[row] = Rows.select(candidates, new int[] {i});
                    adversarialLabels[row] = judgements[i].label();
                }
            }
        }

        private static int[] missed(Judgement[] judgements) {
            return IntStream.range(0, judgements.length)
                    .filter(i -> !judgements[i].reachesAim())
                    .toArray();
        }

        /**
         * Stretch some perturbations by a part of themselves, but not beyond epsilon or box: the nearest example often ends on the
         * decision boundary, where the original model, or another batch size, may round it to the other side.
         */
        private INDArray pushOut(INDArray candidates, double[][] clean, int[] which, double part) {
            double[][] points = Rows.toRows(candidates);
            for (int i : which) {
                double[] further = new double[points[i].length];
                for (int j = 0; j < further.length; j++) {
                    double value = clean[i][j] + (1 + part) * (points[i][j] - clean[i][j]);
                    further[j] = Math.min(
                            Math.max(value, threat.box().lower(j)), threat.box().upper(j));
                }
                double size = Distances.between(further, clean[i], threat.constraints())
                        .in(threat.norm());
                if (Tolerance.atMost(size, threat.epsilon())
                        && threat.constraints().allows(further, clean[i])) {
                    points[i] = further;
                }
            }
            return Rows.fromRows(points, candidates);
        }

        /** Shrink perturbations that rounding carried beyond epsilon. */
        private INDArray snap(INDArray candidates, double[][] clean) {
            double[][] points = Rows.toRows(candidates);
            boolean changed = false;
            for (int i = 0; i < points.length; i++) {
                double size = Distances.between(points[i], clean[i], threat.constraints())
                        .in(threat.norm());
                if (!Tolerance.atMost(size, threat.epsilon())) {
                    double factor = threat.epsilon() / size * (1 - Tolerance.RELATIVE);
                    for (int j = 0; j < points[i].length; j++) {
                        points[i][j] = clean[i][j] + factor * (points[i][j] - clean[i][j]);
                    }
                    changed = true;
                }
            }
            return changed ? Rows.fromRows(points, candidates) : candidates;
        }

        List<SampleOutcome> outcomes() {
            List<SampleOutcome> outcomes = new ArrayList<>();
            for (int i = 0; i < statuses.length; i++) {
                outcomes.add(
                        distances[i] == null
                                ? SampleOutcome.unbroken(
                                        ids[i], aims[i].label(), statuses[i], forwards[i], backwards[i])
                                : new SampleOutcome(
                                        ids[i],
                                        aims[i].label(),
                                        SampleStatus.BROKEN,
                                        adversarial[i],
                                        adversarialLabels[i],
                                        distances[i],
                                        forwards[i],
                                        backwards[i]));
            }
            return outcomes;
        }
    }
}
