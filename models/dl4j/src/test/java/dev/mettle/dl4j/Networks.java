package dev.mettle.dl4j;

import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks with random weights, biases and running statistics. */
final class Networks {

    static final int CLASSES = 4;

    /** Deeplearning4j 1.0.0-M1.1 can't run dense layers with layer normalization. */
    static final boolean ND4J_M1 = Backend.version("org.nd4j", "nd4j-api")
            .filter(version -> version.startsWith("1.0.0-M1"))
            .isPresent();

    private Networks() {}

    static MultiLayerNetwork layers(DataType dataType, InputType input, Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(dataType)
                .activation(Activation.TANH)
                .list();
        for (Layer layer : layers) {
            list.layer(layer);
        }
        MultiLayerNetwork network =
                new MultiLayerNetwork(list.setInputType(input).build());
        network.init();
        randomize(network.paramTable());
        return network;
    }

    static MultiLayerNetwork layers(InputType input, Layer... layers) {
        return layers(DataType.DOUBLE, input, layers);
    }

    static GraphBuilder graph() {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(DataType.DOUBLE)
                .activation(Activation.TANH)
                .graphBuilder()
                .addInputs("in");
    }

    static ComputationGraph graph(GraphBuilder builder) {
        ComputationGraph network = new ComputationGraph(builder.build());
        network.init();
        randomize(network.paramTable());
        return network;
    }

    static MultiLayerNetwork small() {
        return layers(DataType.FLOAT, InputType.feedForward(3), dense(5), softmax());
    }

    static DenseLayer dense(int outputs) {
        return new DenseLayer.Builder().nOut(outputs).build();
    }

    static OutputLayer softmax() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build();
    }

    /** Give every parameter a random value, and the running statistics ones that no batch of the tests has. */
    private static void randomize(Map<String, INDArray> parameters) {
        parameters.forEach((key, parameter) -> {
            SampleRandom random = SampleRandom.of(11, key, 0, 0);
            String name = key.substring(key.lastIndexOf('_') + 1);
            double[] old = Rows.toDoubles(parameter);
            double[] values = IntStream.range(0, old.length)
                    .mapToDouble(i -> switch (name) {
                        case "var", "gamma" -> 0.5 + Math.abs(random.gaussian());
                        case "log10stdev", "mean" -> 0.3 * random.gaussian();
                        default -> old[i] + 0.2 * random.gaussian();
                    })
                    .toArray();
            parameter.assign(Rows.fromDoubles(values, parameter.shape(), parameter.dataType()));
        });
    }

    /** Return standard normal inputs. */
    static INDArray inputs(DataType dataType, long... shape) {
        SampleRandom random = SampleRandom.of(3, "inputs", 0, 0);
        int length =
                (int) IntStream.range(0, shape.length).mapToLong(i -> shape[i]).reduce(1, (a, b) -> a * b);
        return Rows.fromDoubles(
                IntStream.range(0, length).mapToDouble(i -> random.gaussian()).toArray(), shape, dataType);
    }

    /** Return the shape of a batch of samples. */
    static long[] batch(long n, long... sample) {
        return LongStream.concat(LongStream.of(n), Arrays.stream(sample)).toArray();
    }

    /** Return the labels 0, 1, 2, …, over and over. */
    static int[] labels(int n, int classes) {
        return IntStream.range(0, n).map(i -> i % classes).toArray();
    }
}
