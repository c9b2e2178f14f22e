package dev.mettle.cli;

import dev.mettle.core.data.NumpyFiles;
import dev.mettle.core.numeric.SampleRandom;
import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** A network of two layers with random weights, and as labels what it says of random inputs. */
final class WideFiles {

    private static final int SAMPLES = 90;
    private static final int FEATURES = 120;
    private static final int HIDDEN = 70;
    private static final int CLASSES = 7;

    private WideFiles() {}

    static LinearFiles in(Path directory) throws IOException {
        LinearFiles files = new LinearFiles(
                directory, directory.resolve("net.zip"), directory.resolve("x.npy"), directory.resolve("y.npy"));
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(5)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(FEATURES)
                        .nOut(HIDDEN)
                        .activation(Activation.RELU)
                        .build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nIn(HIDDEN)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        network.setParam("0_W", random(1, FEATURES, HIDDEN));
        network.setParam("1_W", random(2, HIDDEN, CLASSES));
        double[][] values = new double[SAMPLES][FEATURES];
        SampleRandom random = SampleRandom.of(5, "inputs", 0, 0);
        for (double[] value : values) {
            for (int j = 0; j < value.length; j++) {
                value[j] = random.uniform(0, 1);
            }
        }
        INDArray inputs = Nd4j.create(values).castTo(DataType.FLOAT);
        ModelSerializer.writeModel(network, files.model().toFile(), false);
        NumpyFiles.write(files.inputs(), inputs);
        NumpyFiles.write(files.labels(), network.output(inputs).argMax(1).castTo(DataType.DOUBLE));
        return files;
    }

    private static INDArray random(long id, int rows, int columns) {
        SampleRandom random = SampleRandom.of(5, "weights", 0, id);
        double[][] values = new double[rows][columns];
        for (double[] row : values) {
            for (int j = 0; j < columns; j++) {
                row[j] = random.gaussian() / Math.sqrt(rows);
            }
        }
        return Nd4j.create(values).castTo(DataType.FLOAT);
    }
}
