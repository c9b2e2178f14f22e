package dev.mettle.defenses.certification;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.numeric.Sha256;
import dev.mettle.core.threat.Epsilons;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model smoothed with Gaussian noise, {@code g(x) = argmax_c P(f(x + ε) = c)}, as far as votes can tell: what
 * {@link RandomizedSmoothing} certifies, and what an attacker of it has to attack.
 *
 * <p>All inputs are predicted with the same noise, so that predictions are a function. An attack may come to fit that noise, though, so
 * what looks like its success is judged by fresh noise, which depends on the input alone, in the way of PREDICT of the paper, at the
 * level {@value #LEVEL}: a narrow vote near a boundary breaks no sample. More votes make narrower ones count.
 *
 * <p>It tells labels only: decision-based attacks, such as {@link dev.mettle.attacks.HopSkipJump}, see what is judged. One query costs
 * as many forward passes of the model behind it as there are votes, and twice as many where it looks like a success. {@link #of} gives
 * one with gradients, where the model behind it has them.
 *
 * <p>Cohen, Rosenfeld, Kolter: Certified Adversarial Robustness via Randomized Smoothing, ICML 2019,
 * <a href="https://arxiv.org/abs/1902.02918">arXiv:1902.02918</a>.
 */
public sealed class SmoothedClassifier implements LabelModel permits DifferentiableSmoothedClassifier {

    /** How many votes decide where nothing else is said. */
    public static final int DEFAULT_VOTES = 1000;

    /** The probability at which the judgment of a success is wrong. */
    private static final double LEVEL = 1e-4;

    /** Unanimous votes that reach the level. */
    private static final int FEWEST_VOTES = 15;

    private static final int BATCH = 250;

    private final LabelModel base;
    private final double sigma;
    private final int votes;
    private final long seed;

    /**
     * Smooth a model.
     *
     * @param base the base classifier
     * @param sigma the standard deviation of the noise, in input units of the model, above 0
     * @param votes how many forward passes of the base classifier each prediction takes, at least 15
     * @param seed the seed of the noise
     * @throws ConfigurationException if sigma is no size, there are too few votes, or the model is smoothed already
     */
    public SmoothedClassifier(LabelModel base, double sigma, int votes, long seed) {
        RandomizedSmoothing.requireSigma(sigma);
        if (votes < FEWEST_VOTES) {
            throw new ConfigurationException(
                    "a smoothed classifier has " + votes + " votes: give at least " + FEWEST_VOTES);
        }
        if (base instanceof SmoothedClassifier) {
            throw new ConfigurationException(
                    base.info().name() + " is smoothed already: smooth the model behind it, or use it as it is");
        }
        this.base = base;
        this.sigma = sigma;
        this.votes = votes;
        this.seed = seed;
    }

    /** Smooth a model, with 1000 votes. */
    public SmoothedClassifier(LabelModel base, double sigma) {
        this(base, sigma, DEFAULT_VOTES, 0);
    }

    /** Smooth a model, with gradients if it has them. */
    public static SmoothedClassifier of(LabelModel base, double sigma, int votes, long seed) {
        return base instanceof DifferentiableModel model
                ? new DifferentiableSmoothedClassifier(
                        model, sigma, votes, DifferentiableSmoothedClassifier.DEFAULT_DRAWS, seed)
                : new SmoothedClassifier(base, sigma, votes, seed);
    }

    int votes() {
        return votes;
    }

    long seed() {
        return seed;
    }

    /** Return the base classifier. */
    public LabelModel base() {
        return base;
    }

    /** Return the standard deviation of the noise. */
    public double sigma() {
        return sigma;
    }

    @Override
    public ModelInfo info() {
        ModelInfo info = base.info();
        List<String> warnings = new ArrayList<>(info.warnings());
        warnings.add("the model is smoothed: each prediction is a vote of " + votes
                + " under noise, each success of an attack one at the level " + LEVEL);
        return new ModelInfo(
                info.name() + " smoothed with σ = " + Epsilons.format(sigma),
                info.inputShape(),
                info.classes(),
                info.inputRange(),
                info.dataType(),
                Sha256.of(
                        "smoothed", String.valueOf(sigma), String.valueOf(votes), String.valueOf(seed), info.sha256()),
                warnings);
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Arrays.stream(Rows.toRows(inputs))
                .mapToInt(row -> poll(row, Rows.sampleShape(inputs), SampleRandom.of(seed, "smoothed prediction", 0, 0))
                        .top())
                .toArray();
    }

    private NoisyVotes poll(double[] row, long[] sampleShape, SampleRandom random) {
        return new Voter(base, sigma, BATCH, () -> {}).vote(row, sampleShape, votes, random);
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        Judgement[] judgements = LabelModel.super.judge(inputs, aims);
        double[][] rows = Rows.toRows(inputs);
        for (int i = 0; i < judgements.length; i++) {
            if (judgements[i].reachesAim()) {
                SampleRandom fresh = SampleRandom.of(seed, "smoothed judgment", 0, hash(rows[i]));
                NoisyVotes confirmation = poll(rows[i], Rows.sampleShape(inputs), fresh);
                OptionalInt label = confirmation.significantTop(LEVEL);
                judgements[i] = label.isPresent()
                        ? new Judgement(label.getAsInt(), reaches(label.getAsInt(), aims[i]))
                        : new Judgement(judgements[i].label(), false);
            }
        }
        return judgements;
    }

    private static boolean reaches(int label, Aim aim) {
        return aim.isTargeted() ? label == aim.target() : label != aim.label();
    }

    /** The noise of a judgment must not be known before its input is. */
    private static long hash(double[] row) {
        ByteBuffer bytes = ByteBuffer.allocate(row.length * Double.BYTES);
        bytes.asDoubleBuffer().put(row);
        MessageDigest digest = Sha256.digest();
        digest.update(bytes.array());
        return ByteBuffer.wrap(digest.digest()).getLong();
    }
}
