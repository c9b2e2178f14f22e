package dev.mettle.dl4j.samediff;

import static dev.mettle.dl4j.samediff.Graphs.weights;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.ops.transforms.Transforms;

/** A convolutional graph, from training to report. */
class TrainedGraphTests {

    private static final int SIZE = 8;
    private static final int SAMPLES = 60;

    /** Two steps along the sign of the gradient, each half of epsilon. */
    private record SignSteps() implements Attack {

        @Override
        public String name() {
            return "sign steps";
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of();
        }

        @Override
        public Access access() {
            return Access.GRADIENTS;
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.LINF);
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(2, 1);
        }

        @Override
        public void run(AttackContext context) {
            SampleBatch batch = context.samples();
            INDArray x = batch.inputs();
            for (int i = 0; i < 2; i++) {
                INDArray gradient = batch.gradient(x, new CrossEntropy()).gradient();
                double step = context.threatModel().epsilon() / 2;
                x = Transforms.min(
                        Transforms.max(x.add(Transforms.sign(gradient, true).mul(step)), 0, true), 1, true);
                batch.propose(x);
            }
        }
    }

    @Test
    void itIsAttackedAndReported() {
        SameDiff graph = graph();
        SameDiffClassifier model =
                SameDiffClassifier.of(graph, "x", "probabilities").withInputRange(0, 1);
        DataSet images = images();
        int[] labels = labels();
        String untrained = model.info().sha256();
        graph.setTrainingConfig(TrainingConfig.builder()
                .updater(new Adam(0.02))
                .dataSetFeatureMapping("x")
                .dataSetLabelMapping("label")
                .build());
        graph.fit(new SingletonDataSetIterator(images), 150);

        RobustnessReport small = report(model, images.getFeatures(), labels, 0.02);
        RobustnessReport large = report(model, images.getFeatures(), labels, 0.5);

        assertThat(model.info().sha256()).isNotEqualTo(untrained);
        assertThat(small.cleanAccuracy()).isGreaterThan(0.95);
        assertThat(small.robustAccuracy()).isGreaterThan(0.9);
        assertThat(large.robustAccuracy()).isLessThan(0.2);
        assertThat(String.join("; ", large.doubts())).doesNotContain("gradients");
    }

    private static RobustnessReport report(SameDiffClassifier model, INDArray inputs, int[] labels, double epsilon) {
        return RobustnessEvaluation.of(model, LabeledData.of(inputs, labels))
                .attack(new SignSteps())
                .norm(Norm.LINF)
                .epsilon(epsilon)
                .minRobustAccuracy(0.5)
                .run();
    }

    private static SameDiff graph() {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 1, SIZE, SIZE);
        SDVariable label = graph.placeHolder("label", DataType.FLOAT, -1, 2);
        SDVariable convolved = graph.cnn()
                .conv2d(
                        x,
                        weights(x, 3, 3, 1, 4).mul(0.3),
                        weights(x, 4),
                        Conv2DConfig.builder().kH(3).kW(3).build());
        SDVariable pooled = graph.cnn()
                .maxPooling2d(
                        graph.nn().relu(convolved, 0),
                        Pooling2DConfig.builder().kH(2).kW(2).sH(2).sW(2).build());
        SDVariable flat = pooled.reshape(-1, 36);
        SDVariable logits = flat.mmul(weights(flat, 36, 2).mul(0.1)).add("logits", weights(flat, 2));
        graph.nn().softmax("probabilities", logits);
        graph.loss().softmaxCrossEntropy("loss", label, logits, null);
        graph.setLossVariables("loss");
        return graph;
    }

    /** Noise, brighter on the left or on the right. */
    private static DataSet images() {
        Random random = new Random(5);
        double[] pixels = new double[SAMPLES * SIZE * SIZE];
        for (int i = 0; i < pixels.length; i++) {
            boolean right = i % SIZE >= SIZE / 2;
            boolean bright = right == (i / (SIZE * SIZE) % 2 == 1);
            pixels[i] = (bright ? 0.4 : 0.2) + 0.4 * random.nextDouble();
        }
        INDArray labels = Nd4j.zeros(DataType.FLOAT, SAMPLES, 2);
        for (int i = 0; i < SAMPLES; i++) {
            labels.putScalar(i, i % 2, 1);
        }
        return new DataSet(Rows.fromDoubles(pixels, new long[] {SAMPLES, 1, SIZE, SIZE}, DataType.FLOAT), labels);
    }

    private static int[] labels() {
        int[] labels = new int[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            labels[i] = i % 2;
        }
        return labels;
    }
}
