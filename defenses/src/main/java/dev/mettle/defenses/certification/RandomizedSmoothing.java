package dev.mettle.defenses.certification;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.CertificationContext;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.numeric.StandardNormal;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.ClopperPearson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Randomized smoothing: certify, in L2, the class that a model names most often under Gaussian noise.
 *
 * <p>The smoothed classifier is {@code g(x) = argmax_c P(f(x + ε) = c)} with {@code ε ~ N(0, σ²I)}. If the share of the top class is at
 * least {@code p_A > ½}, no perturbation shorter than {@code R = σ Φ⁻¹(p_A)} changes g. CERTIFY lets {@code n0} noisy votes choose a
 * class, and {@code n} fresh ones estimate its share: {@code p_A} is the one-sided Clopper-Pearson lower bound at level
 * {@code 1 − alpha}. Where it is not above ½, it abstains. Nothing is stopped early: every sample costs about {@code n0 + n} forward passes.
 *
 * <p>The certificates are about g, the {@link SmoothedClassifier}, not about the model itself, and g is what has to be used. The model
 * has to be trained with noise of about the same σ, else its votes are of little use. The noise is not clipped to the input range, for
 * the proof is about all of the space: a model that refuses inputs outside needs a clipping preprocessing, and is then a base classifier
 * as any other. The proof is about real numbers; sums of samples and noise are rounded to the data type of the model.
 *
 * <p>Votes are counted by {@link LogitModel#logits} where the model tells them. The votes that choose the class are run through
 * {@link LabelModel#predict} as well, and have to agree.
 *
 * <p>The noise of a sample depends on the seed and the id of the sample alone.
 *
 * <p>Cohen, Rosenfeld, Kolter: Certified Adversarial Robustness via Randomized Smoothing, ICML 2019,
 * <a href="https://arxiv.org/abs/1902.02918">arXiv:1902.02918</a>. The paper uses {@code n = 100000}, which reaches 3.81 σ instead of the
 * 3.20 σ of the 10000 votes here.
 *
 * @param sigma the standard deviation σ of the noise, in input units of the model, above 0
 * @param n0 how many votes choose the class, at least 1
 * @param n how many votes estimate its share; enough that unanimous ones can certify, which 10 are at alpha = 0.001
 * @param alpha the largest probability that the certificate of a sample is false, above 0 and below 0.5
 */
public record RandomizedSmoothing(double sigma, int n0, int n, double alpha) implements Certifier {

    /** How many votes choose the class where nothing else is said. */
    public static final int DEFAULT_N0 = 100;

    /** How many votes estimate its share where nothing else is said. */
    public static final int DEFAULT_N = 10_000;

    /** The probability of a false certificate where nothing else is said. */
    public static final double DEFAULT_ALPHA = 0.001;

    private static final String NAME = "randomized smoothing";

    /** With 100 votes to choose, 10000 to estimate, and alpha = 0.001. */
    public RandomizedSmoothing(double sigma) {
        this(sigma, DEFAULT_N0, DEFAULT_N, DEFAULT_ALPHA);
    }

    /**
     * Create the certifier.
     *
     * @throws ConfigurationException if a parameter is out of its range, or the votes are too few to certify anything
     */
    public RandomizedSmoothing {
        requireSigma(sigma);
        if (n0 < 1) {
            throw new ConfigurationException(NAME + " has n0 = " + n0 + ": give at least 1 vote to choose the class");
        }
        if (!(alpha > 0 && alpha < 0.5)) {
            throw new ConfigurationException(
                    NAME + " has alpha = " + alpha + ": give a probability above 0 and below 0.5, such as 0.001");
        }
        // unanimous votes have the lower bound α^(1/n), which has to exceed ½
        int enough = (int) Math.floor(Math.log(alpha) / Math.log(0.5)) + 1;
        if (n < enough) {
            throw new ConfigurationException(NAME + " with n = " + n + " and alpha = " + alpha
                    + " can never certify, even if all votes agree: give n of at least " + enough);
        }
    }

    static void requireSigma(double sigma) {
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new ConfigurationException(NAME + " has sigma = " + sigma
                    + ": give the standard deviation of the noise, above 0, in input units of the model, such as 0.25");
        }
    }

    /** Return the same certifier with another number of votes to choose the class. */
    public RandomizedSmoothing withN0(int votes) {
        return new RandomizedSmoothing(sigma, votes, n, alpha);
    }

    /** Return the same certifier with another number of votes to estimate the share. */
    public RandomizedSmoothing withN(int votes) {
        return new RandomizedSmoothing(sigma, n0, votes, alpha);
    }

    /** Return the same certifier with another probability of false certificates. */
    public RandomizedSmoothing withAlpha(double probability) {
        return new RandomizedSmoothing(sigma, n0, n, probability);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String label() {
        return NAME + " (σ = " + Epsilons.format(sigma) + ")";
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2);
    }

    @Override
    public boolean findsLargestRadius() {
        return true;
    }

    /** Return the radius that unanimous votes certify: {@code σ Φ⁻¹(α^(1/n))}. No sample gets a larger one. */
    public double largestRadius() {
        return radius(n);
    }

    /** Return the radius of a class that got some of the n votes; 0 if they are too few. */
    double radius(int votes) {
        double share = ClopperPearson.lowerBound(votes, n, 1 - alpha);
        return share > 0.5 ? sigma * StandardNormal.quantile(share) : 0;
    }

    @Override
    public void requireCertifiable(LabelModel model, Norm norm, List<Double> radii) {
        double largest = radii.get(radii.size() - 1);
        if (largest > largestRadius()) {
            throw new ConfigurationException(NAME + " with sigma = " + Epsilons.format(sigma) + ", n = " + n
                    + " and alpha = " + alpha + " can never certify the radius " + Epsilons.format(largest)
                    + ": even if all votes agree it is " + Epsilons.format(largestRadius())
                    + "; raise n, or take a model that was trained with more noise and raise sigma");
        }
        if (model instanceof SmoothedClassifier smoothed && smoothed.sigma() != sigma) {
            throw new ConfigurationException("the model is smoothed with sigma = " + Epsilons.format(smoothed.sigma())
                    + ", but to be certified with sigma = " + Epsilons.format(sigma) + ": give both the same");
        }
    }

    @Override
    public LabelModel subject(LabelModel model, long seed) {
        return model instanceof SmoothedClassifier
                ? model
                : SmoothedClassifier.of(model, sigma, Math.min(n, SmoothedClassifier.DEFAULT_VOTES), seed);
    }

    private static LabelModel base(LabelModel model) {
        return model instanceof SmoothedClassifier smoothed ? smoothed.base() : model;
    }

    @Override
    public List<Certificate> certify(CertificationContext context) {
        LabeledData data = context.data();
        List<Certificate> certificates = new ArrayList<>();
        Voter voter = new Voter(
                base(context.model()),
                sigma,
                context.batchSize(),
                () -> context.heartbeat().beat(certificates.size(), data.size()));
        for (int i = 0; i < data.size(); i++) {
            double[] sample = Rows.toDoubles(Rows.slice(data.inputs(), i, i + 1));
            certificates.add(
                    certify(voter, sample, Rows.sampleShape(data.inputs()), data.id(i), data.label(i), context.seed()));
        }
        return certificates;
    }

    private Certificate certify(Voter voter, double[] sample, long[] shape, long id, int label, long seed) {
        int chosen = choose(voter, sample, shape, id, seed);
        int votes = voter.vote(sample, shape, n, SampleRandom.of(seed, NAME + " estimation", 0, id))
                .counts()
                .get(chosen);
        double radius = radius(votes);
        String evidence = votes + " of " + n + " votes for class " + chosen;
        long passes = (voter.model() instanceof LogitModel ? 2L : 1L) * n0 + n;
        return radius > 0
                ? Certificate.of(id, label, chosen, radius, passes, evidence)
                : Certificate.abstained(id, label, passes, evidence);
    }

    /** Let the model under test itself choose, and make sure that the faster forward pass, which counts the other votes, agrees with it. */
    private int choose(Voter voter, double[] sample, long[] shape, long id, long seed) {
        NoisyVotes original =
                voter.original().vote(sample, shape, n0, SampleRandom.of(seed, NAME + " selection", 0, id));
        if (voter.model() instanceof LogitModel) {
            NoisyVotes fast = voter.vote(sample, shape, n0, SampleRandom.of(seed, NAME + " selection", 0, id));
            int differing = 0;
            for (int label = 0; label < fast.counts().size(); label++) {
                differing +=
                        Math.max(0, fast.counts().get(label) - original.counts().get(label));
            }
            if (differing > n0 / 50) { // rounding may turn a close vote, but not many
                throw new IllegalStateException("the logits of "
                        + voter.model().info().name() + " give other classes than its predictions, in at least "
                        + differing
                        + " of " + n0 + " noisy votes on sample #" + id + ": no certificate can rest on them");
            }
        }
        return original.top();
    }

    /**
     * Name the classes of the smoothed classifier, or abstain: PREDICT of the paper. Each class is wrong with a probability of at most
     * alpha.
     *
     * @param model the base classifier
     * @param data the samples, in the shape and data type of the model
     * @param seed the base seed of the noise
     * @param batchSize how many inputs to run at once; the result doesn't depend on it
     * @return one class per sample; empty where the two most frequent ones are too close
     * @throws ConfigurationException if n is too small for any answer
     */
    public List<OptionalInt> predict(LabelModel model, LabeledData data, long seed, int batchSize) {
        int enough = (int) Math.ceil(Math.log(alpha / 2) / Math.log(0.5));
        if (n < enough) {
            throw new ConfigurationException(NAME + " with n = " + n + " and alpha = " + alpha
                    + " always abstains from predicting, even if all votes agree: give n of at least " + enough);
        }
        Voter voter = new Voter(base(model), sigma, batchSize, () -> {});
        List<OptionalInt> classes = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            double[] sample = Rows.toDoubles(Rows.slice(data.inputs(), i, i + 1));
            SampleRandom random = SampleRandom.of(seed, NAME + " prediction", 0, data.id(i));
            classes.add(voter.vote(sample, Rows.sampleShape(data.inputs()), n, random)
                    .significantTop(alpha));
        }
        return classes;
    }
}
