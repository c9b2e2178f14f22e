package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import dev.mettle.graph.OperatorGraph;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Lowers the configuration of a network, together with its parameters, to an operator graph in inference mode. */
public final class Lowering {

    private Lowering() {}

    /**
     * Lower a network.
     *
     * @param network the configuration; its output has no activation and is the logits
     * @param parameters the parameters by vertex and name, such as {@code conv1_W}; copied
     * @param input the name of the input under attack
     * @param inputRank the number of dimensions of that input, the batch included
     * @param fixed values of the other inputs, each of batch size 1
     * @param masks the masks that Deeplearning4j gives to layers and inputs, for a batch of one, by name; empty if there are none
     * @param output the name of the output vertex that holds the logits
     * @param type the floating-point type to compute in
     * @throws NotLoweredException if a layer, or a setting of one, is not known; the message names it
     */
    public static OperatorGraph lower(
            ComputationGraphConfiguration network,
            Map<String, INDArray> parameters,
            String input,
            int inputRank,
            Map<String, INDArray> fixed,
            Map<String, INDArray> masks,
            String output,
            DataType type)
            throws NotLoweredException {
        Drawing drawing = new Drawing(parameters, masks);
        Tensor attacked = drawing.input(input, inputRank);
        for (Map.Entry<String, INDArray> entry : fixed.entrySet()) {
            drawing.enter(entry.getKey());
            Tensor value = drawing.constant(
                    "value", entry.getValue().castTo(DataType.DOUBLE).dup('c'));
            drawing.setOutput(entry.getKey(), drawing.add(new Operator.Expand(), value.rank(), value, attacked));
        }
        Set<String> needed = needed(network, output);
        for (String name : network.getTopologicalOrderStr()) {
            GraphVertex vertex = network.getVertices().get(name);
            if (vertex == null || !needed.contains(name)) {
                continue; // an input, or what only other outputs need
            }
            drawing.enter(name);
            Tensor[] inputs = network.getVertexInputs().getOrDefault(name, List.of()).stream()
                    .map(drawing::output)
                    .toArray(Tensor[]::new);
            try {
                drawing.setOutput(name, lower(drawing, vertex, inputs));
            } catch (NotLoweredException e) {
                throw new NotLoweredException(describe(name, vertex) + " " + e.getMessage());
            }
        }
        return drawing.graph(input, drawing.output(output), type);
    }

    private static Tensor lower(Drawing drawing, GraphVertex vertex, Tensor... inputs) throws NotLoweredException {
        if (vertex instanceof FrozenVertex frozen) {
            return lower(drawing, frozen.getUnderlying(), inputs);
        }
        if (!(vertex instanceof LayerVertex layerVertex)) {
            return VertexLowering.lower(drawing, vertex, inputs);
        }
        Tensor x = inputs[0];
        InputPreProcessor preProcessor = layerVertex.getPreProcessor();
        if (preProcessor != null) {
            x = PreProcessorLowering.lower(drawing, preProcessor, x);
        }
        return LayerLowering.lower(drawing, layerVertex.getLayerConf().getLayer(), x);
    }

    private static Set<String> needed(ComputationGraphConfiguration network, String output) {
        Set<String> needed = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(output));
        while (!open.isEmpty()) {
            String name = open.pop();
            if (needed.add(name)) {
                open.addAll(network.getVertexInputs().getOrDefault(name, List.of()));
            }
        }
        return needed;
    }

    private static String describe(String name, GraphVertex vertex) {
        if (vertex instanceof LayerVertex layerVertex) {
            return "layer \"" + name + "\" ("
                    + layerVertex.getLayerConf().getLayer().getClass().getSimpleName() + ")";
        }
        return "vertex \"" + name + "\" (" + vertex.getClass().getSimpleName() + ")";
    }
}
