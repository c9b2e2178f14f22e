package dev.mettle.defenses.training;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** All that a training remembers besides network and updater, and what a checkpoint holds beside these. */
final class TrainingState implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final String ENTRY = "mettle";

    /** The epoch under way, from 0, and the minibatches of it that are done. */
    int epoch;

    int batch;

    /** The mean of weights, and over how many steps. */
    @Nullable
    INDArray average;

    long averaged;

    /** What was best on held-out samples at the end of an epoch. */
    @Nullable
    INDArray bestWeights;

    double bestRobustAccuracy = -1;
    int bestEpoch;

    /** What the overfitting guard saw at its best. */
    @Nullable
    INDArray guardedWeights;

    double guardedAccuracy = -1;
    boolean switched;

    /** Weights that are known to be finite. */
    @Nullable
    INDArray goodWeights;

    double lossSum;
    int lossCount;
    double seconds;
    double cpuSeconds;
    final List<TrainingProgress> history = new ArrayList<>();
    final List<String> notes = new ArrayList<>();

    /** Write a checkpoint: a file that Deeplearning4j reads as a model, with this state in it. */
    void write(Trainee trainee, Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        trainee.write(file);
        ModelSerializer.addObjectToFile(file.toFile(), ENTRY, this);
    }

    static TrainingState read(Path file) {
        File source = file.toFile();
        return ModelSerializer.getObjectFromFile(source, ENTRY);
    }
}
