package dev.mettle.core.trust;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.numeric.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What can be asked of a model without any attack: is it the fixed function of single samples that attacks take it for? */
final class ModelChecks {

    private static final int RUNS = 5;
    private static final int ALONE = 4;

    /** AutoAttack's tolerance between rows of logits of length 1. */
    private static final double SAME_LOGITS = 1e-4;

    /** Batches of other sizes round differently; a model that looks at its neighbors differs by far more. */
    private static final double SAME_IN_BATCH = 1e-3;

    /** Fewer draws tell little of an expectation; AutoAttack takes 20. */
    private static final int ENOUGH_DRAWS = 10;

    private static final double PROBABILITY = 1e-5;

    /** A lead of more than this leaves the other classes a probability of exactly 0 in single and in double precision. */
    private static final double UNDERFLOW_FLOAT = 104;

    private static final double UNDERFLOW_DOUBLE = 745;

    private final LabelModel model;
    private final long seed;
    private final INDArray inputs;
    private final Meter meter;
    private final List<TrustFinding> findings = new ArrayList<>();

    private ModelChecks(LabelModel model, long seed, INDArray inputs, Meter meter) {
        this.model = model;
        this.seed = seed;
        this.inputs = inputs;
        this.meter = meter;
    }

    /** Run the checks on a few clean samples. */
    static List<TrustFinding> of(LabelModel model, long seed, INDArray inputs, Meter meter) {
        ModelChecks checks = new ModelChecks(model, seed, inputs, meter);
        if (model instanceof LogitModel scored) {
            double[][] logits = Rows.toRows(checks.logits(scored, inputs));
            int[] labels = checks.labels(inputs);
            checks.logits(logits);
            checks.saturation(logits);
            checks.deterministic(scored, logits, labels);
            checks.independent(scored, logits);
            checks.consistent(logits, labels);
        } else {
            for (TrustCheck check :
                    List.of(TrustCheck.LOGITS, TrustCheck.UNSATURATED_LOGITS, TrustCheck.CONSISTENT_LABELS)) {
                checks.findings.add(TrustFinding.notRun(check, "the model tells labels only"));
            }
            checks.deterministicLabels();
            checks.independentLabels();
        }
        return checks.findings;
    }

    private INDArray logits(LogitModel scored, INDArray batch) {
        meter.forward(batch.size(0));
        return (scored.redrawn(seed) instanceof LogitModel drawing ? drawing : scored).logits(batch);
    }

    private int[] labels(INDArray batch) {
        meter.forward(batch.size(0));
        return model.redrawn(seed).predict(batch);
    }

    private int size() {
        return (int) inputs.size(0);
    }

    private void logits(double[][] logits) {
        boolean probabilities = Arrays.stream(logits)
                .allMatch(row -> Arrays.stream(row).min().orElse(0) > -PROBABILITY
                        && Arrays.stream(row).max().orElse(2) < 1 + PROBABILITY
                        && Math.abs(Arrays.stream(row).sum() - 1) < PROBABILITY);
        findings.add(
                probabilities
                        ? new TrustFinding(
                                TrustCheck.LOGITS,
                                TrustLevel.DOUBT,
                                "the scores of all " + size() + " samples looked at lie in [0, 1] and add up to 1",
                                "they seem to be probabilities, in which gradients vanish; hand over the model without its"
                                        + " softmax")
                        : TrustFinding.passed(
                                TrustCheck.LOGITS, "the scores of " + size() + " samples are no probabilities"));
    }

    private void saturation(double[][] logits) {
        double limit = model.info().dataType() == DataType.DOUBLE ? UNDERFLOW_DOUBLE : UNDERFLOW_FLOAT;
        double[] leads = Arrays.stream(logits)
                .mapToDouble(row -> {
                    double[] sorted = row.clone();
                    Arrays.sort(sorted);
                    return sorted[sorted.length - 1] - sorted[sorted.length - 2];
                })
                .toArray();
        int saturated = (int) Arrays.stream(leads).filter(lead -> lead > limit).count();
        String evidence = String.format(
                Locale.ROOT,
                "the largest logit of %d of %d samples leads by more than %.0f, so that all other probabilities are exactly 0 in"
                        + " %s",
                saturated,
                size(),
                limit,
                model.info().dataType());
        findings.add(
                saturated == 0
                        ? TrustFinding.passed(TrustCheck.UNSATURATED_LOGITS, evidence)
                        : new TrustFinding(
                                TrustCheck.UNSATURATED_LOGITS,
                                2 * saturated >= size() ? TrustLevel.DOUBT : TrustLevel.WARNING,
                                evidence,
                                "logits so large hide their gradients; leave out what scales them, or attack a loss that"
                                        + " scaling leaves as it is, such as margin or DLR, and Square"));
    }

    /** Ask of a model that is declared randomized whether attacks averaged its gradients; how much its draws differ is no question. */
    static TrustFinding averaged(List<AttackedSamples> runs) {
        List<Attack> following = runs.stream()
                .map(AttackedSamples::attack)
                .filter(attack -> attack.access() == Access.GRADIENTS && !attack.isBaseline())
                .toList();
        int most = following.stream().mapToInt(Attack::gradientDraws).max().orElse(0);
        if (most >= ENOUGH_DRAWS) {
            return TrustFinding.passed(
                    TrustCheck.DETERMINISTIC,
                    "the model is declared randomized, and the gradients of an attack are averaged over " + most
                            + " draws");
        }
        return new TrustFinding(
                TrustCheck.DETERMINISTIC,
                TrustLevel.DOUBT,
                "the model is declared randomized, and "
                        + (most > 1
                                ? "gradients are averaged over " + most + " draws only"
                                : "no attack averages its gradients over draws"),
                "attack the expectation over " + ENOUGH_DRAWS
                        + " draws or more: add ExpectationOverTransformation, such as eot-20-apgd-ce, or the suite AutoAttack rand");
    }

    private void deterministic(LogitModel scored, double[][] first, int[] labels) {
        if (model.randomized()) {
            return; // see averaged
        }
        double largest = 0;
        for (int run = 1; run < RUNS; run++) {
            double[][] again = Rows.toRows(logits(scored, inputs));
            for (int i = 0; i < again.length; i++) {
                largest = Math.max(largest, difference(unit(again[i]), unit(first[i])));
            }
        }
        boolean flips = !Arrays.equals(labels, labels(inputs));
        deterministic(
                largest <= SAME_LOGITS && !flips,
                String.format(
                        Locale.ROOT,
                        "%d runs on the same %d samples differ by %.1e in logits scaled to length 1%s",
                        RUNS,
                        size(),
                        largest,
                        flips ? ", and in labels" : ""));
    }

    private void deterministicLabels() {
        if (model.randomized()) {
            return; // see averaged
        }
        int[] first = labels(inputs);
        boolean same = true;
        for (int run = 1; run < RUNS; run++) {
            same &= Arrays.equals(first, labels(inputs));
        }
        deterministic(
                same,
                RUNS + " runs on the same " + size() + " samples give " + (same ? "the same" : "different")
                        + " labels");
    }

    private void deterministic(boolean same, String evidence) {
        findings.add(
                same
                        ? TrustFinding.passed(TrustCheck.DETERMINISTIC, evidence)
                        : new TrustFinding(
                                TrustCheck.DETERMINISTIC,
                                TrustLevel.DOUBT,
                                evidence,
                                "the model is randomized or keeps a state; fix its randomness, or attack the expectation"
                                        + " with EOT, such as eot-20-apgd-ce"));
    }

    private void independent(LogitModel scored, double[][] together) {
        double largest = 0;
        for (int i = 0; i < Math.min(ALONE, size()); i++) {
            double[] alone = Rows.toRows(logits(scored, Rows.select(inputs, new int[] {i})))[0];
            largest = Math.max(largest, relative(alone, together[i]));
        }
        double[][] reversed = Rows.toRows(logits(scored, Rows.select(inputs, backwards())));
        for (int i = 0; i < size(); i++) {
            largest = Math.max(largest, relative(reversed[size() - 1 - i], together[i]));
        }
        independent(
                largest <= SAME_IN_BATCH,
                String.format(
                        Locale.ROOT,
                        "logits of a sample alone, or in another order, differ by %.1e of their size",
                        largest));
    }

    private void independentLabels() {
        int[] together = labels(inputs);
        boolean same = true;
        for (int i = 0; i < Math.min(ALONE, size()); i++) {
            same &= labels(Rows.select(inputs, new int[] {i}))[0] == together[i];
        }
        int[] reversed = labels(Rows.select(inputs, backwards()));
        for (int i = 0; i < size(); i++) {
            same &= reversed[size() - 1 - i] == together[i];
        }
        independent(same, "labels of a sample alone, or in another order, " + (same ? "are the same" : "differ"));
    }

    private int[] backwards() {
        return IntStream.range(0, size()).map(i -> size() - 1 - i).toArray();
    }

    private void independent(boolean same, String evidence) {
        findings.add(
                same
                        ? TrustFinding.passed(TrustCheck.INDEPENDENT_SAMPLES, evidence)
                        : new TrustFinding(
                                TrustCheck.INDEPENDENT_SAMPLES,
                                TrustLevel.DOUBT,
                                evidence,
                                "the model looks at the other samples of a batch, as batch normalization in training mode does;"
                                        + " fix its statistics, and evaluate again"));
    }

    private void consistent(double[][] logits, int[] labels) {
        int[] largest = Arrays.stream(logits).mapToInt(ModelChecks::largest).toArray();
        int other = 0;
        for (int i = 0; i < labels.length; i++) {
            // to abstain is a model's answer where the last of its logits, beyond the classes, is the largest
            int own = labels[i] == LabelModel.ABSTAINED ? model.info().classes() : labels[i];
            boolean scored = own < logits[i].length;
            other += scored && logits[i][largest[i]] - logits[i][own] < nearlyZero(logits[i]) ? 0 : 1;
        }
        findings.add(
                other == 0
                        ? TrustFinding.passed(
                                TrustCheck.CONSISTENT_LABELS,
                                "the labels of " + size() + " samples have the largest logits")
                        : new TrustFinding(
                                TrustCheck.CONSISTENT_LABELS,
                                TrustLevel.DOUBT,
                                "the labels of " + other + " of " + size()
                                        + " samples are not those of the largest logits",
                                "attacks follow the logits, but labels decide; let both come from the same model, or attack"
                                        + " by labels with HopSkipJump"));
    }

    private static int largest(double[] row) {
        int best = 0;
        for (int j = 1; j < row.length; j++) {
            best = row[j] > row[best] ? j : best;
        }
        return best;
    }

    private static double nearlyZero(double[] row) {
        return SAME_IN_BATCH * Arrays.stream(row).map(Math::abs).max().orElse(0);
    }

    private static double[] unit(double[] row) {
        double length = Math.sqrt(Arrays.stream(row).map(value -> value * value).sum());
        return length == 0
                ? row
                : Arrays.stream(row).map(value -> value / length).toArray();
    }

    private static double difference(double[] a, double[] b) {
        return Math.sqrt(IntStream.range(0, a.length)
                .mapToDouble(j -> (a[j] - b[j]) * (a[j] - b[j]))
                .sum());
    }

    private static double relative(double[] a, double[] b) {
        double size = Math.max(
                Arrays.stream(a).map(Math::abs).max().orElse(0),
                Arrays.stream(b).map(Math::abs).max().orElse(0));
        double largest = IntStream.range(0, a.length)
                .mapToDouble(j -> Math.abs(a[j] - b[j]))
                .max()
                .orElse(0);
        return size == 0 ? 0 : largest / size;
    }
}
