package dev.mettle.examples;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.linalg.schedule.CycleSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/**
 * The LeNet of many tutorials: two convolutions with maxima and two dense layers, 430,000 weights. Adversarial training needs such width: a
 * network that just suffices for clean digits hasn't the room for robust features, too.
 *
 * <p>LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 1998.
 */
final class LeNet {

    private static final double LEARNING_RATE = 1e-3;

    private LeNet() {}

    /**
     * Create an untrained network for inputs of shape {@code [n, 1, 28, 28]} in [0, 1].
     *
     * @param seed the seed of the initial weights
     * @param steps the number of steps of the training to come, over which the learning rate rises and falls once
     */
    static MultiLayerNetwork untrained(long seed, int steps) {
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(new CycleSchedule(
                        ScheduleType.ITERATION, LEARNING_RATE / 10, LEARNING_RATE, steps, steps / 10, 0.1)))
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.RELU)
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(20).build())
                .layer(maximum())
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(50).build())
                .layer(maximum())
                .layer(new DenseLayer.Builder().nOut(500).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(DigitNetwork.CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(DigitNetwork.SIDE, DigitNetwork.SIDE, 1))
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    private static SubsamplingLayer maximum() {
        return new SubsamplingLayer.Builder(PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build();
    }
}
