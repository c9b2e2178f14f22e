package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import java.util.Map;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Trains a network that interval bound propagation can certify in L∞: it minimizes {@code κ · CE(logits) + (1 − κ) · CE(worst-case
 * logits)}, the second ones by intervals around the inputs, cut by the box. First only clean samples count; then epsilon grows from 0
 * and κ falls from 1, both linearly, and stay (Gowal et al., On the Effectiveness of Interval Bound Propagation for Training
 * Verifiably Robust Models, 2018).
 *
 * <p>For chains of dense and convolution layers with ReLU that end in softmax. The network's own updater, with its learning rate
 * schedule, and its L1 and L2 regularization apply. The order of samples follows from the seed alone, and results are the same in every
 * run on one machine. Certified networks lose clean accuracy; a larger {@code kappa} keeps more of it.
 *
 * @param epsilon the L∞ radius to train for, in input units; a little more than the one to certify helps
 * @param epochs how often every sample is seen
 * @param batchSize how many samples make a step
 * @param kappa the weight of the clean samples at the end, in [0, 1]
 * @param warmUp the share of all steps that sees clean samples only, in [0, 1]
 * @param ramp the share of all steps over which epsilon grows, in [0, 1]
 * @param seed the seed of the order of samples
 */
public record IbpTraining(
        double epsilon, int epochs, int batchSize, double kappa, double warmUp, double ramp, long seed) {

    private static final String WORKSPACE = "METTLE_IBP_TRAINING";
    private static final WorkspaceConfiguration STEP = WorkspaceConfiguration.builder()
            .initialSize(0)
            .overallocationLimit(0.1)
            .policyAllocation(AllocationPolicy.OVERALLOCATE)
            .policyLearning(LearningPolicy.FIRST_LOOP)
            .policySpill(SpillPolicy.REALLOCATE)
            .build();

    /**
     * Create the training.
     *
     * @throws ConfigurationException if a number is out of its range
     */
    public IbpTraining {
        require(Double.isFinite(epsilon) && epsilon > 0, "epsilon", epsilon, "a finite number above 0");
        require(epochs > 0, "the number of epochs", epochs, "at least 1");
        require(batchSize > 0, "the batch size", batchSize, "at least 1");
        require(kappa >= 0 && kappa <= 1, "kappa", kappa, "a number from 0 to 1");
        require(warmUp >= 0 && warmUp <= 1, "the share of warm-up", warmUp, "a number from 0 to 1");
        require(ramp >= 0 && warmUp + ramp <= 1, "the share of the ramp", ramp, "at most what warm-up leaves of 1");
    }

    private static void require(boolean holds, String what, Number value, String mend) {
        if (!holds) {
            throw new ConfigurationException(what + " is " + value + ": give " + mend);
        }
    }

    /** Create a training with batches of 100, {@code kappa} ½, a warm-up of a twentieth, and a ramp of half of the steps. */
    public static IbpTraining of(double epsilon, int epochs) {
        return new IbpTraining(epsilon, epochs, 100, 0.5, 0.05, 0.5, 1);
    }

    /** Choose how many samples make a step. Return a new object. */
    public IbpTraining withBatchSize(int size) {
        return new IbpTraining(epsilon, epochs, size, kappa, warmUp, ramp, seed);
    }

    /** Choose the weight of the clean samples at the end. Return a new object. */
    public IbpTraining withKappa(double weight) {
        return new IbpTraining(epsilon, epochs, batchSize, weight, warmUp, ramp, seed);
    }

    /** Choose the seed of the order of samples. Return a new object. */
    public IbpTraining withSeed(long newSeed) {
        return new IbpTraining(epsilon, epochs, batchSize, kappa, warmUp, ramp, newSeed);
    }

    /**
     * Train a copy of a network.
     *
     * @param network an initialized network, which stays as it is
     * @param data the samples, in the layout of the network
     * @param range the valid range of inputs
     * @return the trained copy
     * @throws ConfigurationException naming a layer that can't be trained on intervals, or a sample outside the range
     * @throws IllegalStateException if the loss is no number any more
     */
    public MultiLayerNetwork train(MultiLayerNetwork network, LabeledData data, Box range) {
        requireInside(data, range);
        MultiLayerNetwork trained = network.clone();
        trained.initGradientsView();
        IntervalChain chain = IntervalChain.of(trained);
        DataType type = trained.params().dataType();
        int n = data.size();
        long steps = (long) epochs * ((n + batchSize - 1) / batchSize);
        long step = 0;
        for (int epoch = 0; epoch < epochs; epoch++) {
            LabeledData shuffled = data.shuffled(seed + epoch);
            for (int from = 0; from < n; from += batchSize, step++) {
                int[] rows =
                        IntStream.range(from, Math.min(n, from + batchSize)).toArray();
                LabeledData batch = shuffled.subset(rows);
                double share = share(step, steps);
                double loss = loss(chain, batch, range, type, share);
                if (!Double.isFinite(loss)) {
                    throw new IllegalStateException("the loss is " + loss + " after " + step + " of " + steps
                            + " steps, at epsilon " + share * epsilon
                            + ": lower the learning rate of the network's updater, or train for more epochs");
                }
                update(trained, rows.length);
            }
            trained.incrementEpochCount();
        }
        return trained;
    }

    private static void requireInside(LabeledData data, Box range) {
        range.requireFeatures(Rows.features(data.inputs()));
        double[][] rows = Rows.toRows(data.inputs());
        for (int i = 0; i < rows.length; i++) {
            String violation = range.firstViolation(rows[i]);
            if (!violation.isEmpty()) {
                throw new ConfigurationException("sample #" + data.id(i) + " of " + data.name()
                        + " lies outside the input range " + range + ": " + violation
                        + "; bring the data into the range, or declare the true one");
            }
        }
    }

    /** Return how far epsilon has grown at a step, from 0 to 1. */
    double share(long step, long steps) {
        double start = warmUp * steps;
        double end = (warmUp + ramp) * steps;
        if (step < start) {
            return 0;
        }
        return step >= end ? 1 : (step - start) / (end - start);
    }

    @SuppressWarnings("try") // the scope is all there is to it
    private double loss(IntervalChain chain, LabeledData batch, Box range, DataType type, double share) {
        try (MemoryWorkspace workspace = Nd4j.getWorkspaceManager().getAndActivateWorkspace(STEP, WORKSPACE)) {
            INDArray inputs = batch.inputs().castTo(type).dup('c');
            INDArray lower = Transforms.max(inputs.sub(share * epsilon), range.lowerLike(inputs), false);
            INDArray upper = Transforms.min(inputs.add(share * epsilon), range.upperLike(inputs), false);
            return chain.gradient(inputs, lower, upper, batch.labels(), 1 - share * (1 - kappa));
        }
    }

    /** Take one step as Deeplearning4j does: the updater turns the gradient array into the step, in place. */
    private static void update(MultiLayerNetwork network, int samples) {
        Gradient gradient = new DefaultGradient(network.getFlattenedGradients());
        for (int i = 0; i < network.getnLayers(); i++) {
            org.deeplearning4j.nn.api.Layer layer = network.getLayer(i);
            if (layer.numParams() > 0) {
                Map<String, INDArray> own = layer.conf()
                        .getLayer()
                        .initializer()
                        .getGradientsFromFlattened(layer.conf(), layer.getGradientsViewArray());
                String prefix = i + "_";
                own.forEach((name, view) -> gradient.setGradientFor(prefix + name, view));
            }
        }
        network.getUpdater()
                .update(
                        network,
                        gradient,
                        network.getIterationCount(),
                        network.getEpochCount(),
                        samples,
                        LayerWorkspaceMgr.noWorkspaces());
        INDArray parameters = network.params();
        parameters.subi(network.getFlattenedGradients().reshape(parameters.shape()));
        network.setIterationCount(network.getIterationCount() + 1);
    }
}
