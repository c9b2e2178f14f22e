package dev.mettle.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The same numbers as PyTorch, for the same weights and images. */
class ConformanceTests {

    private static final int[] LABELS = ConformanceNetwork.labels();

    static Stream<Arguments> everyNetworkTypeAndHead() {
        return Stream.of("mlp", "cnn")
                .flatMap(name -> Stream.of(DataType.FLOAT, DataType.DOUBLE)
                        .flatMap(type -> Stream.of(true, false).map(softmax -> Arguments.of(name, type, softmax))));
    }

    @ParameterizedTest
    @MethodSource("everyNetworkTypeAndHead")
    void logitsAreThoseOfPyTorch(String name, DataType type, boolean softmax) {
        INDArray logits = classifier(name, type, softmax).logits(images(type));

        INDArray golden = ConformanceNetwork.golden(name, type == DataType.FLOAT ? "logits_float32" : "logits_float64");
        assertThat(logits.dataType()).isEqualTo(type);
        assertThat(largestDifference(logits, golden)).isLessThan(type == DataType.FLOAT ? 1e-4 : 1e-6);
    }

    @ParameterizedTest
    @MethodSource("everyNetworkTypeAndHead")
    void gradientsOfCrossEntropyAreThoseOfPyTorch(String name, DataType type, boolean softmax) {
        INDArray golden = ConformanceNetwork.golden(name, "grad_ce_float64");

        assertThat(largestRelativeError(classifier(name, type, softmax), type, new CrossEntropy(), golden))
                .isLessThan(type == DataType.FLOAT ? 1e-4 : 1e-6);
    }

    @ParameterizedTest
    @MethodSource("everyNetworkTypeAndHead")
    void gradientsOfTheMarginAreThoseOfPyTorch(String name, DataType type, boolean softmax) {
        INDArray golden = ConformanceNetwork.golden(name, "grad_margin_float64").neg();

        assertThat(largestRelativeError(classifier(name, type, softmax), type, new Margin(), golden))
                .isLessThan(type == DataType.FLOAT ? 1e-4 : 1e-6);
    }

    @ParameterizedTest
    @CsvSource({"mlp", "cnn"})
    void predictionsAreThoseOfTheGoldenLogits(String name) {
        Dl4jClassifier classifier = classifier(name, DataType.FLOAT, true);

        INDArray golden = ConformanceNetwork.golden(name, "logits_float64");
        assertThat(classifier.predict(images(DataType.FLOAT)))
                .isEqualTo(golden.argMax(1).toIntVector());
    }

    @ParameterizedTest
    @CsvSource({"mlp", "cnn"})
    void theGradientCheckPasses(String name) {
        INDArray few = Rows.select(images(DataType.FLOAT), new int[] {0, 1, 2, 3});
        GradientCheck check = GradientCheck.of(classifier(name, DataType.FLOAT, true), few, Arrays.copyOf(LABELS, 4));

        assertThat(check.passed()).as(check.message()).isTrue();
    }

    private static Dl4jClassifier classifier(String name, DataType type, boolean softmax) {
        return Dl4jClassifier.of(ConformanceNetwork.load(name, type, softmax)).withInputRange(0, 1);
    }

    private static INDArray images(DataType type) {
        return ConformanceNetwork.images().castTo(type);
    }

    private static double largestRelativeError(
            Dl4jClassifier classifier, DataType type, LogitLoss loss, INDArray golden) {
        InputGradient pass = classifier.gradient(images(type), logits -> loss.gradients(logits, LABELS));
        double[][] actual = Rows.toRows(pass.gradient());
        double[][] expected = Rows.toRows(golden);
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = 0;
            double size = 0;
            for (int j = 0; j < expected[i].length; j++) {
                difference += Math.pow(actual[i][j] - expected[i][j], 2);
                size += Math.pow(expected[i][j], 2);
            }
            largest = Math.max(largest, Math.sqrt(difference / size));
        }
        return largest;
    }

    private static double largestDifference(INDArray actual, INDArray expected) {
        double[] a = Rows.toDoubles(actual);
        double[] b = Rows.toDoubles(expected);
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }
}
