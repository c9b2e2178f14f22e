package dev.mettle.core.attack;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.Logits;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.PerturbationSet;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs the queries of one attack run, counts them per sample, and remembers the best proposal per sample. */
final class ProposalTracker {

    /** Proposals may leave the ball by this much through rounding in float; the engine snaps them back before it judges. */
    private static final double ROUNDING = 1e-5;

    private final Attack attack;
    private final LabelModel model;
    private final ThreatModel threat;
    private final INDArray inputs;
    private final int[] labels;
    private final SampleRandom[] streams;
    private final boolean dropBroken;
    private final PerturbationSet perturbations;
    private final Consumer<ProposalTracker> heartbeat;

    private final INDArray best;
    private final double[] bestDistance;
    final long[] forwards;
    final long[] backwards;
    private final boolean[] gradientSeen;
    private final boolean[] gradientNonZero;
    private final boolean[] gradientInvalid;

    ProposalTracker(
            Attack attack,
            LabelModel model,
            ThreatModel threat,
            INDArray inputs,
            int[] labels,
            SampleRandom[] streams,
            boolean dropBroken,
            Consumer<ProposalTracker> heartbeat) {
        this.attack = attack;
        this.model = model;
        this.threat = threat;
        this.inputs = inputs;
        this.labels = labels;
        this.streams = streams;
        this.dropBroken = dropBroken;
        this.perturbations = threat.around(inputs);
        this.heartbeat = heartbeat;
        this.best = inputs.dup('c');
        this.bestDistance = new double[labels.length];
        Arrays.fill(bestDistance, Double.POSITIVE_INFINITY);
        this.forwards = new long[labels.length];
        this.backwards = new long[labels.length];
        this.gradientSeen = new boolean[labels.length];
        this.gradientNonZero = new boolean[labels.length];
        this.gradientInvalid = new boolean[labels.length];
    }

    ThreatModel threatModel() {
        return threat;
    }

    int size() {
        return labels.length;
    }

    INDArray inputs() {
        return inputs;
    }

    int label(int row) {
        return labels[row];
    }

    SampleRandom random(int row) {
        return streams[row];
    }

    PerturbationSet perturbations() {
        return perturbations;
    }

    /** The best proposal per sample, or the clean input where there is none. */
    INDArray best() {
        return best;
    }

    boolean found(int row) {
        return bestDistance[row] < Double.POSITIVE_INFINITY;
    }

    boolean standing(int row) {
        return !dropBroken || !found(row);
    }

    /** The status of a sample that was not broken. */
    SampleStatus unbrokenStatus(int row) {
        if (gradientInvalid[row]) {
            return SampleStatus.GRADIENT_INVALID;
        }
        if (gradientSeen[row] && !gradientNonZero[row]) {
            return SampleStatus.GRADIENT_ZERO;
        }
        return attack.minimizesNorm() ? SampleStatus.SEARCH_FAILED : SampleStatus.ROBUST;
    }

    InputGradient gradient(int[] rows, INDArray x, UnaryOperator<INDArray> lossGradient) {
        require(Access.GRADIENTS);
        InputGradient pass = ((DifferentiableModel) model).gradient(x, lossGradient);
        count(rows, forwards);
        count(rows, backwards);
        judge(rows, x, changesLabel(pass.logits(), rows));
        INDArray sizes = Rows.matrix(pass.gradient()).norm1(1); // NaN and infinity show in a sum
        double[] size = Rows.toDoubles(sizes);
        Rows.release(sizes);
        for (int i = 0; i < rows.length; i++) {
            gradientSeen[rows[i]] = true;
            gradientNonZero[rows[i]] |= size[i] != 0;
            gradientInvalid[rows[i]] |= !Double.isFinite(size[i]);
        }
        return pass;
    }

    INDArray logits(int[] rows, INDArray x) {
        require(Access.LOGITS);
        INDArray logits = ((LogitModel) model).logits(x);
        count(rows, forwards);
        judge(rows, x, changesLabel(logits, rows));
        return logits;
    }

    boolean[] propose(int[] rows, INDArray x) {
        boolean[] changed = model instanceof LogitModel logitModel
                ? changesLabel(logitModel.logits(x), rows)
                : model.misclassifies(x, labels(rows));
        count(rows, forwards);
        judge(rows, x, changed);
        return changed;
    }

    private boolean[] changesLabel(INDArray logits, int[] rows) {
        return Logits.prefersAnother(logits, labels(rows), attack.confidence());
    }

    private void require(Access needed) {
        if (attack.access().compareTo(needed) < 0) {
            throw new IllegalStateException(attack.name() + " asks for " + needed + " but declares " + attack.access());
        }
    }

    private int[] labels(int[] rows) {
        int[] chosen = new int[rows.length];
        Arrays.setAll(chosen, i -> labels[rows[i]]);
        return chosen;
    }

    private void count(int[] rows, long[] counts) {
        for (int row : rows) {
            counts[row]++;
        }
    }

    private void judge(int[] rows, INDArray x, boolean[] changesLabel) {
        keepBetter(rows, x, changesLabel);
        heartbeat.accept(this);
    }

    /** Keep a proposal if it changes the label, lies in the threat model, and is nearer than the best one so far. */
    private void keepBetter(int[] rows, INDArray x, boolean[] changesLabel) {
        int[] candidates = IntStream.range(0, rows.length)
                .filter(i -> changesLabel[i] && standing(rows[i]))
                .toArray();
        if (candidates.length == 0) {
            return;
        }
        double[][] points = Rows.toRows(Rows.select(x, candidates));
        int[] own = IntStream.of(candidates).map(i -> rows[i]).toArray();
        double[][] clean = Rows.toRows(Rows.select(inputs, own));
        double limit = threat.epsilon() * (1 + ROUNDING);
        for (int i = 0; i < candidates.length; i++) {
            double distance = Distances.between(points[i], clean[i]).in(threat.norm());
            if (distance <= limit
                    && distance < bestDistance[own[i]]
                    && threat.box().firstViolation(points[i]).isEmpty()) {
                bestDistance[own[i]] = distance;
                Rows.copy(x, candidates[i], best, own[i]);
            }
        }
    }
}
