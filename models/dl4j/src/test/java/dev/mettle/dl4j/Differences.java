package dev.mettle.dl4j;

import static dev.mettle.dl4j.Networks.labels;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Compares what a classifier computes with the layers of Deeplearning4j. */
final class Differences {

    private static final LogitLoss LOSS = new CrossEntropy();
    private static final double STEP = 1e-5;

    private Differences() {}

    /** Make sure that logits, gradients and labels are those of the network, whose own output for x is {@code scores}. */
    static void verify(Dl4jClassifier classifier, INDArray x, INDArray scores, double scoreTolerance) {
        int n = (int) x.size(0);
        int[] labels = labels(n, Networks.CLASSES);
        INDArray logits = classifier.originalLogits(x);
        assertThat(classifier.operatorGraph()).isPresent();
        assertThat(largestDifference(probabilities(logits), Rows.toRows(scores)))
                .isLessThan(scoreTolerance);

        InputGradient pass = classifier.gradient(x, z -> LOSS.gradients(z, labels));

        assertThat(largestDifference(Rows.toRows(pass.logits()), Rows.toRows(logits)))
                .isLessThan(1e-12);
        assertThat(largestDifference(Rows.toRows(classifier.logits(x)), Rows.toRows(logits)))
                .isLessThan(1e-12);
        double[][] numeric = numericGradient(classifier, x, labels);
        assertThat(largestDifference(Rows.toRows(pass.gradient()), numeric)).isLessThan(1e-7 * largest(numeric));
        GradientCheck check = GradientCheck.of(classifier, x, labels);
        assertThat(check.passed()).as(check.message()).isTrue();
    }

    /** Central differences of the losses of Deeplearning4j's own logits, all points in one batch. */
    private static double[][] numericGradient(Dl4jClassifier classifier, INDArray x, int[] labels) {
        double[][] rows = Rows.toRows(x);
        int features = rows[0].length;
        double[][] points = new double[2 * rows.length * features][];
        int[] pointLabels = new int[points.length];
        for (int point = 0; point < points.length; point++) {
            int sample = point / 2 / features;
            points[point] = rows[sample].clone();
            points[point][point / 2 % features] += point % 2 == 0 ? STEP : -STEP;
            pointLabels[point] = labels[sample];
        }
        double[] losses = LOSS.values(classifier.originalLogits(Rows.fromRows(points, x)), pointLabels);
        double[][] gradient = new double[rows.length][features];
        for (int i = 0; i < rows.length * features; i++) {
            gradient[i / features][i % features] = (losses[2 * i] - losses[2 * i + 1]) / (2 * STEP);
        }
        return gradient;
    }

    private static double[][] probabilities(INDArray logits) {
        return Arrays.stream(Rows.toRows(logits))
                .map(row -> {
                    double sum = Arrays.stream(row).map(Math::exp).sum();
                    return Arrays.stream(row).map(z -> Math.exp(z) / sum).toArray();
                })
                .toArray(double[][]::new);
    }

    private static double largestDifference(double[][] actual, double[][] expected) {
        assertThat(actual).hasSameDimensionsAs(expected);
        double largest = 0;
        for (int row = 0; row < actual.length; row++) {
            for (int i = 0; i < actual[row].length; i++) {
                double difference = Math.abs(actual[row][i] - expected[row][i]);
                largest = Math.max(largest, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
            }
        }
        return largest;
    }

    private static double largest(double[][] rows) {
        return Arrays.stream(rows)
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElse(0);
    }
}
