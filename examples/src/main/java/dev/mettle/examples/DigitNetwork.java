package dev.mettle.examples;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/**
 * A convolutional network for handwritten digits in the manner of LeNet, small enough to be attacked on any machine. Strides
 * take the place of pooling, which halves the cost of a gradient.
 *
 * <p>It has batch normalization and dropout, like most networks in use, because these are the layers under which a careless
 * input gradient is wrong.
 *
 * <p>LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 1998.
 */
final class DigitNetwork {

    static final int SIDE = 28;
    static final int CLASSES = 10;
    private static final double LEARNING_RATE = 2e-3;
    private static final double LAST_OF_FIRST = 0.01;

    private DigitNetwork() {}

    /**
     * Create an untrained network for inputs of shape {@code [n, 1, 28, 28]} in [0, 1].
     *
     * @param seed the seed of the initial weights
     * @param steps the number of steps of the training to come, over which the learning rate falls to a hundredth
     */
    static MultiLayerNetwork untrained(long seed, int steps) {
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(new ExponentialSchedule(
                        ScheduleType.ITERATION, LEARNING_RATE, Math.pow(LAST_OF_FIRST, 1.0 / steps))))
                .weightInit(WeightInit.RELU)
                .activation(Activation.RELU)
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5).stride(2, 2).nOut(16).build())
                .layer(new BatchNormalization.Builder().decay(0.99).build())
                .layer(new ConvolutionLayer.Builder(5, 5).stride(2, 2).nOut(32).build())
                .layer(new DenseLayer.Builder().nOut(64).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .weightInit(WeightInit.XAVIER)
                        .dropOut(0.75) // the probability to keep an input
                        .build())
                .setInputType(InputType.convolutional(SIDE, SIDE, 1))
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }
}
