package dev.mettle.defenses.training;

import dev.mettle.core.data.LabeledData;
import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Small networks and data that they can learn in a second. */
final class Fixtures {

    private Fixtures() {}

    /** Two classes in [0, 1]^30: the first feature tells them surely and withstands 0.1; the others are right on average only. */
    static LabeledData points(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count * 30];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = random.nextInt(2);
            double sign = labels[i] == 0 ? -1 : 1;
            values[i * 30] = (float) (0.5 + sign * (0.13 + 0.1 * random.nextDouble()));
            for (int j = 1; j < 30; j++) {
                values[i * 30 + j] = (float) (0.5 + sign * 0.06 + 0.03 * random.nextGaussian());
            }
        }
        return LabeledData.of("points", Nd4j.createFromArray(values).reshape(count, 30), labels);
    }

    /** Images of 8×8 with a bar that lies or stands, under noise. */
    static LabeledData bars(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count * 64];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = random.nextInt(2);
            int place = 1 + random.nextInt(6);
            for (int pixel = 0; pixel < 64; pixel++) {
                boolean bar = (labels[i] == 0 ? pixel / 8 : pixel % 8) == place;
                values[i * 64 + pixel] = (float) Math.min(1, (bar ? 0.7 : 0) + 0.3 * random.nextDouble());
            }
        }
        return LabeledData.of("bars", Nd4j.createFromArray(values).reshape(count, 1, 8, 8), labels);
    }

    static MultiLayerNetwork dense(IUpdater updater) {
        return built(new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(updater)
                .list()
                .layer(new DenseLayer.Builder()
                        .nOut(32)
                        .activation(Activation.RELU)
                        .build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(30))
                .build());
    }

    /** A network with everything that makes training differ from use: batch normalization, dropout, and an updater with a state. */
    static MultiLayerNetwork convolutional() {
        return built(new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(0.005))
                .l2(1e-4)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(6)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new BatchNormalization.Builder().build())
                .layer(new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(16)
                        .activation(Activation.RELU)
                        .dropOut(0.8)
                        .build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(8, 8, 1))
                .build());
    }

    static ComputationGraph graph() {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(0.01))
                .graphBuilder()
                .addInputs("in")
                .addLayer(
                        "dense",
                        new DenseLayer.Builder()
                                .nOut(32)
                                .activation(Activation.RELU)
                                .build(),
                        "in")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(2)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "dense")
                .setOutputs("out")
                .setInputTypes(InputType.feedForward(30))
                .build();
        configuration.setDataType(DataType.FLOAT);
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        return graph;
    }

    static ComputationGraph graphWithTwoInputs() {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("in", "beside")
                .addVertex("both", new MergeVertex(), "in", "beside")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(2)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "both")
                .setOutputs("out")
                .setInputTypes(InputType.feedForward(30), InputType.feedForward(3))
                .build());
        graph.init();
        return graph;
    }

    static MultiLayerNetwork built(MultiLayerConfiguration configuration) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }
}
