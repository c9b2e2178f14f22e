package dev.mettle.core.attack;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.Votes;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.AttackSpace;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
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
    private final Aim[] aims;
    private final int classes;
    private final SampleRandom[] streams;
    private final boolean dropBroken;
    private final AttackSpace space;
    private final Consumer<ProposalTracker> heartbeat;
    private final QueryListener queries;

    private final INDArray best;
    private final double[] bestDistance;
    final long[] forwards;
    final long[] backwards;
    private final boolean[] gradientSeen;
    private final boolean[] gradientNonZero;
    private final boolean[] gradientInvalid;
    private boolean judging = true;
    private boolean proposed;

    ProposalTracker(
            Attack attack,
            LabelModel model,
            ThreatModel threat,
            INDArray inputs,
            Aim[] aims,
            int classes,
            SampleRandom[] streams,
            boolean dropBroken,
            Consumer<ProposalTracker> heartbeat,
            QueryListener queries) {
        this.attack = attack;
        this.model = model;
        this.threat = threat;
        this.inputs = inputs;
        this.aims = aims;
        this.classes = classes;
        this.streams = streams;
        this.dropBroken = dropBroken;
        this.space = attack.minimizesNorm() ? threat.spaceBeyond(inputs) : threat.space(inputs);
        this.heartbeat = heartbeat;
        this.queries = queries;
        this.best = inputs.dup('c');
        this.bestDistance = new double[aims.length];
        Arrays.fill(bestDistance, Double.POSITIVE_INFINITY);
        this.forwards = new long[aims.length];
        this.backwards = new long[aims.length];
        this.gradientSeen = new boolean[aims.length];
        this.gradientNonZero = new boolean[aims.length];
        this.gradientInvalid = new boolean[aims.length];
    }

    ThreatModel threatModel() {
        return threat;
    }

    int size() {
        return aims.length;
    }

    INDArray inputs() {
        return inputs;
    }

    Aim aim(int row) {
        return aims[row];
    }

    int classes() {
        return classes;
    }

    SampleRandom random(int row) {
        return streams[row];
    }

    AttackSpace space() {
        return space;
    }

    /**
     * Judge nothing from now on, drop no sample, and keep what is proposed last per sample instead of the best: an attack in training is
     * to make the loss large, not just to succeed.
     */
    ProposalTracker unjudged() {
        judging = false;
        return this;
    }

    /** Say whether an attack that isn't judged proposed anything. */
    boolean proposed() {
        return proposed;
    }

    /** The best proposal per sample, or the clean input where there is none. */
    INDArray best() {
        return best;
    }

    double bestDistance(int row) {
        return bestDistance[row];
    }

    /** The best proposals of some samples, in attack coordinates. */
    INDArray best(int[] rows) {
        return space.fromModel(Rows.select(best, rows));
    }

    /** Say whether a proposal broke a sample within epsilon. One farther away only tells an attack where to go on from. */
    boolean found(int row) {
        return bestDistance[row] < Double.POSITIVE_INFINITY && bestDistance[row] <= threat.epsilon() * (1 + ROUNDING);
    }

    boolean standing(int row) {
        return !judging || !dropBroken || !found(row);
    }

    /** The status of a sample that was not broken. */
    SampleStatus unbrokenStatus(int row) {
        if (gradientInvalid[row]) {
            return SampleStatus.GRADIENT_INVALID;
        }
        if (gradientSeen[row] && !gradientNonZero[row]) {
            return SampleStatus.GRADIENT_ZERO;
        }
        return attack.minimizesNorm() && !threat.bounded() ? SampleStatus.SEARCH_FAILED : SampleStatus.ROBUST;
    }

    /** One forward and one backward pass, or the mean over several of them for a randomized model. */
    InputGradient gradient(int[] rows, INDArray points, UnaryOperator<INDArray> lossGradient, int draws) {
        require(Access.GRADIENTS);
        INDArray x = space.toModel(points, rows);
        InputGradient mean = pass(rows, x, lossGradient);
        for (int draw = 1; draw < draws; draw++) {
            InputGradient next = pass(rows, x, lossGradient);
            mean.logits().addi(next.logits());
            mean.gradient().addi(next.gradient());
            Rows.release(next.gradient());
        }
        if (draws > 1) {
            mean.logits().divi(draws);
            mean.gradient().divi(draws);
        }
        inspect(rows, mean.gradient());
        return new InputGradient(mean.logits(), space.gradientToAttack(mean.gradient()));
    }

    private InputGradient pass(int[] rows, INDArray x, UnaryOperator<INDArray> lossGradient) {
        InputGradient pass = ((DifferentiableModel) model).gradient(x, lossGradient);
        count(rows, forwards, 1);
        count(rows, backwards, 1);
        queries.asked(Access.GRADIENTS, rows, aims(rows), x, pass.logits(), List.of(pass.gradient()));
        judgeQuery(rows, x, pass.logits());
        return pass;
    }

    /** One forward and several backward passes, or the mean over several of them for a randomized model. */
    InputGradients gradients(int[] rows, INDArray points, Function<INDArray, List<INDArray>> lossGradients, int draws) {
        require(Access.GRADIENTS);
        INDArray x = space.toModel(points, rows);
        InputGradients mean = passes(rows, x, lossGradients);
        for (int draw = 1; draw < draws; draw++) {
            InputGradients next = passes(rows, x, lossGradients);
            mean.logits().addi(next.logits());
            for (int k = 0; k < mean.gradients().size(); k++) {
                mean.gradients().get(k).addi(next.gradients().get(k));
            }
        }
        if (draws > 1) {
            mean.logits().divi(draws);
            mean.gradients().forEach(gradient -> gradient.divi(draws));
        }
        mean.gradients().forEach(gradient -> inspect(rows, gradient));
        return new InputGradients(
                mean.logits(),
                mean.gradients().stream().map(space::gradientToAttack).toList());
    }

    private InputGradients passes(int[] rows, INDArray x, Function<INDArray, List<INDArray>> lossGradients) {
        InputGradients passes = ((DifferentiableModel) model).gradients(x, lossGradients);
        count(rows, forwards, 1);
        count(rows, backwards, passes.gradients().size());
        queries.asked(Access.GRADIENTS, rows, aims(rows), x, passes.logits(), passes.gradients());
        judgeQuery(rows, x, passes.logits());
        return passes;
    }

    /** Remember which samples had a gradient that is worth something. */
    private void inspect(int[] rows, INDArray gradient) {
        if (!judging) {
            return;
        }
        INDArray sizes = Rows.matrix(gradient).norm1(1); // NaN and infinity show in a sum
        double[] size = Rows.toDoubles(sizes);
        Rows.release(sizes);
        for (int i = 0; i < rows.length; i++) {
            gradientSeen[rows[i]] = true;
            gradientNonZero[rows[i]] |= size[i] != 0;
            gradientInvalid[rows[i]] |= !Double.isFinite(size[i]);
        }
    }

    INDArray logits(int[] rows, INDArray points) {
        require(Access.LOGITS);
        INDArray x = space.toModel(points, rows);
        INDArray logits = ((LogitModel) model).logits(x);
        count(rows, forwards, 1);
        queries.asked(Access.LOGITS, rows, aims(rows), x, logits, List.of());
        judgeQuery(rows, x, logits);
        return logits;
    }

    boolean[] propose(int[] rows, INDArray points) {
        INDArray x = space.toModel(points, rows);
        if (!judging) {
            keepLast(rows, x);
            return new boolean[rows.length];
        }
        INDArray logits = model instanceof LogitModel logitModel ? logitModel.logits(x) : null;
        boolean[] reached = logits != null ? reachesGoal(logits, rows) : model.reaches(x, aims(rows));
        count(rows, forwards, 1);
        queries.asked(Access.LABELS, rows, aims(rows), x, logits, List.of());
        judge(rows, x, reached);
        return reached;
    }

    boolean[] reachesGoal(INDArray logits, int[] rows) {
        return Logits.reach(logits, aims(rows), attack.confidence());
    }

    private void require(Access needed) {
        if (attack.access().compareTo(needed) < 0) {
            throw new IllegalStateException(attack.name() + " asks for " + needed + " but declares " + attack.access());
        }
    }

    private Aim[] aims(int[] rows) {
        return Arrays.stream(rows).mapToObj(row -> aims[row]).toArray(Aim[]::new);
    }

    private static void count(int[] rows, long[] counts, int passes) {
        for (int row : rows) {
            counts[row] += passes;
        }
    }

    /** Judge a query as a proposal, unless the attack only trains what it proposes later. */
    private void judgeQuery(int[] rows, INDArray x, INDArray logits) {
        if (!judging) {
            return;
        }
        if (attack.universal()) {
            heartbeat.accept(this);
        } else {
            judge(rows, x, reachesGoal(logits, rows));
        }
    }

    private void keepLast(int[] rows, INDArray x) {
        proposed = true;
        for (int i = 0; i < rows.length; i++) {
            Rows.copy(x, i, best, rows[i]);
        }
    }

    private void judge(int[] rows, INDArray x, boolean[] reachesGoal) {
        keepBetter(rows, x, reachesGoal);
        heartbeat.accept(this);
    }

    /**
     * Leave out what is no success by more than logits, such as those of one draw of a randomized model: an attack that rested there would
     * stop too early.
     */
    private int[] reallyReaching(int[] rows, INDArray x, int[] candidates) {
        if (model.logitsDecide() || candidates.length == 0) {
            return candidates;
        }
        int[] own = IntStream.of(candidates).map(i -> rows[i]).toArray();
        count(own, forwards, Votes.passes(model));
        Judgement[] judgements = Votes.judge(model, Rows.select(x, candidates), aims(own));
        return IntStream.range(0, candidates.length)
                .filter(i -> judgements[i].reachesAim())
                .map(i -> candidates[i])
                .toArray();
    }

    /** Keep a proposal if it reaches the goal, is a valid input, and is nearer than the best one so far. */
    private void keepBetter(int[] rows, INDArray x, boolean[] reachesGoal) {
        int[] candidates = reallyReaching(
                rows,
                x,
                IntStream.range(0, rows.length)
                        .filter(i -> reachesGoal[i] && standing(rows[i]))
                        .toArray());
        if (candidates.length == 0) {
            return;
        }
        double[][] points = Rows.toRows(Rows.select(x, candidates));
        int[] own = IntStream.of(candidates).map(i -> rows[i]).toArray();
        double[][] clean = Rows.toRows(Rows.select(inputs, own));
        for (int i = 0; i < candidates.length; i++) {
            double distance =
                    Distances.between(points[i], clean[i], threat.constraints()).in(threat.norm());
            if (distance < bestDistance[own[i]]
                    && threat.box().firstViolation(points[i]).isEmpty()) {
                bestDistance[own[i]] = distance;
                Rows.copy(x, candidates[i], best, own[i]);
            }
        }
    }
}
