package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The network as the user gave it, a {@code MultiLayerNetwork} or a {@code ComputationGraph}. It is read, never changed. */
sealed interface UserNetwork {

    /**
     * Refuse a network without layers.
     *
     * @throws ConfigurationException if there are none
     */
    default void requireLayers() {}

    /**
     * Return what the network's own inference mode puts out.
     *
     * @param route the output that counts, what is held, and the mask
     * @param attacked the values of the attacked input, which the network may change
     */
    INDArray output(Route route, INDArray attacked);

    /** Return the network itself. */
    Model network();

    /**
     * Take a network.
     *
     * @throws ConfigurationException if it is of another class
     */
    static UserNetwork of(Model network) {
        if (network instanceof MultiLayerNetwork layers) {
            return new Layers(layers);
        }
        if (network instanceof ComputationGraph graph) {
            return new Graph(graph);
        }
        throw new ConfigurationException("the network is a "
                + network.getClass().getName() + ": give a MultiLayerNetwork or a ComputationGraph");
    }

    /** Return the network's own parameter array, not a copy. */
    INDArray parameters();

    /** Return the parameters by vertex of the {@link #graph()} and name, such as {@code conv1_W}, as views of the array. */
    Map<String, INDArray> parameterTable();

    /**
     * Return a configuration of the same layers as a graph that shares nothing with the user's. It names the order of its vertices, since that is the order of
     * their parameters.
     */
    ComputationGraphConfiguration graph();

    /** Return how many steps of training the network has gone through. */
    int iterations();

    DataType dataType();

    String json();

    /** Return a copy in double precision. */
    UserNetwork inDoublePrecision();

    /** Return the name of the network's class. */
    String kind();

    /** A chain of layers. */
    record Layers(MultiLayerNetwork network) implements UserNetwork {

        private static final String INPUT = "input";

        @Override
        public void requireLayers() {
            if (network.getLayerWiseConfigurations().getConfs().isEmpty()) {
                throw new ConfigurationException("the MultiLayerNetwork has no layers: a classifier needs some");
            }
        }

        @Override
        public INDArray output(Route route, INDArray attacked) {
            INDArray[] masks = route.masks(attacked.size(0));
            return network.output(attacked, false, masks == null ? null : masks[0], null);
        }

        @Override
        public INDArray parameters() {
            return network.params();
        }

        @Override
        public Map<String, INDArray> parameterTable() {
            Map<String, INDArray> table = new LinkedHashMap<>();
            List<String> names = names();
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                network.getLayer(i).paramTable().forEach((key, parameter) -> table.put(name + "_" + key, parameter));
            }
            return table;
        }

        /** Return names of the layers, all different: their own ones where possible. */
        private List<String> names() {
            List<String> names = new ArrayList<>();
            for (NeuralNetConfiguration conf :
                    network.getLayerWiseConfigurations().getConfs()) {
                String own = conf.getLayer().getLayerName();
                boolean usable = own != null && !own.equals(INPUT) && !names.contains(own);
                names.add(usable ? own : "layer " + names.size());
            }
            return names;
        }

        @Override
        public ComputationGraphConfiguration graph() {
            MultiLayerConfiguration layers =
                    network.getLayerWiseConfigurations().clone();
            Map<String, GraphVertex> vertices = new LinkedHashMap<>();
            Map<String, List<String>> inputs = new LinkedHashMap<>();
            String previous = INPUT;
            List<String> names = names();
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                vertices.put(
                        name, LayerCopy.of(name, new LayerVertex(layers.getConf(i), layers.getInputPreProcess(i))));
                inputs.put(name, new ArrayList<>(List.of(previous)));
                previous = name;
            }
            ComputationGraphConfiguration graph = new ComputationGraphConfiguration();
            graph.setVertices(vertices);
            graph.setVertexInputs(inputs);
            graph.setNetworkInputs(new ArrayList<>(List.of(INPUT)));
            graph.setNetworkOutputs(new ArrayList<>(List.of(previous)));
            graph.setDefaultConfiguration(new NeuralNetConfiguration.Builder().build());
            graph.setDataType(dataType());
            List<String> order = new ArrayList<>(List.of(INPUT));
            order.addAll(vertices.keySet());
            graph.setTopologicalOrder(IntStream.range(0, order.size()).toArray());
            graph.setTopologicalOrderStr(order);
            return graph;
        }

        @Override
        public int iterations() {
            return network.getIterationCount();
        }

        @Override
        public DataType dataType() {
            return network.getLayerWiseConfigurations().getDataType();
        }

        @Override
        public String json() {
            return network.getLayerWiseConfigurations().toJson();
        }

        @Override
        public UserNetwork inDoublePrecision() {
            return new Layers(network.convertDataType(DataType.DOUBLE));
        }

        @Override
        public String kind() {
            return "MultiLayerNetwork";
        }
    }

    /** A graph of vertices. */
    record Graph(ComputationGraph network) implements UserNetwork {

        @Override
        public INDArray output(Route route, INDArray attacked) {
            return output(network, route, attacked);
        }

        /** Run a graph, and return the output that counts. */
        static INDArray output(ComputationGraph network, Route route, INDArray attacked) {
            return network.output(false, route.feed(attacked), route.masks(attacked.size(0)), null)[
                    route.outputIndex()];
        }

        @Override
        public INDArray parameters() {
            return network.params();
        }

        @Override
        public Map<String, INDArray> parameterTable() {
            return network.paramTable();
        }

        @Override
        public ComputationGraphConfiguration graph() {
            ComputationGraphConfiguration original = network.getConfiguration();
            ComputationGraphConfiguration graph = original.clone();
            graph.getVertices().replaceAll(LayerCopy::of);
            graph.setTopologicalOrder(original.getTopologicalOrder().clone()); // clone() forgets it
            graph.setTopologicalOrderStr(new ArrayList<>(original.getTopologicalOrderStr()));
            return graph;
        }

        @Override
        public int iterations() {
            return network.getIterationCount();
        }

        @Override
        public DataType dataType() {
            return network.getConfiguration().getDataType();
        }

        @Override
        public String json() {
            return network.getConfiguration().toJson();
        }

        @Override
        public UserNetwork inDoublePrecision() {
            return new Graph(network.convertDataType(DataType.DOUBLE));
        }

        @Override
        public String kind() {
            return "ComputationGraph";
        }
    }
}
