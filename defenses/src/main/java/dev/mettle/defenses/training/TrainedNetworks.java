package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.FileLocks;
import dev.mettle.core.data.LabeledData;
import dev.mettle.defenses.Defended;
import dev.mettle.dl4j.Dl4jClassifier;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;

/**
 * A folder of trained networks, so that the tests of a build, and the builds after it, train each of them once.
 *
 * <p>A file is named by a hash of all that its network depends on: configuration and weights before, the data, the settings of the
 * training. It is a model file of Deeplearning4j, without the state of its updater. Copy it to where CI finds it, or commit it, and CI trains nothing.
 */
public final class TrainedNetworks {

    /** To be raised whenever the same settings lead to another network. */
    private static final int VERSION = 1;

    private static final String ENTRY = "mettle";

    private final Path folder;

    private TrainedNetworks(Path folder) {
        this.folder = folder;
    }

    /** Keep networks in a folder, which is made when the first one is written. */
    public static TrainedNetworks in(Path folder) {
        return new TrainedNetworks(folder);
    }

    /** What is kept beside a network. */
    private record Facts(ArrayList<String> log, double seconds, double cpuSeconds) implements Serializable {}

    /**
     * Return the defended model of these settings: read if it is there, else trained and kept. Other threads and processes that ask for the
     * same one wait for it.
     *
     * @throws ConfigurationException if the training diverged, or the file can't be read
     */
    public Defended<Dl4jClassifier> get(AdversarialTraining settings, Dl4jClassifier model, LabeledData data) {
        Path file = folder.resolve(
                settings.key(model, data.sha256() + " v" + VERSION).substring(0, 16) + ".zip");
        List<Defended<Dl4jClassifier>> result = new ArrayList<>();
        FileLocks.locked(
                file,
                () -> result.add(
                        Files.exists(file) ? read(file, settings, model) : write(file, settings, model, data)));
        return result.get(0);
    }

    private static Defended<Dl4jClassifier> read(Path file, AdversarialTraining settings, Dl4jClassifier model) {
        try {
            Model network = model.network() instanceof MultiLayerNetwork
                    ? ModelSerializer.restoreMultiLayerNetwork(file.toFile(), false)
                    : ModelSerializer.restoreComputationGraph(file.toFile(), false);
            Facts facts = ModelSerializer.getObjectFromFile(file.toFile(), ENTRY);
            return new Defended<>(
                    model.withNetwork(network),
                    model,
                    settings.toString(),
                    facts.log(),
                    facts.seconds(),
                    facts.cpuSeconds(),
                    true);
        } catch (IOException | RuntimeException e) {
            throw new ConfigurationException(
                    "the trained network " + file + " can't be read: delete it to train it anew (" + e.getMessage()
                            + ")",
                    e);
        }
    }

    private static Defended<Dl4jClassifier> write(
            Path file, AdversarialTraining settings, Dl4jClassifier model, LabeledData data) {
        TrainedNetwork trained = settings.train(model, data);
        Defended<Dl4jClassifier> defended = trained.defended(model);
        if (trained.end() == TrainingEnd.CANCELLED) {
            return defended;
        }
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            FileLocks.write(file, target -> {
                ModelSerializer.writeModel(trained.model().network(), target.toFile(), false);
                ModelSerializer.addObjectToFile(
                        target.toFile(),
                        ENTRY,
                        new Facts(new ArrayList<>(defended.log()), defended.seconds(), defended.cpuSeconds()));
            });
        } catch (IOException e) {
            throw new UncheckedIOException("can't write the trained network " + file, e);
        }
        return defended;
    }
}
