package dev.mettle.defenses.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ConvolutionHelpersTests {

    private record Shape(
            ConvolutionMode mode, int stride, int padding, int dilation, boolean bias, CNN2DFormat format) {}

    static Stream<Shape> shapes() {
        return Stream.of(
                new Shape(ConvolutionMode.Truncate, 1, 0, 1, true, CNN2DFormat.NCHW),
                new Shape(ConvolutionMode.Truncate, 2, 1, 1, true, CNN2DFormat.NCHW),
                new Shape(ConvolutionMode.Same, 1, 0, 1, true, CNN2DFormat.NCHW),
                new Shape(ConvolutionMode.Same, 2, 0, 1, true, CNN2DFormat.NCHW),
                new Shape(ConvolutionMode.Truncate, 1, 0, 1, false, CNN2DFormat.NCHW),
                new Shape(ConvolutionMode.Truncate, 1, 0, 1, true, CNN2DFormat.NHWC));
    }

    private static MultiLayerNetwork network(Shape shape) {
        return Fixtures.built(new NeuralNetConfiguration.Builder()
                .seed(3)
                .list()
                .layer(layer(shape, 4))
                .layer(layer(shape, 5))
                .layer(new OutputLayer.Builder()
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(11, 9, 2, shape.format()))
                .build());
    }

    private static ConvolutionLayer layer(Shape shape, int channels) {
        return new ConvolutionLayer.Builder(3, 2)
                .stride(shape.stride(), shape.stride())
                .padding(shape.padding(), shape.padding())
                .dilation(shape.dilation(), shape.dilation())
                .convolutionMode(shape.mode())
                .hasBias(shape.bias())
                .nOut(channels)
                .activation(Activation.TANH)
                .build();
    }

    /** Weights' gradients equal those of Deeplearning4j's own code up to the rounding of float32. */
    @ParameterizedTest
    @MethodSource("shapes")
    void gradientsAreThoseWithoutOneDnn(Shape shape) {
        MultiLayerNetwork plain = network(shape);
        MultiLayerNetwork fast = plain.clone();
        assertThat(ConvolutionHelpers.install(fast.getLayers(), DataType.FLOAT, true))
                .isEqualTo(2);
        INDArray inputs = shape.format() == CNN2DFormat.NCHW
                ? Nd4j.rand(DataType.FLOAT, 6, 2, 11, 9)
                : Nd4j.rand(DataType.FLOAT, 6, 11, 9, 2);
        INDArray labels = Nd4j.zeros(6, 3);
        for (int i = 0; i < 6; i++) {
            labels.putScalar(i, i % 3, 1);
        }
        INDArray expected = gradient(plain, inputs, labels);
        INDArray actual = gradient(fast, inputs, labels);
        double size = expected.normmaxNumber().doubleValue();
        assertThat(actual.sub(expected).normmaxNumber().doubleValue() / size).isCloseTo(0, within(2e-5));
    }

    private static INDArray gradient(MultiLayerNetwork network, INDArray inputs, INDArray labels) {
        network.setInput(inputs);
        network.setLabels(labels);
        network.computeGradientAndScore();
        return network.gradient().gradient().dup();
    }

    @Test
    void otherTypesAndBackendsKeepTheirCode() {
        MultiLayerNetwork network = network(shapes().findFirst().orElseThrow());
        assertThat(ConvolutionHelpers.install(network.getLayers(), DataType.DOUBLE, true))
                .isZero();
        assertThat(ConvolutionHelpers.install(network.getLayers(), DataType.FLOAT, false))
                .isZero();
        assertThat(network.getLayer(0).getHelper()).isNull();
    }

    @Test
    void dilatedConvolutionsKeepTheirCode() {
        MultiLayerNetwork network = network(new Shape(ConvolutionMode.Truncate, 1, 0, 2, true, CNN2DFormat.NCHW));
        assertThat(ConvolutionHelpers.install(network.getLayers(), DataType.FLOAT, true))
                .isZero();
    }

    @Test
    void itIsTurnedOffAgain() {
        MultiLayerNetwork network = network(shapes().findFirst().orElseThrow());
        ConvolutionHelpers.install(network.getLayers(), DataType.FLOAT, true);
        assertThat(network.getLayer(0).getHelper()).isNotNull();
        ConvolutionHelpers.remove(network.getLayers());
        assertThat(network.getLayer(0).getHelper()).isNull();
    }
}
