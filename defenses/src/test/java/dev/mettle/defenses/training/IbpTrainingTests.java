package dev.mettle.defenses.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.defenses.certification.bounds.BoundPropagation;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
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

    /** Windows that overlap, and reach into the padding. */
    private static MultiLayerNetwork pooled(DataType type) {
        return network(
                type,
                new Sgd(0.1),
                InputType.convolutional(5, 5, 2),
                convolution(4, 1, ConvolutionMode.Same),
                pooling(PoolingType.MAX),
                pooling(PoolingType.AVG),
                dense(6),
                softmax(3));
    }

    private static Layer pooling(PoolingType type) {
        return new SubsamplingLayer.Builder(type)
                .kernelSize(3, 2)
                .stride(2, 1)
                .padding(1, 0)
                .build();
    }

    static Stream<Arguments> cases() {
        return Stream.of(1.0, 0.3, 0.0)
                .flatMap(kappa -> Stream.of(
                        Arguments.of(small(DataType.DOUBLE, new Sgd(0.1)), kappa),
                        Arguments.of(pooled(DataType.DOUBLE), kappa)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradients_are_those_of_finite_differences(MultiLayerNetwork network, double kappa) {
        network.initGradientsView();
        network.params().muli(1.5);
        network.getParam("0_b").assign(0.1);
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

    static Stream<MultiLayerNetwork> networks() {
        return Stream.of(small(DataType.DOUBLE, new Adam(0.01)), pooled(DataType.DOUBLE));
    }

    /** While only clean samples count, it is what Deeplearning4j does: its layout, its updater, its regularization. */
    @ParameterizedTest
    @MethodSource("networks")
    void clean_steps_are_those_of_deeplearning4j(MultiLayerNetwork network) {
        LabeledData data = random(DataType.DOUBLE, 25);
        List<DataSet> minibatches = new ArrayList<>();
        for (int from = 0; from < 25; from += 10) {
            LabeledData batch =
                    data.subset(IntStream.range(from, Math.min(25, from + 10)).toArray());
            INDArray labels = Nd4j.zeros(DataType.DOUBLE, batch.size(), 3);
            for (int i = 0; i < batch.size(); i++) {
                labels.putScalar(i, batch.label(i), 1);
            }
            minibatches.add(new DataSet(batch.inputs(), labels));
        }
        MultiLayerNetwork trained = AdversarialTraining.by(new IbpTraining(1), Norm.LINF, 0.1)
                .withEpochs(3)
                .train(classifier(network), new ExistingDataSetIterator(minibatches))
                .network(MultiLayerNetwork.class);
        MultiLayerNetwork reference = network.clone();
        for (int epoch = 0; epoch < 3; epoch++) {
            minibatches.forEach(reference::fit);
        }
        assertThat(trained.params().distance2(network.params())).isGreaterThan(0.1);
        assertThat(trained.params().distance2(reference.params())).isLessThan(1e-9);
        assertThat(trained.getIterationCount()).isEqualTo(9);
    }

    private static Dl4jClassifier classifier(MultiLayerNetwork network) {
        return Dl4jClassifier.of(network).withInputRange(RANGE);
    }

    private static AdversarialTraining training() {
        return AdversarialTraining.ibp(0.05).withEpochs(3).withBatchSize(10);
    }

    @Test
    void results_follow_from_the_seed_and_the_network_stays_as_it_is() {
        MultiLayerNetwork network = small(DataType.FLOAT, new Adam(0.01));
        INDArray before = network.params().dup();
        LabeledData data = random(DataType.FLOAT, 30);
        INDArray first = trained(training(), network, data);
        assertThat(first).isEqualTo(trained(training(), network, data));
        assertThat(first).isNotEqualTo(trained(training().withSeed(2), network, data));
        assertThat(network.params()).isEqualTo(before);
        assertThat(network.getIterationCount()).isZero();
    }

    private static INDArray trained(AdversarialTraining settings, MultiLayerNetwork network, LabeledData data) {
        return settings.train(classifier(network), data)
                .network(MultiLayerNetwork.class)
                .params();
    }

    @Test
    void a_training_that_was_cancelled_and_resumed_is_that_of_one_run(@TempDir Path folder) {
        MultiLayerNetwork network = small(DataType.FLOAT, new Adam(0.01));
        LabeledData data = random(DataType.FLOAT, 30);
        AdversarialTraining kept = training().withCheckpoints(folder);
        AtomicInteger left = new AtomicInteger(4);
        TrainedNetwork cancelled =
                kept.withCancellation(() -> left.getAndDecrement() == 0).train(classifier(network), data);
        assertThat(cancelled.end()).isEqualTo(TrainingEnd.CANCELLED);
        TrainedNetwork resumed = kept.train(classifier(network), data);
        assertThat(resumed.notes()).containsExactly("resumed at epoch 2, batch 1");
        assertThat(resumed.network(MultiLayerNetwork.class).params()).isEqualTo(trained(training(), network, data));
    }

    /** Both grow over half of the epochs, kappa from 1 to its end. */
    @Test
    void epsilon_grows_and_kappa_falls() {
        List<Double> seen = new ArrayList<>();
        TrainingMethod watching = new TrainingMethod() {
            @Override
            public String name() {
                return "watching";
            }

            @Override
            public Map<String, String> parameters() {
                return Map.of();
            }

            @Override
            public double warmUpShare() {
                return new IbpTraining().warmUpShare();
            }

            @Override
            public void learn(Minibatch batch) {
                seen.add(batch.grown());
                seen.add(batch.threatModel().epsilon());
                new IbpTraining().learn(batch);
            }
        };
        trained(
                AdversarialTraining.by(watching, Norm.LINF, 0.1).withEpochs(2).withBatchSize(9),
                small(DataType.FLOAT, new Adam(0.01)),
                random(DataType.FLOAT, 20)); // of these, two are held out
        assertThat(seen).containsExactly(0.0, 0.0, 0.5, 0.05, 1.0, 0.1, 1.0, 0.1);
        assertThat(training()).hasToString("IBP training, L∞ ε=0.05, 3 epochs, warm-up 1.5");
        assertThat(training().withWarmUpEpochs(1)).hasToString("IBP training, L∞ ε=0.05, 3 epochs, warm-up 1.0");
    }

    @Test
    void a_loss_that_is_no_number_ends_the_training_with_the_last_good_weights() {
        MultiLayerNetwork network = small(DataType.FLOAT, new Sgd(1e30));
        TrainedNetwork diverged = training().train(classifier(network), random(DataType.FLOAT, 30));
        assertThat(diverged.end()).isEqualTo(TrainingEnd.DIVERGED);
        assertThat(diverged.notes())
                .singleElement()
                .asString()
                .matches("the loss became (NaN|Infinity) in epoch 1, batch [1-3]: the weights are those of the"
                        + " beginning; try a smaller learning rate");
        assertThat(diverged.network(MultiLayerNetwork.class).params()).isEqualTo(network.params());
    }

    @Test
    void listeners_of_the_network_hear_the_training() {
        MultiLayerNetwork network = small(DataType.FLOAT, new Adam(0.01));
        List<String> heard = new ArrayList<>();
        network.setListeners(new BaseTrainingListener() {
            @Override
            public void onGradientCalculation(Model model) {
                assertThat(model.batchSize()).isLessThanOrEqualTo(10);
                heard.add(model.gradient().gradientForVariable().size() + " gradients");
            }

            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                assertThat(model.score()).isPositive().isLessThan(5);
                heard.add(epoch + "/" + iteration);
            }
        });
        training().withEpochs(2).train(classifier(network), random(DataType.FLOAT, 20));
        assertThat(heard)
                .containsExactly(
                        "8 gradients", "0/0", "8 gradients", "0/1", "8 gradients", "1/2", "8 gradients", "1/3");
    }

    @Test
    void what_has_no_gradient_on_intervals_is_named() {
        MultiLayerNetwork network = network(
                DataType.FLOAT,
                new Sgd(0.1),
                InputType.feedForward(4),
                dense(3),
                new BatchNormalization.Builder().name("normal").build(),
                softmax(3));
        LabeledData data = LabeledData.of(Nd4j.zeros(DataType.FLOAT, 2, 4), new int[] {0, 1});
        refuses(
                training(),
                classifier(network),
                data,
                "layer 1 \"normal\" (BatchNormalization) can't be trained by interval bounds, since it has no known"
                        + " gradient on intervals: give a chain of dense, convolution and pooling layers with ReLU that"
                        + " ends in an OutputLayer with softmax");
        refuses(
                training(),
                Dl4jClassifier.of(Fixtures.graph()).withInputRange(0, 1),
                Fixtures.points(20, 1),
                "IBP training takes a MultiLayerNetwork, and this is a ComputationGraph: build the network as a list of"
                        + " layers, or train it by attacks");
        LabeledData images = random(DataType.FLOAT, 20);
        Dl4jClassifier model = classifier(small(DataType.FLOAT, new Adam(0.01)));
        refuses(
                AdversarialTraining.by(new IbpTraining(), Norm.L2, 0.1),
                model,
                images,
                "IBP training works in L∞, not in L2: train with Norm.LINF");
        refuses(
                training().withWeightPerturbation(0.01),
                model,
                images,
                "IBP training doesn't perturb weights: leave out withWeightPerturbation");
        assertThatThrownBy(() -> new IbpTraining(1.5))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("IBP training: kappa is 1.5: give a number from 0 to 1");
    }

    private static void refuses(AdversarialTraining settings, Dl4jClassifier model, LabeledData data, String message) {
        assertThatThrownBy(() -> settings.train(model, data))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(message);
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
        AdversarialTraining settings =
                AdversarialTraining.ibp(1.1 * epsilon).withEpochs(10).withBatchSize(50);
        Dl4jClassifier untrained = classifier(network);
        MultiLayerNetwork plain = AdversarialTraining.by(new IbpTraining(1), Norm.LINF, epsilon)
                .withEpochs(5)
                .withBatchSize(50)
                .train(untrained, flatTrain)
                .network(MultiLayerNetwork.class);
        MultiLayerNetwork defended = settings.train(untrained, flatTrain).network(MultiLayerNetwork.class);
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
