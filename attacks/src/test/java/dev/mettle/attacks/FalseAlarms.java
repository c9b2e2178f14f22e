package dev.mettle.attacks;

import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.trust.TrustReport;
import dev.mettle.dl4j.Dl4jClassifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Counts doubts about networks that hide nothing: trained on clean digits or on attacked ones, narrow and wide, with several activations
 * and seeds. Run {@link #main} for the numbers of docs/trust.md.
 */
final class FalseAlarms {

    private static final Activation[] ACTIVATIONS = {
        Activation.RELU, Activation.TANH, Activation.LEAKYRELU, Activation.ELU, Activation.SIGMOID
    };
    private static final int[] WIDTHS = {32, 64, 128};
    private static final double[] EPSILONS = {0.02, 0.05, 0.1};
    private static final int EPOCHS = 12;
    private static final int BATCH = 64;

    private FalseAlarms() {}

    /**
     * The trust report on one network under one plan.
     *
     * @param network what was trained, in short
     * @param robustAccuracy the robust accuracy measured
     * @param trust the trust report
     */
    record Checked(String network, double robustAccuracy, TrustReport trust) {
        List<TrustFinding> doubts() {
            return trust.findings(TrustLevel.DOUBT);
        }
    }

    /** Train the network of a number, every other one on attacked digits, and check it under PGD or the quick suite. */
    static Checked check(int number, LabeledData training, LabeledData data) {
        Activation activation = ACTIVATIONS[number % ACTIVATIONS.length];
        int width = WIDTHS[number / 2 % WIDTHS.length];
        double epsilon = EPSILONS[number / 4 % EPSILONS.length];
        boolean hardened = number % 2 == 1;
        DifferentiableModel model = train(activation, width, number, training, hardened ? epsilon : 0);
        AttackSuite plan = number % 3 == 2
                ? Suite.QUICK.in(Norm.LINF)
                : new AttackSuite("one", "1", List.of(number % 3 == 0 ? new Pgd() : new Apgd()));
        RobustnessReport report = RobustnessEvaluation.of(model, data)
                .suite(plan)
                .norm(Norm.LINF)
                .epsilon(epsilon)
                .seed(number)
                .run();
        String network = activation + " " + width + (hardened ? " hardened" : "") + " " + plan.name() + " " + epsilon;
        return new Checked(network, report.robustAccuracy(), report.trust().orElseThrow());
    }

    private static DifferentiableModel train(
            Activation activation, int width, int seed, LabeledData data, double epsilon) {
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .dataType(DataType.FLOAT)
                .seed(seed)
                .updater(new Adam(2e-3))
                .list()
                .layer(new DenseLayer.Builder()
                        .nOut(width)
                        .activation(activation)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(width)
                        .activation(activation)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutionalFlat(28, 28, 1))
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        SampleRandom random = SampleRandom.of(seed, "training", 0, 0);
        for (int step = 0; step < EPOCHS * data.size() / BATCH; step++) {
            int[] rows = new int[BATCH];
            INDArray labels = Nd4j.zeros(DataType.FLOAT, BATCH, 10);
            int[] classes = new int[BATCH];
            for (int i = 0; i < BATCH; i++) {
                rows[i] = random.below(data.size());
                classes[i] = data.label(rows[i]);
                labels.putScalar(i, classes[i], 1);
            }
            INDArray inputs = Rows.matrix(Rows.select(data.inputs(), rows));
            network.fit(epsilon > 0 ? attacked(network, inputs, classes, epsilon, random) : inputs, labels);
        }
        return Dl4jClassifier.of(network).withInputRange(0, 1);
    }

    /** One step from a random start (Wong, Rice, Kolter 2020). */
    private static INDArray attacked(
            MultiLayerNetwork network, INDArray inputs, int[] labels, double epsilon, SampleRandom random) {
        double[][] clean = Rows.toRows(inputs);
        double[][] start = new double[clean.length][clean[0].length];
        for (int i = 0; i < clean.length; i++) {
            for (int j = 0; j < clean[i].length; j++) {
                start[i][j] = clip(clean[i][j] + random.uniform(-epsilon, epsilon));
            }
        }
        INDArray x = Rows.fromRows(start, inputs);
        DifferentiableModel model = Dl4jClassifier.of(network).withInputRange(0, 1);
        double[][] gradient = Rows.toRows(model.gradient(x, logits -> new CrossEntropy().gradients(logits, labels))
                .gradient());
        for (int i = 0; i < start.length; i++) {
            for (int j = 0; j < start[i].length; j++) {
                double moved = start[i][j] + 1.25 * epsilon * Math.signum(gradient[i][j]);
                start[i][j] = clip(Math.min(Math.max(moved, clean[i][j] - epsilon), clean[i][j] + epsilon));
            }
        }
        return Rows.fromRows(start, inputs);
    }

    private static double clip(double pixel) {
        return Math.min(Math.max(pixel, 0), 1);
    }

    /** Check some networks, and print the share of doubts: {@code FalseAlarms 60}. */
    public static void main(String[] arguments) {
        int count = Integer.parseInt(arguments[0]);
        LabeledData digits = LabeledData.load(Path.of("../examples/src/main/resources/digits-test.npz"))
                .scaled(1 / 255.0);
        LabeledData training = digits.subset(IntStream.range(100, digits.size()).toArray());
        List<Checked> doubted = new ArrayList<>();
        double overhead = 0;
        for (int number = 0; number < count; number++) {
            Checked checked = check(number, training, digits.first(100));
            overhead = Math.max(overhead, checked.trust().overhead());
            System.out.printf(
                    Locale.ROOT,
                    "%d %s: robust %.2f, overhead %.3f, doubts %s, warnings %s%n",
                    number,
                    checked.network(),
                    checked.robustAccuracy(),
                    checked.trust().overhead(),
                    checked.doubts(),
                    checked.trust().findings(TrustLevel.WARNING));
            if (!checked.doubts().isEmpty()) {
                doubted.add(checked);
            }
        }
        System.out.println(doubted.size() + " of " + count + " networks doubted; largest overhead " + overhead);
    }
}
