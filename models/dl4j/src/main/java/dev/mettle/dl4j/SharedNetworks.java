package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Sha256;
import dev.mettle.graph.OperatorGraph;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A network under attack in several forms: the user's, which decides; the operator graph it is lowered to, for logits and
 * gradients; the same layers without the output activation, which tell the logits that the graph is checked against; and, where
 * the network can't be lowered, the {@link AttackTwin} for gradients.
 *
 * <p>The networks of Deeplearning4j share one parameter array. They keep the state of the pass they are in, so a lock lets one
 * thread in at a time. The operator graph needs none.
 */
final class SharedNetworks {

    private final ReentrantLock lock = new ReentrantLock();
    private final String name;
    private final UserNetwork network;
    private final Route route;
    private final Head head;
    private final @Nullable List<Long> inputShape;
    private final ComputationGraph logits;
    private final LoweredNetwork lowered;
    private final ComputationGraphConfiguration configuration;
    private @Nullable AttackTwin twin; // guarded by the lock

    private SharedNetworks(
            String name,
            UserNetwork network,
            Route route,
            Head head,
            ComputationGraphConfiguration configuration,
            @Nullable List<Long> inputShape,
            ComputationGraph logits,
            LoweredNetwork lowered) {
        this.name = name;
        this.network = network;
        this.route = route;
        this.head = head;
        this.inputShape = inputShape;
        this.logits = logits;
        this.lowered = lowered;
        this.configuration = configuration;
    }

    /**
     * Build the networks around the user's one.
     *
     * @throws ConfigurationException if the network is not supported
     */
    static SharedNetworks of(String name, UserNetwork network, @Nullable Attacked attacked) {
        network.requireLayers();
        return of(name, network, Route.of(network, attacked));
    }

    private static SharedNetworks of(String name, UserNetwork network, Route route) {
        requireFinite(name, network);
        ComputationGraphConfiguration graph = network.graph();
        Vertices vertices = new Vertices(graph, route);
        UnsupportedLayers.refuse(vertices);
        Head head = Head.of(vertices);
        if (head.classes() < 2) {
            throw new ConfigurationException("the model " + name + " has " + head.outputs()
                    + " output: a classifier needs at least two, or a single one with sigmoid activation");
        }
        ComputationGraphConfiguration cut = head.cutOff(graph);
        cut.setTrainingWorkspaceMode(WorkspaceMode.ENABLED);
        cut.setInferenceWorkspaceMode(WorkspaceMode.ENABLED);
        cut.setCacheMode(CacheMode.NONE);
        if (route.mask() != null) {
            cut.getVertices()
                    .replaceAll((vertex, value) ->
                            LayerCopy.rebuild(value, layer -> LayerCopy.of(layer, PreciseLastTimeStep::of)));
        }
        ComputationGraph logits = new ComputationGraph(cut);
        logits.init(network.parameters(), false);
        requireShared(network, logits.paramTable());
        LoweredNetwork lowered = new LoweredNetwork(network, cut, route, masks(name, logits, route));
        List<Long> inputShape = InputShapes.of(vertices, route.input());
        SharedNetworks networks = new SharedNetworks(name, network, route, head, cut, inputShape, logits, lowered);
        int inputRank =
                route.mask() != null ? 3 : inputShape == null ? 0 : inputShape.size() + 1; // only series have masks
        if (inputRank == 0) {
            UnsupportedLayers.refuseUndifferentiated(vertices);
        } else if (lowered.graph(inputRank).isEmpty()) {
            networks.requirePlain();
            UnsupportedLayers.refuseUndifferentiated(vertices);
        }
        return networks;
    }

    /** Return the masks that Deeplearning4j gives to layers, and that of the input, by name. */
    private static Map<String, INDArray> masks(String name, ComputationGraph network, Route route) {
        INDArray mask = route.mask();
        if (mask == null) {
            return Map.of();
        }
        Map<String, INDArray> masks = new HashMap<>();
        masks.put(route.input(), mask);
        try {
            network.setLayerMaskArrays(route.masks(1), null);
        } catch (RuntimeException e) {
            throw new ConfigurationException(
                    "the model " + name + " can't be run under its input mask: " + e.getMessage(), e);
        }
        for (GraphVertex vertex : network.getVertices()) {
            INDArray own = vertex.hasLayer() ? vertex.getLayer().getMaskArray() : null;
            if (own != null) {
                masks.put(vertex.getVertexName(), own.dup());
            }
        }
        network.clearLayerMaskArrays();
        return masks;
    }

    /** Refuse what the layers of Deeplearning4j can't differentiate as they compute it. */
    private void requirePlain() {
        if (route.mask() != null) {
            throw new ConfigurationException("the model " + name + " can't be attacked under an input mask, since "
                    + lowered.obstacle() + ": leave out the mask, or replace the layer");
        }
        if (!route.isPlain()) {
            throw new ConfigurationException("the model " + name
                    + " has several inputs or outputs and can't be attacked, since " + lowered.obstacle()
                    + ": replace it");
        }
    }

    private static void requireFinite(String name, UserNetwork network) {
        INDArray parameters = network.parameters();
        if (parameters == null || parameters.isEmpty()) {
            throw new ConfigurationException(
                    "the model " + name + " has no parameters: call init() and train it first");
        }
        if (network.dataType() != DataType.FLOAT && network.dataType() != DataType.DOUBLE) {
            throw new ConfigurationException("the model " + name + " computes in " + network.dataType()
                    + ": convert it with convertDataType(DataType.FLOAT)");
        }
        if (Double.isFinite(parameters.sumNumber().doubleValue())) {
            return;
        }
        for (Map.Entry<String, INDArray> entry : network.parameterTable().entrySet()) {
            for (double value : Rows.toDoubles(entry.getValue())) {
                if (!Double.isFinite(value)) {
                    throw new ConfigurationException("the model " + name + " holds " + value + " in its parameter "
                            + entry.getKey() + ": its training diverged, or the file is damaged");
                }
            }
        }
    }

    /** Make sure that every parameter lies where the user's network has it. */
    private static void requireShared(UserNetwork network, Map<String, INDArray> others) {
        network.parameterTable().forEach((key, parameter) -> {
            INDArray other = others.get(key);
            if (other == null || other.offset() != parameter.offset() || !sameLayout(other, parameter)) {
                throw new ConfigurationException("the parameter " + key
                        + " can't be shared: Mettle doesn't understand how this network lays out its parameters");
            }
        });
    }

    /** Say whether parameters have the same shape; some vectors are [n] in one network and [1, n] in another. */
    private static boolean sameLayout(INDArray a, INDArray b) {
        return Arrays.equals(a.shape(), b.shape())
                || (a.isVectorOrScalar() && b.isVectorOrScalar() && a.length() == b.length());
    }

    Head head() {
        return head;
    }

    /** Return the shape of one sample as far as the configuration tells it, or null if it tells nothing. */
    @Nullable
    List<Long> inputShape() {
        return inputShape;
    }

    DataType dataType() {
        return network.dataType();
    }

    SharedNetworks inDoublePrecision() {
        return dataType() == DataType.DOUBLE ? this : of(name, network.inDoublePrecision(), route);
    }

    /**
     * Return the same network under a mask.
     *
     * @throws ConfigurationException if some layer's way with masks isn't known
     */
    SharedNetworks withMask(INDArray mask) {
        return of(name, network, route.withMask(mask));
    }

    /**
     * Return networks around another network of the same layers, or the same input and output at least.
     *
     * @throws ConfigurationException if that isn't supported
     */
    SharedNetworks around(UserNetwork other) {
        other.requireLayers();
        return of(name, other, route);
    }

    UserNetwork network() {
        return network;
    }

    /** Return which steps of the attacked series are there, shape {@code [1, time]}; null if all are. */
    @Nullable
    INDArray mask() {
        return route.mask();
    }

    /** Return the hash of configuration and current parameters, in hex; from now on these are the ones that are attacked. */
    String sha256() {
        lowered.refresh();
        MessageDigest digest = Sha256.digest();
        digest.update(network.json().getBytes(StandardCharsets.UTF_8));
        if (!route.isPlain()) {
            digest.update((route.input() + " to " + route.output()).getBytes(StandardCharsets.UTF_8));
            route.inputs().stream()
                    .map(route.held()::get)
                    .filter(Objects::nonNull)
                    .forEach(held -> update(digest, held.castTo(dataType()).dup('c')));
        }
        if (route.mask() != null) {
            update(digest, route.mask().castTo(dataType()).dup('c'));
        }
        update(digest, network.parameters().dup('c'));
        return Sha256.hex(digest);
    }

    private static void update(MessageDigest digest, INDArray copy) {
        if (copy.dataType() == DataType.DOUBLE) {
            double[] values = copy.data().asDouble();
            ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asDoubleBuffer().put(values);
            digest.update(bytes);
        } else {
            float[] values = copy.data().asFloat();
            ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            digest.update(bytes);
        }
        Rows.release(copy);
    }

    /** Return one score per class as the user's network itself ranks the classes. */
    INDArray scores(INDArray inputs) {
        INDArray output = alone(() -> run(copy(inputs), copy -> network.output(route, copy)));
        return head.isBinary() ? besides(0.5, output) : output;
    }

    INDArray logits(INDArray inputs) {
        return lowered.graph(inputs.rank())
                .map(graph -> completed(run(inputs, graph::logits)))
                .orElseGet(() -> originalLogits(inputs));
    }

    /** Return the logits as the layers of Deeplearning4j compute them. */
    INDArray originalLogits(INDArray inputs) {
        return completed(alone(() -> run(copy(inputs), copy -> UserNetwork.Graph.output(logits, route, copy))));
    }

    private INDArray completed(INDArray output) {
        return head.isBinary() ? besides(0, output) : output;
    }

    InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        UnaryOperator<INDArray> checked = single -> {
            requireOutputs(inputs, single);
            return head.isBinary() ? secondColumn(lossGradient.apply(besides(0, single))) : lossGradient.apply(single);
        };
        InputGradient pass = lowered.graph(inputs.rank())
                .map(graph -> graph.gradient(inputs, checked))
                .orElseGet(() -> twinGradient(inputs, checked));
        return head.isBinary() ? new InputGradient(besides(0, pass.logits()), pass.gradient()) : pass;
    }

    /** Run several backward passes after one forward pass; empty if that can't be done on the layers of Deeplearning4j. */
    Optional<InputGradients> gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        return lowered.graph(inputs.rank()).map(graph -> {
            InputGradients passes = graph.gradients(inputs, single -> {
                requireOutputs(inputs, single);
                return head.isBinary()
                        ? lossGradients.apply(besides(0, single)).stream()
                                .map(SharedNetworks::secondColumn)
                                .toList()
                        : lossGradients.apply(single);
            });
            return new InputGradients(completed(passes.logits()), passes.gradients());
        });
    }

    private InputGradient twinGradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        requirePlain();
        INDArray copy = copy(inputs);
        InputGradient pass = alone(() -> twin().gradient(copy, lossGradient));
        Rows.release(copy);
        return pass;
    }

    private AttackTwin twin() {
        AttackTwin own = twin;
        if (own == null) {
            own = new AttackTwin(configuration, head.outputs(), network.parameters());
            requireShared(network, own.parameterTable());
            twin = own;
        }
        return own;
    }

    /** Return the graph that computes gradients, with the weights of this moment; empty if the layers of Deeplearning4j do. */
    Optional<OperatorGraph> graph(int inputRank) {
        return lowered.snapshot(inputRank);
    }

    /** Return why the network can't be lowered, as the end of a sentence; empty if it is. */
    String obstacle() {
        return lowered.obstacle();
    }

    private <T> T alone(Supplier<T> pass) {
        if (lock.isHeldByCurrentThread()) {
            throw new IllegalStateException(
                    "the gradient of the loss must not call the model " + name + ": it is in the middle of its pass");
        }
        lock.lock();
        try {
            return pass.get();
        } finally {
            lock.unlock();
        }
    }

    /** Run a forward pass; layers of Deeplearning4j may work in place, and return the very inputs. */
    private INDArray run(INDArray inputs, UnaryOperator<INDArray> forward) {
        INDArray output;
        try {
            output = forward.apply(inputs);
        } catch (RuntimeException e) {
            throw new ConfigurationException(
                    "the model " + name + " can't be run on inputs of shape " + Arrays.toString(inputs.shape()) + ": "
                            + e.getMessage(),
                    e);
        }
        requireOutputs(inputs, output);
        return output;
    }

    /** Layers may work in place, so they never see the caller's array. */
    private INDArray copy(INDArray inputs) {
        INDArray cast = inputs.castTo(dataType());
        return cast == inputs ? inputs.dup('c') : cast;
    }

    private void requireOutputs(INDArray inputs, INDArray output) {
        if (output.rank() != 2 || output.size(0) != inputs.size(0) || output.size(1) != head.outputs()) {
            throw new ConfigurationException("the model " + name + " puts out " + Arrays.toString(output.shape())
                    + " for inputs of shape " + Arrays.toString(inputs.shape()) + ": a classifier puts out ["
                    + inputs.size(0) + ", " + head.outputs() + "], one row per sample");
        }
    }

    private static INDArray besides(double first, INDArray second) {
        return Nd4j.hstack(Nd4j.valueArrayOf(second.shape(), first, second.dataType()), second);
    }

    private static INDArray secondColumn(INDArray columns) {
        return columns.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 2)).dup('c');
    }
}
