package dev.mettle.benchmarks;

import dev.mettle.attacks.AutoAttack;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.certification.RobustnessCertification;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.defenses.certification.RandomizedSmoothing;
import dev.mettle.defenses.certification.bounds.CrownIbp;
import dev.mettle.defenses.certification.bounds.Ibp;
import dev.mettle.defenses.training.AdversarialTraining;
import dev.mettle.defenses.training.Averaging;
import dev.mettle.defenses.training.FastTraining;
import dev.mettle.defenses.training.FreeTraining;
import dev.mettle.defenses.training.IbpTraining;
import dev.mettle.defenses.training.Mart;
import dev.mettle.defenses.training.NoiseTraining;
import dev.mettle.defenses.training.OverfittingGuard;
import dev.mettle.defenses.training.PgdTraining;
import dev.mettle.defenses.training.Trades;
import dev.mettle.defenses.training.TrainedNetwork;
import dev.mettle.defenses.training.TrainingMethod;
import dev.mettle.dl4j.Dl4jClassifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.CycleSchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Trains a LeNet on MNIST adversarially, and measures what that costs and what the network withstands: the figures of
 * {@code docs/adversarial-training.md}.
 */
@Command(
        name = "training-benchmark",
        description = "Trains a LeNet on MNIST adversarially, and attacks it.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli fills the fields
final class TrainingBenchmark implements Callable<Integer> {

    private enum Method {
        PGD,
        TRADES,
        MART,
        FAST,
        FREE,
        IBP,
        NOISE
    }

    @Spec
    private CommandSpec spec;

    @Option(names = "--mnist", required = true, paramLabel = "FOLDER", description = "The four files of MNIST, *.gz.")
    private Path mnist;

    @Option(names = "--method", description = "Of: ${COMPLETION-CANDIDATES}. Default: pgd.")
    private Method method = Method.PGD;

    @Option(names = "--steps", paramLabel = "N", description = "Steps of the inner PGD. Default: ${DEFAULT-VALUE}.")
    private int steps = 7;

    @Option(names = "--replays", paramLabel = "N", description = "Replays of free training. Default: ${DEFAULT-VALUE}.")
    private int replays = 8;

    @Option(names = "--beta", description = "The weight of robustness in TRADES. Default: ${DEFAULT-VALUE}.")
    private double beta = 6;

    @Option(names = "--step-factor", description = "Step of fast training, in epsilons. Default: ${DEFAULT-VALUE}.")
    private double stepFactor = 1.25;

    @Option(names = "--guard", description = "Watch for catastrophic overfitting.")
    private boolean guard;

    @Option(names = "--kappa", description = "The last clean weight of IBP training. Default: ${DEFAULT-VALUE}.")
    private double kappa = 0.5;

    @Option(names = "--sigma", description = "The noise of noise training. Default: ${DEFAULT-VALUE}.")
    private double sigma = 0.5;

    @Option(names = "--epsilon", description = "Of training, in L-infinity. Default: ${DEFAULT-VALUE}.")
    private double epsilon = 0.3;

    @Option(names = "--radius", description = "Of attacks and certificates, in L-infinity. Default: epsilon.")
    private double radius;

    @Option(names = "--epochs", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int epochs = 12;

    @Option(
            names = "--warm-up",
            paramLabel = "EPOCHS",
            description = "Over which epsilon grows. Default: 1, for IBP half of all.")
    private double warmUp = -1;

    @Option(names = "--images", paramLabel = "N", description = "Training images. Default: ${DEFAULT-VALUE}.")
    private int images = 10_000;

    @Option(
            names = "--averaging",
            paramLabel = "DECAY",
            description = "Of the mean of weights; 0: none. Default: 0.995.")
    private double averaging = 0.995;

    @Option(names = "--rate", description = "The largest learning rate of Adam. Default: ${DEFAULT-VALUE}.")
    private double rate = 1e-3;

    @Option(names = "--no-cycle", description = "Keep that learning rate all the time.")
    private boolean noCycle;

    @Option(names = "--batch", paramLabel = "N", description = "Images per step. Default: ${DEFAULT-VALUE}.")
    private int batch = 100;

    @Option(names = "--seed", description = "Of weights and training. Default: ${DEFAULT-VALUE}.")
    private int seed = 1;

    @Option(names = "--pgd-images", paramLabel = "N", description = "Attacked by PGD-40. Default: ${DEFAULT-VALUE}.")
    private int pgdImages = 250;

    @Option(names = "--auto-attack-images", paramLabel = "N", description = "By AutoAttack. Default: ${DEFAULT-VALUE}.")
    private int autoAttackImages = 100;

    @Option(names = "--certified-images", paramLabel = "N", description = "After ibp and noise. Default: 100.")
    private int certifiedImages = 100;

    @Option(names = "--votes", paramLabel = "N", description = "Of randomized smoothing. Default: ${DEFAULT-VALUE}.")
    private int votes = 100_000;

    @Option(names = "--save", paramLabel = "FILE", description = "Where the trained network goes. Default: nowhere.")
    private @Nullable Path save;

    /** Run and exit: 0, 1 if the benchmark can't be run, 2 for bad options. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return BenchmarkException.reported(new CommandLine(new TrainingBenchmark()));
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        radius = radius > 0 ? radius : epsilon;
        if (images < 100 || epochs < 1 || batch < 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "give at least 100 images, 1 epoch and 1 image per step, not " + images + ", " + epochs + " and "
                            + batch);
        }
        LabeledData training = Mnist.training(mnist, images);
        LabeledData heldOut = Mnist.training(mnist, images + 500).subset(last500(training.size()));
        Dl4jClassifier untrained = Dl4jClassifier.of(network(training.size())).withInputRange(0, 1);
        AdversarialTraining settings = settings(heldOut).withProgress(line -> {
            out.println(line);
            out.flush();
        });
        TrainedNetwork trained = settings.train(untrained, training);
        MultiLayerNetwork network = trained.network(MultiLayerNetwork.class);
        if (save != null) {
            write(network, save);
        }
        trained.notes().forEach(out::println);
        Dl4jClassifier model = Dl4jClassifier.of(network).withInputRange(0, 1);
        LabeledData test = Mnist.test(mnist, 10_000);
        out.printf(
                Locale.ROOT,
                "| %s, learning rate %s, seed %d, %d images | %.0f s | clean %.1f%% |",
                settings,
                rate,
                seed,
                training.size(),
                trained.cpuSeconds(),
                100 * clean(model, test));
        out.flush();
        if (method == Method.NOISE) {
            out.println(smoothed(model, test));
            return CommandLine.ExitCode.OK;
        }
        if (method == Method.IBP) {
            for (Certifier certifier : List.of(new Ibp(), new CrownIbp())) {
                out.printf(Locale.ROOT, " %s %s |", certifier.name(), certified(certifier, model, test));
                out.flush();
            }
        }
        AttackSuite pgd = new AttackSuite("PGD-40", "1", List.of(new Pgd().withSteps(40)));
        out.printf(Locale.ROOT, " PGD-40 %s |", withstanding(model, pgd, test, pgdImages));
        out.flush();
        AttackSuite standard = AutoAttack.standard(Norm.LINF);
        out.printf(Locale.ROOT, " AutoAttack %s |%n", withstanding(model, standard, test, autoAttackImages));
        out.flush();
        return CommandLine.ExitCode.OK;
    }

    private AdversarialTraining settings(LabeledData heldOut) {
        AdversarialTraining settings = method == Method.NOISE
                ? AdversarialTraining.noise(sigma)
                : AdversarialTraining.by(method(), Norm.LINF, epsilon);
        settings =
                settings.withEpochs(epochs).withBatchSize(batch).withSeed(seed).withHeldOut(heldOut);
        if (warmUp >= 0 || (method != Method.IBP && method != Method.NOISE)) {
            settings = settings.withWarmUpEpochs(warmUp >= 0 ? warmUp : 1);
        }
        if (averaging > 0) {
            settings = settings.withAveraging(Averaging.exponential(averaging));
        }
        return guard ? settings.withOverfittingGuard(OverfittingGuard.stopping()) : settings;
    }

    private TrainingMethod method() {
        return switch (method) {
            case PGD -> new PgdTraining().withSteps(steps);
            case TRADES -> new Trades().withSteps(steps).withBeta(beta);
            case MART -> new Mart().withSteps(steps);
            case FAST -> new FastTraining(stepFactor);
            case FREE -> new FreeTraining(replays);
            case IBP -> new IbpTraining(kappa);
            case NOISE -> new NoiseTraining(sigma);
        };
    }

    private static int[] last500(int from) {
        int[] rows = new int[500];
        Arrays.setAll(rows, i -> from + i);
        return rows;
    }

    /** The network of the conformance tests: 5×5 convolutions to 20 and 50 channels without padding, and 500 units. */
    private MultiLayerNetwork network(int samples) {
        int all = epochs * (method == Method.FREE ? replays : 1) * ((samples + batch - 1) / batch);
        Adam cycle = new Adam(new CycleSchedule(ScheduleType.ITERATION, rate / 10, rate, all, all / 10, 0.1));
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(noCycle ? new Adam(rate) : cycle)
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.RELU)
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(20).build())
                .layer(maximum())
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(50).build())
                .layer(maximum())
                .layer(new DenseLayer.Builder().nOut(500).build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(28, 28, 1))
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    private static SubsamplingLayer maximum() {
        return new SubsamplingLayer.Builder(PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build();
    }

    private static double clean(Dl4jClassifier model, LabeledData test) {
        int right = 0;
        int[] predicted = model.predict(test.inputs());
        for (int i = 0; i < predicted.length; i++) {
            right += predicted[i] == test.label(i) ? 1 : 0;
        }
        return right / (double) predicted.length;
    }

    private String withstanding(Dl4jClassifier model, AttackSuite attacks, LabeledData test, int count) {
        if (count == 0) {
            return "-";
        }
        double accuracy = RobustnessEvaluation.of(model, test.first(count))
                .suite(attacks)
                .norm(Norm.LINF)
                .epsilon(radius)
                .trust(TrustPolicy.OFF)
                .run()
                .robustAccuracy();
        return Math.round(accuracy * count) + " of " + count;
    }

    private String certified(Certifier certifier, Dl4jClassifier model, LabeledData test) {
        if (certifiedImages == 0) {
            return "-";
        }
        CertificationReport report = RobustnessCertification.of(model, test.first(certifiedImages))
                .certifier(certifier)
                .norm(Norm.LINF)
                .radius(radius)
                .run();
        return report.certifiedCount() + " of " + certifiedImages;
    }

    private String smoothed(Dl4jClassifier model, LabeledData test) {
        Certification certification = RobustnessCertification.of(model, test.first(certifiedImages))
                .certifier(new RandomizedSmoothing(sigma).withN(votes))
                .norm(Norm.L2)
                .radius(sigma)
                .batchSize(500)
                .run()
                .certification();
        StringBuilder row = new StringBuilder();
        for (double at = 0; at <= 3.5 * sigma; at += 0.5 * sigma) {
            row.append(String.format(Locale.ROOT, " L2 %s: %d |", at, certification.certifiedCount(at)));
        }
        return row.append(String.format(
                        Locale.ROOT,
                        " %d abstained, average radius %.2f |",
                        certification.abstainedCount(),
                        certification.averageRadius()))
                .toString();
    }

    private static void write(MultiLayerNetwork network, Path file) {
        try {
            ModelSerializer.writeModel(network, file.toFile(), false);
        } catch (IOException e) {
            throw new UncheckedIOException("can't write the trained network", e);
        }
    }
}
