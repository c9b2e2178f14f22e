package dev.mettle.dl4j;

import static dev.mettle.dl4j.Networks.layers;
import static dev.mettle.dl4j.Networks.softmax;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.graph.OperatorGraph;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Configurations of Deeplearning4j, and the operator graphs they become. */
class OperatorGraphTests {

    @Test
    void normalizationIsFoldedDropoutGoesAndMaximaAreTakenBeforeTheActivation() {
        MultiLayerNetwork network = layers(
                InputType.convolutional(28, 28, 1),
                new ConvolutionLayer.Builder(5, 5)
                        .name("conv1")
                        .nOut(20)
                        .activation(Activation.IDENTITY)
                        .build(),
                new BatchNormalization.Builder().name("norm1").build(),
                new ActivationLayer.Builder()
                        .name("relu1")
                        .activation(Activation.RELU)
                        .build(),
                new SubsamplingLayer.Builder(PoolingType.MAX)
                        .name("pool1")
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build(),
                new DropoutLayer.Builder(0.5).name("dropout").build(),
                new DenseLayer.Builder()
                        .name("dense")
                        .nOut(50)
                        .activation(Activation.TANH)
                        .build(),
                softmax());

        assertThat(graph(Dl4jClassifier.of(network), 8, 1, 28, 28)).isEqualTo("""
                        input          [8, 1, 28, 28]   = input
                        conv1/Conv     [8, 20, 24, 24]  = Conv{5×5}(input, conv1/Conv weights [20, 1, 5, 5], conv1/Conv bias [20])
                        pool1/MaxPool  [8, 20, 12, 12]  = MaxPool{2×2, strides 2×2}(conv1/Conv)
                        relu1/Relu     [8, 20, 12, 12]  = Relu(pool1/MaxPool)
                        dense/Reshape  [8, 2880]        = Reshape{[0, -1]}(relu1/Relu)
                        dense/Gemm     [8, 50]          = Gemm(dense/Reshape, dense/W [2880, 50], dense/b [50])
                        dense/Tanh     [8, 50]          = Tanh(dense/Gemm)
                        layer6/Gemm    [8, 4]           = Gemm(dense/Tanh, layer6/W [50, 4], layer6/b [4])""");
    }

    @Test
    void transposesBetweenLayersWithChannelsLastCancel() {
        CNN2DFormat format = CNN2DFormat.NHWC;
        MultiLayerNetwork network = layers(
                InputType.convolutional(32, 32, 3, format),
                new ConvolutionLayer.Builder(3, 3)
                        .name("conv1")
                        .nOut(16)
                        .dataFormat(format)
                        .convolutionMode(ConvolutionMode.Same)
                        .stride(2, 2)
                        .activation(Activation.RELU)
                        .build(),
                new ConvolutionLayer.Builder(3, 3)
                        .name("conv2")
                        .nOut(32)
                        .dataFormat(format)
                        .dilation(2, 2)
                        .activation(Activation.RELU)
                        .build(),
                softmax());

        assertThat(graph(Dl4jClassifier.of(network), 8, 32, 32, 3)).isEqualTo("""
                        input             [8, 32, 32, 3]   = input
                        conv1/Transpose   [8, 3, 32, 32]   = Transpose{[0, 3, 1, 2]}(input)
                        conv1/Conv        [8, 16, 16, 16]  = Conv{3×3, strides 2×2, SAME_UPPER}(conv1/Transpose, conv1/W [16, 3, 3, 3], conv1/b [16])
                        conv1/Relu        [8, 16, 16, 16]  = Relu(conv1/Conv)
                        conv2/Conv        [8, 32, 12, 12]  = Conv{3×3, dilations 2×2}(conv1/Relu, conv2/W [32, 16, 3, 3], conv2/b [32])
                        conv2/Relu        [8, 32, 12, 12]  = Relu(conv2/Conv)
                        conv2/Transpose2  [8, 12, 12, 32]  = Transpose{[0, 2, 3, 1]}(conv2/Relu)
                        layer2/Reshape    [8, 4608]        = Reshape{[0, -1]}(conv2/Transpose2)
                        layer2/Gemm       [8, 4]           = Gemm(layer2/Reshape, layer2/W [4608, 4], layer2/b [4])""");
    }

    @Test
    void aResidualBlock() {
        ComputationGraph network = Networks.graph(Networks.graph()
                .addLayer("conv1", convolution(), "in")
                .addLayer("norm1", new BatchNormalization(), "conv1")
                .addLayer("relu1", new ActivationLayer(Activation.RELU), "norm1")
                .addLayer("conv2", convolution(), "relu1")
                .addLayer("norm2", new BatchNormalization(), "conv2")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "norm2", "in")
                .addLayer("relu2", new ActivationLayer(Activation.RELU), "add")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "relu2")
                .addLayer("out", softmax(), "pool")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(8, 8, 16)));

        assertThat(graph(Dl4jClassifier.of(network), 8, 16, 8, 8)).isEqualTo("""
                        in               [8, 16, 8, 8]  = input
                        conv1/Conv       [8, 16, 8, 8]  = Conv{3×3, SAME_UPPER}(in, conv1/Conv weights [16, 16, 3, 3], conv1/Conv bias [16])
                        relu1/Relu       [8, 16, 8, 8]  = Relu(conv1/Conv)
                        conv2/Conv       [8, 16, 8, 8]  = Conv{3×3, SAME_UPPER}(relu1/Relu, conv2/Conv weights [16, 16, 3, 3], conv2/Conv bias [16])
                        add/Add          [8, 16, 8, 8]  = Add(conv2/Conv, in)
                        relu2/Relu       [8, 16, 8, 8]  = Relu(add/Add)
                        pool/ReduceMean  [8, 16, 1, 1]  = ReduceMean{axes [2, 3]}(relu2/Relu)
                        pool/Reshape     [8, 16]        = Reshape{[0, -1]}(pool/ReduceMean)
                        out/Gemm         [8, 4]         = Gemm(pool/Reshape, out/W [16, 4], out/b [4])""");
    }

    /** Training changes the weights at every step: what was compiled before goes on with the new ones, folded and derived ones too. */
    @Test
    void trainingIsSeenByProgramsThatAreCompiledAlready() {
        MultiLayerNetwork network = layers(
                InputType.convolutional(10, 10, 2),
                new ConvolutionLayer.Builder(3, 3)
                        .nOut(5)
                        .activation(Activation.IDENTITY)
                        .build(),
                new BatchNormalization.Builder().build(),
                new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build(),
                new ConvolutionLayer.Builder(3, 3)
                        .nOut(6)
                        .activation(Activation.RELU)
                        .build(),
                Networks.dense(12),
                Networks.softmax());
        Dl4jClassifier model = Dl4jClassifier.of(network).withInputRange(0, 1);
        INDArray inputs = Networks.inputs(DataType.FLOAT, 8, 2, 10, 10);
        int[] labels = Networks.labels(8, Networks.CLASSES);
        OperatorGraph before = model.operatorGraph().orElseThrow();
        Map<String, INDArray> weightsBefore = new HashMap<>();
        before.constants().forEach((name, value) -> weightsBefore.put(name, value.dup()));
        INDArray logitsBefore = model.logits(inputs);
        model.gradient(inputs, logits -> new CrossEntropy().gradients(logits, labels));

        for (int step = 0; step < 3; step++) {
            INDArray targets = Nd4j.zeros(8, Networks.CLASSES);
            for (int i = 0; i < 8; i++) {
                targets.putScalar(i, labels[i], 1);
            }
            network.fit(inputs.dup(), targets);
            Dl4jClassifier fresh = Dl4jClassifier.of(network.clone()).withInputRange(0, 1);
            assertThat(model.logits(inputs)).isEqualTo(fresh.logits(inputs));
            assertThat(model.gradient(inputs, logits -> new CrossEntropy().gradients(logits, labels))
                            .gradient())
                    .isEqualTo(fresh.gradient(inputs, logits -> new CrossEntropy().gradients(logits, labels))
                            .gradient());
        }
        assertThat(model.logits(inputs)).isNotEqualTo(logitsBefore);
        before.constants().forEach((name, value) -> assertThat(value).isEqualTo(weightsBefore.get(name)));
    }

    @Test
    void aRecurrentNetwork() {
        MultiLayerNetwork network = layers(
                InputType.recurrent(3, 20),
                new LastTimeStep(new LSTM.Builder().name("lstm").nOut(16).build()),
                softmax());

        assertThat(graph(Dl4jClassifier.of(network), 8, 3, 20)).isEqualTo("""
                        input         [8, 3, 20]   = input
                        lstm/LSTM     [8, 16, 20]  = LSTM{gate Sigmoid, cell Tanh, direction FORWARD}(input, lstm/W [3, 64], lstm/RW [16, 64], lstm/b [64])
                        lstm/Slice    [8, 16, 1]   = Slice{axis 2, start -1, end …}(lstm/LSTM)
                        lstm/Reshape  [8, 16]      = Reshape{[0, -1]}(lstm/Slice)
                        layer1/Gemm   [8, 4]       = Gemm(lstm/Reshape, layer1/W [16, 4], layer1/b [4])""");
    }

    private static String graph(Dl4jClassifier classifier, long... shape) {
        return classifier
                .withInputShape(Arrays.copyOfRange(shape, 1, shape.length))
                .operatorGraph()
                .orElseThrow()
                .describe(shape);
    }

    private static ConvolutionLayer convolution() {
        return new ConvolutionLayer.Builder(3, 3)
                .nOut(16)
                .convolutionMode(ConvolutionMode.Same)
                .hasBias(false)
                .activation(Activation.IDENTITY)
                .build();
    }
}
