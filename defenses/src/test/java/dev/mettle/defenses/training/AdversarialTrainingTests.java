package dev.mettle.defenses.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.Attacked;
import dev.mettle.dl4j.Dl4jClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class AdversarialTrainingTests {

    private static final double EPSILON = 0.1;

    private final LabeledData points = Fixtures.points(400, 1);
    private final LabeledData unseen = Fixtures.points(200, 2);

    static Stream<TrainingMethod> methods() {
        return Stream.of(new PgdTraining(), new FastTraining(), new FreeTraining(4), new Trades(), new Mart());
    }

    private static Dl4jClassifier classifier(MultiLayerNetwork network) {
        return Dl4jClassifier.of(network).withInputRange(0, 1);
    }

    private static double robustAccuracy(Dl4jClassifier model, LabeledData data) {
        int[] right = right(model, data);
        LabeledData own = data.subset(right);
        long[] ids = IntStream.range(0, own.size()).mapToLong(own::id).toArray();
        return AttackEngine.of(model, 1)
                        .run(
                                new Pgd(),
                                new ThreatModel(Norm.LINF, EPSILON, model.info().inputRange()),
                                own.inputs(),
                                own.labels(),
                                ids)
                        .outcomes()
                        .stream()
                        .filter(outcome -> outcome.status() != SampleStatus.BROKEN)
                        .count()
                / (double) data.size();
    }

    private static int[] right(Dl4jClassifier model, LabeledData data) {
        int[] predicted = model.predict(data.inputs());
        return IntStream.range(0, data.size())
                .filter(i -> predicted[i] == data.label(i))
                .toArray();
    }

    /** What plain training finds, the features that are right on average only, falls to the attack; the sure one doesn't. */
    @ParameterizedTest
    @MethodSource("methods")
    void everyMethodMakesANetworkRobustThatPlainTrainingLeavesBroken(TrainingMethod method) {
        MultiLayerNetwork plain = Fixtures.dense(new Adam(0.01));
        for (int epoch = 0; epoch < 20; epoch++) {
            plain.fit(new DataSet(points.inputs(), oneHot(points)));
        }
        assertThat(right(classifier(plain), unseen)).hasSizeGreaterThan(190);
        assertThat(robustAccuracy(classifier(plain), unseen)).isLessThan(0.2);

        TrainedNetwork trained = AdversarialTraining.by(method, Norm.LINF, EPSILON)
                .withEpochs(method instanceof FreeTraining ? 10 : 30)
                .withBatchSize(50)
                .train(classifier(Fixtures.dense(new Adam(0.01))), points);
        assertThat(trained.end()).isEqualTo(TrainingEnd.COMPLETED);
        assertThat(right(trained.model(), unseen)).hasSizeGreaterThan(190);
        assertThat(robustAccuracy(trained.model(), unseen)).isGreaterThan(0.8);
    }

    private static INDArray oneHot(LabeledData data) {
        INDArray labels = Nd4j.zeros(data.size(), 2);
        for (int i = 0; i < data.size(); i++) {
            labels.putScalar(i, data.label(i), 1);
        }
        return labels;
    }

    @Test
    void theOriginalNetworkStaysAsItIs() {
        MultiLayerNetwork network = Fixtures.dense(new Adam(0.01));
        network.fit(new DataSet(points.inputs(), oneHot(points)));
        INDArray weights = network.params().dup();
        INDArray updater = network.updaterState().dup();
        String configuration = network.getLayerWiseConfigurations().toJson();

        TrainedNetwork trained =
                AdversarialTraining.trades(Norm.LINF, EPSILON).withEpochs(1).train(classifier(network), points);

        assertThat(network.params()).isEqualTo(weights);
        assertThat(network.updaterState()).isEqualTo(updater);
        assertThat(network.getLayerWiseConfigurations().toJson()).isEqualTo(configuration);
        assertThat(network.getIterationCount()).isEqualTo(1);
        assertThat(trained.network(MultiLayerNetwork.class).getIterationCount()).isEqualTo(5);
        assertThat(trained.network(MultiLayerNetwork.class).params()).isNotEqualTo(weights);
        assertThatThrownBy(() -> trained.network(ComputationGraph.class))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the trained network is a MultiLayerNetwork, not a ComputationGraph");
    }

    @Test
    void fromScratchForgetsWhatWasLearned() {
        MultiLayerNetwork fresh = Fixtures.dense(new Adam(0.01));
        MultiLayerNetwork learned = Fixtures.dense(new Adam(0.01));
        learned.fit(new DataSet(points.inputs(), oneHot(points)));
        AdversarialTraining settings =
                AdversarialTraining.pgd(Norm.LINF, EPSILON).withEpochs(1);
        TrainedNetwork ofFresh = settings.train(classifier(fresh), points);
        TrainedNetwork ofLearned = settings.fromScratch().train(classifier(learned), points);
        assertThat(ofLearned.network(MultiLayerNetwork.class).params().toFloatVector())
                .isEqualTo(ofFresh.network(MultiLayerNetwork.class).params().toFloatVector());
        assertThat(ofLearned.settings()).isEqualTo("PGD-10 training, L∞ ε=0.1, 1 epoch, from scratch");
    }

    @Test
    void aGraphIsTrainedLikeAChain() {
        ComputationGraph graph = Fixtures.graph();
        INDArray weights = graph.params().dup();
        TrainedNetwork trained = AdversarialTraining.pgd(Norm.LINF, EPSILON)
                .withEpochs(20)
                .withBatchSize(50)
                .train(Dl4jClassifier.of(graph).withInputRange(0, 1), points);
        assertThat(graph.params()).isEqualTo(weights);
        assertThat(robustAccuracy(trained.model(), unseen)).isGreaterThan(0.8);
        assertThat(trained.network(ComputationGraph.class).getEpochCount()).isEqualTo(20);
    }

    private static AdversarialTraining full(Path folder) {
        return AdversarialTraining.pgd(Norm.LINF, EPSILON)
                .withEpochs(3)
                .withBatchSize(20)
                .withAveraging(Averaging.exponential(0.9))
                .withWeightPerturbation(0.005)
                .withCleanShare(0.25)
                .withWarmUpEpochs(1.5)
                .withEarlyStopping(3)
                .withOverfittingGuard(new OverfittingGuard(2, 10, 0.9, OverfittingGuard.Then.STOP))
                .withCheckpoints(folder);
    }

    @Test
    void aTrainingThatWasCancelledAndResumedIsThatOfOneRun(@TempDir Path folder) throws IOException {
        LabeledData bars = Fixtures.bars(110, 3);
        Dl4jClassifier model = classifier(Fixtures.convolutional());
        TrainedNetwork whole = full(folder.resolve("whole")).train(model, bars);
        assertThat(whole.end()).isEqualTo(TrainingEnd.COMPLETED);

        for (int part = 1; part <= 3; part++) { // five minibatches an epoch: in the first, the second and the third one
            AtomicInteger left = new AtomicInteger(4);
            TrainedNetwork cancelled = full(folder.resolve("parts"))
                    .withCancellation(() -> left.getAndDecrement() == 0)
                    .train(model, bars);
            assertThat(cancelled.end()).isEqualTo(TrainingEnd.CANCELLED);
            Path[] kept = files(folder.resolve("parts"));
            assertThat(kept).hasSize(1);
            assertThat(ModelSerializer.restoreMultiLayerNetwork(kept[0].toFile())
                            .numParams())
                    .isEqualTo(whole.network(MultiLayerNetwork.class).numParams());
        }
        TrainedNetwork resumed = full(folder.resolve("parts")).train(model, bars);

        assertThat(resumed.end()).isEqualTo(TrainingEnd.COMPLETED);
        assertThat(resumed.notes())
                .containsExactly(
                        "resumed at epoch 1, batch 4", "resumed at epoch 2, batch 3", "resumed at epoch 3, batch 2");
        assertThat(resumed.network(MultiLayerNetwork.class).params().toFloatVector())
                .isEqualTo(whole.network(MultiLayerNetwork.class).params().toFloatVector());
        assertThat(resumed.network(MultiLayerNetwork.class).updaterState().toFloatVector())
                .isEqualTo(whole.network(MultiLayerNetwork.class).updaterState().toFloatVector());
        assertThat(resumed.history())
                .extracting(TrainingProgress::loss, TrainingProgress::cleanAccuracy, TrainingProgress::robustAccuracy)
                .isEqualTo(whole.history().stream()
                        .map(epoch -> org.assertj.core.groups.Tuple.tuple(
                                epoch.loss(), epoch.cleanAccuracy(), epoch.robustAccuracy()))
                        .toList());
        assertThat(files(folder.resolve("parts"))).isEmpty();
    }

    private static Path[] files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toArray(Path[]::new);
        }
    }

    @Test
    void otherSettingsDontGoOnFromACheckpoint(@TempDir Path folder) {
        Dl4jClassifier model = classifier(Fixtures.dense(new Adam(0.01)));
        AdversarialTraining settings =
                AdversarialTraining.pgd(Norm.LINF, EPSILON).withEpochs(2).withCheckpoints(folder);
        AtomicInteger left = new AtomicInteger(2);
        settings.withCancellation(() -> left.getAndDecrement() == 0).train(model, points);
        assertThat(settings.withSeed(1).train(model, points).notes()).isEmpty();
        assertThat(settings.train(model, points).notes()).containsExactly("resumed at epoch 1, batch 2");
    }

    @Test
    void aDamagedCheckpointIsNamed(@TempDir Path folder) throws IOException {
        Dl4jClassifier model = classifier(Fixtures.dense(new Adam(0.01)));
        AdversarialTraining settings =
                AdversarialTraining.pgd(Norm.LINF, EPSILON).withEpochs(2).withCheckpoints(folder);
        settings.withCancellation(() -> true).train(model, points);
        Path file = files(folder)[0];
        Files.writeString(file, "damaged");
        assertThatThrownBy(() -> settings.train(model, points))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(
                        "the checkpoint " + file + " can't be read: delete it to train from the beginning (");
    }

    @Test
    void aGraphWithTwoInputsIsRefusedByWhatItIs() {
        ComputationGraph graph = Fixtures.graphWithTwoInputs();
        Dl4jClassifier model = Dl4jClassifier.of(graph, Attacked.input("in").holding("beside", Nd4j.zeros(1, 3)))
                .withInputRange(0, 1)
                .withInputShape(30);
        assertThatThrownBy(() -> AdversarialTraining.pgd(Norm.LINF, EPSILON).train(model, points))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the graph has 2 inputs and 1 outputs: adversarial training takes graphs with one of each");
    }

    @Test
    void aLossThatIsNoNumberEndsTheTrainingWithTheLastGoodWeights() {
        MultiLayerNetwork network = Fixtures.dense(new Sgd(1e30));
        TrainedNetwork trained =
                AdversarialTraining.pgd(Norm.LINF, EPSILON).withEpochs(3).train(classifier(network), points);
        assertThat(trained.end()).isEqualTo(TrainingEnd.DIVERGED);
        assertThat(trained.notes())
                .containsExactly(
                        "the loss became NaN in epoch 1, batch 2: the weights are those of the beginning; try a"
                                + " smaller learning rate");
        assertThat(trained.network(MultiLayerNetwork.class).params()).isEqualTo(network.params());
        assertThatThrownBy(() -> trained.defended(classifier(network)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "PGD-10 training, L∞ ε=0.1, 3 epochs failed: the loss became NaN in epoch 1, batch 2: the weights"
                                + " are those of the beginning; try a smaller learning rate");
    }

    @Test
    void listenersOfTheNetworkHearTheTraining() {
        AtomicInteger iterations = new AtomicInteger();
        AtomicInteger epochs = new AtomicInteger();
        MultiLayerNetwork network = Fixtures.dense(new Adam(0.01));
        network.setListeners(new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                iterations.incrementAndGet();
            }

            @Override
            public void onEpochEnd(Model model) {
                epochs.incrementAndGet();
            }
        });
        TrainedNetwork trained =
                AdversarialTraining.pgd(Norm.LINF, EPSILON).withEpochs(2).train(classifier(network), points);
        assertThat(iterations).hasValue(8); // 360 samples are learned, 40 held out
        assertThat(epochs).hasValue(2);
        assertThat(trained.network(MultiLayerNetwork.class).getListeners()).isEqualTo(network.getListeners());
    }

    @Test
    void anIteratorIsResetForEveryEpoch() {
        DataSet all = new DataSet(points.inputs(), oneHot(points));
        TrainedNetwork trained = AdversarialTraining.pgd(Norm.LINF, EPSILON)
                .withEpochs(20)
                .withHeldOut(unseen)
                .train(classifier(Fixtures.dense(new Adam(0.03))), new SingletonDataSetIterator(all));
        assertThat(trained.network(MultiLayerNetwork.class).getIterationCount()).isEqualTo(20);
        assertThat(trained.history()).hasSize(20);
    }

    @Test
    void progressIsOnePlainLine() {
        List<String> lines = new ArrayList<>();
        AdversarialTraining.pgd(Norm.LINF, EPSILON)
                .withEpochs(2)
                .withProgress(now -> lines.add(now.toString()))
                .train(classifier(Fixtures.dense(new Adam(0.01))), points);
        assertThat(lines).hasSize(2);
        assertThat(lines.get(1))
                .matches(
                        "epoch 2 of 2: loss \\d\\.\\d{3}, clean \\d+\\.\\d%, PGD-10 \\d+\\.\\d% \\(40 held out\\), \\d:\\d\\d, 0:00 left");
        assertThat(new TrainingProgress(3, 12, 40, 100, 0.4123, Double.NaN, Double.NaN, 0, 3702, 59.6))
                .hasToString("epoch 3 of 12, batch 40 of 100: loss 0.412, 1:01:42, 1:00 left");
    }

    @Test
    void earlyStoppingReturnsTheBestEpoch() {
        TrainedNetwork trained = AdversarialTraining.pgd(Norm.LINF, EPSILON)
                .withEpochs(200)
                .withBatchSize(50)
                .withEarlyStopping(3)
                .train(classifier(Fixtures.dense(new Adam(0.01))), points);
        assertThat(trained.end()).isEqualTo(TrainingEnd.EARLY_STOPPED);
        assertThat(trained.history()).hasSize(trained.bestEpoch() + 3);
        assertThat(trained.history().subList(0, trained.bestEpoch()))
                .extracting(TrainingProgress::robustAccuracy)
                .allMatch(robust ->
                        robust <= trained.history().get(trained.bestEpoch() - 1).robustAccuracy());
    }

    /** Learns robustly for a while, and then without the only feature that withstands: a collapse that comes for sure. */
    private static final class Collapsing implements TrainingMethod {

        private final TrainingMethod robust = new PgdTraining();
        private int left = 200;

        @Override
        public String name() {
            return "collapsing";
        }

        @Override
        public java.util.Map<String, String> parameters() {
            return java.util.Map.of();
        }

        @Override
        public void learn(Minibatch batch) {
            if (left-- > 0) {
                robust.learn(batch);
            } else {
                INDArray blind = batch.inputs().dup();
                blind.getColumn(0).assign(0.5);
                batch.fit(blind);
            }
        }
    }

    private TrainedNetwork collapse(OverfittingGuard.Then then) {
        return AdversarialTraining.by(new Collapsing(), Norm.LINF, EPSILON)
                .withBatchSize(36) // ten minibatches an epoch
                .withEpochs(40)
                .withOverfittingGuard(new OverfittingGuard(5, 40, 0.5, then))
                .train(classifier(Fixtures.dense(new Adam(0.003))), points);
    }

    @Test
    void theGuardEndsATrainingThatCollapsesWithItsBestWeights() {
        TrainedNetwork trained = collapse(OverfittingGuard.Then.STOP);
        assertThat(trained.end()).isEqualTo(TrainingEnd.OVERFITTED);
        assertThat(trained.notes())
                .singleElement()
                .asString()
                .matches(
                        "robust accuracy fell from (9\\d|100)\\.\\d% to \\d\\d\\.\\d% by epoch \\d+, batch \\d+: back to the weights of"
                                + " (9\\d|100)\\.\\d%, and the training ended");
        assertThat(trained.history()).hasSizeGreaterThanOrEqualTo(20);
        assertThat(robustAccuracy(trained.model(), unseen)).isGreaterThan(0.8);
    }

    @Test
    void theGuardMaySwitchToPgdTraining() {
        TrainedNetwork trained = collapse(OverfittingGuard.Then.SWITCH_TO_PGD);
        assertThat(trained.end()).isEqualTo(TrainingEnd.COMPLETED);
        assertThat(trained.history()).hasSize(40);
        assertThat(trained.notes()).singleElement().asString().endsWith("and on with PGD-10 training");
        assertThat(robustAccuracy(trained.model(), unseen)).isGreaterThan(0.8);
    }

    @Test
    void whatCannotWorkIsRefusedAtOnce() {
        Dl4jClassifier model = classifier(Fixtures.dense(new Adam(0.01)));
        assertThatThrownBy(() -> AdversarialTraining.pgd(Norm.LINF, 0))
                .hasMessage(
                        "adversarial training: epsilon is 0.0: give a finite number above 0, in input units of the model");
        assertThatThrownBy(() -> AdversarialTraining.pgd(Norm.LINF, 2).train(model, points))
                .isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> AdversarialTraining.trades(Norm.LINF, 0.1).withCleanShare(0.5))
                .hasMessage("TRADES learns every sample both clean and perturbed: leave out the clean share");
        assertThatThrownBy(() -> AdversarialTraining.fast(Norm.LINF, 0.1).train(model, points.first(10)))
                .hasMessage(
                        "there are no held-out samples to watch the training on: give some with withHeldOut, or leave"
                                + " out early stopping and the overfitting guard");
        assertThatThrownBy(() -> AdversarialTraining.pgd(Norm.LINF, 0.1).train(model, Fixtures.bars(100, 1)))
                .hasMessage(
                        "the samples of bars have shape 1×8×8 but the model MultiLayerNetwork takes 30: bring the data"
                                + " into the model's layout");
        LabeledData third = LabeledData.of(
                points.inputs(), IntStream.range(0, 400).map(i -> 2).toArray());
        assertThatThrownBy(() -> AdversarialTraining.pgd(Norm.LINF, 0.1).train(model, third))
                .hasMessage(
                        "sample #0 of data has label 2 but the model has 2 classes: labels are counted from 0 to 1");
        LabeledData outside = LabeledData.of(points.inputs().add(1), points.labels());
        assertThatThrownBy(() -> AdversarialTraining.pgd(Norm.LINF, 0.1).train(model, outside))
                .hasMessageMatching(
                        "sample #0 of data lies outside the input range \\[0, 1\\] \\(feature 0 is 1\\.\\d+\\):"
                                + " scale the data, or declare the range the model was trained on");
        DataSet minibatch = new DataSet(points.inputs().add(1), oneHot(points));
        assertThatThrownBy(() ->
                        AdversarialTraining.pgd(Norm.LINF, 0.1).train(model, new SingletonDataSetIterator(minibatch)))
                .hasMessageMatching("sample 1 of minibatch 1 lies outside the input range \\[0, 1\\] \\(feature 0 is"
                        + " 1\\.\\d+\\): scale the data as the model expects it, or declare the true range");
        assertThatThrownBy(() -> AdversarialTraining.by(new OnFgsmQueries(), Norm.LINF, 0.1)
                        .train(model, points))
                .hasMessageStartingWith("query only asks for gradients and logits only and ends without a proposal");
        assertThatThrownBy(() -> new FastTraining(0))
                .hasMessage("fast training: the step is 0.0 · epsilon: give a finite number above 0");
        assertThatThrownBy(() -> new PgdTraining(0, OptionalDouble.empty()))
                .hasMessage("PGD: steps is 0: give at least 1");
    }

    /** A method whose attack proposes nothing. */
    private record OnFgsmQueries() implements TrainingMethod {

        @Override
        public String name() {
            return "broken";
        }

        @Override
        public java.util.Map<String, String> parameters() {
            return java.util.Map.of();
        }

        @Override
        public void learn(Minibatch batch) {
            batch.fit(batch.perturb(new QueryOnly()));
        }
    }

    private record QueryOnly() implements dev.mettle.core.attack.Attack {

        @Override
        public String name() {
            return "query only";
        }

        @Override
        public java.util.Map<String, String> parameters() {
            return java.util.Map.of();
        }

        @Override
        public dev.mettle.core.attack.Access access() {
            return new Fgsm().access();
        }

        @Override
        public java.util.Set<Norm> norms() {
            return java.util.Set.of(Norm.LINF);
        }

        @Override
        public dev.mettle.core.attack.Passes passes(int classes) {
            return new dev.mettle.core.attack.Passes(1, 0);
        }

        @Override
        public void run(dev.mettle.core.attack.AttackContext context) {
            context.samples().logits(context.samples().inputs());
        }
    }

    @Test
    void aTrainedNetworkIsKept(@TempDir Path folder) {
        Dl4jClassifier model = classifier(Fixtures.convolutional());
        LabeledData bars = Fixtures.bars(60, 3);
        AdversarialTraining settings =
                AdversarialTraining.pgd(Norm.LINF, EPSILON).withEpochs(1);
        var first = settings.on(bars, TrainedNetworks.in(folder)).defend(model);
        var second = settings.on(bars, TrainedNetworks.in(folder)).defend(model);
        var other = settings.on(bars.first(59), TrainedNetworks.in(folder)).defend(model);

        assertThat(first.recalled()).isFalse();
        assertThat(second.recalled()).isTrue();
        assertThat(other.recalled()).isFalse();
        assertThat(second.model().predict(bars.inputs()))
                .isEqualTo(first.model().predict(bars.inputs()));
        assertThat(second.model().info().sha256())
                .isEqualTo(first.model().info().sha256());
        assertThat(second.model().originalLogits(bars.inputs()))
                .isEqualTo(first.model().originalLogits(bars.inputs()));
        assertThat(second.log()).isEqualTo(first.log());
        assertThat(second.seconds()).isEqualTo(first.seconds());
    }
}
