package dev.mettle.examples;

import dev.mettle.attacks.Pgd;
import dev.mettle.core.attack.AttackGenerator;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.Dl4jClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Trains the networks that the tests examine, on the training digits of this module.
 *
 * <ul>
 *   <li>{@code digits.zip} learns from the digits, moved about by up to two pixels.
 *   <li>{@code digits-hardened.zip} learns from the same digits after an attack has changed them.
 *   <li>{@code lenet.zip} is a wider network that learns as {@code digits.zip} does. {@code DefendedDigitsRobustnessTests} trains it
 *       adversarially.
 * </ul>
 *
 * <p>The same seed gives the same networks on the same machine, backend and number of threads; others round differently.
 */
public final class TrainDigits {

    private static final long SEED = 1;
    private static final int BATCH = 50;
    private static final int EPOCHS = 10;
    private static final int LARGEST_SHIFT = 2;
    private static final int ATTACK_STEPS = 3;

    /** How long LeNet is trained adversarially: its learning rate rises and falls once meanwhile. */
    private static final int LENET_STEPS = 855;

    private static final double EPSILON = 0.2;

    private final LabeledData training;
    private final LabeledData test;

    private TrainDigits(LabeledData training, LabeledData test) {
        this.training = training;
        this.test = test;
    }

    /**
     * Train both networks and save them.
     *
     * @param arguments the directory to save to; {@code models} if there is none
     */
    public static void main(String... arguments) throws IOException {
        Path directory = Path.of(arguments.length == 0 ? "models" : arguments[0]);
        Files.createDirectories(directory);
        TrainDigits trainer = new TrainDigits(digits("digits-train.npz"), digits("digits-test.npz"));
        save(trainer.train("plain", 0), directory.resolve("digits.zip"));
        save(trainer.train("hardened", EPSILON), directory.resolve("digits-hardened.zip"));
        save(trainer.train("LeNet", LeNet.untrained(SEED, LENET_STEPS), 0), directory.resolve("lenet.zip"));
    }

    private static LabeledData digits(String resource) {
        return LabeledData.fromClasspath(resource).scaled(1 / 255.0);
    }

    private static void save(MultiLayerNetwork network, Path file) throws IOException {
        ModelSerializer.writeModel(network, file.toFile(), false); // without the state of the updater
    }

    private MultiLayerNetwork train(String name, double largestEpsilon) {
        return train(name, DigitNetwork.untrained(SEED, EPOCHS * training.size() / BATCH), largestEpsilon);
    }

    private MultiLayerNetwork train(String name, MultiLayerNetwork network, double largestEpsilon) {
        Nd4j.getRandom().setSeed(SEED); // of dropout
        LabelModel model = Dl4jClassifier.of(network).withInputRange(0, 1); // sees what the network learns
        SplittableRandom random = new SplittableRandom(SEED);
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            // A network that knows nothing yet learns nothing from strong attacks.
            double epsilon = largestEpsilon * Math.min(1, 2.0 * epoch / EPOCHS);
            LabeledData shuffled = training.shuffled(SEED + epoch);
            for (int from = 0; from < shuffled.size(); from += BATCH) {
                LabeledData batch = moved(
                        shuffled.subset(IntStream.range(from, from + BATCH).toArray()), random);
                INDArray inputs = epsilon == 0 ? batch.inputs() : attacked(batch, model, epsilon, epoch);
                network.fit(inputs, oneHot(batch.labels()));
            }
            System.out.printf(
                    Locale.ROOT, "%s, epoch %d: %.1f%% of the test digits%n", name, epoch, 100 * accuracy(network));
        }
        return network;
    }

    /**
     * Return adversarial examples of the model as it is at the moment: the first ones that PGD finds, which keeps them near
     * the clean digits while the model is weak (Zhang et al.: Attacks Which Do Not Kill Training Make Adversarial Learning
     * Stronger, ICML 2020). A digit that withstands the attack stays as it is.
     */
    private static INDArray attacked(LabeledData batch, LabelModel model, double epsilon, long seed) {
        ThreatModel threat = new ThreatModel(Norm.LINF, epsilon, model.info().inputRange());
        Pgd attack = new Pgd().withSteps(ATTACK_STEPS);
        return new AttackGenerator(List.of(attack), model, threat, seed)
                .generate(batch)
                .inputs();
    }

    /** Move every digit by a few pixels, so that ten thousand of them teach as much as many more. */
    private static LabeledData moved(LabeledData batch, SplittableRandom random) {
        int side = DigitNetwork.SIDE;
        float[] from = batch.inputs().data().asFloat();
        float[] to = new float[from.length];
        for (int image = 0; image < batch.size(); image++) {
            int down = random.nextInt(-LARGEST_SHIFT, LARGEST_SHIFT + 1);
            int right = random.nextInt(-LARGEST_SHIFT, LARGEST_SHIFT + 1);
            int width = side - Math.abs(right);
            for (int row = Math.max(0, -down); row < Math.min(side, side - down); row++) {
                int source = (image * side + row) * side + Math.max(0, -right);
                int target = (image * side + row + down) * side + Math.max(0, right);
                System.arraycopy(from, source, to, target, width);
            }
        }
        return batch.withInputs(Nd4j.createFromArray(to).reshape(batch.inputs().shape()));
    }

    private static INDArray oneHot(int[] labels) {
        INDArray rows = Nd4j.zeros(DataType.FLOAT, labels.length, DigitNetwork.CLASSES);
        for (int i = 0; i < labels.length; i++) {
            rows.putScalar(i, labels[i], 1);
        }
        return rows;
    }

    private double accuracy(MultiLayerNetwork network) {
        int[] predicted = network.predict(test.inputs().dup());
        return (double) IntStream.range(0, predicted.length)
                        .filter(i -> predicted[i] == test.label(i))
                        .count()
                / predicted.length;
    }
}
