package dev.mettle.defenses.training;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.FileLocks;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.CpuClock;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.Dl4jClassifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One training: the loop over epochs and minibatches, and what it watches over meanwhile. */
final class TrainingRun {

    private static final double LINE_SECONDS = 30;
    private static final double CHECKPOINT_SECONDS = 60;

    private final AdversarialTraining settings;
    private final Dl4jClassifier original;
    private final ThreatModel threat;
    private final TrainingSource source;
    private final @Nullable LabeledData heldOut;
    private final @Nullable Path checkpoint;
    private final TrainingState state;
    private final Trainee trainee;
    private final Dl4jClassifier model;
    private final int classes;
    private final double secondsBefore;
    private final double cpuSecondsBefore;
    private final long wallStart = System.nanoTime();
    private final long cpuStart = CpuClock.nanos();
    private double lastLine;
    private double lastCheckpoint;

    TrainingRun(
            AdversarialTraining settings,
            Dl4jClassifier original,
            TrainingSource source,
            @Nullable LabeledData heldOut) {
        this.settings = settings;
        this.original = original;
        this.threat = settings.threat(original);
        this.source = source;
        this.heldOut = heldOut;
        this.classes = original.info().classes();
        if (heldOut == null && (settings.patience() > 0 || settings.guard() != null)) {
            throw new ConfigurationException("there are no held-out samples to watch the training on: give some with"
                    + " withHeldOut, or leave out early stopping and the overfitting guard");
        }
        this.checkpoint = checkpointFile();
        if (checkpoint != null && Files.exists(checkpoint)) {
            this.state = readable(checkpoint, () -> TrainingState.read(checkpoint));
            this.trainee = readable(checkpoint, () -> Trainee.read(checkpoint, original.network(), settings.seed()));
            state.notes.add("resumed at epoch " + (state.epoch + 1) + ", batch " + state.batch);
        } else {
            this.state = new TrainingState();
            this.trainee = beginning();
        }
        if (settings.method().needsPairs()) {
            trainee.requireExchangeableLoss(settings.method().name());
        }
        this.model = original.withNetwork(trainee.network());
        this.secondsBefore = state.seconds;
        this.cpuSecondsBefore = state.cpuSeconds;
    }

    private static <T> T readable(Path checkpoint, Callable<T> reading) {
        try {
            return reading.call();
        } catch (Exception e) { // of unzipping, of Java's serialization, of Deeplearning4j
            throw new ConfigurationException(
                    "the checkpoint " + checkpoint + " can't be read: delete it to train from" + " the beginning ("
                            + e.getMessage() + ")",
                    e);
        }
    }

    private Trainee beginning() {
        return settings.isFresh()
                ? Trainee.anew(original.network(), settings.seed())
                : Trainee.copyOf(original.network(), settings.seed());
    }

    private @Nullable Path checkpointFile() {
        Path folder = settings.checkpoints();
        return folder == null
                ? null
                : folder.resolve(
                        "training-" + settings.key(original, source.sha256()).substring(0, 16) + ".zip");
    }

    private void requireLabel(int label) {
        if (label < 0 || label >= classes) {
            throw new ConfigurationException("the label " + label + " is none of the " + classes
                    + " classes of the model, which are counted from 0");
        }
    }

    TrainedNetwork run() {
        TrainingEnd end = train();
        if (end == TrainingEnd.CANCELLED) {
            keep(); // before anything else is put in the place of the weights in training
        }
        INDArray average = state.average;
        if (end == TrainingEnd.DIVERGED) {
            use(state.goodWeights);
        } else if (end == TrainingEnd.OVERFITTED) {
            use(state.guardedWeights);
        } else if (settings.patience() > 0 && state.bestWeights != null && end != TrainingEnd.CANCELLED) {
            use(state.bestWeights);
        } else if (average != null) {
            use(average);
        }
        int epochs = settings.patience() > 0 && state.bestWeights != null ? state.bestEpoch : state.epoch;
        if (end != TrainingEnd.CANCELLED && checkpoint != null) {
            delete(checkpoint);
        }
        tick();
        trainee.release();
        model.info(); // sees weights that were set by hand
        return new TrainedNetwork(
                model, settings.toString(), end, state.history, epochs, state.notes, state.seconds, state.cpuSeconds);
    }

    private void use(@Nullable INDArray weights) {
        if (weights != null) {
            trainee.weights().assign(weights);
        } else {
            trainee.weights().assign(beginning().weights());
        }
    }

    private TrainingEnd train() {
        while (state.epoch < settings.epochs()) {
            if (state.batch == 0) {
                trainee.beginEpoch();
            }
            TrainingEnd end = learnEpoch();
            if (end != null) {
                return end;
            }
            trainee.endEpoch();
            validate();
            state.epoch++;
            state.batch = 0;
            state.goodWeights = trainee.weights().dup();
            if (settings.patience() > 0 && state.epoch - state.bestEpoch >= settings.patience()) {
                return TrainingEnd.EARLY_STOPPED;
            }
            keep();
        }
        return TrainingEnd.COMPLETED;
    }

    /** Learn the minibatches of an epoch that are left; returns why to end, or null to go on. */
    private @Nullable TrainingEnd learnEpoch() {
        Iterator<TrainingSource.Samples> batches = source.epoch(state.epoch);
        for (int done = 0; done < state.batch && batches.hasNext(); done++) {
            batches.next();
        }
        while (batches.hasNext()) {
            if (settings.isCancelled()) {
                return TrainingEnd.CANCELLED;
            }
            learn(batches.next());
            double loss = trainee.score();
            if (!Double.isFinite(loss)) {
                state.notes.add("the loss became " + loss + " in epoch " + (state.epoch + 1) + ", batch "
                        + (state.batch + 1) + ": the weights are those of "
                        + (state.goodWeights == null ? "the beginning" : "epoch " + state.epoch)
                        + "; try a smaller learning rate");
                return TrainingEnd.DIVERGED;
            }
            state.lossSum += loss;
            state.lossCount++;
            state.batch++;
            average();
            if (guardFires()) {
                return TrainingEnd.OVERFITTED;
            }
            report();
        }
        return null;
    }

    private void learn(TrainingSource.Samples samples) {
        INDArray inputs = samples.inputs().castTo(trainee.weights().dataType());
        int[] labels = samples.labels().values();
        for (int label : labels) {
            requireLabel(label);
        }
        int size = labels.length;
        SampleRandom[] streams = new SampleRandom[size];
        long seen = ((long) state.epoch << 40) + ((long) state.batch << 20);
        Arrays.setAll(streams, i -> SampleRandom.of(settings.seed(), "training", 0, seen + i));
        INDArray targets = samples.targets() == null ? targets(labels) : samples.targets();
        requireInRange(inputs);
        double grown = grown();
        TrainingMethod method = state.switched ? new PgdTraining() : settings.method();
        method.learn(new Minibatch(
                trainee,
                model,
                classes,
                threat.withEpsilon(grown * threat.epsilon()),
                inputs,
                labels,
                targets,
                streams,
                (int) Math.round(settings.cleanShare() * size),
                settings.weightPerturbation(),
                grown));
    }

    private void requireInRange(INDArray inputs) {
        Box range = threat.box();
        range.requireFeatures(Rows.features(inputs));
        if (range.clip(inputs.dup()).equals(inputs)) {
            return;
        }
        double[][] rows = Rows.toRows(inputs);
        for (int i = 0; i < rows.length; i++) {
            String violation = range.firstViolation(rows[i]);
            if (!violation.isEmpty()) {
                throw new ConfigurationException("sample " + (i + 1) + " of minibatch " + (state.batch + 1)
                        + " lies outside the input range " + range + " (" + violation
                        + "): scale the data as the model expects it, or declare the true range");
            }
        }
    }

    /** Return how far epsilon has grown, from 0 to 1. */
    private double grown() {
        double part = source.batches() == 0 ? 0 : (double) state.batch / source.batches();
        double warmUp = settings.warmUpEpochs();
        return warmUp == 0 ? 1 : Math.min(1, (state.epoch + part) / warmUp);
    }

    private INDArray targets(int[] labels) {
        if (trainee.takesClassNumbers()) {
            return Rows.fromDoubles(
                    Arrays.stream(labels).asDoubleStream().toArray(),
                    new long[] {labels.length, 1},
                    trainee.weights().dataType());
        }
        int columns = trainee.outputs() == 1 ? 1 : classes;
        double[] values = new double[labels.length * columns];
        for (int i = 0; i < labels.length; i++) {
            if (columns == 1) {
                values[i] = labels[i];
            } else {
                values[i * columns + labels[i]] = 1;
            }
        }
        return Rows.fromDoubles(
                values, new long[] {labels.length, columns}, trainee.weights().dataType());
    }

    private void average() {
        Averaging averaging = settings.averaging();
        if (averaging == null || state.epoch + 1 < averaging.fromEpoch()) {
            return;
        }
        INDArray average = state.average;
        if (average == null) {
            average = trainee.weights().dup();
            state.average = average;
        } else {
            INDArray change = trainee.weights().sub(average);
            average.addi(change.muli(averaging.newest(state.averaged)));
        }
        state.averaged++;
    }

    // ------------------------------------------------------------------------------------------ looking

    /** Validate at the end of an epoch. */
    private void validate() {
        double clean = Double.NaN;
        double robust = Double.NaN;
        LabeledData data = heldOut;
        if (data != null) {
            Dl4jClassifier validated = validated();
            boolean[] right = right(validated, data);
            clean = share(right);
            robust = robustAccuracy(validated, data, right);
            if (robust > state.bestRobustAccuracy) {
                state.bestRobustAccuracy = robust;
                state.bestEpoch = state.epoch + 1;
                state.bestWeights = (state.average != null ? state.average : trainee.weights()).dup();
            }
        }
        TrainingProgress now = progress(clean, robust, data == null ? 0 : data.size());
        state.history.add(now);
        settings.tell(now);
    }

    /** Return the model to validate: the one in training, or a copy with the average of its weights. */
    private Dl4jClassifier validated() {
        INDArray average = state.average;
        if (average == null) {
            return model;
        }
        Trainee copy = Trainee.copyOf(trainee.network(), settings.seed());
        copy.weights().assign(average);
        return original.withNetwork(copy.network());
    }

    private static boolean[] right(Dl4jClassifier model, LabeledData data) {
        INDArray inputs = data.inputs().castTo(model.info().dataType());
        int[] predicted = model.predict(inputs);
        boolean[] right = new boolean[predicted.length];
        for (int i = 0; i < right.length; i++) {
            right[i] = predicted[i] == data.label(i);
        }
        return right;
    }

    private static double share(boolean[] right) {
        return IntStream.range(0, right.length).filter(i -> right[i]).count() / (double) right.length;
    }

    private double robustAccuracy(Dl4jClassifier attacked, LabeledData data, boolean[] right) {
        int[] rows = IntStream.range(0, right.length).filter(i -> right[i]).toArray();
        if (rows.length == 0) {
            return 0;
        }
        INDArray inputs = Rows.select(data.inputs().castTo(attacked.info().dataType()), rows);
        long standing = AttackEngine.of(attacked, settings.seed())
                .run(
                        new Pgd().withSteps(10),
                        threat,
                        inputs,
                        Arrays.stream(rows).map(data::label).toArray(),
                        Arrays.stream(rows).mapToLong(data::id).toArray())
                .outcomes()
                .stream()
                .map(SampleOutcome::status)
                .filter(status -> status != SampleStatus.BROKEN)
                .count();
        return standing / (double) right.length;
    }

    /** Look for catastrophic overfitting; returns whether to end the training. */
    private boolean guardFires() {
        OverfittingGuard guard = settings.guard();
        LabeledData data = heldOut;
        if (guard == null || data == null || state.switched || state.batch % guard.everyBatches() != 0) {
            return false;
        }
        LabeledData looked = data.first(Math.min(guard.samples(), data.size()));
        double robust = robustAccuracy(model, looked, right(model, looked));
        if (state.guardedAccuracy < 0 && robust <= mostFrequent(looked)) {
            return false; // a network that says the same of everything is as robust as that, before it learns anything
        }
        if (robust >= state.guardedAccuracy) {
            state.guardedAccuracy = robust;
            state.guardedWeights = trainee.weights().dup();
            return false;
        }
        if (robust >= state.guardedAccuracy - guard.drop()) {
            return false;
        }
        boolean goesOn = guard.then() == OverfittingGuard.Then.SWITCH_TO_PGD;
        state.notes.add(String.format(
                Locale.ROOT,
                "robust accuracy fell from %.1f%% to %.1f%% by epoch %d, batch %d: back to the weights of %.1f%%, and %s",
                100 * state.guardedAccuracy,
                100 * robust,
                state.epoch + 1,
                state.batch,
                100 * state.guardedAccuracy,
                goesOn ? "on with PGD-10 training" : "the training ended"));
        if (goesOn) {
            use(state.guardedWeights);
            state.average = null;
            state.averaged = 0;
            state.switched = true;
        }
        return !goesOn;
    }

    /** Return the share of the most frequent label. */
    private double mostFrequent(LabeledData data) {
        int[] counts = new int[classes];
        for (int label : data.labels()) {
            counts[label]++;
        }
        return Arrays.stream(counts).max().orElse(0) / (double) data.size();
    }

    // ------------------------------------------------------------------------------------------ telling, keeping

    private void report() {
        tick();
        if (state.seconds - lastLine >= LINE_SECONDS && state.batch != source.batches()) {
            settings.tell(progress(Double.NaN, Double.NaN, 0));
        }
        if (state.seconds - lastCheckpoint >= CHECKPOINT_SECONDS) {
            keep();
        }
    }

    private TrainingProgress progress(double clean, double robust, int samples) {
        tick();
        lastLine = state.seconds;
        int batches = source.batches();
        double done = state.epoch + (batches == 0 ? 0 : (double) state.batch / batches);
        double left = done == 0 ? Double.NaN : state.seconds / done * (settings.epochs() - done);
        double loss = state.lossSum / Math.max(1, state.lossCount);
        state.lossSum = 0;
        state.lossCount = 0;
        return new TrainingProgress(
                state.epoch + 1,
                settings.epochs(),
                state.batch,
                batches,
                loss,
                clean,
                robust,
                samples,
                state.seconds,
                left);
    }

    private void tick() {
        state.seconds = secondsBefore + (System.nanoTime() - wallStart) / 1e9;
        state.cpuSeconds = cpuSecondsBefore + (CpuClock.nanos() - cpuStart) / 1e9;
    }

    private void keep() {
        tick();
        lastCheckpoint = state.seconds;
        Path file = checkpoint;
        if (file == null) {
            return;
        }
        try {
            FileLocks.write(file, target -> state.write(trainee, target));
        } catch (IOException e) {
            throw new UncheckedIOException("can't write the checkpoint " + file, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("can't delete the checkpoint " + file, e);
        }
    }
}
