package dev.mettle.dl4j;

import dev.mettle.core.model.InputGradient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A second network over the same parameter array whose <em>training</em> pass computes what the original computes in
 * inference mode, and which therefore has the input gradients of inference mode.
 *
 * <p>Deeplearning4j differentiates only its training pass, in which batch normalization uses the statistics of the batch,
 * dropout and weight noise are at work, and frozen layers stop the gradient. The twin's configuration has none of these;
 * and its loss function hands the logits to the caller. Since the parameters are shared, the twin sees later training of the
 * original. It never updates them.
 */
final class AttackTwin {

    private static final String TAP = "mettle input tap";
    private static final String LOSS = "mettle logits";

    private final ComputationGraph graph;
    private final LogitLossFunction loss = new LogitLossFunction();
    private final int outputs;

    /**
     * Create the twin of a network.
     *
     * @param logits the configuration of the network, ending in logits
     * @param outputs the number of logits
     * @param parameters the parameter array to share
     */
    AttackTwin(ComputationGraphConfiguration logits, int outputs, INDArray parameters) {
        this.outputs = outputs;
        ComputationGraphConfiguration twin = logits.clone();
        twin.setValidateOutputLayerConfig(false);
        twin.getVertices()
                .replaceAll((name, vertex) ->
                        LayerCopy.rebuild(vertex, layer -> LayerCopy.of(layer, AttackTwin::inInference)));
        List<String> order = new ArrayList<>(logits.getTopologicalOrderStr());
        tapInput(twin, order);
        endInLoss(twin, order);
        setOrder(twin, order);
        twin.setBackpropType(BackpropType.Standard);
        twin.setCacheMode(CacheMode.NONE);
        twin.setTrainingWorkspaceMode(WorkspaceMode.ENABLED);
        twin.setInferenceWorkspaceMode(WorkspaceMode.ENABLED);
        graph = new ComputationGraph(twin);
        graph.init(parameters, false);
    }

    /** Return the twin's views of the shared parameters. */
    Map<String, INDArray> parameterTable() {
        return graph.paramTable();
    }

    /** Run one forward and one backward pass on inputs that the twin may keep. */
    InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        loss.prepare(lossGradient);
        graph.setInput(0, inputs);
        graph.setLabel(
                0, Nd4j.zeros(inputs.dataType(), inputs.size(0), outputs)); // unused, but without them there is no pass
        graph.computeGradientAndScore();
        INDArray gradient = ((InputTap.Vertex) graph.getVertex(TAP)).takeGradient();
        return new InputGradient(loss.takeLogits(), gradient.reshape('c', inputs.shape()));
    }

    /** Take away from a layer what training alone does. */
    private static Layer inInference(Layer layer) {
        layer.setIDropout(null);
        if (layer instanceof BatchNormalization normalization) {
            return new InferenceBatchNormalization(normalization);
        }
        if (layer instanceof BaseLayer base) {
            base.setWeightNoise(null);
        }
        if (layer instanceof CenterLossOutputLayer center) {
            center.setLambda(0); // else it adds the gradient of its own term
        }
        return layer;
    }

    private static void tapInput(ComputationGraphConfiguration twin, List<String> order) {
        String input = twin.getNetworkInputs().get(0);
        twin.getVertexInputs().replaceAll((vertex, inputs) -> {
            List<String> tapped = new ArrayList<>(inputs);
            tapped.replaceAll(name -> name.equals(input) ? TAP : name);
            return tapped;
        });
        twin.getVertices().put(TAP, new InputTap());
        twin.getVertexInputs().put(TAP, new ArrayList<>(List.of(input)));
        order.add(order.indexOf(input) + 1, TAP);
    }

    private void endInLoss(ComputationGraphConfiguration twin, List<String> order) {
        String output = twin.getNetworkOutputs().get(0);
        if (twin.getVertices().get(output) instanceof LayerVertex vertex) {
            Layer layer = vertex.getLayerConf().getLayer();
            if (layer instanceof BaseOutputLayer outputLayer) {
                outputLayer.setLossFn(loss);
                return;
            }
            if (layer instanceof LossLayer lossLayer) {
                lossLayer.setLossFn(loss);
                return;
            }
        }
        NeuralNetConfiguration conf = new NeuralNetConfiguration.Builder()
                .dataType(twin.getDataType())
                .layer(new LossLayer.Builder(loss)
                        .name(LOSS)
                        .activation(Activation.IDENTITY)
                        .build())
                .build();
        twin.getVertices().put(LOSS, new LayerVertex(conf, null));
        twin.getVertexInputs().put(LOSS, new ArrayList<>(List.of(output)));
        twin.setNetworkOutputs(new ArrayList<>(List.of(LOSS)));
        order.add(LOSS);
    }

    /** Fix the order of the vertices, and so of their parameters, to that of the original with the new vertices put in. */
    private static void setOrder(ComputationGraphConfiguration twin, List<String> order) {
        List<String> names = new ArrayList<>(twin.getNetworkInputs());
        names.addAll(twin.getVertices().keySet());
        twin.setTopologicalOrder(order.stream().mapToInt(names::indexOf).toArray());
        twin.setTopologicalOrderStr(order);
    }
}
