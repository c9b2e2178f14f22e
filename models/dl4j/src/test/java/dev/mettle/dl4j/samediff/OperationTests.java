package dev.mettle.dl4j.samediff;

import static dev.mettle.dl4j.samediff.Graphs.batch;
import static dev.mettle.dl4j.samediff.Graphs.inputs;
import static dev.mettle.dl4j.samediff.Graphs.labels;
import static dev.mettle.dl4j.samediff.Graphs.positive;
import static dev.mettle.dl4j.samediff.Graphs.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.lang.reflect.Method;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.ops.SDMath;
import org.nd4j.autodiff.samediff.ops.SDNN;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Every operation against finite differences of SameDiff's own logits, in double precision. */
class OperationTests {

    private static final long[] FEATURES = {5};
    private static final long[] IMAGE = {3, 6, 7};
    private static final long[] CHANNELS_LAST = {6, 7, 3};

    private static final LogitLoss LOSS = new CrossEntropy();

    static Stream<Arguments> operations() {
        return Stream.of(
                        matrices(),
                        arithmetic(),
                        functions(),
                        activations(),
                        convolutions(),
                        poolings(),
                        normalizations(),
                        layouts(),
                        reductions())
                .flatMap(s -> s);
    }

    private static Stream<Arguments> matrices() {
        return Stream.of(
                features("mmul", x -> x.mmul(weights(x, 5, 6))),
                features(
                        "matmul, transposed weights",
                        x -> x.getSameDiff().mmul(x, weights(x, 6, 5), false, true, false)),
                features("linear", x -> x.getSameDiff().nn().linear(x, weights(x, 5, 6), weights(x, 6))),
                features("computed weights", x -> x.mmul(weights(x, 5, 6).mul(2).add(weights(x, 1, 6)))),
                arguments("matmul of two branches", new long[] {3, 4}, (UnaryOperator<SDVariable>) x -> x.getSameDiff()
                        .mmul(x, x.getSameDiff().nn().tanh(x), false, true, false)
                        .mmul(x)),
                arguments("matmul of two branches, first transposed", new long[] {3, 4}, (UnaryOperator<SDVariable>)
                        x -> x.getSameDiff().mmul(x, x.permute(0, 1, 2), true, false, false)));
    }

    private static Stream<Arguments> arithmetic() {
        return Stream.of(
                features("scalars", x -> x.add(0.1).sub(0.3).mul(1.7).div(3.1).rsub(2.2)),
                features("rdiv by scalar", x -> x.mul(x).add(1).rdiv(0.7)),
                features("add, a row", x -> x.add(weights(x, 1, 5))),
                features("add, a vector", x -> x.add(weights(x, 5))),
                features(
                        "add, a scalar constant", x -> x.add(x.getSameDiff().constant(Nd4j.scalar(x.dataType(), 0.3)))),
                features("sub", x -> x.sub(weights(x, 5))),
                features("sub, from a constant", x -> weights(x, 5).sub(x)),
                features("mul", x -> x.mul(weights(x, 5))),
                features("div", x -> x.div(positive(x, 5))),
                features(
                        "div, a constant by the input",
                        x -> weights(x, 5).div(x.mul(x).add(1))),
                features("rsub", x -> x.rsub(weights(x, 5))),
                features("rdiv", x -> x.mul(x).add(1).rdiv(weights(x, 5))),
                features(
                        "two branches",
                        x -> x.mul(x.getSameDiff().nn().tanh(x))
                                .sub(x.div(x.mul(x).add(1)))),
                features("two branches, broadcast", x -> x.mul(x.mean(true, 1)).add(x)),
                image("add, per channel", x -> x.add(weights(x, 3, 1, 1))),
                image("mul, per channel", x -> x.mul(weights(x, 1, 3, 1, 1))),
                math("maximum", (m, x) -> m.max(x, weights(x, 5))),
                math("minimum", (m, x) -> m.min(x, weights(x, 5))));
    }

    private static Stream<Arguments> functions() {
        return Stream.of(
                math("neg", SDMath::neg),
                math("square", SDMath::square),
                math("cube", SDMath::cube),
                math("sqrt", (m, x) -> m.sqrt(m.exp(x))),
                math("exp", SDMath::exp),
                math("log", (m, x) -> m.log(m.square(x).add(0.5))),
                math("abs", SDMath::abs),
                math("pow, whole", (m, x) -> m.pow(x, 3.0)),
                math("pow, fractional", (m, x) -> m.pow(m.exp(x), 1.5)),
                math("pow, negative", (m, x) -> m.pow(m.exp(x), -0.5)),
                math(
                        "pow, constant",
                        (m, x) -> m.pow(m.exp(x), x.getSameDiff().constant(Nd4j.scalar(x.dataType(), 2.5)))),
                math("tanh", SDMath::tanh));
    }

    private static Stream<Arguments> activations() {
        return Stream.of(
                nn("relu", (n, x) -> n.relu(x, 0)),
                nn("relu6", (n, x) -> n.relu6(x.mul(6), 0)),
                nn("leakyrelu", (n, x) -> n.leakyRelu(x, 0.02)),
                nn("elu", SDNN::elu),
                nn("selu", SDNN::selu),
                nn("sigmoid", SDNN::sigmoid),
                nn("softplus", SDNN::softplus),
                nn("softsign", SDNN::softsign),
                nn("hard_sigmoid", (n, x) -> n.hardSigmoid(x.mul(2))),
                nn("hardtanh", SDNN::hardTanh),
                nn("swish", SDNN::swish),
                nn("gelu", SDNN::gelu),
                nn("logsigmoid", SDNN::logSigmoid),
                nn("softmax", SDNN::softmax),
                nn("log_softmax", SDNN::logSoftmax),
                nn("log_softmax, axis", (n, x) -> n.logSoftmax(x, 1)),
                image("log_softmax of channels", x -> x.getSameDiff().nn().logSoftmax(x, 1)));
    }

    /** Choose "same" padding, a setting that has another name in ND4J 1.0.0-M1.1. */
    private static <B> B same(B builder) {
        try {
            for (Method setting : builder.getClass().getMethods()) {
                if (setting.getName().equals("isSameMode")) {
                    setting.invoke(builder, true);
                } else if (setting.getName().equals("paddingMode")) {
                    Object[] modes = setting.getParameterTypes()[0].getEnumConstants();
                    for (Object mode : modes) {
                        if (mode.toString().equals("SAME")) {
                            setting.invoke(builder, mode);
                        }
                    }
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        return builder;
    }

    private static Stream<Arguments> convolutions() {
        return Stream.concat(
                Stream.of("NCHW", "NHWC")
                        .flatMap(format -> Stream.of(
                                convolution("valid", format, Conv2DConfig.builder(), WeightsFormat.YXIO),
                                convolution("OIYX", format, Conv2DConfig.builder(), WeightsFormat.OIYX),
                                convolution("OYXI", format, Conv2DConfig.builder(), WeightsFormat.OYXI),
                                convolution("same", format, same(Conv2DConfig.builder()), WeightsFormat.YXIO),
                                convolution(
                                        "same, strides",
                                        format,
                                        same(Conv2DConfig.builder()).sH(2).sW(2),
                                        WeightsFormat.YXIO),
                                convolution(
                                        "strides, padding",
                                        format,
                                        Conv2DConfig.builder().sH(2).sW(1).pH(1).pW(2),
                                        WeightsFormat.OIYX),
                                depthwise("valid", format, Conv2DConfig.builder()),
                                depthwise(
                                        "same, strides",
                                        format,
                                        same(Conv2DConfig.builder()).sH(2).sW(2)))),
                Stream.of(image(
                        "conv2d without bias",
                        x -> x.getSameDiff()
                                .cnn()
                                .conv2d(
                                        x,
                                        weights(x, 3, 3, 3, 4),
                                        Conv2DConfig.builder().kH(3).kW(3).build()))));
    }

    /** SameDiff itself can't compute them in single precision with oneDNN. */
    static Stream<Arguments> dilated() {
        return Stream.of("NCHW", "NHWC")
                .map(format -> convolution(
                        "dilated",
                        format,
                        Conv2DConfig.builder().dH(2).dW(2).pH(1).pW(1),
                        WeightsFormat.YXIO));
    }

    private static Arguments convolution(
            String name, String format, Conv2DConfig.Conv2DConfigBuilder config, WeightsFormat weights) {
        Conv2DConfig built =
                config.kH(3).kW(2).dataFormat(format).weightsFormat(weights).build();
        long[] shape = switch (weights) {
            case YXIO -> new long[] {3, 2, 3, 4};
            case OIYX -> new long[] {4, 3, 3, 2};
            case OYXI -> new long[] {4, 3, 2, 3};
        };
        return arguments(
                "conv2d, " + format + ", " + name, format.equals("NCHW") ? IMAGE : CHANNELS_LAST, (UnaryOperator<
                                SDVariable>)
                        x -> x.getSameDiff().cnn().conv2d(x, weights(x, shape), weights(x, 4), built));
    }

    private static Arguments depthwise(String name, String format, Conv2DConfig.Conv2DConfigBuilder config) {
        Conv2DConfig built = config.kH(3).kW(2).dataFormat(format).build();
        return arguments(
                "depthwise_conv2d, " + format + ", " + name,
                format.equals("NCHW") ? IMAGE : CHANNELS_LAST,
                (UnaryOperator<SDVariable>)
                        x -> x.getSameDiff().cnn().depthWiseConv2d(x, weights(x, 3, 2, 3, 2), weights(x, 6), built));
    }

    private static Stream<Arguments> poolings() {
        return Stream.of(false, true)
                .flatMap(last -> Stream.of(
                        pooling(
                                "plain",
                                last,
                                Pooling2DConfig.builder().kH(2).kW(2).sH(2).sW(2)),
                        pooling(
                                "same",
                                last,
                                same(Pooling2DConfig.builder())
                                        .kH(3)
                                        .kW(2)
                                        .sH(2)
                                        .sW(2)),
                        pooling(
                                "padded",
                                last,
                                Pooling2DConfig.builder()
                                        .kH(3)
                                        .kW(3)
                                        .sH(2)
                                        .sW(1)
                                        .pH(1)
                                        .pW(1)),
                        pooling(
                                "padding counts",
                                last,
                                Pooling2DConfig.builder()
                                        .kH(3)
                                        .kW(3)
                                        .sH(2)
                                        .sW(2)
                                        .pH(1)
                                        .pW(1)
                                        .extra(1))))
                .flatMap(s -> s);
    }

    private static Stream<Arguments> pooling(
            String name, boolean channelsLast, Pooling2DConfig.Pooling2DConfigBuilder config) {
        Pooling2DConfig built = config.isNHWC(channelsLast).build();
        String suffix = (channelsLast ? ", NHWC, " : ", NCHW, ") + name;
        long[] shape = channelsLast ? CHANNELS_LAST : IMAGE;
        return Stream.of(
                arguments("maxpool2d" + suffix, shape, (UnaryOperator<SDVariable>)
                        x -> x.getSameDiff().cnn().maxPooling2d(x, built)),
                arguments("avgpool2d" + suffix, shape, (UnaryOperator<SDVariable>)
                        x -> x.getSameDiff().cnn().avgPooling2d(x, built)));
    }

    private static Stream<Arguments> normalizations() {
        return Stream.of(
                features("batchnorm of features", x -> batchNorm(x, 5, 1)),
                image("batchnorm", x -> batchNorm(x, 3, 1)),
                arguments("batchnorm, NHWC", CHANNELS_LAST, (UnaryOperator<SDVariable>) x -> batchNorm(x, 3, 3)),
                image(
                        "batchnorm without gain and shift",
                        x -> x.getSameDiff().nn().batchNorm(x, weights(x, 3), positive(x, 3), null, null, 1e-3, 1)),
                image("batchnorm behind a convolution", x -> batchNorm(conv(x), 4, 1)),
                features("layer_norm", x -> x.getSameDiff().nn().layerNorm(x, weights(x, 5), positive(x, 5), true, 1)),
                features("layer_norm without bias", x -> x.getSameDiff().nn().layerNorm(x, weights(x, 5), true, 1)),
                image(
                        "layer_norm of images",
                        x -> x.getSameDiff().nn().layerNorm(x, weights(x, 3), positive(x, 3), true, 1, 2, 3)),
                arguments("layer_norm of images, NHWC", CHANNELS_LAST, (UnaryOperator<SDVariable>)
                        x -> x.getSameDiff().nn().layerNorm(x, weights(x, 3), positive(x, 3), false, 1, 2, 3)),
                math("standardize", (m, x) -> m.standardize(x, 1)),
                features("biasadd of features", x -> x.getSameDiff().nn().biasAdd(x, weights(x, 5), false)),
                image("biasadd", x -> x.getSameDiff().nn().biasAdd(x, weights(x, 3), true)),
                arguments("biasadd, NHWC", CHANNELS_LAST, (UnaryOperator<SDVariable>)
                        x -> x.getSameDiff().nn().biasAdd(x, weights(x, 3), false)));
    }

    private static Stream<Arguments> layouts() {
        return Stream.of(
                image("reshape", x -> x.reshape(-1, 126)),
                image("reshape to more dimensions", x -> x.reshape(-1, 3, 42, 1)),
                image(
                        "reshape by a constant",
                        x -> x.reshape(x.getSameDiff().constant(Nd4j.createFromArray(new long[] {-1, 63, 2})))),
                image("permute", x -> x.permute(0, 2, 3, 1)),
                image("permute and reshape", x -> x.permute(0, 3, 1, 2).reshape(-1, 126)),
                image(
                        "expand_dims and squeeze",
                        x -> x.getSameDiff().squeeze(x.getSameDiff().expandDims(x.mul(2), 2), 2)),
                image("concat", x -> x.getSameDiff().concat(1, x, x.mul(x))),
                image("concat of three, last axis", x -> x.getSameDiff().concat(3, x, x.mul(x), x)),
                image(
                        "pad",
                        x -> x.getSameDiff()
                                .nn()
                                .pad(
                                        x,
                                        x.getSameDiff().constant(Nd4j.createFromArray(new int[][] {
                                            {0, 0}, {0, 0}, {1, 2}, {0, 1}
                                        })),
                                        0)),
                image("upsampling2d", x -> x.getSameDiff().cnn().upsampling2d(x, 2, 3, true)),
                arguments("upsampling2d, NHWC", CHANNELS_LAST, (UnaryOperator<SDVariable>)
                        x -> x.getSameDiff().cnn().upsampling2d(x, 2, 3, false)),
                features("identity", x -> x.getSameDiff().identity(x)),
                features("cast to the same type", x -> x.castTo(x.dataType()).mul(2)));
    }

    private static Stream<Arguments> reductions() {
        return Stream.of(true, false)
                .flatMap(keep -> Stream.of(
                        image(
                                "reduce_sum of the last axis, then " + keep,
                                x -> x.sum(false, -1).sum(keep, 1)),
                        image("reduce_mean, keep " + keep, x -> x.mean(keep, 2, 3)),
                        image("reduce_max, keep " + keep, x -> x.max(keep, 2, 3)),
                        image("reduce_sum, keep " + keep, x -> x.sum(keep, 2, 3)),
                        image("reduce_mean, axes apart, keep " + keep, x -> x.mean(keep, 1, 3)),
                        image("reduce_max, last axis, keep " + keep, x -> x.max(keep, 3)),
                        features("reduce_max of features, keep " + keep, x -> x.mul(x.max(true, 1)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"operations", "dilated"})
    void gradientsAreThoseOfSameDiffsOwnLogits(String name, long[] shape, UnaryOperator<SDVariable> hidden) {
        SameDiffClassifier model = model(DataType.DOUBLE, shape, hidden);
        for (int n : new int[] {1, 3}) {
            INDArray x = inputs(DataType.DOUBLE, batch(n, shape));
            InputGradient pass = model.gradient(x, logits -> LOSS.gradients(logits, labels(n)));
            INDArray direction = inputs(DataType.DOUBLE, batch(7, shape))
                    .get(NDArrayIndex.interval(4, 4 + n))
                    .dup('c');

            double analytic = pass.gradient().mul(direction).sumNumber().doubleValue();
            double numeric = slope(model, x, direction, labels(n));

            assertThat(Math.abs(numeric)).as(name).isGreaterThan(1e-6);
            assertThat(Math.abs(analytic - numeric)).as(name).isLessThan(1e-7 * Math.abs(numeric));
            assertThat(distance(pass.logits(), model.originalLogits(x)))
                    .as(name)
                    .isLessThan(1e-9);
            assertThat(distance(model.logits(x), model.originalLogits(x)))
                    .as(name)
                    .isLessThan(1e-9);
        }
        GradientCheck check = GradientCheck.of(model, inputs(DataType.DOUBLE, batch(3, shape)), labels(3));
        assertThat(check.passed()).as(name + ": " + check.message()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void graphsInSinglePrecisionAreCheckedInDouble(String name, long[] shape, UnaryOperator<SDVariable> hidden) {
        SameDiffClassifier model = model(DataType.FLOAT, shape, hidden);
        SameDiffClassifier exact = model.inDoublePrecision();
        INDArray x = inputs(DataType.FLOAT, batch(3, shape));

        assertThat(exact.info().dataType()).isEqualTo(DataType.DOUBLE);
        assertThat(distance(exact.originalLogits(x), model.originalLogits(x)))
                .as(name)
                .isLessThan(1e-4);
        assertThat(distance(exact.logits(x), exact.originalLogits(x))).as(name).isLessThan(1e-9);
        assertThat(model.logits(x).dataType()).isEqualTo(DataType.FLOAT);
        assertThat(exact.predict(x)).as(name).isEqualTo(model.predict(x));
        GradientCheck check = GradientCheck.of(model, x, labels(3));
        assertThat(check.passed()).as(name + ": " + check.message()).isTrue();
    }

    private static SameDiffClassifier model(DataType type, long[] shape, UnaryOperator<SDVariable> hidden) {
        SameDiff graph = Graphs.classifier(type, shape, hidden);
        return SameDiffClassifier.of(graph, "x", "logits").withInputRange(-4, 4);
    }

    /** Central differences of fourth order. */
    private static double slope(SameDiffClassifier model, INDArray x, INDArray direction, int[] labels) {
        double step = 1e-4;
        double near = loss(model, x.add(direction.mul(step)), labels) - loss(model, x.sub(direction.mul(step)), labels);
        double far = loss(model, x.add(direction.mul(2 * step)), labels)
                - loss(model, x.sub(direction.mul(2 * step)), labels);
        return (8 * near - far) / (12 * step);
    }

    private static double loss(SameDiffClassifier model, INDArray x, int[] labels) {
        double sum = 0;
        for (double value : LOSS.values(model.originalLogits(x), labels)) {
            sum += value;
        }
        return sum;
    }

    /** Return the largest difference, relative to the largest value. */
    private static double distance(INDArray actual, INDArray expected) {
        double[] a = Rows.toDoubles(actual);
        double[] b = Rows.toDoubles(expected);
        assertThat(a).hasSameSizeAs(b);
        double distance = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            distance = Math.max(distance, Math.abs(a[i] - b[i]));
            size = Math.max(size, Math.abs(b[i]));
        }
        return distance / size;
    }

    private static SDVariable batchNorm(SDVariable x, long channels, int axis) {
        return x.getSameDiff()
                .nn()
                .batchNorm(
                        x,
                        weights(x, channels),
                        positive(x, channels),
                        weights(x, channels),
                        positive(x, channels),
                        1e-3,
                        axis);
    }

    private static SDVariable conv(SDVariable x) {
        return x.getSameDiff()
                .cnn()
                .conv2d(
                        x,
                        weights(x, 3, 3, 3, 4),
                        weights(x, 4),
                        Conv2DConfig.builder().kH(3).kW(3).build());
    }

    private static Arguments features(String name, UnaryOperator<SDVariable> hidden) {
        return arguments(name, FEATURES, hidden);
    }

    private static Arguments image(String name, UnaryOperator<SDVariable> hidden) {
        return arguments(name, IMAGE, hidden);
    }

    private static Arguments math(String name, BiFunction<SDMath, SDVariable, SDVariable> function) {
        return features(name, x -> function.apply(x.getSameDiff().math(), x));
    }

    private static Arguments nn(String name, BiFunction<SDNN, SDVariable, SDVariable> function) {
        return features(name, x -> function.apply(x.getSameDiff().nn(), x));
    }
}
