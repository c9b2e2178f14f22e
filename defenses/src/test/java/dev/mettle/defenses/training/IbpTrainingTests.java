package dev.mettle.defenses.certification.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class IbpTrainingTests {

    private static final Box RANGE = Box.of(0, 1);

    private static MultiLayerNetwork network(DataType type, IUpdater updater, InputType input, Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(3)
                .updater(updater)
                .l2(1e-4)
                .activation(Activation.RELU)
                .list();
        for (Layer layer : layers) {
            list.layer(layer);
        }
        MultiLayerNetwork network =
                new MultiLayerNetwork(list.setInputType(input).build());
        network.init();
        return network;
    }

    private static Layer dense(int outputs) {
        return new DenseLayer.Builder().nOut(outputs).build();
    }

    private static Layer convolution(int outputs, int stride, ConvolutionMode mode) {
        return new ConvolutionLayer.Builder(3, 3)
                .stride(stride, stride)
                .convolutionMode(mode)
                .nOut(outputs)
                .build();
    }

    private static Layer softmax(int classes) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nOut(classes)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static MultiLayerNetwork small(DataType type, IUpdater updater) {
        return network(
                type,
                updater,
                InputType.convolutional(5, 5, 2),
                convolution(3, 2, ConvolutionMode.Truncate),
                convolution(2, 1, ConvolutionMode.Same),
                dense(6),
                softmax(3));
    }

    private static LabeledData random(DataType type, int n) {
        SampleRandom random = SampleRandom.of(1, "images", 0, 0);
        double[] values = new double[n * 50];
        Arrays.setAll(values, i -> random.uniform(0, 1));
        int[] labels = IntStream.range(0, n).map(i -> random.below(3)).toArray();
        return LabeledData.of(Rows.fromDoubles(values, new long[] {n, 2, 5, 5}, type), labels);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0.3, 0})
    void gradients_are_those_of_finite_differences(double kappa) {
        MultiLayerNetwork network = small(DataType.DOUBLE, new Sgd(0.1));
        network.initGradientsView();
        network.params().muli(1.5);
        network.getParam("0_b").assign(0.1);
        network.getParam("2_b").assign(-0.05);
        IntervalChain chain = IntervalChain.of(network);
        LabeledData data = random(DataType.DOUBLE, 7);
        INDArray lower = data.inputs().sub(0.05);
        INDArray upper = data.inputs().add(0.07);
        chain.gradient(data.inputs(), lower, upper, data.labels(), kappa);
        double[] gradient = Rows.toDoubles(network.getFlattenedGradients());
        double step = 1e-6;
        int checked = 0;
        for (int i = 0; i < gradient.length; i += 3) {
            double before = network.params().getDouble(i);
            network.params().putScalar(i, before + step);
            double above = chain.gradient(data.inputs(), lower, upper, data.labels(), kappa);
            network.params().putScalar(i, before - step);
            double below = chain.gradient(data.inputs(), lower, upper, data.labels(), kappa);
            network.params().putScalar(i, before);
            double difference = data.size() * (above - below) / (2 * step);
            assertThat(gradient[i])
                    .as("parameter %s", i)
                    .isCloseTo(difference, within(1e-6 * (1 + Math.abs(difference))));
            checked += Math.abs(difference) > 1e-3 ? 1 : 0;
        }
        assertThat(checked).isGreaterThan(gradient.length / 6);
    }

    /** While only clean samples count, it is what Deeplearning4j does: its layout, its updater, its regularization. */
    @Test
    void clean_steps_are_those_of_deeplearning4j() {
        MultiLayerNetwork network = small(DataType.DOUBLE, new Adam(0.01));
        LabeledData data = random(DataType.DOUBLE, 25);
        IbpTraining training = new IbpTraining(0.1, 3, 10, 0.5, 1, 0, 5);
        MultiLayerNetwork trained = training.train(network, data, RANGE);
        MultiLayerNetwork reference = network.clone();
        for (int epoch = 0; epoch < 3; epoch++) {
            LabeledData shuffled = data.shuffled(5 + epoch);
            for (int from = 0; from < 25; from += 10) {
                LabeledData batch = shuffled.subset(
                        IntStream.range(from, Math.min(25, from + 10)).toArray());
                INDArray labels = Nd4j.zeros(DataType.DOUBLE, batch.size(), 3);
                for (int i = 0; i < batch.size(); i++) {
                    labels.putScalar(i, batch.label(i), 1);
                }
                reference.fit(new DataSet(batch.inputs(), labels));
            }
        }
        assertThat(trained.params().distance2(network.params())).isGreaterThan(0.1);
        assertThat(trained.params().distance2(reference.params())).isLessThan(1e-9);
        assertThat(trained.getIterationCount()).isEqualTo(9);
    }

    @Test
    void results_follow_from_the_seed_and_the_network_stays_as_it_is() {
        MultiLayerNetwork network = small(DataType.FLOAT, new Adam(0.01));
        INDArray before = network.params().dup();
        LabeledData data = random(DataType.FLOAT, 30);
        IbpTraining training = IbpTraining.of(0.05, 3).withBatchSize(10);
        MultiLayerNetwork first = training.train(network, data, RANGE);
        MultiLayerNetwork second = training.train(network, data, RANGE);
        MultiLayerNetwork other = training.withSeed(2).train(network, data, RANGE);
        assertThat(first.params()).isEqualTo(second.params());
        assertThat(first.params()).isNotEqualTo(other.params());
        assertThat(network.params()).isEqualTo(before);
        assertThat(network.getIterationCount()).isZero();
    }

    @Test
    void epsilon_grows_from_the_warm_up_to_the_end_of_the_ramp() {
        IbpTraining training = new IbpTraining(0.1, 1, 1, 0.5, 0.1, 0.5, 1);
        assertThat(training.share(0, 100)).isZero();
        assertThat(training.share(10, 100)).isZero();
        assertThat(training.share(35, 100)).isCloseTo(0.5, within(1e-12));
        assertThat(training.share(60, 100)).isEqualTo(1);
        assertThat(training.share(99, 100)).isEqualTo(1);
    }

    @Test
    void a_loss_that_is_no_number_stops_the_training() {
        MultiLayerNetwork network = small(DataType.FLOAT, new Sgd(1e30));
        assertThatThrownBy(() ->
                        IbpTraining.of(0.05, 3).withBatchSize(10).train(network, random(DataType.FLOAT, 30), RANGE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("the loss is (NaN|Infinity) after [1-3] of 9 steps, at epsilon [0-9.E-]+:"
                        + " lower the learning rate of the network's updater, or train for more epochs");
    }

    @Test
    void layers_without_a_gradient_on_intervals_are_named() {
        MultiLayerNetwork network = network(
                DataType.FLOAT,
                new Sgd(0.1),
                InputType.feedForward(4),
                dense(3),
                new BatchNormalization.Builder().name("normal").build(),
                softmax(3));
        LabeledData data = LabeledData.of(Nd4j.zeros(DataType.FLOAT, 2, 4), new int[] {0, 1});
        assertThatThrownBy(() -> IbpTraining.of(0.1, 1).train(network, data, RANGE))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "layer 1 \"normal\" (BatchNormalization) can't be trained by interval bounds, since it has no known"
                                + " gradient on intervals: give a chain of dense and convolution layers with ReLU that ends in an"
                                + " OutputLayer with softmax");
        assertThatThrownBy(() -> IbpTraining.of(0, 1)).hasMessage("epsilon is 0.0: give a finite number above 0");
    }

    /** Both see the same digits; figures of a larger run are in docs/bounds.md. */
    @Test
    void a_network_trained_for_it_can_be_certified_and_a_plain_one_can_not() {
        LabeledData digits = LabeledData.load(
                ConformanceNetwork.root().resolveSibling("examples/src/main/resources/digits-train.npz"));
        LabeledData unseen = LabeledData.load(
                ConformanceNetwork.root().resolveSibling("examples/src/main/resources/digits-test.npz"));
        LabeledData train = digits.first(1000);
        LabeledData test = unseen.first(50);
        MultiLayerNetwork network = network(
                DataType.FLOAT,
                new Adam(1e-3),
                InputType.convolutionalFlat(28, 28, 1),
                dense(50),
                dense(30),
                softmax(10));
        LabeledData flatTrain = train.scaled(1 / 255.0).reshaped(784);
        LabeledData flatTest = test.scaled(1 / 255.0).reshaped(784);
        double epsilon = 0.05;
        MultiLayerNetwork plain = new IbpTraining(epsilon, 5, 50, 1, 1, 0, 1).train(network, flatTrain, RANGE);
        MultiLayerNetwork defended =
                IbpTraining.of(1.1 * epsilon, 10).withBatchSize(50).train(network, flatTrain, RANGE);
        int certifiedPlain = certified(plain, flatTest, epsilon);
        int certifiedDefended = certified(defended, flatTest, epsilon);
        assertThat(certifiedDefended).isGreaterThan(certifiedPlain + 15);
    }

    private static int certified(MultiLayerNetwork network, LabeledData data, double epsilon) {
        double[] radii = new double[data.size()];
        Arrays.fill(radii, epsilon);
        boolean[] certified = BoundPropagation.of(Dl4jClassifier.of(network).withInputRange(RANGE))
                .certified(data.inputs(), data.labels(), Norm.LINF, radii);
        return (int)
                IntStream.range(0, certified.length).filter(i -> certified[i]).count();
    }
}
