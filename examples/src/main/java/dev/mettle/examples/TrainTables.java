package dev.mettle.examples;

import dev.mettle.core.data.LabeledData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Trains the networks that judge tables: {@code credit.zip} on {@link CreditData}, {@code spam.zip} on {@link SpamData}.
 *
 * <p>They learn from standardized features. Afterwards the standardization moves into the weights of the first layer, so that the
 * networks take features in their own units, and epsilons mean months and marks.
 */
public final class TrainTables {

    private static final long SEED = 1;
    private static final int BATCH = 50;
    private static final int EPOCHS = 15;

    private TrainTables() {}

    /**
     * Train both networks and save them.
     *
     * @param arguments the directory to save to; {@code models} if there is none
     */
    public static void main(String... arguments) throws IOException {
        Path directory = Path.of(arguments.length == 0 ? "models" : arguments[0]);
        Files.createDirectories(directory);
        CreditData credit = CreditData.load();
        save(train("credit", credit.training(), credit.test()), directory.resolve("credit.zip"));
        SpamData spam = SpamData.load();
        save(train("spam", spam.training(), spam.test()), directory.resolve("spam.zip"));
    }

    private static void save(MultiLayerNetwork network, Path file) throws IOException {
        ModelSerializer.writeModel(network, file.toFile(), false);
    }

    private static MultiLayerNetwork train(String name, LabeledData training, LabeledData test) {
        INDArray mean = training.inputs().mean(0);
        INDArray deviation = Transforms.max(training.inputs().std(0), 1e-6);
        MultiLayerNetwork network = untrained(training.inputs().size(1));
        INDArray inputs = training.inputs().subRowVector(mean).diviRowVector(deviation);
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            LabeledData shuffled = training.withInputs(inputs).shuffled(SEED + epoch);
            for (int from = 0; from + BATCH <= shuffled.size(); from += BATCH) {
                LabeledData batch = shuffled.subset(
                        java.util.stream.IntStream.range(from, from + BATCH).toArray());
                network.fit(batch.inputs(), oneHot(batch.labels()));
            }
        }
        INDArray weights = network.getParam("0_W").divColumnVector(deviation.reshape(deviation.length(), 1));
        INDArray bias = network.getParam("0_b");
        network.setParam("0_b", bias.sub(mean.reshape(1, mean.length()).mmul(weights)));
        network.setParam("0_W", weights);
        int[] predicted = network.predict(test.inputs());
        int right = 0;
        for (int i = 0; i < predicted.length; i++) {
            right += predicted[i] == test.label(i) ? 1 : 0;
        }
        System.out.printf(Locale.ROOT, "%s: %.1f%% of the test rows%n", name, 100.0 * right / predicted.length);
        return network;
    }

    private static MultiLayerNetwork untrained(long features) {
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(SEED)
                .updater(new Adam(1e-3))
                .weightInit(WeightInit.RELU)
                .activation(Activation.RELU)
                .l2(1e-3)
                .list()
                .layer(new DenseLayer.Builder().nIn(features).nOut(32).build())
                .layer(new DenseLayer.Builder().nOut(16).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .weightInit(WeightInit.XAVIER)
                        .build())
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    private static INDArray oneHot(int[] labels) {
        INDArray rows = Nd4j.zeros(DataType.FLOAT, labels.length, 2);
        for (int i = 0; i < labels.length; i++) {
            rows.putScalar(i, labels[i], 1);
        }
        return rows;
    }
}
