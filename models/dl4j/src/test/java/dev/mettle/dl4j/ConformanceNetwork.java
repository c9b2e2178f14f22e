package dev.mettle.dl4j;

import dev.mettle.core.data.NumpyFiles;
import dev.mettle.core.numeric.Rows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** The networks in the folder {@code conformance} as Deeplearning4j networks, and the golden numbers beside them. */
public final class ConformanceNetwork {

    private ConformanceNetwork() {}

    /**
     * Build a network from its description and its weights. It takes images of shape {@code [n, 1, 28, 28]}.
     *
     * @param name {@code mlp} or {@code cnn}
     * @param dataType float or double
     * @param softmax whether it ends in softmax; else it puts out logits
     */
    public static MultiLayerNetwork load(String name, DataType dataType, boolean softmax) {
        JsonNode architecture = architecture(name);
        NeuralNetConfiguration.ListBuilder layers =
                new NeuralNetConfiguration.Builder().dataType(dataType).seed(1).list();
        for (JsonNode layer : architecture.get("layers")) {
            switch (layer.get("layer").asText()) {
                case "conv2d" ->
                    layers.layer(new ConvolutionLayer.Builder(
                                    pair(layer, "kernel"), pair(layer, "stride"), pair(layer, "padding"))
                            .name(layer.get("name").asText())
                            .convolutionMode(ConvolutionMode.Truncate)
                            .nOut(layer.get("c_out").asInt())
                            .activation(activation(layer))
                            .build());
                case "maxpool" ->
                    layers.layer(new SubsamplingLayer.Builder(
                                    SubsamplingLayer.PoolingType.MAX, pair(layer, "kernel"), pair(layer, "stride"))
                            .convolutionMode(ConvolutionMode.Truncate)
                            .build());
                case "dense" -> {
                    if (activation(layer) == Activation.IDENTITY) {
                        layers.layer(new OutputLayer.Builder(softmax ? LossFunction.MCXENT : LossFunction.MSE)
                                .name(layer.get("name").asText())
                                .nOut(layer.get("n_out").asInt())
                                .activation(softmax ? Activation.SOFTMAX : Activation.IDENTITY)
                                .build());
                    } else {
                        layers.layer(new DenseLayer.Builder()
                                .name(layer.get("name").asText())
                                .nOut(layer.get("n_out").asInt())
                                .activation(activation(layer))
                                .build());
                    }
                }
                case "flatten" -> {} // Deeplearning4j flattens by itself, in the same order
                default -> throw new IllegalArgumentException("unknown layer " + layer);
            }
        }
        MultiLayerNetwork network = new MultiLayerNetwork(
                layers.setInputType(InputType.convolutional(28, 28, 1)).build());
        network.init();
        for (int i = 0; i < network.getnLayers(); i++) {
            String layer = network.getLayer(i).conf().getLayer().getLayerName();
            if (network.getLayer(i).numParams() > 0) {
                INDArray weights = read(name, layer + ".weight.npy").castTo(dataType);
                network.setParam(i + "_W", weights.rank() == 2 ? weights.transpose() : weights);
                network.setParam(
                        i + "_b",
                        read(name, layer + ".bias.npy").castTo(dataType).reshape(1, -1));
            }
        }
        return network;
    }

    /**
     * Read golden numbers.
     *
     * @param name {@code mlp} or {@code cnn}
     * @param file a path below {@code golden} without its ending, such as {@code logits_float64}
     */
    public static INDArray golden(String name, String file) {
        return read(name, "golden/" + file + ".npy");
    }

    /** Return the 64 images that the golden numbers are about, {@code [64, 1, 28, 28]}, in double precision. */
    public static INDArray images() {
        return NumpyFiles.read(root().resolve("x_float64.npy"));
    }

    /** Return the labels of the images. */
    public static int[] labels() {
        return Arrays.stream(Rows.toDoubles(NumpyFiles.read(root().resolve("y.npy"))))
                .mapToInt(label -> (int) label)
                .toArray();
    }

    /** Return the folder {@code conformance}, found by walking up from the working directory. */
    public static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isRegularFile(folder.resolve("conformance/x_float64.npy"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("no folder 'conformance' above the working directory");
            }
        }
        return folder.resolve("conformance");
    }

    private static INDArray read(String name, String file) {
        return NumpyFiles.read(root().resolve(name).resolve(file));
    }

    private static JsonNode architecture(String name) {
        try {
            return new ObjectMapper()
                    .readTree(root().resolve(name).resolve("arch.json").toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int[] pair(JsonNode layer, String field) {
        return new int[] {
            layer.get(field).get(0).asInt(), layer.get(field).get(1).asInt()
        };
    }

    private static Activation activation(JsonNode layer) {
        return Activation.fromString(layer.get("activation").asText());
    }
}
