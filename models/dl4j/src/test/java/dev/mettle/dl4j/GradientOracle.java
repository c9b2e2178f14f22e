package dev.mettle.dl4j;

import static dev.mettle.dl4j.Networks.labels;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.util.Locale;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Finite differences of the original network in double precision: what input gradients have to equal. */
final class GradientOracle {

    static final LogitLoss LOSS = new CrossEntropy();

    private GradientOracle() {}

    /** Compare gradients with finite differences of the original network, feature by feature. */
    static void verify(Dl4jClassifier classifier, INDArray x, int classes) {
        int[] labels = labels((int) x.size(0), classes);
        InputGradient pass = classifier.gradient(x, logits -> LOSS.gradients(logits, labels));
        INDArray numeric = finiteDifferences(classifier, x, labels);

        assertThat(relativeError(pass.gradient(), numeric)).isLessThan(1e-7);
        assertThat(relativeError(pass.logits(), classifier.originalLogits(x))).isLessThan(1e-9);
        GradientCheck check = GradientCheck.of(classifier, x, labels);
        assertThat(check.passed()).as(check.message()).isTrue();
    }

    /** Central differences of the loss of every sample with respect to every feature, all points in one batch. */
    private static INDArray finiteDifferences(Dl4jClassifier classifier, INDArray x, int[] labels) {
        double step = 1e-5;
        double[][] rows = Rows.toRows(x);
        int features = rows[0].length;
        double[][] points = new double[2 * rows.length * features][];
        int[] pointLabels = new int[points.length];
        for (int point = 0; point < points.length; point++) {
            points[point] = rows[point / 2 / features].clone();
            points[point][point / 2 % features] += point % 2 == 0 ? step : -step;
            pointLabels[point] = labels[point / 2 / features];
        }
        double[] losses = LOSS.values(classifier.originalLogits(Rows.fromRows(points, x)), pointLabels);
        double[] gradient = new double[rows.length * features];
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (losses[2 * i] - losses[2 * i + 1]) / (2 * step);
        }
        return Rows.fromDoubles(gradient, x.shape(), DataType.DOUBLE);
    }

    /** Return the norm of the difference over the norm of the expected array, both over all samples. */
    static double relativeError(INDArray actual, INDArray expected) {
        double[] a = Rows.toDoubles(actual);
        double[] b = Rows.toDoubles(expected);
        double difference = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            difference += (a[i] - b[i]) * (a[i] - b[i]);
            size += b[i] * b[i];
        }
        assertThat(size)
                .as(String.format(Locale.ROOT, "size of %d values", b.length))
                .isPositive();
        return Math.sqrt(difference / size);
    }

    static Dl4jClassifier classifier(Object network) {
        Dl4jClassifier classifier = network instanceof ComputationGraph graph
                ? Dl4jClassifier.of(graph)
                : Dl4jClassifier.of((MultiLayerNetwork) network);
        return classifier.withInputRange(-9, 9);
    }

    static long[] batch(long n, long[] shape) {
        long[] batch = new long[shape.length + 1];
        batch[0] = n;
        System.arraycopy(shape, 0, batch, 1, shape.length);
        return batch;
    }
}
