package dev.mettle.defenses.certification.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.attacks.Ddn;
import dev.mettle.attacks.Fmn;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.numeric.Tolerance;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class BoundPropagationTests {

    private static final double ROUNDING = 1e-9;
    private static final double NEAR = 0.2; // farther away, the relaxation of so many neurons is loose
    private static final double ENGINE = 1e-5; // the ball is larger by the tolerance of the engine

    // ---------------------------------------------------------------------------------------------- linear networks

    private static MultiLayerNetwork linear(int features, int outputs, Activation activation, DataType type) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(1)
                .list()
                .layer(new OutputLayer.Builder(
                                activation == Activation.SOFTMAX ? LossFunction.MCXENT : LossFunction.XENT)
                        .nIn(features)
                        .nOut(outputs)
                        .activation(activation)
                        .build())
                .build());
        network.init();
        return network;
    }

    private static double[] normal(SampleRandom random, int length) {
        return IntStream.range(0, length).mapToDouble(i -> random.gaussian()).toArray();
    }

    @ParameterizedTest
    @EnumSource(names = {"LINF", "L2", "L1"})
    void are_exact_for_linear_networks(Norm norm) {
        int features = 7;
        MultiLayerNetwork network = linear(features, 3, Activation.SOFTMAX, DataType.DOUBLE);
        SampleRandom random = SampleRandom.of(1, norm.name(), 0, 0);
        network.getParam("0_W").assign(Rows.fromDoubles(normal(random, 21), new long[] {features, 3}, DataType.DOUBLE));
        network.getParam("0_b").assign(Rows.fromDoubles(normal(random, 3), new long[] {1, 3}, DataType.DOUBLE));
        double[][] weights = Rows.toRows(network.getParam("0_W"));
        double[] biases = Rows.toDoubles(network.getParam("0_b"));
        BoundPropagation bounds = BoundPropagation.of(Dl4jClassifier.of(network).withInputRange(-100, 100));
        for (int sample = 0; sample < 20; sample++) {
            double[] x = normal(random, features);
            double radius = random.uniform(0, 1);
            int label = random.below(3);
            double[] margins = bounds.margins(row(x), new int[] {label}, norm, new double[] {radius})[0];
            for (int j = 0; j < 3; j++) {
                if (j == label) {
                    assertThat(margins[j]).isInfinite();
                    continue;
                }
                double exact = biases[label] - biases[j];
                double dual = 0;
                for (int i = 0; i < features; i++) {
                    double factor = weights[i][label] - weights[i][j];
                    exact += factor * x[i];
                    dual = switch (norm) {
                        case LINF -> dual + Math.abs(factor);
                        case L2 -> Math.hypot(dual, factor);
                        default -> Math.max(dual, Math.abs(factor));
                    };
                }
                exact -= radius * dual;
                double larger =
                        3 * Tolerance.RELATIVE * radius * dual; // the ball is larger by the tolerance of the engine
                assertThat(margins[j]).isLessThanOrEqualTo(exact).isCloseTo(exact, within(larger + ROUNDING));
            }
        }
    }

    /** On the way to the unit square, balls are cut by its sides and its corners. */
    @ParameterizedTest
    @EnumSource(names = {"LINF", "L1", "L2"})
    void are_exact_for_linear_networks_where_the_box_cuts_the_ball(Norm norm) {
        TinyNetwork tiny = new TinyNetwork(3, DataType.DOUBLE);
        BoundPropagation bounds = BoundPropagation.of(tiny.model());
        SampleRandom random = SampleRandom.of(2, norm.name(), 0, 0);
        for (int sample = 0; sample < 40; sample++) {
            double[] x = {random.uniform(0, 1), random.uniform(0, 1)};
            int label = tiny.model().predict(row(x))[0];
            if (norm == Norm.L2) { // the distance stands for the margin: there it is 0
                double distance = tiny.distance(label, norm, x[0], x[1]);
                double radius = bounds.radii(row(x), new int[] {label}, norm, 1.5, 1e-9)[0];
                assertThat(radius).isLessThanOrEqualTo(distance).isCloseTo(Math.min(1.5, distance), within(ENGINE));
                continue;
            }
            double radius = random.uniform(0, 1);
            double[] margins = bounds.margins(row(x), new int[] {label}, norm, new double[] {radius})[0];
            for (int other = 0; other < TinyNetwork.CLASSES; other++) {
                if (other != label) {
                    double exact = tiny.leastMargin(label, other, norm, x[0], x[1], radius);
                    assertThat(margins[other])
                            .isLessThanOrEqualTo(exact + ROUNDING)
                            .isCloseTo(exact, within(2 * ENGINE));
                }
            }
        }
    }

    // ---------------------------------------------------------------------------------------------- tiny networks

    /** The truth, by enumeration of the polygons on which the network is linear, lies between every bound and every attack. */
    @ParameterizedTest
    @EnumSource(names = {"LINF", "L2", "L1"})
    void lie_below_the_exact_distance_and_attacks_above(Norm norm) {
        int[][] shapes = {{4}, {8}, {4, 4}};
        Map<BoundMethod, Double> certified = new EnumMap<>(BoundMethod.class);
        double all = 0;
        int broken = 0;
        for (int n = 0; n < shapes.length; n++) {
            TinyNetwork tiny = new TinyNetwork(10 + n, DataType.DOUBLE, shapes[n]);
            int samples = 12;
            SampleRandom random = SampleRandom.of(3, norm.name(), n, 0);
            INDArray inputs = Rows.fromDoubles(
                    IntStream.range(0, 2 * samples)
                            .mapToDouble(i -> random.uniform(0, 1))
                            .toArray(),
                    new long[] {samples, 2},
                    DataType.DOUBLE);
            double[][] x = Rows.toRows(inputs);
            int[] labels = tiny.model().predict(inputs);
            List<SampleOutcome> attacked = AttackEngine.of(tiny.model(), 1)
                    .run(
                            norm == Norm.L2 ? new Ddn().withSteps(200) : new Fmn().withSteps(200),
                            new ThreatModel(norm, ThreatModel.UNBOUNDED, Box.of(0, 1)),
                            inputs,
                            labels,
                            IntStream.range(0, samples).mapToLong(i -> i).toArray())
                    .outcomes();
            double[] exact = new double[samples];
            Arrays.setAll(exact, i -> tiny.distance(labels[i], norm, x[i][0], x[i][1]));
            for (int i = 0; i < samples; i++) {
                if (attacked.get(i).adversarial() != null) { // it may have failed, or there is no other class
                    double distance = attacked.get(i).breakingDistance(norm);
                    assertThat(distance).as("attack on %s", i).isGreaterThanOrEqualTo(exact[i] - ROUNDING);
                    broken++;
                }
            }
            for (BoundMethod method : BoundMethod.values()) {
                double[] radii =
                        BoundPropagation.of(tiny.model()).withMethod(method).radii(inputs, labels, norm, 2, 1e-3);
                for (int i = 0; i < samples; i++) {
                    assertThat(radii[i]).as("%s of %s", method, i).isBetween(0.0, exact[i]);
                    if (exact[i] < NEAR) {
                        certified.merge(method, radii[i], Double::sum);
                    }
                }
            }
            all += Arrays.stream(exact).filter(distance -> distance < NEAR).sum();
        }
        assertThat(broken).isGreaterThan(5);
        assertThat(certified.get(BoundMethod.CROWN)).isGreaterThan(0.75 * all);
        assertThat(certified.get(BoundMethod.CROWN)).isGreaterThanOrEqualTo(certified.get(BoundMethod.CROWN_IBP));
        assertThat(certified.get(BoundMethod.CROWN_IBP)).isGreaterThanOrEqualTo(certified.get(BoundMethod.IBP));
    }

    /** What the box leaves of the ball counts: in a corner, with a class that no point of the square is given. */
    @ParameterizedTest
    @EnumSource
    void margins_lie_below_the_exact_ones(BoundMethod method) {
        for (int n = 0; n < 4; n++) {
            TinyNetwork tiny = new TinyNetwork(20 + n, DataType.FLOAT, 6);
            BoundPropagation bounds = BoundPropagation.of(tiny.model()).withMethod(method);
            SampleRandom random = SampleRandom.of(4, "margins", n, 0);
            for (Norm norm : List.of(Norm.LINF, Norm.L1)) {
                for (int sample = 0; sample < 10; sample++) {
                    double[] x = {(float) random.uniform(0, 1), (float) random.uniform(0, 1)};
                    double radius = random.uniform(0, 0.3);
                    int label = random.below(TinyNetwork.CLASSES);
                    double[] margins = bounds.margins(row(x), new int[] {label}, norm, new double[] {radius})[0];
                    for (int other = 0; other < TinyNetwork.CLASSES; other++) {
                        if (other != label) {
                            assertThat(margins[other])
                                    .isLessThan(tiny.leastMargin(label, other, norm, x[0], x[1], radius));
                        }
                    }
                }
            }
        }
    }

    // ---------------------------------------------------------------------------------------------- trained networks

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "cnn"})
    void no_attack_beats_a_certificate(String name) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(name, DataType.FLOAT, true))
                .withInputRange(0, 1);
        int samples = 5;
        INDArray inputs = Rows.slice(ConformanceNetwork.images(), 0, samples).castTo(DataType.FLOAT);
        int[] labels = model.predict(inputs);
        long[] ids = IntStream.range(0, samples).mapToLong(i -> i).toArray();
        double[] radii = BoundPropagation.of(model).radii(inputs, labels, Norm.LINF, 0.1, 1e-3);
        for (int i = 0; i < samples; i++) {
            assertThat(radii[i]).isGreaterThan(0);
            SampleOutcome outcome = AttackEngine.of(model, 1)
                    .run(
                            new Pgd(),
                            new ThreatModel(Norm.LINF, radii[i], Box.of(0, 1)),
                            Rows.slice(inputs, i, i + 1L),
                            new int[] {labels[i]},
                            new long[] {i})
                    .outcomes()
                    .get(0);
            assertThat(outcome.adversarial()).isNull();
        }
        List<SampleOutcome> nearest = AttackEngine.of(model, 1)
                .run(new Fmn(), new ThreatModel(Norm.LINF, ThreatModel.UNBOUNDED, Box.of(0, 1)), inputs, labels, ids)
                .outcomes();
        for (int i = 0; i < samples; i++) {
            assertThat(nearest.get(i).breakingDistance(Norm.LINF)).isGreaterThan(radii[i]);
        }
    }

    /** Shortcuts, strides, batch normalization and a mean over the image, as Deeplearning4j itself computes them. */
    @ParameterizedTest
    @EnumSource
    void enclose_the_logits_of_a_residual_network(BoundMethod method) {
        ComputationGraph network = residual();
        Dl4jClassifier model = Dl4jClassifier.of(network).withInputRange(0, 1);
        SampleRandom random = SampleRandom.of(6, "residual", 0, 0);
        int features = 2 * 6 * 6;
        int points = 200;
        double[] center = IntStream.range(0, features)
                .mapToDouble(i -> (float) random.uniform(0, 1))
                .toArray();
        double[][] rows = new double[points][features];
        for (double[] row : rows) {
            Arrays.setAll(row, i -> (float) Math.max(0, Math.min(1, center[i] + 0.02 * random.sign())));
        }
        INDArray clean = Rows.fromDoubles(center, new long[] {1, 2, 6, 6}, DataType.FLOAT);
        double[][] logits = Rows.toRows(model.originalLogits(Rows.fromRows(rows, clean)));
        BoundPropagation bounds = BoundPropagation.of(model).withMethod(method);
        for (int label = 0; label < 3; label++) {
            double[] margins = bounds.margins(clean, new int[] {label}, Norm.LINF, new double[] {0.020001})[0];
            for (double[] point : logits) {
                for (int j = 0; j < 3; j++) {
                    if (j != label) {
                        assertThat(point[label] - point[j]).isGreaterThan(margins[j]);
                    }
                }
            }
            assertThat(margins[(label + 1) % 3]).isGreaterThan(-100);
        }
    }

    private static ComputationGraph residual() {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(7)
                .convolutionMode(ConvolutionMode.Same)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(6, 6, 2))
                .addLayer("first", convolution(4, 1), "in")
                .addLayer("normal", new BatchNormalization(), "first")
                .addLayer("relu", activation(), "normal")
                .addLayer("inner", convolution(4, 1), "relu")
                .addLayer("normal2", new BatchNormalization(), "inner")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "normal2", "relu")
                .addLayer("relu2", activation(), "sum")
                .addLayer("strided", convolution(5, 2), "relu2")
                .addLayer("relu3", activation(), "strided")
                .addLayer("mean", new GlobalPoolingLayer(PoolingType.AVG), "relu3")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .nOut(3)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "mean")
                .setOutputs("out")
                .build();
        ComputationGraph network = new ComputationGraph(configuration);
        network.init();
        network.paramTable().forEach((name, parameter) -> {
            SampleRandom random = SampleRandom.of(8, name, 0, 0);
            double[] values = Rows.toDoubles(parameter);
            Arrays.setAll(
                    values,
                    i -> name.endsWith("var") || name.endsWith("gamma")
                            ? 0.5 + Math.abs(random.gaussian())
                            : values[i] + 0.2 * random.gaussian());
            parameter.assign(Rows.fromDoubles(values, parameter.shape(), DataType.FLOAT));
        });
        return network;
    }

    private static ConvolutionLayer convolution(int outputs, int stride) {
        return new ConvolutionLayer.Builder(3, 3)
                .stride(stride, stride)
                .nOut(outputs)
                .activation(Activation.IDENTITY)
                .build();
    }

    private static ActivationLayer activation() {
        return new ActivationLayer(Activation.RELU);
    }

    // ---------------------------------------------------------------------------------------------- decisions

    /** The weights are 0, so the logits differ by the biases alone. */
    private static BoundPropagation constant(DataType type, double lead) {
        MultiLayerNetwork network = linear(2, 2, Activation.SOFTMAX, type);
        network.getParam("0_W").assign(0);
        network.getParam("0_b").assign(Rows.fromDoubles(new double[] {lead, 0}, new long[] {1, 2}, type));
        return BoundPropagation.of(Dl4jClassifier.of(network).withInputRange(0, 1));
    }

    private static boolean isCertified(BoundPropagation bounds) {
        return bounds.certified(row(0.5, 0.5), new int[] {0}, Norm.LINF, new double[] {0.1})[0];
    }

    @Test
    void a_lead_that_rounding_could_take_certifies_nothing() {
        assertThat(isCertified(constant(DataType.FLOAT, 0))).isFalse();
        assertThat(isCertified(constant(DataType.FLOAT, 1e-12))).isFalse();
        assertThat(isCertified(constant(DataType.FLOAT, 1e-7))).isFalse();
        assertThat(isCertified(constant(DataType.FLOAT, 1e-4))).isTrue();
        assertThat(isCertified(constant(DataType.DOUBLE, 0))).isFalse();
        assertThat(isCertified(constant(DataType.DOUBLE, 1e-16))).isFalse();
        assertThat(isCertified(constant(DataType.DOUBLE, 1e-12))).isTrue();
    }

    @Test
    void a_single_sigmoid_output_stands_for_two_classes() {
        MultiLayerNetwork network = linear(2, 1, Activation.SIGMOID, DataType.DOUBLE);
        network.getParam("0_W").assign(Rows.fromDoubles(new double[] {2, -1}, new long[] {2, 1}, DataType.DOUBLE));
        network.getParam("0_b").assign(0.25);
        BoundPropagation bounds = BoundPropagation.of(Dl4jClassifier.of(network).withInputRange(0, 1));
        double[][] margins = bounds.margins(
                Rows.fromDoubles(new double[] {0.5, 0.5, 0.5, 0.5}, new long[] {2, 2}, DataType.DOUBLE),
                new int[] {0, 1},
                Norm.LINF,
                new double[] {0.1, 0.1});
        assertThat(margins[0][1]).isCloseTo(-0.75 - 0.3, within(ENGINE));
        assertThat(margins[1][0]).isCloseTo(0.75 - 0.3, within(ENGINE));
        double[] radii = bounds.radii(row(0.5, 0.5), new int[] {1}, Norm.LINF, 1, 1e-6);
        assertThat(radii[0]).isCloseTo(0.25, within(ENGINE));
        assertThat(bounds.radii(row(0.5, 0.5), new int[] {0}, Norm.LINF, 1, 1e-6)[0])
                .isEqualTo(-1);
    }

    @Test
    void the_largest_radius_is_certified_and_more_is_not() {
        TinyNetwork tiny = new TinyNetwork(30, DataType.FLOAT, 5);
        BoundPropagation bounds = BoundPropagation.of(tiny.model());
        INDArray x = row(0.4, 0.7).castTo(DataType.FLOAT);
        int[] label = tiny.model().predict(x);
        double radius = bounds.radii(x, label, Norm.L2, 1, 1e-3)[0];
        assertThat(radius).isGreaterThan(0).isLessThan(1);
        assertThat(bounds.certified(x, label, Norm.L2, new double[] {radius})[0])
                .isTrue();
        assertThat(bounds.certified(x, label, Norm.L2, new double[] {radius + 1e-3})[0])
                .isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void margins_do_not_depend_on_the_batch(BoundMethod method) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load("mlp", DataType.FLOAT, true))
                .withInputRange(0, 1);
        BoundPropagation bounds = BoundPropagation.of(model).withMethod(method);
        INDArray images = Rows.slice(ConformanceNetwork.images(), 0, 3).castTo(DataType.FLOAT);
        int[] labels = {0, 1, 2};
        double[][] together = bounds.margins(images, labels, Norm.LINF, new double[] {0.01, 0.02, 0.005});
        double[] alone =
                bounds.margins(Rows.slice(images, 1, 2).dup(), new int[] {1}, Norm.LINF, new double[] {0.02})[0];
        assertThat(alone).isEqualTo(together[1]);
    }

    /** Linear bounds alone may be looser than intervals; the better of both counts, class by class. */
    @Test
    void linear_bounds_are_never_looser_than_intervals() {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load("mlp", DataType.FLOAT, true))
                .withInputRange(0, 1);
        INDArray images = Rows.slice(ConformanceNetwork.images(), 0, 3).castTo(DataType.FLOAT);
        for (Norm norm : List.of(Norm.LINF, Norm.L2)) {
            Map<BoundMethod, double[][]> margins = new EnumMap<>(BoundMethod.class);
            for (BoundMethod method : BoundMethod.values()) {
                margins.put(
                        method,
                        BoundPropagation.of(model)
                                .withMethod(method)
                                .margins(images, new int[] {7, 2, 1}, norm, new double[] {0.001, 0.01, 0.2}));
            }
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 10; j++) {
                    double intervals = margins.get(BoundMethod.IBP)[i][j];
                    assertThat(margins.get(BoundMethod.CROWN_IBP)[i][j]).isGreaterThanOrEqualTo(intervals);
                    assertThat(margins.get(BoundMethod.CROWN)[i][j]).isGreaterThanOrEqualTo(intervals);
                }
            }
        }
    }

    // ---------------------------------------------------------------------------------------------- refusals

    @Test
    void several_sigmoid_outputs_are_refused() {
        Dl4jClassifier model = Dl4jClassifier.of(linear(2, 3, Activation.SIGMOID, DataType.FLOAT))
                .withName("votes")
                .withInputRange(0, 1);
        assertThatThrownBy(() -> BoundPropagation.of(model))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the model votes ends in several sigmoid outputs, which rounding makes equal where they saturate, so no"
                                + " margin of logits tells them apart: end the network in softmax");
    }

    @Test
    void weights_that_changed_since_are_noticed() {
        MultiLayerNetwork network = linear(2, 2, Activation.SOFTMAX, DataType.FLOAT);
        BoundPropagation bounds = BoundPropagation.of(Dl4jClassifier.of(network).withInputRange(0, 1));
        network.getParam("0_b").addi(0.01);
        assertThatThrownBy(() -> isCertified(bounds))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("the network computes the logit ")
                .hasMessageEndingWith(": it was trained further since; make a new BoundPropagation of it");
    }

    @Test
    void arguments_that_make_no_sense_are_refused() {
        BoundPropagation bounds = constant(DataType.FLOAT, 1);
        INDArray x = row(0.5, 0.5);
        assertThatThrownBy(() -> bounds.certified(x, new int[] {0}, Norm.L0, new double[] {1}))
                .hasMessage("there are no bounds of this kind in L0: choose L∞, L2 or L1");
        assertThatThrownBy(() -> bounds.certified(x, new int[] {2}, Norm.L2, new double[] {1}))
                .hasMessage("the label 2 is none of the 2 classes of the model MultiLayerNetwork");
        assertThatThrownBy(() -> bounds.certified(x, new int[] {0, 1}, Norm.L2, new double[] {1, 1}))
                .hasMessage("2 labels for inputs of shape [1, 2]: give one per sample");
        assertThatThrownBy(() -> bounds.certified(x, new int[] {0}, Norm.L2, new double[] {1, 1}))
                .hasMessage("2 radii for 1 labels: give one per sample");
        assertThatThrownBy(() -> bounds.certified(x, new int[] {0}, Norm.L2, new double[] {-1}))
                .hasMessage("the radius -1.0 is not the size of a perturbation: give a finite number, at least 0");
        assertThatThrownBy(() -> bounds.certified(row(0.5, 2), new int[] {0}, Norm.L2, new double[] {1}))
                .hasMessage(
                        "sample 0 lies outside the input range [0, 1]: feature 1 is 2.0; bring the data into the range, or"
                                + " declare the true one");
        assertThatThrownBy(() -> bounds.radii(x, new int[] {0}, Norm.L2, 0, 1e-3))
                .hasMessage(
                        "a largest radius of 0.0 and a precision of 0.001 can't be searched with: give finite numbers above 0");
    }

    private static INDArray row(double... values) {
        return Rows.fromDoubles(values, new long[] {1, values.length}, DataType.DOUBLE);
    }
}
