package dev.mettle.cli;

import dev.mettle.core.data.NumpyFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * A saved network and saved data whose robust accuracy can be told by hand. The network sees label 0 where the first of two
 * inputs is the larger one. Sample {@code i} of 20 lies around 0.5, its inputs {@code 0.01 · (i + 0.5)} above and below, so an
 * L∞ attack breaks it if epsilon is larger than that; the last sample has the wrong label.
 */
record LinearFiles(Path directory, Path model, Path inputs, Path labels) {

    static final int SAMPLES = 20;

    static LinearFiles in(Path directory) throws IOException {
        return in(directory, 4);
    }

    /** Write the files for a network with a weight of its own; its labels don't depend on it. */
    static LinearFiles in(Path directory, double weight) throws IOException {
        LinearFiles files = new LinearFiles(
                directory, directory.resolve("net.zip"), directory.resolve("x.npy"), directory.resolve("y.npy"));
        ModelSerializer.writeModel(network(weight), files.model.toFile(), false);
        NumpyFiles.write(files.inputs, Nd4j.create(values()).castTo(DataType.FLOAT));
        NumpyFiles.write(files.labels, Nd4j.create(trueLabels()));
        return files;
    }

    private static MultiLayerNetwork network(double weight) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nIn(2)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        network.setParam(
                "0_W",
                Nd4j.create(new double[][] {{weight, -weight}, {-weight, weight}})
                        .castTo(DataType.FLOAT));
        network.setParam("0_b", Nd4j.zeros(DataType.FLOAT, 1, 2));
        return network;
    }

    static double[][] values() {
        double[][] values = new double[SAMPLES][];
        for (int i = 0; i < SAMPLES; i++) {
            double half = 0.01 * (i + 0.5);
            values[i] = i % 2 == 0 ? new double[] {0.5 + half, 0.5 - half} : new double[] {0.5 - half, 0.5 + half};
        }
        return values;
    }

    static double[] trueLabels() {
        double[] labels = new double[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            labels[i] = i % 2;
        }
        labels[SAMPLES - 1] = 0;
        return labels;
    }

    /** Write an array beside the others. */
    Path array(String name, INDArray values) {
        Path file = directory.resolve(name);
        NumpyFiles.write(file, values);
        return file;
    }

    /** Write an archive of inputs and labels, as {@code np.savez} does. */
    Path archive(String name) throws IOException {
        Path file = directory.resolve(name);
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, Path> entry :
                    Map.of("inputs.npy", inputs, "labels.npy", labels).entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(Files.readAllBytes(entry.getValue()));
                zip.closeEntry();
            }
        }
        return file;
    }

    /** Return a complete command, with more options appended; an option given again takes the place of the first. */
    List<String> evaluate(String... more) {
        List<String> args = new ArrayList<>(List.of(
                "evaluate",
                "--model",
                model.toString(),
                "--inputs",
                inputs.toString(),
                "--labels",
                labels.toString(),
                "--range",
                "0,1",
                "--attacks",
                "fgsm",
                "--norm",
                "linf",
                "--epsilon",
                "0.1"));
        for (int i = 0; i < more.length; i += 2) {
            int known = args.indexOf(more[i]);
            if (known >= 0) {
                args.subList(known, known + 2).clear();
            }
            args.add(more[i]);
            args.add(more[i + 1]);
        }
        return args;
    }

    /** Return a complete command without one of its options. */
    List<String> evaluateWithout(String option, String... more) {
        List<String> args = evaluate(more);
        int position = args.indexOf(option);
        args.subList(position, position + 2).clear();
        return args;
    }
}
