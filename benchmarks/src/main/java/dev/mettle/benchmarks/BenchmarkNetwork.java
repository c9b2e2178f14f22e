package dev.mettle.benchmarks;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The networks of the benchmark, each with the same weights in every process. {@code input_gradient.py} has the same networks
 * under the same names of parameters.
 */
enum BenchmarkNetwork {
    /** Dense 784-512-256-10. */
    MLP {
        @Override
        long[] shape(int batch) {
            return new long[] {batch, 784};
        }

        @Override
        Model configure() {
            return layers(configuration()
                    .list()
                    .layer(new DenseLayer.Builder().nOut(512).build())
                    .layer(new DenseLayer.Builder().nOut(256).build())
                    .layer(output())
                    .setInputType(InputType.feedForward(784))
                    .build());
        }
    },

    /** The LeNet of Deeplearning4j's zoo: convolutions keep height and width. */
    LENET {
        @Override
        long[] shape(int batch) {
            return new long[] {batch, 1, 28, 28};
        }

        @Override
        Model configure() {
            return layers(configuration()
                    .convolutionMode(ConvolutionMode.Same)
                    .list()
                    .layer(new ConvolutionLayer.Builder(5, 5).nOut(20).build())
                    .layer(halve())
                    .layer(new ConvolutionLayer.Builder(5, 5).nOut(50).build())
                    .layer(halve())
                    .layer(new DenseLayer.Builder().nOut(500).build())
                    .layer(output())
                    .setInputType(InputType.convolutional(28, 28, 1))
                    .build());
        }
    },

    /** A convolution, three residual blocks of two, with batch normalization after each; the mean over the image; dense. */
    RESNET {
        @Override
        long[] shape(int batch) {
            return new long[] {batch, 3, 32, 32};
        }

        @Override
        Model configure() {
            GraphBuilder graph =
                    configuration().convolutionMode(ConvolutionMode.Truncate).graphBuilder();
            graph.addInputs("in").setInputTypes(InputType.convolutional(32, 32, 3));
            String last = relu(graph, "stem", normalized(graph, "stem", "in", 16, 3, 1));
            last = block(graph, "block1", last, 16, 1);
            last = block(graph, "block2", last, 32, 2);
            last = block(graph, "block3", last, 64, 2);
            graph.addLayer("mean", new GlobalPoolingLayer(PoolingType.AVG), last)
                    .addLayer("out", output(), "mean")
                    .setOutputs("out");
            ComputationGraph network = new ComputationGraph(graph.build());
            network.init();
            return network;
        }
    };

    static final int CLASSES = 10;

    private static final long SEED = 20261121;

    /** Return the shape of a batch of inputs. */
    abstract long[] shape(int batch);

    /** Build the network with the weights that Deeplearning4j gives it. */
    abstract Model configure();

    /** Build the network with its weights. */
    Model build() {
        Model network = configure();
        randomize(network.paramTable());
        return network;
    }

    /** Return inputs between 0 and 1. */
    INDArray inputs(int batch) {
        long[] shape = shape(batch);
        SampleRandom random = SampleRandom.of(SEED, name(), 0, 0);
        double[] values = new double[Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact))];
        Arrays.setAll(values, i -> random.uniform(0, 1));
        return Rows.fromDoubles(values, shape, DataType.FLOAT);
    }

    /** Return the labels 0, 1, 2, …, over and over. */
    static int[] labels(int batch) {
        int[] labels = new int[batch];
        Arrays.setAll(labels, i -> i % CLASSES);
        return labels;
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Set all parameters, and the running statistics to ones that no batch has. */
    private static void randomize(Map<String, INDArray> parameters) {
        parameters.forEach((key, parameter) -> {
            SampleRandom random = SampleRandom.of(SEED, key, 0, 0);
            String kind = key.substring(key.lastIndexOf('_') + 1);
            double fanIn = parameter.rank() == 4 ? (double) Rows.features(parameter) : parameter.size(0);
            double[] values = new double[Math.toIntExact(parameter.length())];
            Arrays.setAll(values, i -> switch (kind) {
                case "W" -> Math.sqrt(2 / fanIn) * random.gaussian();
                case "gamma", "var" -> random.uniform(0.5, 1.5);
                case "b", "beta", "mean" -> 0.1 * random.gaussian();
                default -> throw new IllegalStateException("no values for the parameter " + key);
            });
            INDArray array = Rows.fromDoubles(values, parameter.shape(), parameter.dataType());
            parameter.assign(array);
            array.close();
        });
    }

    private static NeuralNetConfiguration.Builder configuration() {
        return new NeuralNetConfiguration.Builder().activation(Activation.RELU);
    }

    private static Model layers(MultiLayerConfiguration configuration) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    private static SubsamplingLayer halve() {
        return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build();
    }

    /** Add a convolution without bias and the batch normalization after it; return the name of the latter. */
    private static String normalized(
            GraphBuilder graph, String name, String input, int channels, int kernel, int stride) {
        ConvolutionLayer convolution = new ConvolutionLayer.Builder(kernel, kernel)
                .nOut(channels)
                .stride(stride, stride)
                .padding(kernel / 2, kernel / 2)
                .activation(Activation.IDENTITY)
                .hasBias(false)
                .build();
        graph.addLayer(name + "-conv", convolution, input)
                .addLayer(
                        name + "-norm",
                        new BatchNormalization.Builder().useLogStd(false).build(),
                        name + "-conv");
        return name + "-norm";
    }

    private static String relu(GraphBuilder graph, String name, String input) {
        graph.addLayer(name + "-relu", new ActivationLayer(Activation.RELU), input);
        return name + "-relu";
    }

    /** Add a residual block, whose shortcut is a 1×1 convolution where the shape changes; return the name of its output. */
    private static String block(GraphBuilder graph, String name, String input, int channels, int stride) {
        String inner = relu(graph, name + "-1", normalized(graph, name + "-1", input, channels, 3, stride));
        String residue = normalized(graph, name + "-2", inner, channels, 3, 1);
        String shortcut = stride == 1 ? input : normalized(graph, name + "-shortcut", input, channels, 1, stride);
        graph.addVertex(name + "-sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), residue, shortcut);
        return relu(graph, name, name + "-sum");
    }
}
