package dev.mettle.dl4j;

import dev.mettle.dl4j.lowering.Lowering;
import dev.mettle.dl4j.lowering.NotLoweredException;
import dev.mettle.graph.OperatorGraph;
import dev.mettle.graph.nd4j.Nd4jGraph;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network as operator graph, lowered when it is first needed and again whenever its weights have changed.
 *
 * <p>Safe for use by several threads, but not while the network is being trained.
 */
final class LoweredNetwork {

    private final UserNetwork network;
    private final ComputationGraphConfiguration logits;
    private final Route route;
    private final Map<String, INDArray> masks;
    private final Map<Integer, Optional<Nd4jGraph>> byInputRank = new HashMap<>();
    private @Nullable INDArray loweredWeights;
    private int loweredIterations;
    private String obstacle = "";

    /**
     * Create the network without lowering it yet.
     *
     * @param network the network
     * @param logits its configuration, ending in logits
     * @param route the attacked input, what is held, and the output
     * @param masks the masks of layers and inputs by name, for a batch of one
     */
    LoweredNetwork(
            UserNetwork network, ComputationGraphConfiguration logits, Route route, Map<String, INDArray> masks) {
        this.network = network;
        this.logits = logits;
        this.route = route;
        this.masks = masks;
    }

    /**
     * Return the graph with the weights that training has led to; empty if some layer can't be lowered. Weights that were changed by
     * hand are seen after {@link #refresh}.
     */
    synchronized Optional<Nd4jGraph> graph(int inputRank) {
        if (loweredWeights == null || network.iterations() != loweredIterations) {
            refresh();
        }
        return byInputRank.computeIfAbsent(inputRank, rank -> draw(rank).map(Nd4jGraph::of));
    }

    /** Return the operators with the weights of this moment, which training leaves as they are; empty if some layer can't be lowered. */
    synchronized Optional<OperatorGraph> snapshot(int inputRank) {
        return draw(inputRank);
    }

    /** Lower the network again when it is next needed, if any weight has changed. */
    synchronized void refresh() {
        INDArray weights = network.parameters();
        INDArray known = loweredWeights;
        if (known == null || known.distance1(weights) != 0) {
            loweredWeights = weights.dup();
            byInputRank.replaceAll((rank, graph) -> graph.flatMap(own -> renewed(own, rank)));
        }
        loweredIterations = network.iterations();
    }

    /** Return which layer can't be lowered, and why, as the end of a sentence; empty if all can. */
    synchronized String obstacle() {
        return obstacle;
    }

    /** Return a graph with the weights of this moment: the same one, ready to run, unless other weights make another graph. */
    private Optional<Nd4jGraph> renewed(Nd4jGraph graph, int inputRank) {
        return draw(inputRank).map(drawn -> graph.update(drawn) ? graph : Nd4jGraph.of(drawn));
    }

    private Optional<OperatorGraph> draw(int inputRank) {
        try {
            return Optional.of(Lowering.lower(
                    logits,
                    network.parameterTable(),
                    route.input(),
                    inputRank,
                    route.held(),
                    masks,
                    route.output(),
                    network.dataType()));
        } catch (NotLoweredException e) {
            obstacle = String.valueOf(e.getMessage());
            return Optional.empty();
        }
    }
}
