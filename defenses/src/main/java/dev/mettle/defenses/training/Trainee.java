package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Backend;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

/**
 * The network in training: a copy of the user's, with its configuration, weights, state of the updater and listeners. The user's
 * network itself is never changed.
 */
final class Trainee {

    private final Model network;
    private final long seed;
    private @Nullable IntervalChain intervals;

    private Trainee(Model network, Collection<TrainingListener> listeners, long seed) {
        this.network = network;
        this.seed = seed;
        network.init(); // does nothing if it has weights
        network.setListeners(listeners);
        ConvolutionHelpers.install(layers(), network.params().dataType(), Backend.hasOneDnn());
    }

    /** Make a network of the same configuration with newly drawn weights. */
    static Trainee anew(Model original, long seed) {
        if (original instanceof MultiLayerNetwork layers) {
            MultiLayerConfiguration configuration =
                    layers.getLayerWiseConfigurations().clone();
            configuration.setIterationCount(0);
            configuration.setEpochCount(0);
            return new Trainee(new MultiLayerNetwork(configuration), listeners(original), seed);
        }
        ComputationGraph graph = (ComputationGraph) original;
        requireOnePath(graph);
        ComputationGraphConfiguration configuration = graph.getConfiguration().clone();
        configuration.setIterationCount(0);
        configuration.setEpochCount(0);
        return new Trainee(new ComputationGraph(configuration), listeners(original), seed);
    }

    /** Return the configuration of a network as text, without how far it has been trained. */
    static String configuration(Model network) {
        if (network instanceof MultiLayerNetwork layers) {
            MultiLayerConfiguration configuration =
                    layers.getLayerWiseConfigurations().clone();
            configuration.setIterationCount(0);
            configuration.setEpochCount(0);
            return configuration.toJson();
        }
        ComputationGraphConfiguration configuration =
                ((ComputationGraph) network).getConfiguration().clone();
        configuration.setIterationCount(0);
        configuration.setEpochCount(0);
        return configuration.toJson();
    }

    private static void requireOnePath(ComputationGraph graph) {
        if (graph.getNumInputArrays() != 1 || graph.getNumOutputArrays() != 1) {
            throw new ConfigurationException("the graph has " + graph.getNumInputArrays() + " inputs and "
                    + graph.getNumOutputArrays() + " outputs: adversarial training takes graphs with one of each");
        }
    }

    /** Copy a network. */
    static Trainee copyOf(Model original, long seed) {
        if (original instanceof MultiLayerNetwork layers) {
            MultiLayerNetwork copy = layers.clone();
            copy.setIterationCount(layers.getIterationCount());
            copy.setEpochCount(layers.getEpochCount());
            return new Trainee(copy, listeners(original), seed);
        }
        ComputationGraph graph = (ComputationGraph) original;
        requireOnePath(graph);
        ComputationGraph copy = graph.clone();
        copy.getConfiguration().setIterationCount(graph.getIterationCount());
        copy.getConfiguration().setEpochCount(graph.getEpochCount());
        return new Trainee(copy, listeners(original), seed);
    }

    /** Read a network that {@link #write} wrote, with the listeners of the user's. */
    static Trainee read(Path file, Model original, long seed) throws IOException {
        File source = file.toFile();
        Model network = original instanceof MultiLayerNetwork
                ? ModelSerializer.restoreMultiLayerNetwork(source, true)
                : ModelSerializer.restoreComputationGraph(source, true);
        return new Trainee(network, listeners(original), seed);
    }

    private static Collection<TrainingListener> listeners(Model network) {
        return network instanceof MultiLayerNetwork layers
                ? layers.getListeners()
                : ((ComputationGraph) network).getListeners();
    }

    void write(Path file) throws IOException {
        ModelSerializer.writeModel(network, file.toFile(), true);
    }

    Model network() {
        return network;
    }

    /** Return the weights of the network, not a copy. */
    INDArray weights() {
        return network.params();
    }

    /** Return the mean loss of what was fitted last. */
    double score() {
        return network.score();
    }

    /** Say whether labels are class numbers rather than one column per class. */
    boolean takesClassNumbers() {
        return loss() instanceof LossSparseMCXENT;
    }

    /** Return how many columns the network puts out. */
    long outputs() {
        org.deeplearning4j.nn.conf.layers.Layer last = outputLayer();
        return last instanceof FeedForwardLayer layer && layer.getNOut() > 0 ? layer.getNOut() : 0;
    }

    /** Give up what speeds up training only. */
    void release() {
        ConvolutionHelpers.remove(layers());
    }

    private Layer[] layers() {
        return network instanceof MultiLayerNetwork layered
                ? layered.getLayers()
                : ((ComputationGraph) network).getLayers();
    }

    /** Refuse a network whose loss can't be exchanged. */
    void requireExchangeableLoss(String method) {
        if (loss() == null) {
            throw new ConfigurationException(method + " brings its own loss, but the last layer of the network is a "
                    + outputLayer().getClass().getSimpleName()
                    + ": end the network with an OutputLayer or a LossLayer, or take PGD training");
        }
    }

    private org.deeplearning4j.nn.conf.layers.Layer outputLayer() {
        Layer last = network instanceof MultiLayerNetwork layers
                ? layers.getOutputLayer()
                : ((ComputationGraph) network).getOutputLayer(0);
        return last.conf().getLayer();
    }

    private @Nullable ILossFunction loss() {
        org.deeplearning4j.nn.conf.layers.Layer last = outputLayer();
        if (last instanceof BaseOutputLayer output) {
            return output.getLossFn();
        }
        return last instanceof LossLayer output ? output.getLossFn() : null;
    }

    private void setLoss(ILossFunction loss) {
        org.deeplearning4j.nn.conf.layers.Layer last = outputLayer();
        if (last instanceof BaseOutputLayer output) {
            output.setLossFn(loss);
        } else if (last instanceof LossLayer output) {
            output.setLossFn(loss);
        }
    }

    /** Make one step of the updater. */
    void fit(INDArray points, INDArray targets, @Nullable PairLoss loss) {
        under(loss, () -> {
            if (network instanceof MultiLayerNetwork layers) {
                layers.fit(new DataSet(points, targets));
            } else {
                ((ComputationGraph) network).fit(new DataSet(points, targets));
            }
        });
    }

    /** Make one step of the updater on {@link IntervalChain#gradient}. */
    void fitWorstCase(INDArray inputs, INDArray targets, INDArray lower, INDArray upper, int[] labels, double kappa) {
        if (!(network instanceof MultiLayerNetwork layers)) {
            throw new ConfigurationException("IBP training takes a MultiLayerNetwork, and this is a "
                    + network.getClass().getSimpleName()
                    + ": build the network as a list of layers, or train it by attacks");
        }
        IntervalChain chain = intervals;
        if (chain == null) {
            layers.initGradientsView();
            chain = IntervalChain.of(layers);
            intervals = chain;
        }
        layers.setInput(inputs); // for listeners
        layers.setLabels(targets);
        layers.setScore(chain.gradient(inputs, lower, upper, labels, kappa));
        layers.setGradient(chain.gradients());
        for (TrainingListener listener : layers.getListeners()) {
            listener.onGradientCalculation(layers);
        }
        chain.update(labels.length);
        for (TrainingListener listener : layers.getListeners()) {
            listener.iterationDone(layers, layers.getIterationCount(), layers.getEpochCount());
        }
        layers.setInput(null);
        layers.setLabels(null);
        layers.setIterationCount(layers.getIterationCount() + 1);
    }

    private void under(@Nullable PairLoss loss, Runnable work) {
        // dropout and weight noise draw from here; set anew for every step, so that a resumed training draws the same
        Nd4j.getRandom().setSeed(31 * seed + iterations());
        ILossFunction own = loss();
        if (loss == null || own == null) {
            work.run();
            return;
        }
        setLoss(new PairLossFunction(loss, network.conf().isMiniBatch()));
        try {
            work.run();
        } finally {
            setLoss(own);
        }
    }

    /**
     * Move the weights of each layer to where the loss is larger, {@code γ · ‖w‖ · g / ‖g‖} (Wu, Xia, Wang 2020: adversarial weight
     * perturbation).
     *
     * @param gamma γ; with 0, nothing happens
     * @return what was added to the weights; null if nothing was
     */
    @Nullable
    INDArray perturbWeights(INDArray points, INDArray targets, @Nullable PairLoss loss, double gamma) {
        if (gamma == 0) {
            return null;
        }
        under(loss, () -> {
            if (network instanceof MultiLayerNetwork layers) {
                layers.setInput(points);
                layers.setLabels(targets);
                layers.computeGradientAndScore();
            } else {
                ComputationGraph graph = (ComputationGraph) network;
                graph.setInputs(points);
                graph.setLabels(targets);
                graph.computeGradientAndScore();
            }
        });
        INDArray before = weights().dup();
        Map<String, INDArray> gradients = network.gradient().gradientForVariable();
        network.paramTable().forEach((name, weight) -> {
            INDArray gradient = gradients.get(name);
            if (gradient != null && !weight.isVectorOrScalar()) { // not biases, nor what normalizations hold
                double size = gradient.norm2Number().doubleValue();
                if (size > 0) {
                    weight.addi(gradient.mul(gamma * weight.norm2Number().doubleValue() / size));
                }
            }
        });
        return weights().sub(before);
    }

    /** Take back what {@link #perturbWeights} added. */
    void restoreWeights(@Nullable INDArray added) {
        if (added != null) {
            weights().subi(added);
        }
    }

    void beginEpoch() {
        listeners(network).forEach(listener -> listener.onEpochStart(network));
    }

    void endEpoch() {
        listeners(network).forEach(listener -> listener.onEpochEnd(network));
        if (network instanceof MultiLayerNetwork layers) {
            layers.incrementEpochCount();
        } else {
            ((ComputationGraph) network).incrementEpochCount();
        }
    }

    private int iterations() {
        return network instanceof MultiLayerNetwork layers
                ? layers.getIterationCount()
                : ((ComputationGraph) network).getIterationCount();
    }
}
