package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.DataCheck;
import dev.mettle.core.numeric.Sha256;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.defenses.Defense;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.StringJoiner;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * Trains networks of Deeplearning4j to withstand attacks.
 *
 * <pre>{@code
 * TrainedNetwork robust = AdversarialTraining.pgd(Norm.LINF, 0.3)
 *         .withEpochs(12)
 *         .train(Dl4jClassifier.of(network).withInputRange(0, 1), trainingData);
 * MultiLayerNetwork network = robust.network(MultiLayerNetwork.class);
 * }</pre>
 *
 * <p>A copy of the network is trained, from the weights that it has, with its own updater, its schedules of learning rates,
 * regularization, dropout and listeners, and (but for TRADES and MART) its own loss. Give a network fresh from {@code init()}, or say
 * {@link #fromScratch}, to train from scratch.
 *
 * <p>Same settings, data, weights and seed give the same network to the bit, on the same backend with the same number of threads; a
 * training that was interrupted and resumed gives it, too. For that, the random generator of ND4J is seeded anew before every step, on the
 * thread that trains.
 *
 * <p>Immutable: methods that begin with {@code with} return new settings.
 */
public final class AdversarialTraining {

    private final TrainingMethod method;
    private final Norm norm;
    private final double epsilon;
    private int epochs = 10;
    private int batchSize = 100;
    private long seed = 42;
    private OptionalDouble warmUpEpochs = OptionalDouble.empty();
    private double cleanShare;
    private double weightPerturbation;
    private int patience;
    private boolean fresh;
    private Constraints constraints = Constraints.none();
    private @Nullable Averaging averaging;
    private @Nullable OverfittingGuard guard;
    private @Nullable LabeledData heldOut;
    private @Nullable Path checkpoints;
    private BooleanSupplier cancelled = () -> false;
    private Consumer<TrainingProgress> progress = now -> {};

    private AdversarialTraining(TrainingMethod method, Norm norm, double epsilon) {
        this.method = method;
        this.norm = norm;
        this.epsilon = epsilon;
    }

    /**
     * Train by a method of the literature.
     *
     * @param method how minibatches are learned
     * @param norm the norm to become robust in
     * @param epsilon the size of perturbations, in input units
     * @throws ConfigurationException if epsilon is no positive, finite number
     */
    public static AdversarialTraining by(TrainingMethod method, Norm norm, double epsilon) {
        if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
            throw new ConfigurationException("adversarial training: epsilon is " + epsilon
                    + ": give a finite number above 0, in input units of the model");
        }
        return new AdversarialTraining(method, norm, epsilon);
    }

    /** Train by {@link PgdTraining} with its defaults. */
    public static AdversarialTraining pgd(Norm norm, double epsilon) {
        return by(new PgdTraining(), norm, epsilon);
    }

    /** Train by {@link FastTraining} with its defaults, under an {@link OverfittingGuard} that ends it. */
    public static AdversarialTraining fast(Norm norm, double epsilon) {
        return by(new FastTraining(), norm, epsilon).withOverfittingGuard(OverfittingGuard.stopping());
    }

    /** Train by {@link FreeTraining} with its defaults. */
    public static AdversarialTraining free(Norm norm, double epsilon) {
        return by(new FreeTraining(), norm, epsilon);
    }

    /** Train by {@link Trades} with its defaults. */
    public static AdversarialTraining trades(Norm norm, double epsilon) {
        return by(new Trades(), norm, epsilon);
    }

    /** Train by {@link Mart} with its defaults. */
    public static AdversarialTraining mart(Norm norm, double epsilon) {
        return by(new Mart(), norm, epsilon);
    }

    /**
     * Train the base classifier of randomized smoothing under Gaussian noise; see {@link NoiseTraining}. It is validated in L2 at
     * epsilon = σ.
     *
     * @param sigma the standard deviation, in input units
     */
    public static AdversarialTraining noise(double sigma) {
        return by(new NoiseTraining(sigma), Norm.L2, sigma);
    }

    /** Train for certificates by {@link IbpTraining} with its defaults, in L∞. */
    public static AdversarialTraining ibp(double epsilon) {
        return by(new IbpTraining(), Norm.LINF, epsilon);
    }

    /**
     * Draw new weights first, by the seed of the network's configuration, rather than go on from those it has, so that a trained network
     * can be compared with the same one trained adversarially from scratch.
     */
    public AdversarialTraining fromScratch() {
        return with(changed -> changed.fresh = true);
    }

    /** Go through the data this often. The default is 10. */
    public AdversarialTraining withEpochs(int number) {
        return with(changed -> changed.epochs = atLeastOne("epochs", number));
    }

    /** Learn from this many samples at once. The default is 100. An iterator brings minibatches of its own. */
    public AdversarialTraining withBatchSize(int size) {
        return with(changed -> changed.batchSize = atLeastOne("the batch size", size));
    }

    /** Draw everything random from this seed. The default is 42. */
    public AdversarialTraining withSeed(long number) {
        return with(changed -> changed.seed = number);
    }

    /**
     * Let epsilon grow from 0 in a straight line over the first epochs, which helps where training wouldn't begin otherwise. Unless set,
     * the method says how many these are: none, but half of all for {@link IbpTraining}.
     *
     * @throws ConfigurationException if the number is negative
     */
    public AdversarialTraining withWarmUpEpochs(double number) {
        if (!(number >= 0) || Double.isInfinite(number)) {
            throw new ConfigurationException("epsilon grows over " + number + " epochs: give a number of at least 0");
        }
        return with(changed -> changed.warmUpEpochs = OptionalDouble.of(number));
    }

    /**
     * Leave this share of every minibatch clean.
     *
     * @throws ConfigurationException if the share is not in [0, 1), or the method learns pairs of clean and perturbed samples anyway
     */
    public AdversarialTraining withCleanShare(double share) {
        if (!(share >= 0 && share < 1)) {
            throw new ConfigurationException(
                    "the clean share of a minibatch is " + share + ": give a number of at least 0 and below 1");
        }
        if (share > 0 && method.needsPairs()) {
            throw new ConfigurationException(
                    method.name() + " learns every sample both clean and perturbed: leave out the clean share");
        }
        return with(changed -> changed.cleanShare = share);
    }

    /** Average weights, and validate and return the average. */
    public AdversarialTraining withAveraging(Averaging average) {
        return with(changed -> changed.averaging = average);
    }

    /**
     * Perturb the weights of each layer, too, by {@code γ · ‖w‖} to where the loss is larger, before each step.
     *
     * <p>Wu, Xia, Wang: Adversarial Weight Perturbation Helps Robust Generalization, NeurIPS 2020,
     * <a href="https://arxiv.org/abs/2004.05884">arXiv:2004.05884</a>. Their γ is 0.005 to 0.01. It costs one more pass per minibatch.
     *
     * @throws ConfigurationException if γ is negative or not finite
     */
    public AdversarialTraining withWeightPerturbation(double gamma) {
        if (!(gamma >= 0) || Double.isInfinite(gamma)) {
            throw new ConfigurationException(
                    "the weight perturbation is " + gamma + ": give a finite number of at least 0, such as 0.005");
        }
        return with(changed -> changed.weightPerturbation = gamma);
    }

    /** Perturb samples only as these constraints allow. */
    public AdversarialTraining withConstraints(Constraints allowed) {
        return with(changed -> changed.constraints = allowed);
    }

    /**
     * Validate on these samples after each epoch. By default, the last tenth of the data, at most 500 samples, is held out for that; an
     * iterator is validated only with this.
     */
    public AdversarialTraining withHeldOut(LabeledData samples) {
        return with(changed -> changed.heldOut = samples);
    }

    /** End the training when robust accuracy on held-out samples hasn't grown for so many epochs, and return the best network. */
    public AdversarialTraining withEarlyStopping(int epochsWithoutGain) {
        return with(changed -> changed.patience = atLeastOne("the epochs without gain", epochsWithoutGain));
    }

    /** Watch for catastrophic overfitting. */
    public AdversarialTraining withOverfittingGuard(OverfittingGuard watch) {
        return with(changed -> changed.guard = watch);
    }

    /** Don't watch for catastrophic overfitting. */
    public AdversarialTraining withoutOverfittingGuard() {
        return with(changed -> changed.guard = null);
    }

    /**
     * Keep the state of the training in this folder after each epoch and every minute, and go on from there if there is one of the same
     * settings, data and first weights. It is deleted at the end.
     */
    public AdversarialTraining withCheckpoints(Path folder) {
        return with(changed -> changed.checkpoints = folder);
    }

    /** Ask before each minibatch whether to end the training, with the network as it is by then. An interrupted thread ends it, too. */
    public AdversarialTraining withCancellation(BooleanSupplier isCancelled) {
        return with(changed -> changed.cancelled = isCancelled);
    }

    /** Tell after each epoch, and every half minute, how far the training has come, such as {@code System.out::println}. */
    public AdversarialTraining withProgress(Consumer<? super TrainingProgress> listener) {
        return with(changed -> changed.progress = listener::accept);
    }

    /**
     * Train a copy of a network.
     *
     * @param model the network, its input range declared; it is not changed
     * @param data the training data
     * @throws ConfigurationException if data and model don't fit, or the method can't train this network
     */
    public TrainedNetwork train(Dl4jClassifier model, LabeledData data) {
        LabeledData learned = DataCheck.fit(data, model.info());
        LabeledData held = heldOutFor(model);
        if (held == null && learned.size() >= 20) {
            int size = learned.size();
            int kept = Math.min(500, size / 10);
            held = learned.subset(IntStream.range(size - kept, size).toArray());
            learned = learned.first(size - kept);
        }
        return new TrainingRun(this, model, TrainingSource.of(learned, batchSize, seed), held).run();
    }

    /**
     * Train a copy of a network.
     *
     * @param model the network, its input range declared; it is not changed
     * @param data the training data, reset before each epoch; labels as the network's loss wants them
     * @throws ConfigurationException if data and model don't fit, or the method can't train this network
     */
    public TrainedNetwork train(Dl4jClassifier model, DataSetIterator data) {
        return new TrainingRun(this, model, TrainingSource.of(data), heldOutFor(model)).run();
    }

    private @Nullable LabeledData heldOutFor(Dl4jClassifier model) {
        return heldOut == null ? null : DataCheck.fit(heldOut, model.info());
    }

    /** Return this training on some data as a defense, for {@code @DefendedBy}. */
    public Defense<Dl4jClassifier> on(LabeledData data) {
        return model -> train(model, data).defended(model);
    }

    /** Return this training on some data as a defense whose results are kept in a folder: the same model is trained once. */
    public Defense<Dl4jClassifier> on(LabeledData data, TrainedNetworks kept) {
        return model -> kept.get(this, model, data);
    }

    /** Print the settings that the result depends on, such as {@code PGD-10 training, L∞ epsilon 0.3, 12 epochs}. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(", ");
        text.add(method.label());
        text.add(ThreatModel.label(norm, epsilon, Goal.untargeted(), ""));
        text.add(epochs == 1 ? "1 epoch" : epochs + " epochs");
        if (fresh) {
            text.add("from scratch");
        }
        if (warmUpEpochs() > 0) {
            text.add("warm-up " + warmUpEpochs());
        }
        if (cleanShare > 0) {
            text.add("clean share " + cleanShare);
        }
        if (weightPerturbation > 0) {
            text.add("weight perturbation " + weightPerturbation);
        }
        if (averaging != null) {
            text.add(averaging.toString());
        }
        return text.toString();
    }

    /** Return a hash of all settings that the result depends on, of the network before, and of the data. */
    String key(Dl4jClassifier model, String dataHash) {
        return Sha256.of(
                toString(),
                method.getClass().getName() + method.parameters(),
                "epsilon " + epsilon + ", batch size " + batchSize + ", seed " + seed + ", patience " + patience,
                String.valueOf(guard),
                constraints.toString(),
                heldOut == null ? "" : heldOut.sha256(),
                fresh ? Trainee.configuration(model.network()) : model.info().sha256(),
                model.info().inputRange().toString(),
                dataHash);
    }

    ThreatModel threat(Dl4jClassifier model) {
        return new ThreatModel(norm, epsilon, model.info().inputRange()).withConstraints(constraints);
    }

    TrainingMethod method() {
        return method;
    }

    int epochs() {
        return epochs;
    }

    long seed() {
        return seed;
    }

    double warmUpEpochs() {
        return warmUpEpochs.orElse(method.warmUpShare() * epochs);
    }

    double cleanShare() {
        return cleanShare;
    }

    double weightPerturbation() {
        return weightPerturbation;
    }

    boolean isFresh() {
        return fresh;
    }

    int patience() {
        return patience;
    }

    @Nullable
    Averaging averaging() {
        return averaging;
    }

    @Nullable
    OverfittingGuard guard() {
        return guard;
    }

    @Nullable
    Path checkpoints() {
        return checkpoints;
    }

    boolean isCancelled() {
        return cancelled.getAsBoolean() || Thread.currentThread().isInterrupted();
    }

    void tell(TrainingProgress now) {
        progress.accept(now);
    }

    private AdversarialTraining with(Consumer<AdversarialTraining> change) {
        AdversarialTraining changed = new AdversarialTraining(method, norm, epsilon);
        changed.epochs = epochs;
        changed.batchSize = batchSize;
        changed.seed = seed;
        changed.warmUpEpochs = warmUpEpochs;
        changed.cleanShare = cleanShare;
        changed.weightPerturbation = weightPerturbation;
        changed.patience = patience;
        changed.fresh = fresh;
        changed.constraints = constraints;
        changed.averaging = averaging;
        changed.guard = guard;
        changed.heldOut = heldOut;
        changed.checkpoints = checkpoints;
        changed.cancelled = cancelled;
        changed.progress = progress;
        change.accept(changed);
        return changed;
    }

    private static int atLeastOne(String what, int number) {
        if (number < 1) {
            throw new ConfigurationException("adversarial training: " + what + " is " + number + ": give at least 1");
        }
        return number;
    }
}
