package dev.mettle.dl4j;

import static dev.mettle.dl4j.Networks.dense;
import static dev.mettle.dl4j.Networks.inputs;
import static dev.mettle.dl4j.Networks.labels;
import static dev.mettle.dl4j.Networks.layers;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class Dl4jClassifierTests {

    private static MultiLayerNetwork network() {
        return layers(
                DataType.FLOAT,
                InputType.feedForward(5),
                new DenseLayer.Builder().nOut(6).dropOut(0.5).build(),
                new BatchNormalization(),
                softmax());
    }

    private static Dl4jClassifier classifier(MultiLayerNetwork network) {
        return Dl4jClassifier.of(network).withInputRange(-9, 9);
    }

    private static InputGradient gradient(Dl4jClassifier classifier, INDArray x) {
        return classifier.gradient(x, logits -> new CrossEntropy().gradients(logits, labels((int) x.size(0), 4)));
    }

    @Test
    void theNetworkIsNotChanged() {
        MultiLayerNetwork network = network();
        String configuration = network.getLayerWiseConfigurations().toJson();
        INDArray parameters = network.params().dup();
        INDArray x = inputs(DataType.FLOAT, 7, 5);
        INDArray output = network.output(x, false).dup();
        INDArray given = x.dup();

        Dl4jClassifier classifier = classifier(network);
        gradient(classifier, x);
        classifier.logits(x);
        classifier.predict(x);
        gradient(classifier.inDoublePrecision(), x);

        assertThat(network.getLayerWiseConfigurations().toJson()).isEqualTo(configuration);
        assertThat(network.params()).isEqualTo(parameters);
        assertThat(network.output(x, false)).isEqualTo(output);
        assertThat(x).isEqualTo(given);
    }

    @Test
    void whatTheNetworkLearnsLaterIsAttackedLater() {
        MultiLayerNetwork network = network();
        Dl4jClassifier classifier = classifier(network);
        INDArray x = inputs(DataType.FLOAT, 7, 5);
        String sha256 = classifier.info().sha256();
        Dl4jClassifier snapshot = classifier.inDoublePrecision();
        INDArray then = snapshot.logits(x);

        network.fit(
                x,
                Rows.fromDoubles(new double[28], new long[] {7, 4}, DataType.FLOAT)
                        .addi(0.25));

        Dl4jClassifier anew = classifier(network);
        assertThat(classifier.info().sha256())
                .isNotEqualTo(sha256)
                .isEqualTo(anew.info().sha256());
        assertThat(classifier.logits(x)).isEqualTo(anew.logits(x));
        assertThat(gradient(classifier, x).gradient())
                .isEqualTo(gradient(anew, x).gradient());
        assertThat(snapshot.logits(x)).isEqualTo(then);

        network.params().muli(0.5); // by hand: seen when an evaluation begins
        classifier.info();
        assertThat(classifier.logits(x)).isEqualTo(classifier(network).logits(x));
    }

    @Test
    void threadsDoNotDisturbEachOther() throws InterruptedException, ExecutionException {
        Dl4jClassifier classifier = classifier(network());
        List<INDArray> inputs = IntStream.range(0, 8)
                .mapToObj(i -> inputs(DataType.FLOAT, 4 + i, 5).mul(1 + i))
                .toList();
        List<INDArray> expected =
                inputs.stream().map(x -> gradient(classifier, x).gradient()).toList();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<INDArray>> gradients = IntStream.range(0, 80)
                    .mapToObj(i -> threads.submit(
                            () -> gradient(classifier, inputs.get(i % 8)).gradient()))
                    .toList();
            for (int i = 0; i < 80; i++) {
                assertThat(gradients.get(i).get()).isEqualTo(expected.get(i % 8));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    @SuppressWarnings("deprecation") // models with such a layer are around, and it is not lowered
    void theLossMustNotCallAModelThatRunsOnTheLayersOfDeeplearning4j() {
        Dl4jClassifier classifier = classifier(layers(
                InputType.recurrent(3, 5),
                new org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM.Builder()
                        .nOut(4)
                        .build(),
                new GlobalPoolingLayer(),
                softmax()));
        assertThat(classifier.operatorGraph()).isEmpty();
        INDArray x = inputs(DataType.FLOAT, 2, 3, 5);

        assertThatIllegalStateException()
                .isThrownBy(() -> classifier.gradient(x, logits -> classifier.logits(x)))
                .withMessage(
                        "the gradient of the loss must not call the model MultiLayerNetwork: it is in the middle of"
                                + " its pass");
        assertThat(gradient(classifier, x).gradient())
                .isEqualTo(gradient(classifier, x).gradient());
    }

    @Test
    void theConfigurationTellsWhatTheModelIs() {
        ModelInfo info = classifier(network()).withName("mine").info();

        assertThat(info.name()).isEqualTo("mine");
        assertThat(info.inputShape()).containsExactly(5L);
        assertThat(info.classes()).isEqualTo(4);
        assertThat(info.dataType()).isEqualTo(DataType.FLOAT);
        assertThat(info.sha256()).hasSize(64);
        assertThat(info.warnings()).isEmpty();
    }

    @Test
    void aMissingInputRangeIsReported() {
        Dl4jClassifier classifier = Dl4jClassifier.of(network());

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(classifier::info)
                .withMessage(
                        "the model MultiLayerNetwork has no input range: declare the valid range of its inputs, for"
                                + " example with withInputRange(0, 1)");
    }

    @Test
    void samplesOfAnotherShapeAreReported() {
        Dl4jClassifier classifier = classifier(network());

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> classifier.predict(inputs(DataType.FLOAT, 7, 6)))
                .withMessage("samples of shape 6 don't fit the model MultiLayerNetwork, which takes 5: bring them into"
                        + " the model's layout");
    }

    @Test
    void aSizeThatTheConfigurationDoesNotTellMayBeDeclared() {
        MultiLayerNetwork network = layers(
                InputType.convolutional(6, 6, 2),
                new ConvolutionLayer.Builder(3, 3).nOut(3).build(),
                new GlobalPoolingLayer(),
                dense(4),
                softmax());
        Dl4jClassifier classifier = classifier(network);

        assertThat(classifier.info().inputShape()).containsExactly(2L, ModelInfo.ANY_SIZE, ModelInfo.ANY_SIZE);
        assertThat(classifier.predict(inputs(DataType.FLOAT, 3, 2, 7, 8))).hasSize(3);
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> classifier.withInputShape(2, 6, 6).predict(inputs(DataType.FLOAT, 3, 2, 7, 8)))
                .withMessage(
                        "samples of shape 2×7×8 don't fit the model MultiLayerNetwork, which takes 2×6×6: bring them"
                                + " into the model's layout");
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> classifier.withInputShape(2, 0, 6))
                .withMessage("the input shape [2, 0, 6] is not the shape of a sample: give positive sizes, without the"
                        + " batch dimension");
    }

    @Test
    void aNetworkWithoutParametersIsReported() {
        MultiLayerNetwork untrained = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(dense(3))
                .layer(softmax())
                .setInputType(InputType.feedForward(5))
                .build());

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.of(untrained))
                .withMessage("the model MultiLayerNetwork has no parameters: call init() and train it first");
    }
}
