package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.graph.OperatorGraph;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A Deeplearning4j network as a model under attack: a {@code MultiLayerNetwork} or a {@code ComputationGraph} that ends in
 * softmax, sigmoid or identity. A single sigmoid output counts as two classes, of which the second one wins above ½. Of a
 * graph with several inputs or outputs, {@link Attacked} says which ones count.
 *
 * <p>Labels are those of the network's own {@code output}. Logits and input gradients come from an operator graph that the
 * network is lowered to, with the last activation cut off, and are exact for inference: batch normalization with its running
 * statistics, no dropout, no weight noise, frozen layers passed through. What the network learns later is seen, at
 * once after {@code fit}, and with the next {@link #info} (every evaluation asks for it) where weights are set by hand; the network
 * itself is never changed.
 *
 * <p>Immutable and safe for use by several threads. Gradients are computed side by side; passes through Deeplearning4j's own layers
 * take turns.
 */
public final class Dl4jClassifier implements DifferentiableModel {

    private final SharedNetworks networks;
    private final String name;
    private final @Nullable Box range;
    private final @Nullable List<Long> declaredShape;
    private final List<String> notes;

    private Dl4jClassifier(
            SharedNetworks networks,
            String name,
            @Nullable Box range,
            @Nullable List<Long> declaredShape,
            List<String> notes) {
        this.networks = networks;
        this.name = name;
        this.range = range;
        this.declaredShape = declaredShape;
        this.notes = notes;
    }

    /**
     * Load a network from a file that {@code ModelSerializer.writeModel} wrote. Normalizers and the state of updaters in it
     * are not read.
     *
     * @throws ConfigurationException if the file is missing, damaged, no model, or holds a network that is not supported; or if
     *     there is no ND4J backend on the class path
     */
    public static Dl4jClassifier load(Path path) {
        return read(path, null);
    }

    /**
     * Load a graph with several inputs or outputs from a file that {@code ModelSerializer.writeModel} wrote.
     *
     * @param path the file
     * @param attacked which input is attacked, at which values the others are held, and which output counts
     * @throws ConfigurationException as {@link #load(Path)} does; or if the graph has other inputs and outputs
     */
    public static Dl4jClassifier load(Path path, Attacked attacked) {
        return read(path, attacked);
    }

    private static Dl4jClassifier read(Path path, @Nullable Attacked attacked) {
        Backend.require();
        String name = String.valueOf(path.getFileName());
        NetworkFile file = NetworkFile.read(path);
        List<String> notes = file.hasNormalizer()
                ? List.of("the file " + name
                        + " holds a normalizer, which is not applied: inputs must be normalized already, or"
                        + " the normalization moved into the network")
                : List.of();
        return new Dl4jClassifier(SharedNetworks.of(name, file.network(), attacked), name, null, null, notes);
    }

    /**
     * Take the part of a network behind its embedding, whose inputs are indices and have no gradient: the model under attack then
     * takes what the embedding puts out, such as {@code network.feedForwardToLayer(0, indices)}, and gradients are those with
     * respect to it. Perturbations there are no exchange of words; they bound what any exchange within their reach can do.
     *
     * <p>The layers are copied: what the network learns later is not seen.
     *
     * @param network a network whose first layer is an {@code EmbeddingLayer} or {@code EmbeddingSequenceLayer}
     * @throws ConfigurationException if the first layer is none of them, or the rest is not supported; or if there is no ND4J
     *     backend on the class path
     */
    public static Dl4jClassifier behindEmbedding(MultiLayerNetwork network) {
        Backend.require();
        return of(new UserNetwork.Layers(Embeddings.behind(network)), null);
    }

    /**
     * Take a network as it is. It is not copied: what it learns later is attacked later.
     *
     * @throws ConfigurationException if the network is not supported; or if there is no ND4J backend on the class path
     */
    public static Dl4jClassifier of(MultiLayerNetwork network) {
        Backend.require();
        return of(new UserNetwork.Layers(network), null);
    }

    /**
     * Take a network with one input and one output as it is. It is not copied: what it learns later is attacked later.
     *
     * @throws ConfigurationException if the network is not supported; or if there is no ND4J backend on the class path
     */
    public static Dl4jClassifier of(ComputationGraph network) {
        Backend.require();
        return of(new UserNetwork.Graph(network), null);
    }

    /**
     * Take a network with several inputs or outputs as it is. It is not copied: what it learns later is attacked later.
     *
     * @param network the network
     * @param attacked which input is attacked, at which values the others are held, and which output counts
     * @throws ConfigurationException if the network is not supported, or has other inputs and outputs; or if there is no ND4J
     *     backend on the class path
     */
    public static Dl4jClassifier of(ComputationGraph network, Attacked attacked) {
        Backend.require();
        return of(new UserNetwork.Graph(network), attacked);
    }

    private static Dl4jClassifier of(UserNetwork network, @Nullable Attacked attacked) {
        String name = network.kind();
        return new Dl4jClassifier(SharedNetworks.of(name, network, attacked), name, null, null, List.of());
    }

    /**
     * Declare the valid range of inputs, the same for every feature, such as {@code (0, 1)}. Return a new object.
     *
     * @throws ConfigurationException if the bounds are not finite or not in order
     */
    public Dl4jClassifier withInputRange(double lower, double upper) {
        return withInputRange(Box.of(lower, upper));
    }

    /** Declare the valid range of inputs. Return a new object. */
    public Dl4jClassifier withInputRange(Box box) {
        return new Dl4jClassifier(networks, name, box, declaredShape, notes);
    }

    /**
     * Declare the shape of one sample, without the batch dimension, where the configuration doesn't tell it: height and width of
     * images, the length of time series. Return a new object.
     *
     * @throws ConfigurationException if a size is not positive
     */
    public Dl4jClassifier withInputShape(long... shape) {
        if (shape.length == 0 || Arrays.stream(shape).anyMatch(size -> size < 1)) {
            throw new ConfigurationException("the input shape " + Arrays.toString(shape)
                    + " is not the shape of a sample: give positive sizes, without the batch dimension");
        }
        return new Dl4jClassifier(networks, name, range, ModelInfo.shape(shape), notes);
    }

    /**
     * Declare which steps of the attacked time series are there, the same for every sample: series padded to one length, for
     * example. The network gets the mask as its features mask. Return a new object.
     *
     * @param mask ones, and zeros for padding, shape {@code [1, time]}; copied
     * @throws ConfigurationException if the mask has another shape or other values, if the network takes no time series
     *     {@code [features, time]} of that length, or if it is not known what one of its layers does with a mask
     */
    public Dl4jClassifier withInputMask(INDArray mask) {
        if (mask.rank() != 2 || mask.size(0) != 1) {
            throw new ConfigurationException("the input mask has the shape " + Arrays.toString(mask.shape())
                    + ": give one mask for all samples, shape [1, time]");
        }
        double[] steps = Rows.toDoubles(mask);
        for (double step : steps) {
            if (step != 0 && step != 1) {
                throw new ConfigurationException(
                        "the input mask holds " + step + ": give 1 for steps that are there, and 0 for padding");
            }
        }
        if (Arrays.stream(steps).sum() == 0) {
            throw new ConfigurationException("the input mask holds nothing but zeros: give 1 for steps that are there");
        }
        masked(unmaskedShape(), steps.length);
        return new Dl4jClassifier(networks.withMask(mask.dup('c')), name, range, declaredShape, notes);
    }

    /** Return the shape of a sample under a mask. */
    private List<Long> masked(List<Long> shape, long time) {
        boolean series =
                shape.size() == 2 && (shape.get(0) != ModelInfo.ANY_SIZE || shape.get(1) == ModelInfo.ANY_SIZE);
        if (!series) {
            throw new ConfigurationException("the model " + name + " takes " + ModelInfo.formatShape(shape)
                    + ": only time series [features, time] may have an input mask");
        }
        if (shape.get(1) != ModelInfo.ANY_SIZE && shape.get(1) != time) {
            throw new ConfigurationException("the input mask has " + time + " steps, but the model " + name + " takes "
                    + ModelInfo.formatShape(shape) + ": give one value per step");
        }
        return List.of(shape.get(0), time);
    }

    /** Return the network that is attacked, a {@code MultiLayerNetwork} or a {@code ComputationGraph}. It is not a copy. */
    public Model network() {
        return networks.network().network();
    }

    /**
     * Return a model of another network with the same inputs and outputs, such as one trained further, declared as this one is: its
     * name, input range, input shape, what is attacked and the mask.
     *
     * @param other a {@code MultiLayerNetwork} or {@code ComputationGraph}; not copied: what it learns later is attacked later
     * @throws ConfigurationException if the network is not supported, or has other inputs and outputs
     */
    public Dl4jClassifier withNetwork(Model other) {
        return new Dl4jClassifier(networks.around(UserNetwork.of(other)), name, range, declaredShape, notes);
    }

    /** Give the model a name for reports. Return a new object. */
    public Dl4jClassifier withName(String newName) {
        return new Dl4jClassifier(networks, newName, range, declaredShape, notes);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The hash is that of the weights at the time of the call. Sizes that the configuration doesn't tell are
     * {@link ModelInfo#ANY_SIZE}.
     *
     * @throws ConfigurationException if no input range is declared, or if the configuration tells nothing of the input shape
     */
    @Override
    public ModelInfo info() {
        return info(networks.sha256());
    }

    private ModelInfo info(String sha256) {
        if (range == null) {
            throw new ConfigurationException(
                    "the model " + name + " has no input range: declare the valid range of its inputs, for example with"
                            + " withInputRange(0, 1)");
        }
        List<Long> shape = inputShape();
        List<String> warnings = new ArrayList<>(notes);
        warnings.addAll(networks.head().warnings());
        if (!networks.obstacle().isEmpty()) {
            warnings.add("gradients are computed by Deeplearning4j's own layers, which is slower, since "
                    + networks.obstacle());
        }
        return new ModelInfo(name, shape, networks.head().classes(), range, networks.dataType(), sha256, warnings);
    }

    private List<Long> inputShape() {
        List<Long> shape = unmaskedShape();
        INDArray mask = networks.mask();
        return mask == null ? shape : masked(shape, mask.length());
    }

    private List<Long> unmaskedShape() {
        List<Long> shape = declaredShape != null ? declaredShape : networks.inputShape();
        if (shape == null) {
            throw new ConfigurationException(
                    "the shape of the inputs of the model " + name
                            + " can't be read from its configuration: declare it with withInputShape(…), without the batch dimension");
        }
        return shape;
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(scores(inputs));
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return Logits.judge(scores(inputs), aims);
    }

    private INDArray scores(INDArray inputs) {
        requireFit(inputs);
        return Workspaces.outside(() -> networks.scores(inputs));
    }

    @Override
    public INDArray logits(INDArray inputs) {
        requireFit(inputs);
        return Workspaces.outside(() -> networks.logits(inputs));
    }

    @Override
    public INDArray originalLogits(INDArray inputs) {
        requireFit(inputs);
        return Workspaces.outside(() -> networks.originalLogits(inputs));
    }

    /**
     * Say whether the network ranks classes as its logits do, up to a few roundings of the scores: with softmax, identity, and a single
     * sigmoid output. Several sigmoid outputs saturate: above 20 or so, single precision rounds all of them to 1, and they tie.
     */
    public boolean ranksLikeLogits() {
        return networks.head().isBinary() || !(networks.head().activation() instanceof ActivationSigmoid);
    }

    /**
     * Return the operators that compute logits and gradients, with the weights of this moment; empty if the network has a layer for
     * which none are known, so that Deeplearning4j's own layers compute them, which is slower.
     *
     * @throws ConfigurationException if the configuration tells nothing of the input shape
     */
    public Optional<OperatorGraph> operatorGraph() {
        return networks.graph(inputShape().size() + 1);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The callback must not call this model.
     */
    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        requireFit(inputs);
        return Workspaces.outside(() -> networks.gradient(inputs, lossGradient));
    }

    @Override
    public InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        requireFit(inputs);
        return Workspaces.outside(() -> networks.gradients(inputs, lossGradients))
                .orElseGet(() -> DifferentiableModel.super.gradients(inputs, lossGradients));
    }

    /**
     * {@inheritDoc}
     *
     * <p>The copy is a snapshot: it doesn't see later training.
     */
    @Override
    public Dl4jClassifier inDoublePrecision() {
        SharedNetworks exact = networks.inDoublePrecision();
        return exact == networks ? this : new Dl4jClassifier(exact, name, range, declaredShape, notes);
    }

    @Override
    public String toString() {
        return name;
    }

    private void requireFit(INDArray inputs) {
        ModelInfo info = info("");
        List<Long> given = ModelInfo.shape(inputs.rank() == 0 ? new long[0] : Rows.sampleShape(inputs));
        if (!info.takes(given)) {
            throw new ConfigurationException("samples of shape " + ModelInfo.formatShape(given)
                    + " don't fit the model " + name + ", which takes " + ModelInfo.formatShape(info.inputShape())
                    + ": bring them into the model's layout");
        }
    }
}
