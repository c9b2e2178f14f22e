package dev.mettle.core.trust;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.AttackSpace;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Looks at scores and gradients around a few samples that withstood: do they lead anywhere? */
final class LocalChecks {

    /** The parts of epsilon at which neighboring gradients are compared. */
    private static final double[] NEAR = {0.01, 0.1};

    /** Below this cosine, a step that the one gradient calls uphill is hardly so by the other. */
    private static final double ALIGNED = 0.5;

    private static final double NEARLY_ALIGNED = 0.75;

    /** The part of epsilon that rounding of inputs swallows, but a float doesn't. */
    private static final double TINY = 0.005;

    /** So large a change of scores at so small a step is no slope, but a jump. */
    private static final double JUMP = 0.2;

    /** The width of the noise and the threshold of the reference implementation of I2. */
    private static final double NOISE_WIDTH = 8 / 255.0;

    private static final double UNSTABLE = 0.1;
    private static final int STABILITY_SAMPLES = 4;
    private static final String BLIND = "no attack looks at scores";

    /** The part of the largest epsilon to look around in where there is no epsilon. */
    private static final double UNBOUNDED_REACH = 0.05;

    private static final double PRECISION = 0.9;
    private static final int PRECISION_SAMPLES = 4;

    private final TrustSubject subject;
    private final LabelModel function;
    private final ThreatModel threat;
    private final INDArray inputs;
    private final int[] labels;
    private final long[] ids;
    private final List<AttackedSamples> runs;
    private final Budget budget;
    private final Meter meter;
    private final boolean seesScores;
    private final List<TrustFinding> findings = new ArrayList<>();

    /** Create the checks around some samples. */
    LocalChecks(
            TrustSubject subject,
            ThreatModel threat,
            int[] positions,
            List<AttackedSamples> runs,
            Budget budget,
            Meter meter) {
        this.subject = subject;
        // a randomized model is a function at one of its draws only; what differs between draws is another check's
        // matter
        this.function = subject.model().atOneDraw();
        this.threat = threat;
        this.inputs = Rows.select(subject.data().inputs(), positions);
        this.labels = Arrays.stream(positions).map(subject.data()::label).toArray();
        this.ids = Arrays.stream(positions).mapToLong(subject.data()::id).toArray();
        this.runs = runs;
        this.budget = budget;
        this.meter = meter;
        this.seesScores = runs.stream().anyMatch(run -> run.attack().access() != Access.LABELS);
    }

    /** Return what was found so far. */
    List<TrustFinding> findings() {
        return findings;
    }

    /** Run the checks that may doubt. */
    void look() {
        long before = meter.passes();
        if (function instanceof DifferentiableModel differentiable) {
            gradients(differentiable);
            precision(differentiable);
        } else {
            for (TrustCheck check : List.of(
                    TrustCheck.NONZERO_GRADIENTS, TrustCheck.SMOOTH_GRADIENTS, TrustCheck.SUFFICIENT_PRECISION)) {
                findings.add(TrustFinding.notRun(check, "the model offers no gradients"));
            }
        }
        if (seesScores && function instanceof LogitModel scored) {
            scores(scored);
        } else {
            for (TrustCheck check :
                    List.of(TrustCheck.CHANGING_SCORES, TrustCheck.CONTINUOUS_SCORES, TrustCheck.UNROUNDED_INPUTS)) {
                findings.add(TrustFinding.notRun(check, BLIND));
            }
        }
        budget.charge(meter.passes() - before);
    }

    /** Run the check that only warns. */
    void shake() {
        if (seesScores && function instanceof LogitModel scored) {
            stability(scored);
        } else {
            findings.add(TrustFinding.notRun(TrustCheck.STABLE_PREDICTIONS, BLIND));
        }
    }

    private int size() {
        return labels.length;
    }

    private double[][] gradient(DifferentiableModel model, INDArray x, LogitLoss loss, int[] own) {
        meter.forwardAndBackward(x.size(0));
        return Rows.toRows(
                model.gradient(x, logits -> loss.directions(logits, aims(own))).gradient());
    }

    private Aim[] aims(int[] own) {
        return Arrays.stream(own)
                .mapToObj(label -> function.against(Aim.awayFrom(label)))
                .toArray(Aim[]::new);
    }

    private void gradients(DifferentiableModel model) {
        double[][] here = gradient(model, inputs, new Margin(), labels);
        int zeroHere = (int) Arrays.stream(here).filter(row -> length(row) == 0).count();
        int attacked = 0;
        int zero = 0;
        for (AttackedSamples run : runs) {
            if (run.attack().access() != Access.GRADIENTS) {
                continue;
            }
            attacked += (int) run.outcomes().stream()
                    .filter(outcome -> outcome.status().attacked())
                    .count();
            zero += (int) run.outcomes().stream()
                    .filter(outcome -> outcome.status() == SampleStatus.GRADIENT_ZERO)
                    .count();
        }
        Share inAttacks = new Share(zero, attacked);
        TrustLevel level = (zeroHere > 0 && 2 * zeroHere >= size()) || inAttacks.isSignificant()
                ? TrustLevel.DOUBT
                : zeroHere + zero > 0 ? TrustLevel.WARNING : TrustLevel.PASSED;
        String evidence = "the gradient of the margin is zero at " + zeroHere + " of " + size()
                + " samples, and all gradients of an attack at " + inAttacks;
        findings.add(
                level == TrustLevel.PASSED
                        ? TrustFinding.passed(TrustCheck.NONZERO_GRADIENTS, evidence)
                        : new TrustFinding(
                                TrustCheck.NONZERO_GRADIENTS,
                                level,
                                evidence,
                                "declare the derivative of what rounds or cuts (PreprocessedModel, BPDA), or attack without"
                                        + " gradients, by Square or HopSkipJump"));
        if (threat.constraints().hasLattice()) {
            findings.add(TrustFinding.notRun(
                    TrustCheck.SMOOTH_GRADIENTS, "whole numbers and categories have no neighbors near by"));
            return;
        }
        if (2 * zeroHere >= size()) {
            findings.add(TrustFinding.notRun(TrustCheck.SMOOTH_GRADIENTS, "most gradients are zero"));
            return;
        }
        double[][] from = Rows.toRows(inputs);
        double worst = 1;
        double at = NEAR[0];
        for (double part : NEAR) {
            INDArray neighbors = moved(part, "near " + part);
            double[][] to = Rows.toRows(neighbors);
            double[][] there = gradient(model, neighbors, new Margin(), labels);
            double cosine = median(IntStream.range(0, size())
                    .filter(i -> length(here[i]) > 0)
                    // the edge of the box holds features where they are, and their gradients with them
                    .mapToDouble(i -> cosineWhereMoved(from[i], to[i], here[i], there[i]))
                    .filter(value -> !Double.isNaN(value))
                    .toArray());
            if (cosine < worst) {
                worst = cosine;
                at = part;
            }
        }
        String smooth = String.format(
                Locale.ROOT,
                "the gradients of a sample and of a random neighbor at %.0f%% of epsilon have a median cosine of %.2f",
                100 * at,
                worst);
        findings.add(
                worst >= NEARLY_ALIGNED
                        ? TrustFinding.passed(TrustCheck.SMOOTH_GRADIENTS, smooth)
                        : new TrustFinding(
                                TrustCheck.SMOOTH_GRADIENTS,
                                worst < ALIGNED ? TrustLevel.DOUBT : TrustLevel.WARNING,
                                smooth,
                                "gradients are shattered; declare a smooth derivative (PreprocessedModel, BPDA), or attack"
                                        + " without gradients, by Square"));
    }

    private void precision(DifferentiableModel model) {
        DifferentiableModel exact = model.inDoublePrecision();
        if (exact == model) {
            findings.add(TrustFinding.notRun(
                    TrustCheck.SUFFICIENT_PRECISION, "the model has no second precision to compare with"));
            return;
        }
        int few = Math.min(PRECISION_SAMPLES, size());
        INDArray x = Rows.slice(inputs, 0, few);
        int[] own = Arrays.copyOf(labels, few);
        double[][] single = gradient(model, x, new CrossEntropy(), own);
        double[][] exactly = gradient(exact, x.castTo(DataType.DOUBLE), new CrossEntropy(), own);
        double cosine = median(IntStream.range(0, few)
                .mapToDouble(i -> length(exactly[i]) == 0 ? 1 : cosine(single[i], exactly[i]))
                .toArray());
        String evidence = String.format(
                Locale.ROOT,
                "gradients of the cross-entropy in %s and in double precision have a median cosine of %.4f at %d samples",
                model.info().dataType(),
                cosine,
                few);
        findings.add(
                cosine >= PRECISION
                        ? TrustFinding.passed(TrustCheck.SUFFICIENT_PRECISION, evidence)
                        : new TrustFinding(
                                TrustCheck.SUFFICIENT_PRECISION,
                                TrustLevel.DOUBT,
                                evidence,
                                "what cancels in single precision hides the way; attack the model in double precision, or by"
                                        + " Square"));
    }

    private void scores(LogitModel model) {
        if (threat.constraints().hasLattice()) {
            for (TrustCheck check :
                    List.of(TrustCheck.CHANGING_SCORES, TrustCheck.CONTINUOUS_SCORES, TrustCheck.UNROUNDED_INPUTS)) {
                findings.add(TrustFinding.notRun(check, "whole numbers and categories have no neighbors near by"));
            }
            return;
        }
        double[][] here = logits(model, inputs);
        int flat = same(model, here, logits(model, moved(1, "scores 1")), moved(1, "scores 2"));
        String evidence = "the scores of " + flat + " of " + size()
                + " samples are the same to the last bit at two random" + " points within epsilon";
        findings.add(
                flat == 0
                        ? TrustFinding.passed(TrustCheck.CHANGING_SCORES, evidence)
                        : new TrustFinding(
                                TrustCheck.CHANGING_SCORES,
                                // what the constraints leave to change may not matter to an honest model
                                2 * flat >= size() && threat.constraints().isNone()
                                        ? TrustLevel.DOUBT
                                        : TrustLevel.WARNING,
                                evidence,
                                "nothing leads an attack that looks at scores; attack by labels from afar, with HopSkipJump, and"
                                        + " ask what the model does at samples that it has never seen"));
        double[][] nearBy = logits(model, moved(TINY, "tiny 1"));
        int rounded = same(model, here, nearBy, moved(TINY, "tiny 2"));
        jumps(here, nearBy);
        String tiny = String.format(
                Locale.ROOT,
                "the scores of %d of %d samples are the same to the last bit at two random points within %.1f%% of epsilon",
                rounded,
                size(),
                100 * TINY);
        findings.add(
                2 * rounded < size()
                        ? TrustFinding.passed(TrustCheck.UNROUNDED_INPUTS, tiny)
                        : new TrustFinding(
                                TrustCheck.UNROUNDED_INPUTS,
                                TrustLevel.WARNING,
                                tiny,
                                "the model seems to round its inputs; gradients through rounding need a declared derivative"
                                        + " (PreprocessedModel, BPDA), or attack by Square"));
    }

    private void jumps(double[][] here, double[][] nearBy) {
        double change = median(IntStream.range(0, size())
                .mapToDouble(i -> {
                    double largest = 0;
                    double size = 0;
                    for (int j = 0; j < here[i].length; j++) {
                        largest = Math.max(largest, Math.abs(nearBy[i][j] - here[i][j]));
                        size = Math.max(size, Math.abs(here[i][j]));
                    }
                    return size == 0 ? 0 : largest / size;
                })
                .toArray());
        String evidence = String.format(
                Locale.ROOT,
                "a random step of %.1f%% of epsilon changes scores by %.1f%% of their size in the median",
                100 * TINY,
                100 * change);
        findings.add(
                change <= JUMP / 4
                        ? TrustFinding.passed(TrustCheck.CONTINUOUS_SCORES, evidence)
                        : new TrustFinding(
                                TrustCheck.CONTINUOUS_SCORES,
                                change > JUMP ? TrustLevel.DOUBT : TrustLevel.WARNING,
                                evidence,
                                "something switches as soon as an input is touched, and a switch has no gradient; attack the"
                                        + " model without it, or by Square"));
    }

    private void stability(LogitModel model) {
        int few = Math.min(STABILITY_SAMPLES, size());
        int wanted = budget.samples(Budget.STABILITY, few);
        int draws = Math.min(wanted, budget.affordable(few) - 1);
        if (!threat.constraints().isNone() || draws < Budget.STABILITY.fewest()) {
            findings.add(TrustFinding.notRun(
                    TrustCheck.STABLE_PREDICTIONS,
                    threat.constraints().isNone()
                            ? Budget.TOO_FEW_PASSES
                            : "noise on all features is not what the constraints allow"));
            return;
        }
        int[] own = Arrays.copyOf(labels, few);
        double[][] clean = Rows.toRows(Rows.slice(inputs, 0, few));
        Box box = threat.box();
        double[] here = losses(model, Rows.slice(inputs, 0, few), own);
        double mean = 0;
        SampleRandom[] streams = streams(few, "stability");
        for (int draw = 0; draw < draws; draw++) {
            double[][] noisy = new double[few][];
            for (int i = 0; i < few; i++) {
                noisy[i] = clean[i].clone();
                for (int j = 0; j < noisy[i].length; j++) {
                    double width = NOISE_WIDTH * (box.upper(j) - box.lower(j));
                    double value = noisy[i][j] + streams[i].uniform(-width / 2, width / 2);
                    noisy[i][j] = Math.min(Math.max(value, box.lower(j)), box.upper(j));
                }
            }
            double[] there = losses(model, Rows.fromRows(noisy, inputs), own);
            for (int i = 0; i < few; i++) {
                double scale = here[i] == 0 ? 1 : Math.abs(here[i]);
                mean += Math.min(1, Math.abs(there[i] - here[i]) / scale) / draws / few;
            }
        }
        String evidence = String.format(
                Locale.ROOT,
                "noise of 4/255 of the input range changes the margin by %.1f%% on average (%d draws at %d samples)",
                100 * mean,
                draws,
                few);
        findings.add(
                mean <= UNSTABLE
                        ? TrustFinding.passed(TrustCheck.STABLE_PREDICTIONS, evidence)
                        : new TrustFinding(
                                TrustCheck.STABLE_PREDICTIONS,
                                TrustLevel.WARNING,
                                evidence,
                                "gradients of so rough a loss mean little; average them with EOT, or attack by Square"));
    }

    private double[] losses(LogitModel model, INDArray x, int[] own) {
        meter.forward(x.size(0));
        return new Margin().values(model.logits(x), aims(own));
    }

    private double[][] logits(LogitModel model, INDArray x) {
        meter.forward(x.size(0));
        return Rows.toRows(model.logits(x));
    }

    /** Count the samples whose scores are the same here, there and elsewhere; looks elsewhere only if some are the same there. */
    private int same(LogitModel model, double[][] here, double[][] there, INDArray elsewhere) {
        int[] same = IntStream.range(0, here.length)
                .filter(i -> Arrays.equals(here[i], there[i]))
                .toArray();
        if (same.length == 0) {
            return 0;
        }
        double[][] others = logits(model, elsewhere);
        return (int) Arrays.stream(same)
                .filter(i -> Arrays.equals(here[i], others[i]))
                .count();
    }

    /** Go a part of the way to a random allowed point. */
    private INDArray moved(double part, String stream) {
        ThreatModel reach = threat.bounded()
                ? threat
                : threat.withEpsilon(UNBOUNDED_REACH * threat.largestEpsilon(Rows.features(inputs)));
        AttackSpace space = reach.space(inputs);
        double[][] from = Rows.toRows(inputs);
        double[][] to = Rows.toRows(space.toModel(
                space.perturbations().sample(streams(size(), stream)),
                IntStream.range(0, size()).toArray()));
        for (int i = 0; i < from.length; i++) {
            for (int j = 0; j < from[i].length; j++) {
                from[i][j] += part * (to[i][j] - from[i][j]);
            }
        }
        return Rows.fromRows(from, inputs);
    }

    private SampleRandom[] streams(int count, String name) {
        SampleRandom[] streams = new SampleRandom[count];
        Arrays.setAll(streams, i -> SampleRandom.of(subject.seed(), "trust " + name, 0, ids[i]));
        return streams;
    }

    private static double length(double[] row) {
        return Math.sqrt(Arrays.stream(row).map(value -> value * value).sum());
    }

    /** The cosine over the features that moved; NaN if the first gradient is zero there. */
    private static double cosineWhereMoved(double[] from, double[] to, double[] a, double[] b) {
        int[] moved =
                IntStream.range(0, from.length).filter(j -> from[j] != to[j]).toArray();
        double[] first = Arrays.stream(moved).mapToDouble(j -> a[j]).toArray();
        return length(first) == 0
                ? Double.NaN
                : cosine(first, Arrays.stream(moved).mapToDouble(j -> b[j]).toArray());
    }

    private static double cosine(double[] a, double[] b) {
        double product = 0;
        for (int j = 0; j < a.length; j++) {
            product += a[j] * b[j];
        }
        double lengths = length(a) * length(b);
        return lengths > 0 && Double.isFinite(lengths) ? product / lengths : 0;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? 1 : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
