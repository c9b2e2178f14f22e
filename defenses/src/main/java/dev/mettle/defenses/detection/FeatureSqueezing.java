package dev.mettle.defenses.detection;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.DeclaredGradient;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.model.RandomizedPreprocessing;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Softmax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Feature squeezing: reject inputs whose prediction changes when they are squeezed.
 *
 * <p>The score is {@code maxᵢ ‖softmax(f(x)) − softmax(f(qᵢ(x)))‖₁} over squeezers qᵢ, from 0 to 2, and the threshold is fitted to clean
 * data at a given rate of false alarms. The gradient goes through every pass and, where a squeezer declares an approximation, through
 * that (BPDA).
 *
 * <p>Xu, Evans, Qi: Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks, NDSS 2018,
 * <a href="https://arxiv.org/abs/1704.01155">arXiv:1704.01155</a>; on MNIST they join 1-bit rounding and 2 × 2 median smoothing. Broken by
 * He, Wei, Chen, Carlini, Song: Adversarial Example Defenses: Ensembles of Weak Defenses are not Strong, WOOT 2017,
 * <a href="https://arxiv.org/abs/1706.04701">arXiv:1706.04701</a>, by attacks that know of the detector, at little more distance.
 */
public final class FeatureSqueezing implements Detector {

    private static final double LARGEST_SCORE = 2;

    /** The score spans 2 units, and leads of logits usually some ten. */
    private static final double LOGITS_PER_SCORE = 10;

    private final DifferentiableModel model;
    private final List<Preprocessing> squeezers;
    private final double threshold;

    private FeatureSqueezing(DifferentiableModel model, List<Preprocessing> squeezers, double threshold) {
        this.model = model;
        this.squeezers = squeezers;
        this.threshold = threshold;
    }

    /**
     * Create the detector, with a threshold that rejects nothing until it is {@link #fittedTo fitted} or {@link #withThreshold set}.
     *
     * @throws ConfigurationException if a squeezer is randomized or declares no gradient, or the model is randomized or abstains
     */
    public static FeatureSqueezing of(DifferentiableModel model, Preprocessing first, Preprocessing... more) {
        AbstainingModel.requireFixed("FeatureSqueezing", model);
        List<Preprocessing> all = new ArrayList<>(List.of(first));
        all.addAll(List.of(more));
        for (Preprocessing squeezer : all) {
            if (squeezer instanceof RandomizedPreprocessing) {
                throw new ConfigurationException("FeatureSqueezing: the squeezer '" + squeezer.name()
                        + "' draws anew at every call, and a threshold on one draw says nothing of the next: give one without random"
                        + " draws");
            }
            if (squeezer.declaredGradient() == DeclaredGradient.NONE) {
                throw new ConfigurationException("FeatureSqueezing: the squeezer '" + squeezer.name()
                        + "' declares no gradient, so that no attack can follow the score: declare an approximation");
            }
        }
        ModelInfo info = model.info();
        return new FeatureSqueezing(
                model, all.stream().map(squeezer -> squeezer.before(info)).toList(), LARGEST_SCORE);
    }

    /**
     * Fit the threshold: the smallest at which no more than the given share of clean samples is rejected.
     *
     * @param clean clean samples, other ones than those that the model is evaluated on
     * @param falsePositiveRate the share of them that may be rejected, from 0 to below 1; Xu et al. take 0.05
     * @throws ConfigurationException if there are no samples, or the rate is not such a share
     */
    public FeatureSqueezing fittedTo(LabeledData clean, double falsePositiveRate) {
        if (!(falsePositiveRate >= 0 && falsePositiveRate < 1)) {
            throw new ConfigurationException("FeatureSqueezing: the false positive rate is " + falsePositiveRate
                    + ": give a share from 0 to below 1");
        }
        if (clean.size() == 0) {
            throw new ConfigurationException(
                    "FeatureSqueezing: " + clean.name() + " holds no samples to fit a threshold to");
        }
        double[] scores = scores(clean.inputs().castTo(model.info().dataType()));
        Arrays.sort(scores);
        int rejected = (int) Math.floor(falsePositiveRate * scores.length + 1e-9);
        return withThreshold(scores[scores.length - 1 - rejected]);
    }

    /**
     * Return the detector with a threshold.
     *
     * @param score the score above which inputs are rejected, from 0 to 2
     * @throws ConfigurationException if no score can be so
     */
    public FeatureSqueezing withThreshold(double score) {
        if (!(score >= 0 && score <= LARGEST_SCORE)) {
            throw new ConfigurationException("FeatureSqueezing: the threshold is " + score
                    + ": give one from 0 to 2, the distances that two softmax outputs can have");
        }
        return new FeatureSqueezing(model, squeezers, score);
    }

    @Override
    public String name() {
        return squeezers.stream().map(Preprocessing::name).collect(Collectors.joining(", ", "feature squeezing (", ""))
                + String.format(Locale.ROOT, "; L1 above %.17g)", threshold).replaceAll("0+\\)$", ")");
    }

    @Override
    public double[] scores(INDArray inputs) {
        return Views.of(this, inputs).scores();
    }

    @Override
    public INDArray gradient(INDArray inputs, double[] weights) {
        Views views = Views.of(this, inputs);
        INDArray sum = views.pass(model, inputs, weights, -1);
        for (int k = 0; k < squeezers.size(); k++) {
            Preprocessing squeezer = squeezers.get(k);
            INDArray behind = views.pass(model, squeezer.apply(inputs), weights, k);
            sum = sum.add(squeezer.backward(inputs, behind));
        }
        return sum;
    }

    @Override
    public double threshold() {
        return threshold;
    }

    @Override
    public double logitsPerScore() {
        return LOGITS_PER_SCORE;
    }

    @Override
    public boolean hasExactGradient() {
        return squeezers.stream().allMatch(squeezer -> squeezer.declaredGradient() == DeclaredGradient.EXACT);
    }

    @Override
    public Detector inDoublePrecision() {
        return new FeatureSqueezing(model.inDoublePrecision(), squeezers, threshold);
    }

    @Override
    public void requireFor(ModelInfo other) {
        requireSame("FeatureSqueezing", model.info(), other);
    }

    static void requireSame(String detector, ModelInfo own, ModelInfo other) {
        if (!own.sha256().equals(other.sha256())) {
            throw new ConfigurationException(detector + ": the detector asks the model " + own.name() + ", but "
                    + other.name() + " is to abstain: make the detector of the same model");
        }
    }

    /** The probabilities of inputs, as they are and squeezed, and the squeezer that changes them most. */
    private static final class Views {

        private final List<double[][]> squeezed;
        private final double[][] plain;
        private final List<Integer> most;

        private Views(List<double[][]> squeezed, double[][] plain, List<Integer> most) {
            this.squeezed = squeezed;
            this.plain = plain;
            this.most = most;
        }

        static Views of(FeatureSqueezing detector, INDArray inputs) {
            double[][] plain = probabilities(detector.model.logits(inputs));
            List<double[][]> squeezed = new ArrayList<>();
            for (Preprocessing squeezer : detector.squeezers) {
                squeezed.add(probabilities(detector.model.logits(squeezer.apply(inputs))));
            }
            List<Integer> most = new ArrayList<>();
            for (int i = 0; i < plain.length; i++) {
                int best = 0;
                for (int k = 1; k < squeezed.size(); k++) {
                    boolean more = distance(plain[i], squeezed.get(k)[i]) > distance(plain[i], squeezed.get(best)[i]);
                    best = more ? k : best;
                }
                most.add(best);
            }
            return new Views(squeezed, plain, most);
        }

        private static double[][] probabilities(INDArray logits) {
            return Arrays.stream(Rows.toRows(logits)).map(Softmax::of).toArray(double[][]::new);
        }

        private static double distance(double[] a, double[] b) {
            double sum = 0;
            for (int j = 0; j < a.length; j++) {
                sum += Math.abs(a[j] - b[j]);
            }
            return sum;
        }

        double[] scores() {
            double[] scores = new double[plain.length];
            Arrays.setAll(scores, i -> distance(plain[i], squeezed.get(most.get(i))[i]));
            return scores;
        }

        /** One forward and backward pass for what the score owes to one squeezer, or, for −1, to the input as it is. */
        INDArray pass(DifferentiableModel model, INDArray inputs, double[] weights, int squeezer) {
            return model.gradient(inputs, logits -> {
                        double[][] rows = new double[plain.length][];
                        for (int i = 0; i < rows.length; i++) {
                            double[] p = plain[i];
                            double[] q = squeezed.get(most.get(i))[i];
                            boolean concerned = squeezer < 0 || most.get(i) == squeezer;
                            double sign = concerned ? (squeezer < 0 ? weights[i] : -weights[i]) : 0;
                            double[] gradient = new double[p.length];
                            for (int j = 0; j < p.length; j++) {
                                gradient[j] = sign * Math.signum(p[j] - q[j]);
                            }
                            rows[i] = Softmax.backward(squeezer < 0 ? p : q, gradient);
                        }
                        return Rows.fromRows(rows, logits);
                    })
                    .gradient();
        }
    }
}
